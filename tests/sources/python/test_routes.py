"""What tables of routes say of a path. The sources are written after the frameworks' own tutorials and templates."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from pytest_deploycheck.sources.python.application import route_table
from pytest_deploycheck.sources.python.codebase import Codebase
from pytest_deploycheck.sources.python.evaluation import Evaluator
from pytest_deploycheck.sources.python.routes.table import Reply, RouteTable


def table(
    root: Path, files: Mapping[str, str], name: str = "main:app", environment: Mapping[str, str | None] = {}
) -> RouteTable:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    codebase = Codebase(root, [root])
    module_name, _, attribute = name.partition(":")
    module = codebase.module(module_name)
    assert module is not None
    evaluator = Evaluator(codebase, codebase.reachable([module]), "/opt/render/project/src")
    found = route_table(evaluator, evaluator.name(module, attribute), environment)
    assert found is not None, "it is an application"
    return found


def said(found: RouteTable, path: str) -> str:
    """``GET <place>``, ``other <place>``, ``nothing``, or why it is not known."""
    replied = found.reply(path)
    place = f" {replied.route.location}" if replied.route else ""
    short = {Reply.ANSWERED: "GET", Reply.OTHER_METHODS: "other", Reply.NOTHING: "nothing"}
    return f"{short[replied.reply]}{place}" if replied.reply in short else f"? {replied.why}"


FLASK = """\
from flask import Flask, Blueprint
app = Flask(__name__)
@app.route("/")
def index(): return "x"
@app.get("/users/<int:number>/")
def user(number): return "x"
@app.route("/only", methods=["POST"])
def only(): return "x"
@app.post("/login")
def login(): return "x"
app.add_url_rule("/rule", view_func=index)
"""


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/", "GET main.py:3"),
        ("/users/12/", "GET main.py:5"),
        ("/users/12", "GET main.py:5"),
        ("/users/x/", "nothing"),
        ("/only", "other main.py:7"),
        ("/login", "other main.py:9"),
        ("/rule", "GET main.py:11"),
        ("/rule/", "nothing"),
        ("/rule?x=1", "GET main.py:11"),
        ("/health", "nothing"),
        ("/static/x.css", "? main.py:2: static files may be there"),
    ],
)
def test_routes_of_flask(path: str, answer: str, tmp_path: Path) -> None:
    assert said(table(tmp_path, {"main.py": FLASK}), path) == answer


FACTORY = {
    "flaskr/__init__.py": """\
import os
from flask import Flask

def create_app(test_config=None):
    app = Flask(__name__, instance_relative_config=True)
    app.config.from_mapping(SECRET_KEY="dev")
    if test_config is None:
        app.config.from_pyfile("config.py", silent=True)

    @app.route("/hello")
    def hello():
        return "Hello, World!"

    from . import db
    db.init_app(app)
    from . import auth
    app.register_blueprint(auth.bp)
    from . import blog
    app.register_blueprint(blog.bp, url_prefix="/blog")
    app.add_url_rule("/", endpoint="index")
    register_more(app)
    return app

def register_more(application):
    from .more import blueprints
    for each in blueprints:
        application.register_blueprint(each)
""",
    "flaskr/db.py": "def init_app(app):\n    app.teardown_appcontext(print)\n    app.cli.add_command(print)\n",
    "flaskr/auth.py": """\
from flask import Blueprint
bp = Blueprint("auth", __name__, url_prefix="/auth")
@bp.route("/login", methods=("GET", "POST"))
def login(): return ""
@bp.before_app_request
def load(): print()
""",
    "flaskr/blog.py": """\
from flask import Blueprint
bp = Blueprint("blog", __name__, url_prefix="/ignored")
inner = Blueprint("inner", __name__, url_prefix="/inner")
@bp.route("/")
def index(): return ""
@inner.route("x")
def x(): return ""
bp.register_blueprint(inner)
""",
    "flaskr/more.py": """\
