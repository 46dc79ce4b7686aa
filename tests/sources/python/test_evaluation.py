"""What the name ``x`` of a module may be."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_deploycheck.sources.python.values import Constant, External, Instance, Value, Variable
from python_sources import CHECKOUT, evaluated


def shown(value: Value | None) -> str:
    if isinstance(value, Constant):
        return repr(value.value)
    if isinstance(value, Variable):
        return f"{value.before}${value.name}{value.after}" + (f" or {shown(value.default)}" if value.default else "")
    if isinstance(value, External):
        return value.name
    return f"{value.class_name}()" if isinstance(value, Instance) and value.class_name else "?"


def values(root: Path, source: str | dict[str, str]) -> str:
    evaluator, module = evaluated(root, source)
    return " | ".join(map(shown, evaluator.name(module, "x")))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x = 8000", "8000"),
        ("y = 'a'\nx = y", "'a'"),
        ("x = 'a' + 'b'", "'ab'"),
        ("y = 1\nx = f'a{y}b'", "'a1b'"),
        ("x = f'{y:>3}'", "?"),
        ("x = 1 if z else 2", "1 | 2"),
        ("if z:\n    x = 1\nelse:\n    x = 2", "1 | 2"),
        ("x = [1, 2][1]", "2"),
        ("x = {'a': 1}['a']", "1"),
        ("for x in (1, 2): ...", "1 | 2"),
        ("for x in z: ...", "?"),
        ("a, x = 1, 2", "2"),
        ("a, x = z", "?"),
        ("x = 1\nx += 1", "1 | ?"),
        ("import os\nx = os.environ['A']", "$A"),
        ("import os\nx = os.environ.get('A')", "$A or None"),
        ("import os\nx = int(os.getenv('A', '1'))", "$A or '1'"),
        ("from os import environ as e\nx = e['A']", "$A"),
        ("import os\nx = os.getenv('A') or 8000", "$A or 8000"),
        ("import os\nx = f'http://{os.environ[\"A\"]}/b'", "http://$A/b"),
        ("import os\nN = 'A'\nx = os.environ[N]", "$A"),
        ("import os\nx = os.environ[z]", "?"),
        ("from decouple import config\nx = config('A', default=1, cast=int)", "$A or 1"),
        ("from environs import Env\nenv = Env()\nx = env.int('A', 5)", "$A or 5"),
        ("import environ\nenv = environ.Env(A=(int, 5))\nx = env('A')", "$A or 5"),
        ("import environ\nenv = environ.Env()\nx = env('A', str)", "$A"),
        ("from starlette.config import Config\nc = Config('.env')\nx = c('A', cast=int, default=3)", "$A or 3"),
        ("import dj_database_url\nx = dj_database_url.config(default='sqlite:///a')", "$DATABASE_URL or 'sqlite:///a'"),
        ("from pathlib import Path\nx = Path(__file__).resolve().parent / 'a' / 'b.db'", f"'{CHECKOUT}/a/b.db'"),
        ("import os\nx = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'a')", f"'{CHECKOUT}/a'"),
        ("from flask import Flask\nx = Flask(__name__)", "flask.Flask()"),
        ("import flask as f\nx = f.Flask(__name__)", "flask.Flask()"),
        (
            "from flask import Flask\ndef make():\n    app = Flask(__name__)\n    return app\nx = make()",
            "flask.Flask()",
        ),
        ("def give(y, z=2):\n    return y\nx = give(1)", "1"),
        ("def give(y):\n    return y\nx = give(1)\ngive('a')", "1 | 'a'"),
        ("def give(*, y=3):\n    return y\nx = give()", "3"),
        ("x = (lambda: 1)()", "1"),
        ("class A:\n    y = 1\nx = A.y", "1"),
        ("class A:\n    y = 1\nclass B(A): ...\nx = B().y", "1"),
        ("class A:\n    y = 1\n    def f(self):\n        return y\nx = A().f()", "?"),
        ("def f():\n    return f()\nx = f()", ""),
        ("x = x", ""),
        ("x = ' a '.strip()", "' a '"),
        ("x = unknown()", "?"),
        ("x = len('a')", "builtins.len()"),
        ("from a import *\nx = y", "a.y"),
    ],
)
def test_values(source: str, expected: str, tmp_path: Path) -> None:
    assert values(tmp_path, source) == expected


def test_fields_of_settings_are_variables(tmp_path: Path) -> None:
    source = """\
from pydantic_settings import BaseSettings
class Base(BaseSettings):
    class Config:
        env_prefix = "app_"
class Settings(Base):
    port: int = 8000
settings = Settings()
x = settings.port
"""
    assert values(tmp_path, source) == "$PORT or 8000"


def test_names_are_followed_across_modules(tmp_path: Path) -> None:
    files = {
        "main.py": "from app import make\nx = make()\n",
        "app/__init__.py": "from .factory import make\nfrom app import routes\n",
        "app/factory.py": "from . import config\ndef make():\n    return config.NAME\n",
        "app/config.py": "from .defaults import *\n",
        "app/defaults.py": "NAME = 'a'\n",
        "app/routes.py": "",
    }
    assert values(tmp_path, files) == "'a'"


def test_a_package_that_imports_its_own_modules_ends(tmp_path: Path) -> None:
    files = {
        "main.py": "from app import routes\nx = routes.NAME\n",
        "app/__init__.py": "from app import routes\n",
        "app/routes.py": "NAME = 1\n",
    }
    assert values(tmp_path, files) == "1"


def test_names_that_depend_on_each_other_take_no_time_by_their_number(tmp_path: Path) -> None:
    """Each of them may be any of those before it: what is asked for while it is evaluated is not evaluated again."""
    lines = [f"    y = clean(y, {number})\n" for number in range(60)]
    source = f"def clean(y, n):\n    return y\ndef f(y):\n{''.join(lines)}    return y\nx = f('a')\n"
    assert values(tmp_path, source) in ("'a'", "?")


def test_deep_expressions_are_not_known(tmp_path: Path) -> None:
    assert values(tmp_path, f"x = {' + '.join(['1'] * 500)}\n") == "?"
