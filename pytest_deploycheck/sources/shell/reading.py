"""What a command line runs: read as a shell would run it, without running anything."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tree_sitter import Node

from pytest_deploycheck.sources.shell.calls import SHELLS, MakeCall, ShellCall, inline_text, is_shell_script
from pytest_deploycheck.sources.shell.command import Command, Commands, Remark, Script, Word
from pytest_deploycheck.sources.shell.expansion import Expansion, Places
from pytest_deploycheck.sources.shell.makefile import Makefile, NoSuchTarget, read_makefile
from pytest_deploycheck.sources.shell.state import Repository, State
from pytest_deploycheck.sources.shell.syntax import Syntax
from pytest_deploycheck.sources.shell.text import Text, text_of_file
from pytest_deploycheck.sources.shell.wrapping import ASSIGNMENT, Wrapped, unwrapped

# Scripts that call each other in a circle end here, and so do those that would take long to read.
_MOST_DEPTH = 20
_MOST_COMMANDS = 5000
_MOST_BYTES = 1_000_000

# What stands for a condition when the command behind it is `&&`.
_TESTS = frozenset({"test", "[", "[[", "command", "which", "type", "hash", "grep"})

_ASSIGNING = frozenset({"export", "declare", "typeset", "local", "readonly"})


class _Ended(Exception):
    """The script ends here: ``exit``, or ``exec`` with a program."""


@dataclass(frozen=True)
class _Frame:
    """One text that is read.

    :param script: the file, None for a command line
    :param arguments: of the script or function; None where they are not known
    """

    text: Text
    syntax: Syntax
    script: str | None = None
    arguments: tuple[Word, ...] | None = None


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
    with contextlib.suppress(_Ended, RecursionError):
        shell.run(_Frame(text, Syntax(text)))
    return shell.result()


class _Shell:
    """One walk through all that is run."""

    def __init__(self, repository: Repository, state: State) -> None:
        self._repository = repository
        self._state = state
        self._conditions = 0
        self._commands: list[Command] = []
        self._scripts: dict[Script, None] = {}
        self._not_followed: dict[Remark, None] = {}
        self._mistakes: dict[Remark, None] = {}
        self._functions: dict[str, tuple[_Frame, Node]] = {}
        self._running: list[str] = []
        self._executable: set[str] = set()
        self._named: set[str] = set()

    def result(self) -> Commands:
        return Commands(tuple(self._commands), tuple(self._scripts), tuple(self._not_followed), tuple(self._mistakes))

    def run(self, frame: _Frame) -> None:
        """All of a text."""
        self._mistakes |= dict.fromkeys(frame.syntax.mistakes())
        self._not_followed |= dict.fromkeys(frame.syntax.doubts())
        self._all(frame.syntax.root.children, frame)

    # Compound commands.

    def _all(self, nodes: Sequence[Node], frame: _Frame) -> None:
        for node in nodes:
            visit = _VISITS.get(node.type)
            if visit is not None:
                visit(self, node, frame)

    def _children(self, node: Node, frame: _Frame) -> None:
        self._all(node.children, frame)

    def _list(self, node: Node, frame: _Frame) -> None:
        left, *rest = node.children
        before = len(self._commands)
        self._all([left], frame)
        operator = rest[0].type if rest else ""
        if operator == "||":
            self._commands[before:] = [replace(each, is_tolerated=True) for each in self._commands[before:]]
        if operator == "||" or (operator == "&&" and self._is_test(left, frame)):
            with self._perhaps():
                self._all(rest, frame)
        else:
            self._all(rest, frame)

    def _is_test(self, node: Node, frame: _Frame) -> bool:
        first = frame.syntax.written(node).partition(" ")[0]
        return node.type == "test_command" or first in _TESTS or (node.type == "list" and node.children[1].type == "||")

    def _if(self, node: Node, frame: _Frame) -> None:
        then = next((at for at, each in enumerate(node.children) if each.type == "then"), len(node.children))
        self._all(node.children[:then], frame)
        body = node.children[then:]
        branches = [each for each in body if each.type in ("elif_clause", "else_clause")]
        with self._perhaps():
            self._all([each for each in body if each not in branches], frame)
        for branch in branches:
            with self._perhaps():
                self._children(branch, frame)

    def _perhaps_children(self, node: Node, frame: _Frame) -> None:
        with self._perhaps():
            self._children(node, frame)

    def _for(self, node: Node, frame: _Frame) -> None:
        """A loop over words that are known is run for each of them."""
        name, body = node.child_by_field_name("variable"), node.child_by_field_name("body")
        listed = node.children_by_field_name("value")
        with self._apart():
            self._substitutions(listed, frame)
        values = self._words(listed, frame)
        if name is None or body is None:
            return
        variable = frame.syntax.written(name)
        if values and all(each.is_known for each in values):
            for value in values:
                self._state = self._state.with_variable(variable, value.text)
                self._children(body, frame)
        else:
            with self._perhaps():
                self._state = self._state.with_variable(variable, None)
                self._children(body, frame)

    def _subshell(self, node: Node, frame: _Frame) -> None:
        with self._apart():
            self._children(node, frame)

    def _pipeline(self, node: Node, frame: _Frame) -> None:
        for child in node.children:
            with self._apart():
                self._all([child], frame)

    def _function(self, node: Node, frame: _Frame) -> None:
        name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
        if name is not None and body is not None:
            self._functions[frame.syntax.written(name)] = (frame, body)

    @contextlib.contextmanager
    def _perhaps(self) -> Iterator[None]:
        """What is run in here may also not be run."""
        before = self._state
        self._conditions += 1
        try:
            with contextlib.suppress(_Ended):
                yield
        finally:
            self._conditions -= 1
            self._state = self._state.or_else(before)

    @contextlib.contextmanager
    def _apart(self) -> Iterator[None]:
        """What is run in here has a shell of its own."""
        before = self._state
        try:
            with contextlib.suppress(_Ended):
                yield
        finally:
            self._state = before

    # Simple commands.

    def _redirected(self, node: Node, frame: _Frame) -> None:
        outputs: list[str] = []
        for each in node.children:
            if each.type == "file_redirect" and any(child.type in (">", ">>", "&>", ">|") for child in each.children):
                outputs += [word.text for word in self._words(each.children[-1:], frame)]
        before = len(self._commands)
        self._children(node, frame)
        redirected = [replace(each, outputs=(*each.outputs, *outputs)) for each in self._commands[before:]]
        self._commands[before:] = redirected
        self._named.update(filter(None, (self._inside(each) for each in outputs)))

    def _command(self, node: Node, frame: _Frame) -> None:
        assigned = [each for each in node.children if each.type == "variable_assignment"]
        named = [each for each in node.children if each.type not in ("variable_assignment", "file_redirect")]
        # The grammar goes on over the end of the line behind assignments that stand alone.
        stand_alone = bool(assigned and named) and "\n" in frame.syntax.between(
            assigned[-1].end_byte, named[0].start_byte
        ).replace("\\\n", "")
        before = self._state
        self._all(assigned, frame)
        if stand_alone:
            before = self._state
        environment, self._state = self._state, before
        with self._apart():
            self._substitutions(named, frame)
        words = self._words(named, frame)
        if words:
            self._simple(words, environment, frame)
        else:
            self._state = environment

    def _words(self, nodes: Sequence[Node], frame: _Frame) -> tuple[Word, ...]:
        root = self._repository.checkout
        script = self._repository.absolute(frame.script.rpartition("/")[0] if frame.script is not None else None)
        places = Places(script, self._repository.absolute(self._state.directory), root)
        expansion = Expansion(frame.text, frame.syntax, self._state.variables, places, frame.arguments)
        return tuple(word for node in nodes for word in expansion.words(node))

    def _substitutions(self, nodes: Sequence[Node], frame: _Frame) -> None:
        """Commands whose output is put into a word are run too."""
        for node in nodes:
            if node.type == "command_substitution":
                self._all(node.children, frame)
            else:
                self._substitutions(node.children, frame)

    def _assignment(self, node: Node, frame: _Frame) -> None:
        name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
        if name is None:
            return
        with self._apart():
            self._substitutions([node], frame)
        words = self._words([value], frame) if value is not None else ()
        known = all(each.is_known for each in words)
        self._set(frame.syntax.written(name), " ".join(each.text for each in words) if known else None)

    def _set(self, name: str, value: str | None) -> None:
        self._state = self._state.with_variable(name, value)

    def _declaration(self, node: Node, frame: _Frame) -> None:
        self._all([each for each in node.children if each.type == "variable_assignment"], frame)

    def _unset(self, node: Node, frame: _Frame) -> None:
        for each in node.children[1:]:
            self._state = self._state.without_variable(frame.syntax.written(each))

    def _simple(self, words: tuple[Word, ...], environment: State, frame: _Frame) -> None:
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
        if len(self._commands) >= _MOST_COMMANDS:
            raise _Ended
        builtin = _BUILTINS.get(program.text)
        if program.text in self._functions and not wrapped.wrappers:
            self._call(program.text, tuple(arguments))
        elif program.text in _ASSIGNING:
            self._exported(arguments)
        elif builtin is not None:
            builtin(self, found, frame)
        elif found.program in SHELLS:
            self._shell(found, environment)
        elif found.program in ("make", "gmake"):
            self._make(found, environment)
        elif "/" in program.text and "python -m" not in wrapped.wrappers:
            self._path(found, wrapped, environment)
        else:
            self._add(found)
        if "exec" in wrapped.wrappers and not self._conditions:
            raise _Ended

    def _add(self, command: Command) -> None:
        self._commands.append(command)
        self._named.update(filter(None, (self._inside(each.text.rpartition("=")[2]) for each in command.arguments)))

    def _inside(self, path: str) -> str | None:
        return self._repository.inside(self._state.directory, path) if path and not path.startswith("-") else None

    def _exported(self, arguments: Sequence[Word]) -> None:
        for each in arguments:
            if match := ASSIGNMENT.fullmatch(each.text):
                self._set(match[1], match[2] if each.is_known else None)

    def _call(self, name: str, arguments: tuple[Word, ...]) -> None:
        frame, body = self._functions[name]
        if self._running.count(f"{name}()") < 2 and len(self._running) < _MOST_DEPTH:
            self._running.append(f"{name}()")
            self._children(body, replace(frame, arguments=arguments))
            self._running.pop()

    # What shells do themselves.

    def _cd(self, command: Command, frame: _Frame) -> None:
        self._add(command)
        self._state = replace(self._state, directory=self._changed(command))

    def _changed(self, command: Command) -> str | None:
        folders = [each for each in command.arguments if not each.text.startswith("-")]
        if len(folders) != 1 or (len(command.arguments) > 1 and command.arguments[-1] is not folders[0]):
            return None
        return self._repository.inside(self._state.directory, folders[0].text) if folders[0].is_known else None

    def _popd(self, command: Command, frame: _Frame) -> None:
        self._state = replace(self._state, directory=None)

    def _exit(self, command: Command, frame: _Frame) -> None:
        raise _Ended

    def _return(self, command: Command, frame: _Frame) -> None:
        """Only what follows in the function is left out, and that is seldom known: read on."""

    def _source(self, command: Command, frame: _Frame) -> None:
        if command.arguments:
            self._file(command.arguments[0], command, frame.arguments, is_apart=False)

    def _eval(self, command: Command, frame: _Frame) -> None:
        words = command.arguments
        if len(words) == 1:
            self._inline(words[0], command, frame.arguments)
        elif words:
            joined = Word(" ".join(each.text for each in words), words[0].location, words[0].is_known)
            self._inline(joined, command, frame.arguments)

    def _chmod(self, command: Command, frame: _Frame) -> None:
        mode, *paths = [each.text for each in command.arguments if not each.text.startswith("-")] or [""]
        if "x" in mode or (mode.isdigit() and int(mode[-3], 8) % 2 if len(mode) >= 3 else False):
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
                self._state = environment
                self._inline(call.first, command, call.arguments)
        else:
            self._file(call.first, command, call.arguments, environment=environment)

    def _inline(self, commands: Word, command: Command, arguments: tuple[Word, ...] | None) -> None:
        text = inline_text(commands)
        if text is None:
            self._unknown(command, "what it runs is only known when it runs")
        else:
            self.run(_Frame(text, Syntax(text), None, arguments))

    def _path(self, command: Command, wrapped: Wrapped, environment: State) -> None:
        """A program that is named with its folder: a file of the repository, or one that the build makes."""
        path = self._inside(command.words[0].text) if command.words[0].is_known else None
        if path is None or self._repository.is_made(path) or path in self._named:
            self._add(command)
        else:
            self._file(command.words[0], command, command.arguments, is_program=True, environment=environment)

    def _file(
        self,
        named: Word,
        command: Command,
        arguments: tuple[Word, ...] | None,
        *,
        is_apart: bool = True,
        is_program: bool = False,
        environment: State | None = None,
    ) -> None:
        """Run a file of the repository."""
        path = self._inside(named.text) if named.is_known else None
        if path is None or (self._repository.is_made(path) and not (self._repository.root / path).is_file()):
            # `source .venv/bin/activate` and what lies elsewhere on the machine.
            if not (path and self._repository.is_made(path)):
                self._unknown(command, "where it lies is not known here" if path is None else "")
            return
        file = self._repository.root / path
        is_there = file.is_file()
        if not is_there and path in self._named:
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
        with self._apart() if is_apart else contextlib.nullcontext():
            self._state = environment or self._state
            self._script(path, content, arguments, command)

    def _content(self, file: Path, command: Command) -> str | None:
        try:
            if file.stat().st_size > _MOST_BYTES:
                return None
            return file.read_text(encoding="utf-8", errors="replace")
        except OSError as error:
            self._unknown(command, f"it cannot be read: {(error.strerror or str(error)).lower()}")
            return None

    def _script(self, path: str, content: str, arguments: tuple[Word, ...] | None, command: Command) -> None:
        if path in self._running or len(self._running) >= _MOST_DEPTH:
            self._unknown(command, "it leads back to itself")
            return
        self._running.append(path)
        text = text_of_file(path, content)
        self.run(_Frame(text, Syntax(text), path, arguments))
        self._running.pop()

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
            recipes = makefile.recipes(asked.targets, {**environment.variables, **asked.variables})
        except NoSuchTarget as error:
            self._unknown(command, f"{path} has no rule for {error}")
            return
        for text in recipes:
            with self._apart():
                self._state = replace(environment, directory=folder)
                if len(self._running) < _MOST_DEPTH:
                    self._running.append(path)
                    self.run(_Frame(text, Syntax(text)))
                    self._running.pop()

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


_Visit = Callable[[_Shell, Node, _Frame], None]
_VISITS: dict[str, _Visit] = {
    **dict.fromkeys(("program", "compound_statement", "do_group", "negated_command", "ERROR"), _Shell._children),
    "list": _Shell._list,
    "if_statement": _Shell._if,
    **dict.fromkeys(("while_statement", "c_style_for_statement", "case_item"), _Shell._perhaps_children),
    "case_statement": _Shell._children,
    "for_statement": _Shell._for,
    "subshell": _Shell._subshell,
    "pipeline": _Shell._pipeline,
    "function_definition": _Shell._function,
    "redirected_statement": _Shell._redirected,
    "command": _Shell._command,
    "variable_assignment": _Shell._assignment,
    "variable_assignments": _Shell._children,
    "declaration_command": _Shell._declaration,
    "unset_command": _Shell._unset,
}

_Builtin = Callable[[_Shell, Command, _Frame], None]
_BUILTINS: dict[str, _Builtin] = {
    **dict.fromkeys(("cd", "pushd"), _Shell._cd),
    "popd": _Shell._popd,
    "exit": _Shell._exit,
    "return": _Shell._return,
    **dict.fromkeys((".", "source"), _Shell._source),
    "eval": _Shell._eval,
    "chmod": _Shell._chmod,
}