from flask import Blueprint
a = Blueprint("a", __name__)
b = Blueprint("b", __name__, url_prefix="/b")
@a.get("/health")
def health(): return "ok"
@b.get("/x")
def x(): return ""
blueprints = [a, b]
""",
}


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/hello", "GET flaskr/__init__.py:10"),
        ("/auth/login", "GET flaskr/auth.py:3"),
        ("/blog/", "GET flaskr/blog.py:4"),
        ("/blog", "GET flaskr/blog.py:4"),
        ("/ignored/", "nothing"),
        ("/blog/innerx", "GET flaskr/blog.py:6"),
        ("/health", "GET flaskr/more.py:4"),
        ("/b/x", "GET flaskr/more.py:6"),
        ("/x", "nothing"),
    ],
)
def test_routes_of_an_application_factory_and_its_blueprints(path: str, answer: str, tmp_path: Path) -> None:
    assert said(table(tmp_path, FACTORY, "flaskr:create_app"), path) == answer


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("import flask_admin\nflask_admin.Admin(app)", "may add routes"),
        ("from flask_restful import Api\napi = Api(app)", "may add routes"),
        ("import somewhere\nsomewhere.register(app)", "may add routes"),
        ("app.wsgi_app = print(app.wsgi_app)", "app.wsgi_app is set to may answer"),
        ("registry = {'app': app}", "is not known"),
        ("@app.errorhandler(404)\ndef f(error): return 'x'", "no route"),
        ("@app.before_request\ndef f(): return 'x'", "before each request"),
        ("import importlib\nfor x in ('a', 'b'): importlib.import_module(x)", "imports"),
        ("@app.route(PATH)\ndef f(): return 'x'", "where the routes there are"),
        ("import x\napp.register_blueprint(x.bp)", "which routes the blueprint has"),
    ],
)
def test_what_makes_a_table_of_flask_unknown(line: str, why: str, tmp_path: Path) -> None:
    answer = said(table(tmp_path, {"main.py": f"{FLASK}{line}\n"}), "/health")
    assert answer.startswith("? main.py:"), answer
    assert why in answer


@pytest.mark.parametrize(
    "line",
    [
        "from flask_cors import CORS\nCORS(app)",
        "from flask_sqlalchemy import SQLAlchemy\ndb = SQLAlchemy()\ndb.init_app(app)",
        "from werkzeug.middleware.proxy_fix import ProxyFix\napp.wsgi_app = ProxyFix(app.wsgi_app, x_for=1)",
        "@app.errorhandler(404)\ndef f(error): return 'x', 404",
        "@app.errorhandler(500)\ndef f(error): return 'x'",
        "@app.before_request\ndef f(): print()",
        "app.config['A'] = app.config.get('B')\napp.secret_key = 'x'\nprint(app.url_map)",
        "with app.app_context(): print()",
        "if __name__ == '__main__': app.run()",
        "import x\napp.register_blueprint(x.bp, url_prefix='/x')",
    ],
)
def test_what_leaves_a_table_of_flask_known(line: str, tmp_path: Path) -> None:
    assert said(table(tmp_path, {"main.py": f"{FLASK}{line}\n"}), "/health") == "nothing"


FASTAPI = {
    "app/__init__.py": "",
    "app/main.py": """\
from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from app.api.main import api_router
from app.core.config import settings

app = FastAPI(title=settings.PROJECT_NAME, openapi_url="/openapi.json")
app.add_middleware(CORSMiddleware, allow_origins=["*"])
app.include_router(api_router, prefix="/api/v1")
@app.get("/")
async def root(): return {}
""",
    "app/core/config.py": "class Settings:\n    PROJECT_NAME = 'x'\nsettings = Settings()\n",
    "app/api/main.py": """\
from fastapi import APIRouter
from app.api.routes import items, utils
api_router = APIRouter()
api_router.include_router(items.router)
api_router.include_router(utils.router, prefix="/utils", tags=["utils"])
""",
    "app/api/routes/items.py": """\
