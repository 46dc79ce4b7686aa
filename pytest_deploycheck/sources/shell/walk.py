"""The grammar of a shell, walked: what runs after what, in which state, and what may also not run."""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from tree_sitter import Node

from pytest_deploycheck.sources.shell.command import Command, Word
from pytest_deploycheck.sources.shell.expansion import Expansion, Places
from pytest_deploycheck.sources.shell.redirections import REDIRECTIONS, Redirection
from pytest_deploycheck.sources.shell.state import Repository, State
from pytest_deploycheck.sources.shell.syntax import Syntax
from pytest_deploycheck.sources.shell.text import Text

# Behind them, `&&` is a condition.
_TESTS = frozenset({"test", "[", "[[", "command", "which", "type", "hash", "grep"})

# A walk so long is one that goes in circles, or that nobody waits for.
_MOST_VISITED = 200_000


class Ended(Exception):
    """The script ends here: ``exit``, or ``exec`` with a program."""


class TooLong(Exception):
    """There is more to read than anybody waits for."""


@dataclass(frozen=True)
class Frame:
    """One text that is read.

    :param script: the file, None for a command line
    """

    text: Text
    syntax: Syntax
    script: str | None = None


class Walk(ABC):
    """A walk through what a shell reads; simple commands are for the class that knows what programs do.

    :ivar _commands: what was run so far
    :ivar _named: the paths, relative to the root, that commands so far have named
    """

    def __init__(self, repository: Repository, state: State) -> None:
        self._repository = repository
        self._state = state
        self._conditions = 0
        self._visited = 0
        self._commands: list[Command] = []
        self._named: set[str] = set()
        self._functions: dict[str, tuple[Frame, Node, bool]] = {}

    @abstractmethod
    def _simple(self, words: tuple[Word, ...], environment: State) -> None:
        """Run a program with its arguments.

        :param environment: the state with the variables that stand before it
        """

    def _inside(self, path: str) -> str | None:
        """A path that a word names, relative to the root of the repository."""
        return self._repository.inside(self._state.directory, path) if path and not path.startswith("-") else None

    def _all(self, nodes: Sequence[Node], frame: Frame) -> None:
        for node in nodes:
            self._visited += 1
            if self._visited > _MOST_VISITED:
                raise TooLong
            visit = _VISITS.get(node.type)
            if visit is None:
                continue
            redirections = frame.syntax.redirections(node)
            with self._redirected(redirections, frame) if redirections else contextlib.nullcontext():
                visit(self, node, frame)

    def _children(self, node: Node, frame: Frame) -> None:
        self._all(node.children, frame)

    def _list(self, node: Node, frame: Frame) -> None:
        left, *rest = node.children
        operator = rest[0].type if rest else ""
        with self._tolerated() if operator == "||" else contextlib.nullcontext():
            self._all([left], frame)
        if operator == "||" or (operator == "&&" and self._is_test(left, frame)):
            with self._perhaps():
                self._all(rest, frame)
        else:
            self._all(rest, frame)

    def _is_test(self, node: Node, frame: Frame) -> bool:
        if node.type in ("negated_command", "redirected_statement"):
            return any(self._is_test(each, frame) for each in node.children if each.is_named)
        if node.type == "list":
            left, operator, right, *_ = node.children
            return operator.type == "||" or self._is_test(left, frame) or self._is_test(right, frame)
        first = frame.syntax.written(node).partition(" ")[0]
        return node.type == "test_command" or first in _TESTS

    def _if(self, node: Node, frame: Frame) -> None:
        then = next((at for at, each in enumerate(node.children) if each.type == "then"), len(node.children))
        with self._tolerated():
            self._all(node.children[:then], frame)
        body = node.children[then:]
        branches = [each for each in body if each.type in ("elif_clause", "else_clause")]
        before, states = self._state, []
        for nodes in ([each for each in body if each not in branches], *(branch.children for branch in branches)):
            self._state = before
            with self._perhaps():
                self._all(nodes, frame)
            states.append(self._state)
        self._state = before
        for state in states:
            self._state = self._state.or_else(state)

    def _negated(self, node: Node, frame: Frame) -> None:
        with self._tolerated():
            self._children(node, frame)

    def _perhaps_children(self, node: Node, frame: Frame) -> None:
        with self._perhaps():
            self._children(node, frame)

    def _loop(self, node: Node, frame: Frame) -> None:
        """What is known in every turn: a later one begins with what an earlier one has left."""
        while True:
            before, commands = self._state, len(self._commands)
            self._perhaps_children(node, frame)
            if self._state == before:
                return
            del self._commands[commands:]

    def _for(self, node: Node, frame: Frame) -> None:
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
            self._state = self._state.with_variable(variable, None)
            self._loop(body, frame)

    def _subshell(self, node: Node, frame: Frame) -> None:
        with self._apart():
            self._children(node, frame)

    def _pipeline(self, node: Node, frame: Frame) -> None:
        for child in node.children:
            with self._apart():
                self._all([child], frame)

    def _function(self, node: Node, frame: Frame) -> None:
        name, body = node.child_by_field_name("name"), node.child_by_field_name("body")
        if name is not None and body is not None:
            self._functions[frame.syntax.written(name)] = (frame, body, self._conditions > 0)

    @contextlib.contextmanager
    def _tolerated(self) -> Iterator[None]:
        """Where what is run in here fails, the line goes on."""
        before = len(self._commands)
        try:
            yield
        finally:
            self._commands[before:] = [replace(each, is_tolerated=True) for each in self._commands[before:]]

    @contextlib.contextmanager
    def _perhaps(self) -> Iterator[None]:
        """What is run in here may also not be run."""
        before = self._state
        self._conditions += 1
        try:
            yield
            self._state = self._state.or_else(before)
        except Ended:
            self._state = before  # What follows is run only where this was not.
        finally:
            self._conditions -= 1

    @contextlib.contextmanager
    def _apart(self) -> Iterator[None]:
        """What is run in here has a shell of its own."""
        before = self._state
        try:
            with contextlib.suppress(Ended):
                yield
        finally:
            self._state = before

    # Simple commands.

    @contextlib.contextmanager
    def _redirected(self, redirections: Sequence[Redirection], frame: Frame) -> Iterator[None]:
        """What is run in here writes to files, or reads what other commands write."""
        with self._apart():
            self._substitutions([each.word for each in redirections if each.word is not None], frame)
        names = [each.word for each in redirections if each.word is not None and each.is_output]
        outputs = [word.text for word in self._words(names, frame)]
        self._named.update(filter(None, map(self._inside, outputs)))
        before = len(self._commands)
        try:
            yield
        finally:
            redirected = [replace(each, outputs=(*each.outputs, *outputs)) for each in self._commands[before:]]
            self._commands[before:] = redirected

    def _command(self, node: Node, frame: Frame) -> None:
        assigned = [each for each in node.children if each.type == "variable_assignment"]
        named = [each for each in node.children if each.type not in ("variable_assignment", *REDIRECTIONS)]
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
            self._simple(words, environment)
        else:
            self._state = environment

    def _words(self, nodes: Sequence[Node], frame: Frame) -> tuple[Word, ...]:
        root = self._repository.checkout
        script = self._repository.absolute(frame.script.rpartition("/")[0] if frame.script is not None else None)
        places = Places(script, self._repository.absolute(self._state.directory), root)
        expansion = Expansion(frame.text, frame.syntax, self._state.variables, places, self._state.parameters)
        return tuple(word for node in nodes for word in expansion.words(node))

    def _substitutions(self, nodes: Sequence[Node], frame: Frame) -> None:
        """Commands whose output is put into a word, or is read as a file, are run too."""
        for node in nodes:
            if node.type in ("command_substitution", "process_substitution"):
                self._all(node.children, frame)
            else:
                self._substitutions(node.children, frame)

    def _assignment(self, node: Node, frame: Frame) -> None:
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

    def _declaration(self, node: Node, frame: Frame) -> None:
        self._all([each for each in node.children if each.type == "variable_assignment"], frame)

    def _unset(self, node: Node, frame: Frame) -> None:
        for each in node.children[1:]:
            self._state = self._state.without_variable(frame.syntax.written(each))


_Visit = Callable[[Walk, Node, Frame], None]
_VISITS: dict[str, _Visit] = {
    **dict.fromkeys(("program", "compound_statement", "do_group", "ERROR"), Walk._children),
    "list": Walk._list,
    "negated_command": Walk._negated,
    "if_statement": Walk._if,
    **dict.fromkeys(("while_statement", "c_style_for_statement"), Walk._loop),
    "case_item": Walk._perhaps_children,
    "case_statement": Walk._children,
    "for_statement": Walk._for,
    "subshell": Walk._subshell,
    "pipeline": Walk._pipeline,
    "function_definition": Walk._function,
    "redirected_statement": Walk._children,
    "command": Walk._command,
    "variable_assignment": Walk._assignment,
    "variable_assignments": Walk._children,
    "declaration_command": Walk._declaration,
    "unset_command": Walk._unset,
}
