"""Servers that code starts by itself, and the SQLite files that it opens."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_deploycheck.sources.python.running import Running
from pytest_deploycheck.sources.python.servers import server_calls
from pytest_deploycheck.sources.python.sqlite import sqlite_files
from pytest_deploycheck.sources.python.values import Constant, Unknown, Value, Variable
from python_sources import CHECKOUT, evaluated


def shown(value: Value) -> str:
    if isinstance(value, Variable):
        return f"${value.name}"
    return "?" if isinstance(value, Unknown) or not isinstance(value, Constant) else str(value.value)


def servers(root: Path, source: str | dict[str, str]) -> list[str]:
    evaluator, module = evaluated(root, source)
    calls = server_calls(evaluator, Running(evaluator, module))
    return [f"{each.location} {each.called} {shown(each.host)}:{shown(each.port)}" for each in calls]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("from flask import Flask\nFlask(__name__).run()", "flask.Flask.run 127.0.0.1:5000"),
        ("from flask import Flask\nFlask(__name__).run('0.0.0.0', 80)", "flask.Flask.run 0.0.0.0:80"),
        ("from flask import Flask\nFlask(__name__).run(**x)", "flask.Flask.run ?:?"),
        (
            "import uvicorn\nuvicorn.run('a:b', host='0.0.0.0', port=int(os.environ['PORT']))",
            "uvicorn.run 0.0.0.0:$PORT",
        ),
        ("import uvicorn\nuvicorn.Server(uvicorn.Config(a, '0.0.0.0', 1)).run()", "uvicorn.Config 0.0.0.0:1"),
        ("from aiohttp import web\nweb.run_app(a, port=1)", "aiohttp.web.run_app 0.0.0.0:1"),
        ("from waitress import serve\nserve(a, listen='*:1')", "waitress.serve ?:?"),
        ("from waitress import serve\nserve(a, host='x', port=1)", "waitress.serve x:1"),
        ("from http.server import HTTPServer\nHTTPServer(('', 1), H)", "http.server.HTTPServer :1"),
        ("from http.server import HTTPServer\nHTTPServer(x, H)", "http.server.HTTPServer ?:?"),
        (
            "from flask_socketio import SocketIO\ns = SocketIO(a)\ns.run(a, host='h')",
            "flask_socketio.SocketIO.run h:5000",
        ),
        ("import dash\ndash.Dash().run(debug=True)", "dash.Dash.run $HOST:$PORT"),
        ("import gradio as gr\ngr.Blocks().launch(server_port=1)", "gradio.Blocks.launch $GRADIO_SERVER_NAME:1"),
        ("from tornado.web import Application\nApplication().listen(1)", "tornado.web.Application.listen 0.0.0.0:1"),
        (
            "from wsgiref.simple_server import make_server\nmake_server('h', 1, a)",
            "wsgiref.simple_server.make_server h:1",
        ),
        ("from nicegui import ui\nui.run()", "nicegui.ui.run 0.0.0.0:8080"),
    ],
)
def test_what_a_server_listens_on(source: str, expected: str, tmp_path: Path) -> None:
    [found] = servers(tmp_path, f"import os\n{source}\n")
    assert found.partition(" ")[2] == expected


RUN = "from flask import Flask\napp = Flask(__name__)\n"


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ("app.run()", 1),
        ("if __name__ == '__main__':\n    app.run()", 1),
        ("def main():\n    app.run()\nmain()", 1),
        ("async def main():\n    app.run()\nimport asyncio\nasyncio.run(main())", 1),
        ("def serve():\n    app.run()\nfrom threading import Thread\nThread(target=serve).start()", 1),
        ("class Server:\n    def start(self):\n        app.run()\nServer().start()", 1),
        ("def main():\n    app.run()", 0),
        ("def a():\n    b()\ndef b():\n    a()\n    app.run()", 0),
    ],
)
def test_only_what_the_program_comes_by_counts(source: str, count: int, tmp_path: Path) -> None:
    assert len(servers(tmp_path, f"{RUN}{source}\n")) == count


def test_what_another_module_does_as_a_script_does_not_count(tmp_path: Path) -> None:
    files = {"main.py": "import web\n", "web.py": f"{RUN}if __name__ == '__main__':\n    app.run()\n"}
    assert servers(tmp_path, files) == []


def sqlite(root: Path, source: str) -> list[str]:
    evaluator, _ = evaluated(root, source)
    return [f"{each.location.line} {each.path} {each.variable}".strip() for each in sqlite_files(evaluator)]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import sqlite3\nsqlite3.connect('a.db')", ["2 a.db"]),
        ("import sqlite3\nsqlite3.connect(database='a.db')", ["2 a.db"]),
        ("import sqlite3\nsqlite3.connect('file:a.db?mode=ro', uri=True)", ["2 a.db"]),
        ("import sqlite3\nsqlite3.connect(':memory:')", []),
        ("import sqlite3\nsqlite3.connect(x)", []),
        ("import os, sqlite3\nsqlite3.connect(os.getenv('DB', 'a.db'))", ["2 a.db DB"]),
        ("import os, sqlite3\nsqlite3.connect(os.environ['DB'])", []),
        (
            "import os, sqlite3\nsqlite3.connect(os.path.join(os.path.dirname(__file__), 'a.db'))",
            [f"2 {CHECKOUT}/a.db"],
        ),
        ("U = 'sqlite:///a.db'", ["1 a.db"]),
        ("U = 'sqlite+aiosqlite:////var/data/a.db'", ["1 /var/data/a.db"]),
        ("U = 'sqlite://'", []),
        ("U = 'sqlite:///:memory:'", []),
        ("import os\nU = os.getenv('URL') or 'sqlite:///a.db'", ["2 a.db URL"]),
        ("from pathlib import Path\nU = f'sqlite:///{Path(__file__).parent}/a.db'", [f"2 {CHECKOUT}/a.db"]),
        ("if url.startswith('sqlite:///'): ...", []),
        ("def f():\n    '''sqlite:///a.db'''", []),
        ("D = {'ENGINE': 'django.db.backends.sqlite3', 'NAME': 'a.db'}", ["1 a.db"]),
        ("D = {'ENGINE': 'django.db.backends.postgresql', 'NAME': 'a'}", []),
        ("from peewee import SqliteDatabase\nSqliteDatabase('a.db')", ["2 a.db"]),
    ],
)
def test_sqlite_files(source: str, expected: list[str], tmp_path: Path) -> None:
    assert sqlite(tmp_path, f"{source}\n") == expected
