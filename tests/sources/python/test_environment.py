"""Which environment variables code reads, and whether it fails without them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_deploycheck.sources.python.environment import environment_reads
from python_sources import evaluated


def reads(root: Path, source: str | dict[str, str]) -> list[str]:
    """``NAME line:column``, with an exclamation mark where it has to be there."""
    evaluator, _ = evaluated(root, source)
    return [
        f"{'/'.join(each.names)}{'!' if each.is_required else ''} {each.location.line}:{each.location.column}"
        for each in environment_reads(evaluator)
    ]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("os.environ['A']", ["A! 2:1"]),
        ("os.environ.get('A')", ["A 2:1"]),
        ("os.getenv('A', 'b')", ["A 2:1"]),
        ("int(os.environ['A'])", ["A! 2:5"]),
        ("def f(): return os.environ['A']", ["A! 2:17"]),
        ("os.environ['A'] = 'b'", []),
        ("os.environ['A'] = 'b'\nos.environ['A']", ["A 3:1"]),
        ("os.environ.setdefault('A', 'b')\nos.environ['A']", ["A 2:1", "A 3:1"]),
        ("try:\n    os.environ['A']\nexcept KeyError:\n    pass", ["A 3:5"]),
        ("try:\n    os.environ['A']\nexcept KeyError:\n    raise SystemExit('set A')", ["A! 3:5"]),
        ("try:\n    os.environ['A']\nexcept KeyError:\n    sys.exit(1)", ["A! 3:5"]),
        ("try:\n    os.environ['A']\nexcept ValueError:\n    pass", ["A! 3:5"]),
        ("if 'A' in os.environ:\n    os.environ['A']", ["A 3:5"]),
        ("if os.getenv('A'):\n    os.environ['A']", ["A 2:4", "A 3:5"]),
        ("x = os.environ['A'] if 'A' in os.environ else None", ["A 2:5"]),
        ("if DEBUG:\n    os.environ['A']", ["A! 3:5"]),
        ("{'A': 1}['A']", []),
        ("os.environ[name]", []),
        ("print('A')", []),
    ],
)
def test_reads(source: str, expected: list[str], tmp_path: Path) -> None:
    assert reads(tmp_path, f"import os, sys\n{source}\n") == expected


SETTINGS = """\
from typing import ClassVar
from pydantic import AliasChoices, Field
from pydantic_settings import BaseSettings
class Settings(BaseSettings):
    kind: ClassVar[str]
    _private: str
    token: str
    debug: bool = False
    other: str | None = None
    named: str = Field(alias="OTHER_NAME")
    first: str = Field(..., validation_alias=AliasChoices("ONE", "TWO"))
    made: list = Field(default_factory=list)
    given: int = Field(5, gt=1)
    model_config = {"env_prefix": "APP_"}
"""


def test_fields_of_settings(tmp_path: Path) -> None:
    assert reads(tmp_path, f"{SETTINGS}settings = Settings()\n") == [
        "APP_TOKEN! 7:5",
        "APP_DEBUG 8:5",
        "APP_OTHER 9:5",
        "OTHER_NAME! 10:5",
        "ONE/TWO! 11:5",
        "APP_MADE 12:5",
        "APP_GIVEN 13:5",
    ]


@pytest.mark.parametrize(
    "use", ["", "settings = Settings(token='x', named='y', first='z')\n", "settings = Settings(**x)\n"]
)
def test_settings_that_nobody_makes_from_the_environment_need_nothing(use: str, tmp_path: Path) -> None:
    assert reads(tmp_path, SETTINGS + use) == []


@pytest.mark.parametrize(
    "make",
    ["@lru_cache\ndef get(): return Settings()", "from functools import lru_cache\nx = lru_cache(lambda: Settings())"],
)
def test_settings_that_a_function_makes_need_theirs(make: str, tmp_path: Path) -> None:
    source = f"from pydantic_settings import BaseSettings\nclass Settings(BaseSettings):\n    token: str\n{make}\n"
    assert reads(tmp_path, source) == ["TOKEN! 3:5"]


def test_a_field_of_a_base_class_that_gets_a_default_is_not_needed(tmp_path: Path) -> None:
    source = (
        "from pydantic import BaseSettings\nclass A(BaseSettings):\n    x: str\nclass B(A):\n    x: str = 'y'\nB()\n"
    )
    assert reads(tmp_path, source) == ["X 5:5"]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            "import environ\nenv = environ.Env()\nenv.read_env('x')\nenv('A')\nenv.bool('B', default=0)\nenv.db('C')",
            ["A! 4:1", "B 5:1", "C! 6:1"],
        ),
        ("from environs import env\nenv.str('A')", []),
        ("from environs import Env\nenv = Env()\nwith env.prefixed('X_'):\n    env('A')", ["A! 4:5"]),
        ("from decouple import config\nconfig('A')\nconfig('B', default='')", ["A! 2:1", "B 3:1"]),
        ("from starlette.config import Config\nconfig = Config()\nconfig('A', cast=str)", ["A! 3:1"]),
    ],
)
def test_libraries_that_read_variables(source: str, expected: list[str], tmp_path: Path) -> None:
    assert reads(tmp_path, f"{source}\n") == expected


def test_what_is_not_imported_is_not_read(tmp_path: Path) -> None:
    files = {
        "main.py": "import a\n",
        "a.py": "import os\nos.environ['A']\n",
        "script.py": "import os\nos.environ['B']\n",
    }
    assert reads(tmp_path, files) == ["A! 2:1"]
