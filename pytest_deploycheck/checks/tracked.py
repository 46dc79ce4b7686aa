"""Would a checkout of the repository have what the blueprint names, as it has to be?"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from pytest_deploycheck.checks.registry import Subject, check
from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.findings import CannotCheck, Finding, NothingToDecide, Severity
from pytest_deploycheck.location import Location
from pytest_deploycheck.named_files import NamedFile
from pytest_deploycheck.render.blueprint import Blueprint
from pytest_deploycheck.sources.git import GitFault, IgnoreRule, NoGit, TrackedFile, top_of_repository

_EXAMPLES = ("example", "sample", "template", "dist", "defaults", "test", "ci")


def _is_in_git(blueprint: Blueprint | None, deployment: Deployment) -> bool:
    return blueprint is not None and top_of_repository(deployment.root) is not None


def _names_files(blueprint: Blueprint | None, deployment: Deployment) -> bool:
    return _is_in_git(blueprint, deployment) and any(True for _ in _there(deployment))


def _there(deployment: Deployment) -> Iterator[NamedFile]:
    """The named files that are on this machine, each once: the others are findings of the checks that need them."""
    seen = set()
    for each in deployment.named_files:
        if each.path not in seen and (deployment.root / each.path).is_file():
            seen.add(each.path)
            yield each


@contextlib.contextmanager
def _asking() -> Iterator[None]:
    """
    :raises NothingToDecide: there is no git
    :raises CannotCheck: it does not answer
    """
    try:
        yield
    except NoGit as reason:
        raise NothingToDecide(str(reason)) from reason
    except GitFault as fault:
        raise CannotCheck(str(fault)) from fault


@check(
    "tracked",
    Subject.BLUEPRINT,
    applies=_names_files,
    sources=("https://render.com/docs/deploys, 2026-11-25", "https://git-scm.com/docs/gitignore, 2026-11-25"),
)
def tracked(blueprint: Blueprint | None, deployment: Deployment) -> Iterator[Finding]:
    """git has the files that the blueprint names, spelled as it names them.

    Render builds from what was pushed. A requirements file or a script that ``.gitignore`` covers is on this machine
    and not there; and a name in other capitals, which macOS and Windows take for the same, is another file on Linux.
    A file that is only not added yet is advice. Of what a build may make, and without git, nothing is decided.

    To satisfy it, add the file::

        $ git add --force requirements.txt
    """
    git = deployment.git
    with _asking():
        named = [each for each in _there(deployment) if not each.may_be_made and not git.is_in_submodule(each.path)]
        missing = [each for each in named if each.path not in git.files]
        ignored = git.ignored([each.path for each in missing]) if missing else {}
    for each in missing:
        other = git.like(each.path)
        yield _spelled_otherwise(each, other) if other else _not_tracked(each, ignored.get(each.path))


def _spelled_otherwise(named: NamedFile, other: TrackedFile) -> Finding:
    message = f"{named.use}, which is {other.path} in git"
    fix = (f"write {other.path}", f"git mv {other.path} {named.path}")
    return Finding("tracked", named.location, message, ("Linux tells capitals apart",), fix)


def _not_tracked(named: NamedFile, rule: IgnoreRule | None) -> Finding:
    if rule is None:
        message = f"{named.use}, which is not in git yet"
        return Finding("tracked", named.location, message, fix=(f"git add {named.path}",), severity=Severity.ADVICE)
    where = f"{rule.file}:{rule.line}" if rule.file else "a rule outside of the repository"
    message = f"{named.use}, which git ignores, so it is not there when Render builds"
    fix = (f"git add --force {named.path}", f"take it out of {rule.file}" if rule.file else "add it")
    severity = Severity.ERROR if named.is_needed else Severity.ADVICE
    return Finding(
        "tracked", named.location, message, (f"{where}: {rule.pattern}",), fix[: 2 if rule.file else 1], severity
    )


def _runs_scripts(blueprint: Blueprint | None, deployment: Deployment) -> bool:
    return _is_in_git(blueprint, deployment) and any(each.is_script for each in _there(deployment))


@check(
    "executable",
    Subject.BLUEPRINT,
    applies=_runs_scripts,
    sources=("https://git-scm.com/docs/git-update-index, 2026-11-25",),
)
def executable(blueprint: Blueprint | None, deployment: Deployment) -> Iterator[Finding]:
    """Scripts that are run by their name, such as ``./build.sh``, are executable in git.

    git stores whether a file may be run. Where it was added on Windows, or before ``chmod``, it may not, and the
    deploy ends with ``Permission denied``. One that ``bash`` runs, or that ``chmod +x`` comes before, need not be.

    To satisfy it::

        $ git update-index --chmod=+x build.sh
    """
    with _asking():
        files = deployment.git.files
    reported = set()
    for each in deployment.named_files:
        file = files.get(each.path)
        if each.is_program and file is not None and not file.is_program and each.path not in reported:
            reported.add(each.path)
            yield Finding(
                "executable",
                each.location,
                f"{each.use}, which is not executable in git: permission denied",
                fix=(f"git update-index --chmod=+x {each.path}", f"write bash {each.path}"),
            )


@check(
    "line-endings",
    Subject.BLUEPRINT,
    applies=_runs_scripts,
    sources=("https://git-scm.com/docs/gitattributes, 2026-11-25",),
)
def line_endings(blueprint: Blueprint | None, deployment: Deployment) -> Iterator[Finding]:
    """The lines of shell scripts end as Linux has them, in git and in a checkout.

    With CRLF the name of the interpreter ends with a carriage return, which none has (``bad interpreter``), and so does
    the last word of each command. Editors and ``core.autocrlf`` on Windows make such files.

    To satisfy it, say so in ``.gitattributes``, and let git store the files anew::

        $ echo '*.sh text eol=lf' >> .gitattributes
        $ git add --renormalize .
    """
    git = deployment.git
    with _asking():
        scripts = {each.path: each for each in _there(deployment) if each.is_script and each.path in git.files}
        endings = git.line_endings(list(scripts))
    for path, found in endings.items():
        if found.is_crlf:
            why = f"git has it with {found.stored}" + (f", and {found.attributes}" if found.attributes else "")
            yield Finding(
                "line-endings",
                scripts[path].location,
                f"{scripts[path].use}, whose lines end with CRLF in a checkout",
                evidence=(why, "Linux looks for an interpreter whose name ends with a carriage return"),
                fix=(f"write {path} text eol=lf into .gitattributes, then git add --renormalize {path}",),
            )


@check(
    "env-file",
    Subject.BLUEPRINT,
    applies=_is_in_git,
    sources=("https://render.com/docs/configure-environment-variables, 2026-11-25",),
)
def env_file(blueprint: Blueprint | None, deployment: Deployment) -> Iterator[Finding]:
    """No ``.env`` file is in git.

    Such a file holds what must not be in a repository, and a program that loads it prefers, in some libraries, its
    values to those of Render. What it is an example of may be there: ``.env.example``.

    To satisfy it, take it out of git, ignore it, and give the values in the dashboard::

        $ git rm --cached .env
        $ echo .env >> .gitignore
    """
    folders = _folders(deployment)
    with _asking():
        files = deployment.git.files
    for path in files:
        folder, _, name = path.rpartition("/")
        if folder not in folders:
            continue
        if name == ".env" or (name.startswith(".env.") and not name.lower().endswith(_EXAMPLES)):
            yield Finding(
                "env-file",
                Location(path),
                f"{path} is in git, and such a file holds secrets",
                fix=(f"git rm --cached {path}, ignore it, and revoke what it holds",),
                severity=Severity.ADVICE,
            )


def _folders(deployment: Deployment) -> set[str]:
    """Where commands run, and so where such a file would be loaded; one of the tests' is none of the service's."""
    services = deployment.blueprint.services if deployment.blueprint else ()
    return {"", *(each.folder for each in services if each.folder != ".")}
