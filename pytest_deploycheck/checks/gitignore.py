"""Which folders ``.gitignore`` covers, and the lines that it lacks."""

from __future__ import annotations

from collections.abc import Iterable

from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.edit import Edit
from pytest_deploycheck.findings import CannotCheck
from pytest_deploycheck.fixing.file_text import FileText, NotEditable
from pytest_deploycheck.location import Location

GITIGNORE = ".gitignore"


def uncovered(names: Iterable[str], deployment: Deployment) -> list[str]:
    """The folders that it does not cover.

    :raises CannotCheck: it cannot be read
    """
    from pathspec import GitIgnoreSpec  # As slow to import as all else that a blueprint needs.

    ignored = GitIgnoreSpec.from_lines(_text(deployment).splitlines())
    return [name for name in names if not ignored.match_file(f"{name}/")]


def ignoring(names: Iterable[str], deployment: Deployment) -> tuple[Edit, ...]:
    """Lines at its end for the folders that it does not cover; each a change of its own, as others may add the same."""
    try:
        missing, text = uncovered(names, deployment), _text(deployment)
    except CannotCheck:
        return ()
    lines = text.splitlines(keepends=True)
    is_ended = not lines or lines[-1].endswith(("\n", "\r"))
    end = Location(GITIGNORE, len(lines) + 1) if is_ended else Location(GITIGNORE, len(lines), len(lines[-1]) + 1)
    return tuple(Edit(end, end, f"{name}/\n" if is_ended else f"\n{name}/") for name in missing)


def line_count(deployment: Deployment) -> int:
    """How many lines it has."""
    return len(_text(deployment).splitlines())


def _text(deployment: Deployment) -> str:
    try:
        return FileText.read(GITIGNORE, (deployment.root / GITIGNORE).read_bytes()).text
    except FileNotFoundError:
        return ""
    except (OSError, NotEditable) as error:
        raise CannotCheck(f"{GITIGNORE} cannot be read: {error}") from error
