"""What a command line runs: read as a shell would run it, without running anything."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from pytest_deploycheck.refusal import reason_of
from pytest_deploycheck.sources.shell.calls import SHELLS, MakeCall, ShellCall, inline_text, is_shell_script
from pytest_deploycheck.sources.shell.command import Command, Commands, Remark, Script, Word
from pytest_deploycheck.sources.shell.makefile import Makefile, NoSuchTarget, read_makefile
from pytest_deploycheck.sources.shell.parameters import after_set, after_shift
from pytest_deploycheck.sources.shell.state import Repository, State
from pytest_deploycheck.sources.shell.syntax import Syntax
from pytest_deploycheck.sources.shell.text import Text, text_of_file
from pytest_deploycheck.sources.shell.walk import Ended, Frame, TooLong, Walk
from pytest_deploycheck.sources.shell.wrapping import ASSIGNMENT, Wrapped, unwrapped

# Scripts that call each other in a circle end here, and so do those that would take long to read.
_MOST_DEPTH = 20
_MOST_BYTES = 1_000_000

_ASSIGNING = frozenset({"export", "declare", "typeset", "local", "readonly"})


def read_commands(
    text: Text, directory: str, root: Path, checkout: str, environment: Mapping[str, str | None]
) -> Commands:
    """Read a command line and the scripts that it runs.

    :param directory: where it begins, relative to the root, ``.`` for the root itself
    :param root: of the repository, on this machine
    :param checkout: the same on the machine that runs the commands
    :param environment: the variables that are set there, None for values that are not known
    """
    shell = _Shell(Repository(root, checkout), State(directory, dict(environment), {}))
    try:
        shell.run(Frame(text, Syntax(text)))
    except Ended:
        pass
    except (RecursionError, TooLong):
        shell.give_up(
            Remark(text.at(0), text.shown(text.text.partition("\n")[0])[:60], "it is too long to be read here")
        )
    return shell.result()


class _Shell(Walk):
    """What the programs of one command line do, as far as it leads to further commands."""

    def __init__(self, repository: Repository, state: State) -> None:
        super().__init__(repository, state)
        self._scripts: dict[Script, None] = {}
        self._not_followed: dict[Remark, None] = {}
        self._mistakes: dict[Remark, None] = {}
        self._running: list[str] = []
        self._executable: set[str] = set()

    def result(self) -> Commands:
        return Commands(tuple(self._commands), tuple(self._scripts), tuple(self._not_followed), tuple(self._mistakes))

    def give_up(self, remark: Remark) -> None:
        """Say that what follows is not known."""
        self._not_followed[remark] = None

    def run(self, frame: Frame) -> None:
        """All of a text."""
        self._mistakes |= dict.fromkeys(frame.syntax.mistakes())
        self._not_followed |= dict.fromkeys(frame.syntax.doubts())
        self._all(frame.syntax.root.children, frame)

    def _simple(self, words: tuple[Word, ...], environment: State) -> None:
        """A program with its arguments.

        :param environment: the state with the variables that stand before it
        """
        wrapped = unwrapped(words)
        for name, value in wrapped.environment:
            environment = environment.with_variable(name, value)
        program, *arguments = wrapped.words
        found = Command(
            wrapped.words, self._state.directory, environment.assigned, wrapped.wrappers, self._conditions > 0
        )
        builtin = _BUILTINS.get(program.text)
        if program.text in self._functions and not wrapped.wrappers:
            self._call(program.text, tuple(arguments))
        elif program.text in _ASSIGNING:
            self._exported(arguments)
        elif builtin is not None:
            builtin(self, found)
        elif found.program in SHELLS:
            self._shell(found, environment)
        elif found.program in ("make", "gmake"):
            self._make(found, environment)
        elif "/" in program.text and "python -m" not in wrapped.wrappers:
            self._path(found, wrapped, environment)
        else:
            self._add(found)
        if "exec" in wrapped.wrappers and not self._conditions:
            raise Ended

    def _add(self, command: Command) -> None:
        self._commands.append(command)
        self._named.update(filter(None, (self._inside(each.text.rpartition("=")[2]) for each in command.arguments)))

    def _exported(self, arguments: Sequence[Word]) -> None:
        for each in arguments:
            if match := ASSIGNMENT.fullmatch(each.text):
                self._set(match[1], match[2] if each.is_known else None)

    def _call(self, name: str, arguments: tuple[Word, ...]) -> None:
        frame, body, is_conditional = self._functions[name]
        if self._running.count(f"{name}()") < 2 and len(self._running) < _MOST_DEPTH:
            perhaps = self._perhaps() if is_conditional else contextlib.nullcontext()
            with self._within(f"{name}()"), perhaps, self._called_with(arguments):
                self._all([body], frame)

    @contextlib.contextmanager
    def _called_with(self, arguments: tuple[Word, ...]) -> Iterator[None]:
        """Other parameters, as long as a function runs or a file is read."""
        before = self._state.parameters
        self._state = replace(self._state, parameters=arguments)
        yield
        self._state = replace(self._state, parameters=before)

    @contextlib.contextmanager
    def _within(self, name: str) -> Iterator[None]:
        """A script or a function, as long as it runs."""
        self._running.append(name)
        try:
            yield
        finally:
            self._running.pop()

    # What shells do themselves.

    def _cd(self, command: Command) -> None:
        self._add(command)
        self._state = self._state.changed_to(self._named_directory(command))

    def _named_directory(self, command: Command) -> str | None:
        if [each.text for each in command.arguments] == ["-"]:
            return self._state.left
        folders = [each for each in command.arguments if not each.text.startswith("-")]
        if len(folders) != 1 or (len(command.arguments) > 1 and command.arguments[-1] is not folders[0]):
            return None
        return self._repository.inside(self._state.directory, folders[0].text) if folders[0].is_known else None

    def _pushd(self, command: Command) -> None:
        """With a directory; what it does else to the stack is not known here."""
        self._add(command)
        left, stack = self._state.directory, self._state.stack
        is_simple = len(command.arguments) == 1 and not command.arguments[0].text.startswith(("-", "+"))
        self._state = replace(
            self._state.changed_to(self._named_directory(command) if is_simple else None),
            stack=(*stack, left) if is_simple and stack is not None else None,
        )

    def _popd(self, command: Command) -> None:
        stack = self._state.stack if not command.arguments else None
        self._state = replace(self._state.changed_to(stack[-1] if stack else None), stack=stack[:-1] if stack else None)

    def _shift(self, command: Command) -> None:
        self._commands.append(command)
        self._state = replace(self._state, parameters=after_shift(self._state.parameters, command.arguments))

    def _set_parameters(self, command: Command) -> None:
        self._commands.append(command)
        self._state = replace(self._state, parameters=after_set(self._state.parameters, command.arguments))

    def _exit(self, command: Command) -> None:
        raise Ended

    def _return(self, command: Command) -> None:
        """Only what follows in the function is left out, and that is seldom known: read on."""

    def _source(self, command: Command) -> None:
        # What an environment's activation changes is the path of programs.
        if command.arguments and not command.arguments[0].text.endswith("bin/activate"):
            file, *arguments = command.arguments
            with self._called_with(tuple(arguments)) if arguments else contextlib.nullcontext():
                self._file(file, command, None)

    def _eval(self, command: Command) -> None:
        words = command.arguments
        if len(words) == 1:
            self._inline(words[0], command)
        elif words:
            joined = Word(" ".join(each.text for each in words), words[0].location, words[0].is_known)
            self._inline(joined, command)

    def _chmod(self, command: Command) -> None:
        mode, *paths = [each.text for each in command.arguments if not each.text.startswith("-")] or [""]
        if "x" in mode or (re.fullmatch("[0-7]{3,4}", mode) and int(mode[-3]) % 2):
            self._executable.update(filter(None, map(self._inside, paths)))
        self._commands.append(command)

    # Scripts.

    def _shell(self, command: Command, environment: State) -> None:
        """``bash -c 'commands'``, ``bash script arguments``."""
        call = ShellCall.of(command)
        if call.first is None:
            self._unknown(command, "what it reads from its input is not known here")
        elif call.is_inline:
            with self._apart():
                self._state = environment.of_child(call.arguments[1:])  # The first is its name.
                self._inline(call.first, command)
        else:
            self._file(call.first, command, environment.of_child(call.arguments))

    def _inline(self, commands: Word, command: Command) -> None:
        text = inline_text(commands, self._state.variables)
        if text is None:
            self._unknown(command, "what it runs is only known when it runs")
        else:
            self.run(Frame(text, Syntax(text)))

    def _path(self, command: Command, wrapped: Wrapped, environment: State) -> None:
        """A program that is named with its folder: a file of the repository, or one that the build makes."""
        path = self._inside(command.words[0].text) if command.words[0].is_known else None
        is_there = path is not None and (self._repository.root / path).is_file()
        if path is None or (not is_there and (self._repository.is_made(path) or self._is_named(path))):
            self._add(command)
        else:
            self._file(command.words[0], command, environment.of_child(command.arguments), is_program=True)

    def _file(self, named: Word, command: Command, child: State | None, *, is_program: bool = False) -> None:
        """Run a file of the repository.

        :param child: the state of a shell of its own; None where this one reads the file
        """
        path = self._inside(named.text) if named.is_known else None
        if path is None or (self._repository.is_made(path) and not (self._repository.root / path).is_file()):
            # `source .venv/bin/activate` and what lies elsewhere on the machine.
            if not (path and self._repository.is_made(path)):
                self._unknown(command, "where it lies is not known here" if path is None else "")
            return
        file = self._repository.root / path
        is_there = file.is_file()
        if not is_there and self._is_named(path):
            self._unknown(command, f"{path} is made by a command before it")
            return
        self._scripts[Script(path, named.location, is_there, is_program, path in self._executable)] = None
        if not is_there:
            self._add(command)
            return
        content = self._content(file, command)
        if content is None or (is_program and not is_shell_script(content)):
            self._add(command)
            return
        with self._apart() if child else contextlib.nullcontext():
            self._state = child or self._state
            self._script(path, content, command)

    def _is_named(self, path: str) -> bool:
        """Whether a command has named a path, or a folder above it, and so may have made it."""
        above = (str(each) for each in PurePosixPath(path).parents if str(each) != ".")
        return not self._named.isdisjoint((path, *above))

    def _content(self, file: Path, command: Command) -> str | None:
        try:
            if file.stat().st_size > _MOST_BYTES:
                return None
            return file.read_text(encoding="utf-8", errors="replace")
        except OSError as error:
            self._unknown(command, f"it cannot be read: {reason_of(error)}")
            return None

    def _script(self, path: str, content: str, command: Command) -> None:
        if path in self._running or len(self._running) >= _MOST_DEPTH:
            self._unknown(command, "it leads back to itself")
            return
        text = text_of_file(path, content)
        with self._within(path):
            self.run(Frame(text, Syntax(text), path))

    def _make(self, command: Command, environment: State) -> None:
        """https://pubs.opengroup.org/onlinepubs/9799919799/utilities/make.html"""
        asked = MakeCall.of(command)
        folder = self._inside(asked.directory) if asked.directory else self._state.directory
        names = (asked.file,) if asked.file else ("GNUmakefile", "makefile", "Makefile")
        found = None if folder is None else self._makefile(folder, names)
        if found is None or folder is None:
            self._unknown(command, "there is no makefile to be read")
            return
        path, makefile = found
        try:
            recipes = makefile.recipes(asked.targets, environment.variables, asked.variables)
        except NoSuchTarget:
            self._unknown(command, f"{path} has no rule for what it is to make")
            return
        if makefile.is_partial:
            self._unknown(command, f"{path} includes further makefiles")
        child = environment.of_child(())
        child = replace(child, directory=folder, variables={**child.variables, **dict.fromkeys(makefile.unknown)})
        for recipe in recipes:
            perhaps = self._perhaps() if recipe.is_conditional else contextlib.nullcontext()
            tolerated = self._tolerated() if recipe.is_tolerated or asked.tolerates else contextlib.nullcontext()
            with self._apart(), perhaps, tolerated:
                self._state = child
                if len(self._running) < _MOST_DEPTH:
                    with self._within(path):
                        self.run(Frame(recipe.text, Syntax(recipe.text)))

    def _makefile(self, folder: str, names: Sequence[str]) -> tuple[str, Makefile] | None:
        for name in names:
            path = self._repository.inside(folder, name)
            if path is not None and (self._repository.root / path).is_file():
                with contextlib.suppress(OSError):
                    content = (self._repository.root / path).read_text(encoding="utf-8", errors="replace")
                    return path, read_makefile(path, content)
        return None

    def _unknown(self, command: Command, reason: str) -> None:
        self._not_followed[Remark(command.location, str(command), reason)] = None


_Builtin = Callable[[_Shell, Command], None]
_BUILTINS: dict[str, _Builtin] = {
    "cd": _Shell._cd,
    "pushd": _Shell._pushd,
    "popd": _Shell._popd,
    "shift": _Shell._shift,
    "set": _Shell._set_parameters,
    "exit": _Shell._exit,
    "return": _Shell._return,
    **dict.fromkeys((".", "source"), _Shell._source),
    "eval": _Shell._eval,
    "chmod": _Shell._chmod,
}
