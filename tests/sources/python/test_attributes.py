"""Whether a module has an attribute, as a server that imports it would find."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_deploycheck.sources.python.attributes import has_attribute
from pytest_deploycheck.sources.python.codebase import Codebase, Kind
from python_sources import evaluated, written


def said(root: Path, files: dict[str, str], module: str, attribute: str) -> str:
    codebase = written(root, files)
    found = codebase.module(module)
    assert found is not None
    answer = has_attribute(codebase, found, attribute)
    place = f" {answer.location}:{answer.location.column}" if answer.location and answer.is_yes else ""
    return f"{answer.certainty.value}{place}"


@pytest.mark.parametrize(
    ("source", "answer"),
    [
        ("app = 1", "yes main.py:1:1"),
        ("x = app = 1", "yes main.py:1:1"),
        ("a, (b, *app) = x", "yes main.py:1:1"),
        ("app: int = 1", "yes main.py:1:1"),
        ("app: int", "no"),
        ("def app(): ...", "yes main.py:1:1"),
        ("async def app(): ...", "yes main.py:1:1"),
        ("class app: ...", "yes main.py:1:1"),
        ("import app", "yes main.py:1:1"),
        ("import app.server", "yes main.py:1:1"),
        ("import app.server as x", "no"),
        ("from x import y as app", "yes main.py:1:1"),
        ("if x:\n    app = 1\nelse:\n    app = 2", "yes main.py:2:5"),
        ("try:\n    from x import app\nexcept ImportError:\n    app = None", "yes main.py:2:5"),
        ("with x as app: ...", "yes main.py:1:6"),
        ("for app in x: ...", "yes main.py:1:1"),
        ("(app := 1)", "yes main.py:1:2"),
        ("def make():\n    global app\n    app = 1", "yes main.py:3:5"),
        ("def make():\n    app = 1", "no"),
        ("class X:\n    app = 1", "no"),
        ("é = 1; app = 1", "yes main.py:1:8"),
        ("if __name__ == '__main__':\n    app = 1", "no"),
        ("if __name__ != '__main__':\n    app = 1", "yes main.py:2:5"),
        ("if TYPE_CHECKING:\n    from x import app", "no"),
        ("app = 1\ndel app", "unknown"),
        ("globals()['app'] = 1", "unknown"),
        ("exec('app = 1')", "unknown"),
        ("def __getattr__(name): return 1", "unknown"),
        ("from x import *", "unknown"),
        ("application = 1", "no"),
        ("", "no"),
        ("def broken(:", "unknown"),
    ],
)
def test_a_name_of_a_module(source: str, answer: str, tmp_path: Path) -> None:
    assert said(tmp_path, {"main.py": f"{source}\n"}, "main", "app") == answer


PACKAGE = {
    "app/__init__.py": "from app.main import application as app\nfrom .core import *\nfrom .gone import lost\n",
    "app/main.py": "from app import settings\napplication = 1\n",
    "app/core.py": "server = 1\n_hidden = 2\n",
    "app/gone.py": "",
    "app/settings.py": "",
}


@pytest.mark.parametrize(
    ("module", "attribute", "answer"),
    [
        ("app", "app", "yes app/__init__.py:1:1"),
        ("app", "server", "yes app/core.py:1:1"),
        ("app", "other", "no"),
        ("app", "lost", "no"),
        ("app", "main", "unknown"),
        ("app.main", "settings", "yes app/main.py:1:1"),
        ("app", "app.wsgi", "unknown"),
    ],
)
def test_what_a_package_brings_in(module: str, attribute: str, answer: str, tmp_path: Path) -> None:
    assert said(tmp_path, PACKAGE, module, attribute) == answer


def test_an_attribute_of_a_module_that_is_imported(tmp_path: Path) -> None:
    files = {"main.py": "import web\nfrom x import y as away\n", "web.py": "app = 1\n"}
    assert said(tmp_path, files, "main", "web.app") == "yes web.py:1:1"
    assert said(tmp_path, files, "main", "web.server") == "no"
    assert said(tmp_path, files, "main", "away.app") == "unknown"


def test_modules_that_import_each_other_end(tmp_path: Path) -> None:
    files = {"main.py": "from other import app\n", "other.py": "from main import app\n"}
    assert said(tmp_path, files, "main", "app") == "no"
    evaluator, module = evaluated(tmp_path, files)
    assert evaluator.name(module, "app") == ()


FILES = {"a/__init__.py": "", "a/b.py": "", "n/c.py": "", "one.py": "", "fast.cpython-312-x86_64-linux-gnu.so": ""}


@pytest.mark.parametrize(
    ("name", "kind", "missing"),
    [
        ("a", Kind.MODULE, ""),
        ("a.b", Kind.MODULE, ""),
        ("a.b.c", Kind.MISSING, "a.b.c"),
        ("a.c", Kind.MISSING, "a.c"),
        ("n", Kind.NAMESPACE, ""),
        ("n.c", Kind.MODULE, ""),
        ("n.d", Kind.MISSING, "n.d"),
        ("one", Kind.MODULE, ""),
        ("One", Kind.MISSING, "One"),
        ("two.x", Kind.MISSING, "two"),
        ("fast", Kind.COMPILED, ""),
        ("", Kind.MISSING, ""),
        ("a..b", Kind.MISSING, "a."),
    ],
)
def test_a_module_is_found_as_an_import_finds_it(name: str, kind: Kind, missing: str, tmp_path: Path) -> None:
    found = written(tmp_path, FILES).find(name)
    assert (found.kind, found.missing) == (kind, missing)


def test_the_folders_are_searched_in_their_order(tmp_path: Path) -> None:
    written(tmp_path, {"src/app.py": "", "lib/app/__init__.py": "", "lib/more.py": "", "src/more/x.txt": ""})
    codebase = Codebase(tmp_path, [tmp_path / "src", tmp_path / "lib"])
    app, more = codebase.module("app"), codebase.module("more")
    assert (app and app.path, more and more.path) == ("src/app.py", "lib/more.py")


def test_what_differs_in_case_only_is_named(tmp_path: Path) -> None:
    codebase = written(tmp_path, {"App.py": "", "web/Main.py": "", "web/__init__.py": ""})
    assert [codebase.find(each).near for each in ("app", "web.main", "other")] == ["App.py", "Main.py", ""]


def test_only_what_is_imported_is_reached(tmp_path: Path) -> None:
    files = {
        "main.py": "import a.b\ndef later():\n    from c import d\nif TYPE_CHECKING:\n    import types_only\n",
        "a/__init__.py": "from . import e\n",
        "a/b.py": "import main\n",
        "a/e.py": "",
        "a/alone.py": "",
        "c/d.py": "",
        "types_only.py": "",
        "tests/test_main.py": "import main\n",
    }
    evaluator, _ = evaluated(tmp_path, files)
    assert sorted(each.module.path for each in evaluator.modules) == [
        "a/__init__.py",
        "a/b.py",
        "a/e.py",
        "c/d.py",
        "main.py",
    ]