from fastapi import APIRouter
router = APIRouter(prefix="/items")
@router.get("/{number}")
def read(number: int): return {}
@router.post("/")
def create(): return {}
""",
    "app/api/routes/utils.py": """\
from fastapi import APIRouter
router = APIRouter()
@router.get("/health-check/")
async def health_check(): return True
""",
}


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/", "GET app/main.py:9"),
        ("/api/v1/utils/health-check/", "GET app/api/routes/utils.py:3"),
        ("/api/v1/utils/health-check", "GET app/api/routes/utils.py:3"),
        ("/api/v1/items/3", "GET app/api/routes/items.py:3"),
        ("/api/v1/items/", "other app/api/routes/items.py:5"),
        ("/utils/health-check/", "nothing"),
        ("/health", "nothing"),
    ],
)
def test_routes_of_fastapi_across_modules(path: str, answer: str, tmp_path: Path) -> None:
    assert said(table(tmp_path, FASTAPI, "app.main:app"), path) == answer


def test_a_prefix_that_the_environment_may_change_makes_a_table_unknown(tmp_path: Path) -> None:
    files = {
        **FASTAPI,
        "app/core/config.py": "from pydantic_settings import BaseSettings\nclass Settings(BaseSettings):\n"
        "    PROJECT_NAME: str = 'x'\n    API_V1_STR: str = '/api/v1'\nsettings = Settings()\n",
    }
    files["app/main.py"] = files["app/main.py"].replace('prefix="/api/v1"', "prefix=settings.API_V1_STR")
    assert said(table(tmp_path, files, "app.main:app"), "/health").startswith("? app/main.py:8")
    assert said(table(tmp_path, files, "app.main:app"), "/") == "GET app/main.py:9"


@pytest.mark.parametrize(
    ("source", "path", "answer"),
    [
        ("app = FastAPI(root_path='/api')\n@app.get('/x')\ndef x(): ...", "/api/x", "GET main.py:4"),
        ("app = FastAPI(root_path='/api')\n@app.get('/x')\ndef x(): ...", "/x", "GET main.py:4"),
        ("app = FastAPI()\n@app.api_route('/x', methods=['GET', 'HEAD'])\ndef x(): ...", "/x", "GET main.py:4"),
        ("app = FastAPI(redirect_slashes=False)\n@app.get('/x')\ndef x(): ...", "/x/", "nothing"),
        ("app = FastAPI()\napp.mount('/s', Files(directory='s'))", "/s/x", "? main.py:4: what is mounted there"),
        ("app = FastAPI()\napp.mount('/s', Files(directory='s'))", "/x", "nothing"),
        ("app, s = FastAPI(), FastAPI()\n@s.get('/x')\ndef x(): ...\napp.mount('/s', s)", "/s/x", "GET main.py:4"),
        ("app = FastAPI()\n@app.middleware('http')\ndef f(request): ...", "/x", "? main.py:4: what .middleware() does"),
        ("app = FastAPI(**OPTIONS)", "/x", "? main.py:3: what it is made with"),
        ("app = FastAPI()\napp.include_router(elsewhere.router, prefix='/e')", "/x", "nothing"),
        ("app = FastAPI()\napp.include_router(out.router, prefix='/e')", "/e/x", "? main.py:4: which routes"),
        ("app = FastAPI()\ndef add(it):\n    it.add_api_route('/x', add)\nadd(app)", "/x", "GET main.py:5"),
        ("app = FastAPI()\nif X:\n    @app.get('/x')\n    def x(): ...", "/x", "? main.py:5: which methods"),
    ],
)  # fmt: skip
def test_routes_of_fastapi(source: str, path: str, answer: str, tmp_path: Path) -> None:
    begin = "from fastapi import FastAPI\nfrom fastapi.staticfiles import StaticFiles as Files\n"
    found = said(table(tmp_path, {"main.py": f"{begin}{source}\n"}), path)
    assert found.startswith(answer) if answer.startswith("?") else found == answer


STARLETTE = """\
from starlette.applications import Starlette
from starlette.routing import Mount, Route, WebSocketRoute
def home(request): ...
users = [Route("/{name}", home, methods=["POST"])]
routes = [Route("/", home), Mount("/users", routes=users), WebSocketRoute("/ws", home)]
app = Starlette(debug=True, routes=routes)
"""


@pytest.mark.parametrize(
    ("path", "answer"),
    [("/", "GET main.py:5"), ("/users/me", "other main.py:4"), ("/ws", "nothing"), ("/x", "nothing")],
)
def test_routes_of_starlette(path: str, answer: str, tmp_path: Path) -> None:
    assert said(table(tmp_path, {"main.py": STARLETTE}), path) == answer


DJANGO = {
    "mysite/__init__.py": "",
    "mysite/wsgi.py": """\
