"""The reports that are files: an option and a module with ``render``; a new one is a new module and a line here."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from pytest_deploycheck.refusal import reason_of
from pytest_deploycheck.reports.run import Run
from pytest_deploycheck.reports.writing import problem_with, write_whole
from pytest_deploycheck.settings import Settings

# By the part of the option after `--deploycheck-`, which is the field of Settings too. Imported where one is asked for.
FORMATS = {
    "json": "pytest_deploycheck.reports.json_report",
    "sarif": "pytest_deploycheck.reports.sarif",
    "checklist": "pytest_deploycheck.reports.checklist",
    "html": "pytest_deploycheck.reports.html",
}


class Format(Protocol):
    """What a module of a format has."""

    def render(self, run: Run) -> str:
        """All of the file; the same for the same run, however it was spread."""


class CannotWrite(Exception):
    """A report could not be written."""


def asked_for(settings: Settings) -> Iterator[tuple[str, Path]]:
    """The formats that somebody wants, each with its file."""
    for name in FORMATS:
        path = getattr(settings, name)
        if path is not None:
            yield name, path


def problem(settings: Settings) -> str | None:
    """Why one of them could not be written, before the run; None where all can."""
    problems = ((name, problem_with(path)) for name, path in asked_for(settings))
    return next((f"--deploycheck-{name}: {found}" for name, found in problems if found), None)


def write_reports(settings: Settings, run: Run) -> None:
    """Write each, whole or not at all.

    :raises CannotWrite: one could not be written; the others were
    """
    faults = []
    for name, path in asked_for(settings):
        text = cast(Format, import_module(FORMATS[name])).render(run)
        try:
            write_whole(path, text)
        except OSError as error:
            faults.append(f"--deploycheck-{name}: {path} could not be written: {reason_of(error)}")
    if faults:
        raise CannotWrite("\n".join(faults))
