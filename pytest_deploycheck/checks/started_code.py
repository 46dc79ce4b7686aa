"""The code of a service that its start command names: is it there?"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from pytest_deploycheck.builds import Build
from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.findings import Finding, Severity
from pytest_deploycheck.render.blueprint import Service
from pytest_deploycheck.render.spelling import KnownNames
from pytest_deploycheck.sources.shell.command import Command, Word

if TYPE_CHECKING:
    from pytest_deploycheck.sources.start.code import Code
    from pytest_deploycheck.sources.start.start import Start
    from pytest_deploycheck.started import Located

CHECK = "start-command"
_MOST_MODULES = 30
_OTHERS = frozenset({".git", ".venv", "venv", "env", "node_modules", "__pycache__", "site-packages"})


def code_findings(service: Service, start: Start, deployment: Deployment) -> Iterator[Finding]:
    """What is wrong with the code that one command is given."""
    located = deployment.started.located(start)
    if located is None:
        return
    if not located.is_there:
        yield from _not_there(service, start, located, deployment)
    elif start.code is not None and located.found is not None:
        yield from _attribute(service, start, start.code, located, deployment)


def _severity(start: Start, *, is_certain: bool) -> Severity:
    optional = start.command.is_conditional or start.command.is_tolerated
    return Severity.ERROR if is_certain and not optional else Severity.ADVICE


def _not_there(service: Service, start: Start, located: Located, deployment: Deployment) -> Iterator[Finding]:
    if located.path:
        yield from _no_file(service, start, located, deployment)
    elif start.code is not None and located.found is not None and not _is_dotted_attribute(start.code, located):
        yield from _no_module(service, start, start.code, located, deployment)


def _no_file(service: Service, start: Start, located: Located, deployment: Deployment) -> Iterator[Finding]:
    path = PurePosixPath(located.path)
    build = deployment.build(service)
    if is_made(build, path.name) or any(path.name in each.outputs for each in _commands(service, deployment)):
        return
    near = located.codebase.near_file(deployment.root / path)
    fix = [f"write {near}: Linux tells upper and lower case apart"] if near else []
    fix += found_elsewhere(path.name, located.directory, deployment.root)
    word = start.code.word if start.code is not None else start.command.words[0]
    message = f"{service.name} runs {path.name}, and there is no such file in {shown(str(path.parent))}"
    if start.code is None:
        message = f"{service.name} does not say what flask is to run, and there is no wsgi.py or app.py"
        fix = ["name it: flask --app MODULE run"]
    yield Finding(
        CHECK,
        word.location,
        message,
        fix=tuple(fix) or ("add the file, or name it relative to where the command runs",),
        severity=_severity(start, is_certain=True),
    )


def _commands(service: Service, deployment: Deployment) -> Iterator[Command]:
    for start in deployment.started.commands(service):
        yield start.command


def _no_module(
    service: Service, start: Start, code: Code, located: Located, deployment: Deployment
) -> Iterator[Finding]:
    assert located.found is not None
    missing = located.found.missing
    if located.found.is_top_missing and _is_installed(missing, located.directory, service, deployment):
        return
    certain = located.is_closed and _is_all_of_repository(service, deployment)
    folders = [deployment.relative(each) for each in located.found.folders] or [located.directory]
    package, _, last = missing.rpartition(".")
    looked = tuple(f"looked for {_joined(folder, last)}.py and {_joined(folder, last)}/" for folder in folders)
    if not located.found.folders:
        looked = (f"{package} is a module, and no package that has others in it",)
    yield Finding(
        CHECK,
        code.word.location,
        f"{service.name} imports {missing}, and there is no such module in {' or '.join(map(shown, folders))}",
        evidence=looked,
        fix=tuple(_module_fix(code, located, deployment)),
        severity=_severity(start, is_certain=certain),
    )


def _module_fix(code: Code, located: Located, deployment: Deployment) -> Iterator[str]:
    assert located.found is not None
    missing, near = located.found.missing, located.found.near
    if near:
        yield f"write {near.removesuffix('.py')}: Linux tells upper and lower case apart"
    if "/" in code.name:
        yield f"write {code.name.removesuffix('.py').replace('/', '.')}: modules have dots"
    elif code.name.endswith(".py"):
        yield f"write {code.name.removesuffix('.py')}, the module, and not its file"
    elsewhere = list(found_elsewhere(missing.rpartition(".")[2], located.directory, deployment.root))
    yield from elsewhere if located.found.is_top_missing else ()
    if not (near or elsewhere or "/" in code.name or code.name.endswith(".py")):
        known = list(_other_modules(code, located, deployment))
        yield from known or ["name a module relative to rootDir, where the command runs"]


def _other_modules(code: Code, located: Located, deployment: Deployment) -> Iterator[str]:
    """Modules beside the one that is looked for which hold an application."""
    assert located.found is not None
    package = located.found.missing.rpartition(".")[0]
    for folder in located.found.folders if code.kind == "application" else ():
        for path in sorted(folder.glob("*.py"))[:_MOST_MODULES]:
            name = f"{package}.{path.stem}".strip(".")
            for application in deployment.started.applications_of(located.codebase, name):
                yield f"write {name}:{application}"


def _is_dotted_attribute(code: Code, located: Located) -> bool:
    """``celery -A app.celery`` and the like name a module, or an attribute of one."""
    from pytest_deploycheck.sources.python.codebase import Kind

    package, _, name = code.name.rpartition(".")
    if code.kind not in ("celery", "dotted") or code.attribute or not package:
        return False
    return located.codebase.find(package).kind is not Kind.MISSING and not _is_no_attribute(located, package, name)


def _is_no_attribute(located: Located, package: str, name: str) -> bool:
    from pytest_deploycheck.sources.python.attributes import has_attribute

    module = located.codebase.module(package)
    return module is not None and has_attribute(located.codebase, module, name).is_no


def _attribute(
    service: Service, start: Start, code: Code, located: Located, deployment: Deployment
) -> Iterator[Finding]:
    from pytest_deploycheck.sources.python.attributes import has_attribute

    module = located.module
    if module is None and located.found is not None and located.found.is_package:
        yield from _no_main(service, start, code, located)
    if module is None or not code.attribute or code.kind not in ("application", "celery", "flask", "dotted"):
        return
    answer = has_attribute(located.codebase, module, code.attribute)
    if answer.is_no:
        looked_for = f", which {start.command.program} looks for" if code.is_default else ""
        yield Finding(
            CHECK,
            code.attribute_location,
            f"{module.path} has no {code.attribute}{looked_for}, so {service.name} does not start",
            evidence=(f"{answer.location or module.path}: {answer.why}",),
            fix=tuple(_attribute_fix(start, code, located, deployment)),
            severity=_severity(start, is_certain=True),
        )


def _no_main(service: Service, start: Start, code: Code, located: Located) -> Iterator[Finding]:
    """``python -m package``, and the package has no ``__main__``."""
    from pytest_deploycheck.sources.python.codebase import Kind

    is_package = located.is_run and located.found is not None and located.found.kind is Kind.MODULE
    if is_package and located.codebase.find(f"{code.name}.__main__").kind is Kind.MISSING:
        yield Finding(
            CHECK,
            code.word.location,
            f"{service.name} runs the package {code.name}, which has no __main__.py",
            fix=(f"name a module of it: python -m {code.name}.<module>",),
            severity=_severity(start, is_certain=True),
        )


def _attribute_fix(start: Start, code: Code, located: Located, deployment: Deployment) -> Iterator[str]:
    """The names of the module that hold an application, else one that is written nearly so."""
    from pytest_deploycheck.sources.python.attributes import names_in

    module = located.module
    if module is None:
        return
    names = names_in(located.codebase, module)
    applications = deployment.started.applications(start)
    meant = KnownNames(names).meant(code.attribute)
    likely = applications or ((meant,) if meant else ())
    if code.attribute in names:
        yield f'move {code.attribute} out of if __name__ == "__main__"'
        return
    for name in likely:
        yield f"write {code.name}:{name}"
    if not likely:
        yield f"write the name of the application in {module.path} behind {code.name}:"


# What may be there that is not in the repository.


def _is_installed(name: str, directory: str, service: Service, deployment: Deployment) -> bool:
    """Whether a module is of Python, or may be of a distribution that is installed, the project itself among them."""
    from pytest_deploycheck.sources.python.codebase import Kind, is_of_python

    installs = deployment.build(service).installs
    own = installs.from_projects or any(each.editables or _names_folder(each.projects) for each in installs.installs)
    if own and deployment.started.codebase(f"{directory}/src").find(name).kind is not Kind.MISSING:
        return True
    return is_of_python(name) or any(_may_have(each, name) for each in _required(service, deployment))


def _required(service: Service, deployment: Deployment) -> Iterator[str]:
    for source in deployment.sources:
        if service in source.services or not source.services:
            yield from source.lines


def _may_have(project: str, module: str) -> bool:
    """Whether a project's name has a module's in it: apache-superset has superset."""
    return f"-{canonicalize_name(module)}-" in f"-{project}-"


def _is_all_of_repository(service: Service, deployment: Deployment) -> bool:
    """Whether nothing that is run before can bring in modules that neither the repository nor requirements have."""
    from pytest_deploycheck.sources.start.program import program_facts

    build = deployment.build(service)
    harmless = program_facts().make_no_modules
    started = [each.command for each in deployment.started.commands(service)]
    making = [each for each in build.commands.commands if each.program not in harmless and not _is_django(each)]
    installing = [each for each in started if each.program in ("pip", "pip3", "git", "uv")]
    own = [each for each in build.installs.installs if each.editables or each.unknown or _names_folder(each.projects)]
    return not (making or installing or own or build.installs.from_projects or build.commands.not_followed)


def _is_django(command: Command) -> bool:
    return any(each.text.endswith("manage.py") for each in command.words)


def _names_folder(projects: tuple[Word, ...]) -> bool:
    return any(re.match(r"[./]|git\+|https?:", each.text) for each in projects)


def is_made(build: Build, name: str) -> bool:
    """Whether a word of the build has the file's name: it may make it."""
    return any(name in each.text for command in build.commands.commands for each in command.arguments)


def found_elsewhere(name: str, directory: str, root: Path) -> list[str]:
    """Where else in the repository a file or module of that name is."""
    found: list[str] = []
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(each for each in folders if each not in _OTHERS and not each.startswith("."))
        relative = Path(os.path.relpath(folder, root)).as_posix()
        if len(Path(relative).parts) > 2:
            folders.clear()
        if relative != directory and {name, f"{name}.py"} & {*files, *(folders if not name.endswith(".py") else ())}:
            found.append(relative)
    return [f"run it in {shown(each)}, where {name} is: rootDir, or cd" for each in found[:1]]


def shown(folder: str) -> str:
    """As messages have it."""
    return "the root" if folder == "." else folder


def _joined(folder: str, name: str) -> str:
    return name if folder == "." else f"{folder}/{name}"