import os
from django.core.wsgi import get_wsgi_application
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mysite.settings")
application = get_wsgi_application()
""",
    "mysite/settings.py": """\
from pathlib import Path
BASE_DIR = Path(__file__).resolve().parent.parent
MIDDLEWARE = ["django.middleware.security.SecurityMiddleware", "django.middleware.common.CommonMiddleware"]
MIDDLEWARE += ["whitenoise.middleware.WhiteNoiseMiddleware"]
ROOT_URLCONF = "mysite.urls"
""",
    "mysite/urls.py": """\
from django.contrib import admin
from django.conf import settings
from django.conf.urls.static import static
from django.urls import include, path, re_path
from . import views
urlpatterns = [
    path("admin/", admin.site.urls),
    path("polls/", include("polls.urls")),
    path("healthz", views.healthz, name="healthz"),
    re_path(r"^old/(?P<year>[0-9]{4})/$", views.healthz),
    path("api/", include([path("x/", views.post)])),
] + static(settings.MEDIA_URL)
urlpatterns += [path("late/", lambda request: None)]
""",
    "mysite/views.py": """\
from django.http import HttpResponse
from django.views.decorators.http import require_POST
def healthz(request): return HttpResponse("ok")
@require_POST
def post(request): return HttpResponse("ok")
""",
    "polls/urls.py": """\
from django.urls import path
from django.views.generic import TemplateView, View
class Index(View):
    def get(self, request): ...
app_name = "polls"
urlpatterns = [path("", Index.as_view()), path("<int:pk>/", TemplateView.as_view(template_name="x"))]
""",
}


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/healthz", "GET mysite/urls.py:9"),
        ("/healthz/", "nothing"),
        ("/polls/", "GET polls/urls.py:6"),
        ("/polls", "GET polls/urls.py:6"),
        ("/polls/3/", "GET polls/urls.py:6"),
        ("/polls/x/", "nothing"),
        ("/old/2020/", "GET mysite/urls.py:10"),
        ("/old/20/", "nothing"),
        ("/api/x/", "other mysite/urls.py:11"),
        ("/late/", "GET mysite/urls.py:13"),
        ("/admin/login/", "? mysite/urls.py:7: what is answered there is not known"),
        ("/", "nothing"),
    ],
)
def test_routes_of_django(path: str, answer: str, tmp_path: Path) -> None:
    assert said(table(tmp_path, DJANGO, "mysite.wsgi:application"), path) == answer


@pytest.mark.parametrize(
    "settings",
    [
        "MIDDLEWARE.append('mysite.middleware.HealthCheckMiddleware')",
        "MIDDLEWARE = X",
        "from elsewhere import *",
        "SECURE_SSL_REDIRECT = True",
    ],
)
def test_what_makes_a_table_of_django_unknown(settings: str, tmp_path: Path) -> None:
    files = {**DJANGO, "mysite/settings.py": f"{DJANGO['mysite/settings.py']}{settings}\n"}
    assert said(table(tmp_path, files, "mysite.wsgi:application"), "/health").startswith("? mysite/settings.py")
