"""The Python that Render gives a service: https://render.com/docs/python-version."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from datetime import date

from packaging.version import Version

from pytest_deploycheck.location import Location
from pytest_deploycheck.render.blueprint import EnvironmentVariable, Service
from pytest_deploycheck.render.platform import platform_facts

VARIABLE = "PYTHON_VERSION"
FILE = ".python-version"

_FULL = re.compile(r"\d+\.\d+\.\d+")
_MINOR = re.compile(r"\d+\.\d+")
# Around it people write what other tools take: `python-3.12.1`, `v3.12`, `>=3.12`, `3.12.x`.
_MEANT = re.compile(r"(?<![\d.])3\.\d+(?:\.\d+)?(?![\d])")
# What precedes the number is pyenv's, and not Render's: `python-3.12.1` stood in Heroku's runtime.txt.
_IN_FILE = re.compile(r"3\.\d+(?:\.\d+)?")


class Origin(enum.Enum):
    """What decides on the Python, the strongest first."""

    VARIABLE = VARIABLE
    FILE = FILE
    DEFAULT = "default"


@dataclass(frozen=True)
class Mistake:
    """Why a version that is asked for cannot be had, or not be known here.

    :param refused: whether the build would stop at it; False where it only cannot be known
    :param meant: the version to write in its place, where that is sure; None where it is not
    """

    message: str
    fix: str
    refused: bool = True
    meant: str | None = None


@dataclass(frozen=True)
class ServicePython:
    """The Python of a service.

    :param version: fully qualified; where there is a mistake, the version that seems to be meant; None where nothing is
        known
    :param location: what decides; None for a default
    :param created: the day whose default it is; None where something pins it
    :param created_is_assumed: whether nobody said when the service was created
    """

    version: str | None
    origin: Origin
    location: Location | None = None
    mistake: Mistake | None = None
    created: date | None = None
    created_is_assumed: bool = False


def service_python(
    service: Service | None, version_file: str | None, created: date, *, created_is_assumed: bool
) -> ServicePython:
    """The Python by Render's precedence: the variable, the file at the root of the repository, the day's default.

    :param service: None for one that has no settings of its own
    :param version_file: the text of ``.python-version``, None where there is none
    """
    variable = service.environment.get(VARIABLE) if service else None
    if variable is not None:
        return _of_variable(variable)
    if version_file is not None:
        return _of_file(version_file)
    version = platform_facts().default_python(created)
    return ServicePython(version, Origin.DEFAULT, created=created, created_is_assumed=created_is_assumed)


def _of_variable(variable: EnvironmentVariable) -> ServicePython:
    if variable.value is None:
        mistake = Mistake(
            f"{VARIABLE} is set outside the blueprint, so which Python this is cannot be known here",
            f"give {VARIABLE} a value in the blueprint, such as {platform_facts().newest_default}",
            refused=False,
        )
        return ServicePython(None, Origin.VARIABLE, variable.location, mistake)
    text, location = variable.value.text.strip(), variable.value.location
    if isinstance(variable.value.value, float) and text.endswith("0"):
        return _trapped(text, location)
    if _FULL.fullmatch(text):
        return ServicePython(text, Origin.VARIABLE, location, _unsupported(text))
    meant = version_meant(text)
    example = meant or platform_facts().newest_default
    message = f"{VARIABLE} has to be fully qualified, and is {text!r}"
    mistake = Mistake(message, f'write value: "{example}"', meant=meant)
    return ServicePython(meant, Origin.VARIABLE, location, mistake)


def version_meant(text: str) -> str | None:
    """The fully qualified version that somebody means who writes more or less than one; None where none is known."""
    found = _MEANT.search(text) if "pypy" not in text.lower() else None
    return found[0] if found and _FULL.fullmatch(found[0]) else found and platform_facts().latest_patch(found[0])


def _trapped(text: str, location: Location) -> ServicePython:
    """``value: 3.10`` is a number, and that number is 3.1."""
    meant = platform_facts().latest_patch(text)
    message = f"YAML reads {VARIABLE}'s {text} as the number {float(text)}"
    mistake = Mistake(message, f'write value: "{meant or text}", with its quotes', meant=meant or text)
    return ServicePython(meant, Origin.VARIABLE, location, mistake)


def _of_file(text: str) -> ServicePython:
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), start=1)]
    said = [(number, line) for number, line in lines if line and not line.startswith("#")]
    number, version = said[0] if said else (1, "")
    location = Location(FILE, number)
    if not _IN_FILE.fullmatch(version):
        meant = version_meant(version)
        mistake = Mistake(
            f"{FILE} has to hold a version and nothing else, and holds {version!r}",
            f"write {meant or platform_facts().newest_default}",
        )
        return ServicePython(meant, Origin.FILE, location, mistake)
    if _MINOR.fullmatch(version):
        # Of a minor version that is not known here there is at least its first release.
        version = platform_facts().latest_patch(version) or f"{version}.0"
    return ServicePython(version, Origin.FILE, location, _unsupported(version))


def _unsupported(text: str) -> Mistake | None:
    facts, version = platform_facts(), Version(text)
    if version < Version(facts.python_minimum):
        return Mistake(
            f"Python {text} is older than {facts.python_minimum}, the oldest that Render has",
            f"ask for a newer one, such as {facts.newest_default}",
        )
    known = facts.latest_patch(f"{version.major}.{version.minor}")
    is_older_than_the_list = version < Version(facts.released_minors[0])
    if not is_older_than_the_list and (known is None or version > Version(known)):
        newest = known or facts.latest_patches[facts.released_minors[-1]]
        return Mistake(
            f"Python {text} was not released when this plugin last looked ({facts.python_date})",
            f"make sure that it is out: what is not released needs Docker on Render; {newest} is known",
            refused=False,
        )
    return None
