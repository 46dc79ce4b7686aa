"""Does the build command install what the service needs, and as it should?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import PurePosixPath

from pytest_deploycheck.builds import Build
from pytest_deploycheck.checks.missing_paths import missing_paths
from pytest_deploycheck.checks.python_version import is_native_python
from pytest_deploycheck.checks.registry import Subject, check
from pytest_deploycheck.checks.root_dir import folder_findings
from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.edit import Edit
from pytest_deploycheck.findings import Finding, Severity
from pytest_deploycheck.location import Location
from pytest_deploycheck.render.blueprint import Service
from pytest_deploycheck.render.document import Scalar
from pytest_deploycheck.render.platform import platform_facts
from pytest_deploycheck.sources.installs import Install, ProjectInstall
from pytest_deploycheck.sources.shell.certainty import certain_places
from pytest_deploycheck.sources.shell.command import Word

_INSTALL = "pip install -r requirements.txt"
_NAME_THEM = "name its requirements files: --deploycheck-requirements PATH, or ini deploycheck_requirements"


@check(
    "build-command",
    Subject.SERVICE,
    applies=is_native_python,
    sources=(
        "https://render.com/docs/native-environments, 2026-11-23",
        "https://pip.pypa.io/en/stable/cli/pip_install/, 2026-11-25",
    ),
)
def build_command(service: Service, deployment: Deployment) -> Iterator[Finding]:
    """The build command installs the requirements, from files that are there, with the flags asked for.

    The command is read as a shell would read it, with the scripts that it runs. A file that is not there ends the
    build, as do ``sudo`` and ``apt-get``, for which a native build has no rights; and where nothing is installed the
    service has no packages. What cannot be followed is said, as advice.

    To satisfy it, name files that are in the repository, relative to rootDir::

        buildCommand: pip install --no-cache-dir -r requirements.txt
    """
    command = service.build_command
    if command is None:
        message = f"{service.name} has no buildCommand, so nothing installs its requirements"
        yield _finding(service.location, message, fix=(f"add buildCommand: {_INSTALL}",))
        return
    build = deployment.build(service)
    for mistake in build.commands.mistakes:
        message = f"the build command of {service.name} cannot be read as a shell's: {mistake.reason}"
        yield _finding(mistake.location, message)
    yield from folder_findings("build-command", service, deployment.builds.directory(service), deployment)
    yield from missing_paths("build-command", service, build.commands, deployment)
    yield from _impossible(service, build)
    yield from _not_known(service, command, build)
    for project in build.installs.from_projects:
        yield from _of_project(service, project, deployment)
    certain = certain_places(build.commands, deployment.root)
    for install in build.installs.installs:
        yield from _files(service, install, certain, deployment)
        yield from _redirected(service, install)
        yield from _flags(service, install, deployment)
    yield from _old_pip(service, build, deployment)
    for installation in build.installations:
        yield from _not_resolved(service, installation.install, installation.unknown)


def _finding(
    location: Location, message: str, evidence: tuple[str, ...] = (), fix: tuple[str, ...] = (), *, advice: bool = False
) -> Finding:
    severity = Severity.ADVICE if advice else Severity.ERROR
    return Finding("build-command", location, message, evidence, fix, severity)


def _impossible(service: Service, build: Build) -> Iterator[Finding]:
    for command in build.installs.impossible:
        name = "sudo" if "sudo" in command.wrappers else command.program
        yield _finding(
            command.location,
            f"{service.name} runs {name}, which a build on Render cannot",
            evidence=("a native build has neither root's rights nor a package manager of the system",),
            fix=("leave it out, or build the service from a Dockerfile (runtime: docker)",),
            advice=command.is_tolerated or command.is_conditional,
        )


def _not_known(service: Service, command: Scalar, build: Build) -> Iterator[Finding]:
    """Nothing that installs anything is known, or something is left out of it."""
    installs = [each for each in build.installs.installs if not each.only_upgrades_tools]
    others = [str(each.command) for each in build.unread]
    reasons = tuple(reason for each in build.locks if each.lock is None for reason in each.unknown)
    unknown = [str(each) for each in build.installs.unknown]
    for remark in build.commands.not_followed:
        message = f"{service.name}: `{remark.text}` is not followed: {remark.reason or 'it lies outside'}"
        yield _finding(remark.location, message, fix=(_NAME_THEM,), advice=True)
    missing = any(not each.is_there for each in build.commands.scripts)
    if others or (not installs and unknown and not missing):
        followed = (
            "it depends on what is not followed here"
            if reasons
            else "only pip, uv pip and the locks of uv, Poetry, PDM and Pipenv are followed"
        )
        programs = ", ".join(f"`{each}`" for each in (others or unknown))
        message = f"what {programs} installs for {service.name} is not known: {followed}"
        yield _finding(command.location, message, reasons, fix=(_NAME_THEM,), advice=True)
    if not (
        installs
        or build.installs.from_projects
        or unknown
        or build.commands.not_followed
        or build.commands.mistakes
        or missing
    ):
        message = f"the build command of {service.name} installs no requirements"
        yield _finding(command.location, message, fix=(f"add {_INSTALL}",))
    for left_out in build.left_out:
        message = f"{service.name}: `{left_out}` runs only under a condition, and is not resolved here"
        yield _finding(left_out.location, message, fix=(_NAME_THEM,), advice=True)


def _of_project(service: Service, project: ProjectInstall, deployment: Deployment) -> Iterator[Finding]:
    """The files that ``uv sync`` and its like cannot do without."""
    from pytest_deploycheck.sources.locks.options import tool_of  # Few services install from a lock.

    command = project.command
    tool = tool_of(project.lock)
    elsewhere = {*tool.folders, "--package"} if tool else set()
    names_folder = any(each.text.partition("=")[0] in elsewhere for each in command.arguments)
    if command.directory is None or command.is_conditional or command.is_tolerated or names_folder:
        return
    # All of these programs look for them in the folders above too.
    folder = deployment.root / command.directory
    folders = [folder, *(deployment.root / each for each in PurePosixPath(command.directory).parents)]
    needed = dict.fromkeys((*project.needs, *([project.lock] if project.is_locked else ())))
    for name in needed:
        if folder.is_dir() and not any((each / name).is_file() for each in folders):
            message = f"{service.name} runs `{command}`, and there is no {name} in {_shown_folder(command.directory)}"
            fix = f"commit {name}" if name != project.lock else f"commit {name}, or leave out the option that needs it"
            yield _finding(command.location, message, fix=(fix,))


def _shown_folder(directory: str) -> str:
    return "the root" if directory == "." else directory


def _files(
    service: Service, install: Install, certain: frozenset[Location], deployment: Deployment
) -> Iterator[Finding]:
    if install.command.directory is not None and not (deployment.root / install.command.directory).is_dir():
        return  # That there is no such folder is said where the command goes to it.
    for named in install.files:
        path = install.path(named)
        if path is not None and not (deployment.root / path).is_file():
            folder, _, name = path.rpartition("/")
            message = f"{service.name} installs {name}, and there is no such file in {_shown_folder(folder or '.')}"
            fix = "add the file, or name it relative to rootDir, where the command runs"
            yield _finding(named.location, message, fix=(fix,), advice=install.location not in certain)


def _redirected(service: Service, install: Install) -> Iterator[Finding]:
    """``pip install flask>=2`` writes what pip says into a file named ``=2``."""
    for name in install.command.outputs:
        if name.startswith("="):
            message = f"{service.name}: the shell takes >{name} for a file to write to, so no version is asked for"
            yield _finding(install.location, message, fix=("put the requirement into quotes",))


def _old_pip(service: Service, build: Build, deployment: Deployment) -> Iterator[Finding]:
    """What the pip that a Python brings does not know yet, whatever is found here."""
    python = deployment.python_of(service).version
    installs = [each for each in build.installs.installs if each.installer == "pip"]
    upgrades = any(each.text.partition("=")[0] == "pip" for install in installs for each in install.projects)
    if not installs or upgrades or python is None:
        return
    pip, facts, fix = (
        f"{service.name}: the pip of Python {python}",
        platform_facts(),
        "begin with pip install --upgrade pip",
    )
    if facts.has_old_pip(python):
        message = f"{pip} is older than 20.3 and knows no wheels such as manylinux_2_28"
        evidence = "what has only these would be built from source, whatever is said here of its wheels"
        yield _finding(installs[0].location, message, (evidence,), (fix,), advice=True)
    for install in installs if facts.knows_no_pylock(python) else ():
        for lock in install.named_pylocks:
            message = f"{pip} is older than 26.1 and takes {lock.path} for a list of requirements, which it is not"
            evidence = "what is said here of it holds for newer ones"
            yield _finding(lock.location, message, (evidence,), (fix,), advice=True)


def _not_resolved(service: Service, install: Install, unknown: tuple[str, ...]) -> Iterator[Finding]:
    """What decides on the build, and is not known here."""
    if unknown:
        yield _finding(
            install.location,
            f"{service.name}: what pip picks there also depends on what is not known here",
            evidence=unknown,
            fix=(
                "name it where this run can see it: in the blueprint, in a file, or, of a secret, in the environment",
            ),
            advice=True,
        )


def _flags(service: Service, install: Install, deployment: Deployment) -> Iterator[Finding]:
    if install.installer != "pip" or not (install.files or install.projects or install.editables):
        return
    for flag in deployment.settings.pip_flags:
        variable = f"PIP_{flag.lstrip('-').partition('=')[0].replace('-', '_').upper()}"
        if install.has_flag(flag) or variable in install.command.environment or variable in service.environment:
            continue
        shown = " ".join(("pip install", *map(str, install.arguments)))
        finding = _finding(
            install.location,
            f"{service.name}: `{shown}` lacks {flag}",
            fix=(f"write pip install {flag} {' '.join(map(str, install.arguments))}",),
            advice=True,
        )
        yield replace(finding, edits=_with_flag(install, flag, deployment))


def _with_flag(install: Install, flag: str, deployment: Deployment) -> tuple[Edit, ...]:
    """A flag behind the word `install`."""
    word = next((each for each in install.command.words if each.text == "install"), None)
    if word is None or not word.is_known or word.written not in ("", "install"):
        return ()
    if not _stands_there(word, deployment):
        return ()  # What an inner shell runs does not stand in the file as it is.
    place = Location(word.location.path, word.location.line, word.location.column + len("install"))
    return (Edit(place, place, f" {flag}"),)


def _stands_there(word: Word, deployment: Deployment) -> bool:
    """Whether a file has a word where it is said to stand."""
    try:
        lines = (deployment.root / word.location.path).read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError):
        return False
    line = lines[word.location.line - 1] if word.location.line <= len(lines) else ""
    return line.startswith(word.text, word.location.column - 1)
