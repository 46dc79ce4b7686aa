"""What a command starts: the code that it is given, where it listens, and from where it imports."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_deploycheck.sources.shell.reading import read_commands
from pytest_deploycheck.sources.shell.text import text_of_file
from pytest_deploycheck.sources.start.program import program_facts
from pytest_deploycheck.sources.start.start import Start, read_start

CHECKOUT = "/opt/render/project/src"


def start(line: str, root: Path, environment: dict[str, str | None] | None = None) -> Start:
    commands = read_commands(text_of_file("line", line), ".", root, CHECKOUT, environment or {}).commands
    return read_start(commands[-1], environment or {}, CHECKOUT)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("uvicorn app.main:app", "application app.main:app 9 18"),
        ("uvicorn --factory --workers 2 main:create_app", "application main:create_app 31 36"),
        ("gunicorn app", "application app:application 10 10"),
        ("gunicorn -w 4 -k gevent 'app:create_app()' -b :80", "application app:create_app() 25 30"),
        ("gunicorn -w4 app:app", "application app:app 14 18"),
        ("gunicorn --preload app:app", "application app:app 20 24"),
        ("python -m gunicorn app:app", "application app:app 20 24"),
        ("poetry run hypercorn app:app", "application app:app 22 26"),
        ("waitress-serve --port=80 --call app:create", "application app:create 33 37"),
        ("daphne -b 0.0.0.0 -p $PORT site.asgi:application", "application site.asgi:application 28 38"),
        ("celery -A proj worker -l info", "celery proj: 11 11"),
        ("celery --app=proj.tasks:app worker", "celery proj.tasks:app 14 25"),
        ("flask --app hello run", "flask hello: 13 13"),
        ("flask --app web/hello.py run", "file web/hello.py: 13 13"),
        ("FLASK_APP=hello:app flask run", "flask hello:app 21 21"),
        ("streamlit run x.py --server.port 80", "file x.py: 15 15"),
        ("fastapi run", "none"),
        ("dramatiq app.tasks", "module app.tasks: 10 10"),
        ("python x.py --port 80", "file x.py: 8 8"),
        ("python -u -W error x.py", "file x.py: 20 20"),
        ("python -m app.bot --x", "module app.bot: 11 11"),
        ("./manage.py migrate", "file ./manage.py: 1 1"),
        ("python -c 'import x'", "none"),
        ("python", "none"),
        ("uvicorn $APP", "none"),
        ("node x.js", "none"),
    ],
)
def test_the_code_that_it_is_given(line: str, code: str, tmp_path: Path) -> None:
    found = start(line, tmp_path).code
    if found is None:
        assert code == "none"
        return
    attribute = f"{found.attribute}{'()' if found.is_call else ''}"
    places = f"{found.word.location.column} {found.attribute_location.column}"
    assert f"{found.kind} {found.name}:{attribute} {places}" == code


@pytest.mark.parametrize(
    ("line", "listening"),
    [
        ("uvicorn a:b", "127.0.0.1 8000"),
        ("uvicorn a:b --host 0.0.0.0 --port $PORT", "0.0.0.0 $PORT"),
        ("uvicorn a:b --host=:: --port=${PORT:-80}", ":: ${PORT:-80}"),
        ("uvicorn a:b --uds x.sock", "none"),
        ("UVICORN_PORT=80 uvicorn a:b", "127.0.0.1 80"),
        ("gunicorn a:b", "0.0.0.0 $PORT"),
        ("gunicorn a:b -b 0.0.0.0:80", "0.0.0.0 80"),
        ("gunicorn a:b --bind=:$PORT", " $PORT"),
        ("gunicorn a:b -b [::]:80", ":: 80"),
        ("gunicorn a:b -b unix:x.sock", "none"),
        ("gunicorn a:b -b $BIND", "none"),
        ("GUNICORN_CMD_ARGS='--bind 127.0.0.1:80' gunicorn a:b", "127.0.0.1 80"),
        ("GUNICORN_CMD_ARGS='--timeout 80' gunicorn a:b", "0.0.0.0 $PORT"),
        ("hypercorn a:b", "127.0.0.1 8000"),
        ("hypercorn -c x.toml a:b", "none"),
        ("daphne a:b -p 80", "127.0.0.1 80"),
        ("flask run -h 0.0.0.0 -p 80", "0.0.0.0 80"),
        ("streamlit run x.py", "0.0.0.0 8501"),
        ("fastapi run x.py", "0.0.0.0 $PORT"),
        ("waitress-serve --listen=*:80 a:b", "* 80"),
        ("python -m http.server", "0.0.0.0 8000"),
        ("python -m http.server 80 --bind 127.0.0.1", "127.0.0.1 80"),
        ("python manage.py runserver", "127.0.0.1 8000"),
        ("python manage.py runserver 80", "127.0.0.1 80"),
        ("python manage.py runserver 0:80", "0.0.0.0 80"),
        ("python manage.py runserver 0.0.0.0:${PORT:-80}", "0.0.0.0 ${PORT:-80}"),
        ("celery -A x flower", "0.0.0.0 5555"),
        ("celery -A x worker", "none"),
        ("python x.py", "none"),
    ],
)
def test_where_it_listens(line: str, listening: str, tmp_path: Path) -> None:
    found = start(line, tmp_path).listening
    assert (f"{found.host.text} {found.port.text}" if found else "none") == listening


@pytest.mark.parametrize(
    ("line", "directory", "path"),
    [
        ("cd web && gunicorn a:b", "web", ()),
        ("gunicorn --chdir web --pythonpath lib,/opt/render/project/src/x a:b", "web", ("lib", "x")),
        ("uvicorn --app-dir src a:b", ".", ("src",)),
        ("PYTHONPATH=src:lib uvicorn a:b", ".", ("src", "lib")),
        ("PYTHONPATH=$X uvicorn a:b", ".", None),
        ("export PYTHONPATH=/opt/render/project/src/web; cd api; python x.py", "api", ("web",)),
        ("cd $WHERE; gunicorn a:b", None, ()),
        ("gunicorn --chdir /tmp a:b", None, ()),
    ],
)
def test_from_where_it_imports(line: str, directory: str | None, path: tuple[str, ...] | None, tmp_path: Path) -> None:
    found = start(line, tmp_path)
    assert (found.directory, found.path) == (directory, path)


@pytest.mark.parametrize(
    ("line", "never"),
    [
        ("celery -A x worker", True),
        ("alembic upgrade head", True),
        ("python manage.py migrate", True),
        ("python manage.py runserver", False),
        ("echo x", True),
        ("python x.py", False),
        ("flask db upgrade", True),
        ("flask serve-all", False),
        ("node x.js", False),
    ],
)
def test_what_listens_on_no_port(line: str, never: bool, tmp_path: Path) -> None:
    assert start(line, tmp_path).listens_never is never


def test_every_row_says_what_provides_the_program() -> None:
    rows = {row for several in program_facts().programs.values() for row in several}
    assert [row.name for row in rows if not row.distributions and not row.of_python] == []
    assert [row.name for row in rows if row.host and not row.default_host] == []
