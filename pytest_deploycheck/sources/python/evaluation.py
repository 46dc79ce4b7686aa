"""What expressions may be: names followed through assignments, imports, parameters and calls of functions."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from pytest_deploycheck.sources.python.calls import argument, of_function, of_method, of_reader
from pytest_deploycheck.sources.python.codebase import Codebase, Kind
from pytest_deploycheck.sources.python.module import Module
from pytest_deploycheck.sources.python.scopes import Binding, Code, Scope
from pytest_deploycheck.sources.python.settings_classes import field_variable
from pytest_deploycheck.sources.python.texts import concatenated, joined_path, parent_of, subscript
from pytest_deploycheck.sources.python.values import (
    UNKNOWN,
    Constant,
    External,
    Instance,
    Items,
    Local,
    Mapping,
    Value,
    Variable,
)

Values = tuple[Value, ...]
Evaluation = Callable[[Value], Iterable[Value]]
# Deeper than it anybody's code is generated, and wider than it nothing can be said.
_DEEPEST = 60
_WIDEST = 24
_MOST_ROUNDS = 6


@dataclass
class _Round:
    """One evaluation of an expression and of all that it depends on.

    :ivar before: what the round before it found: what an expression is that is asked for while it is evaluated
    :ivar open: those that are being evaluated
    :ivar met_itself: whether one of them was asked for
    """

    before: dict[ast.AST, Values] = field(default_factory=dict)
    found: dict[ast.AST, Values] = field(default_factory=dict)
    open: set[ast.AST] = field(default_factory=set)
    met_itself: bool = False


class Evaluator:
    """Values of expressions in some modules.

    :param modules: those that are run; a function's parameters are what these call it with
    :param checkout: where the repository lies when the program runs: what ``__file__`` begins with
    """

    def __init__(self, codebase: Codebase, modules: tuple[Code, ...], checkout: str) -> None:
        self.codebase = codebase
        self.modules = modules
        self._checkout = checkout
        self._known: dict[ast.AST, Values] = {}
        self._round = _Round()
        self._calls: dict[ast.AST, list[tuple[ast.Call, Scope]]] | None = None
        self._asked: set[tuple[Module, str]] = set()

    def values(self, expression: ast.expr, scope: Scope) -> Values:
        """What an expression may be; nothing where only itself, in a circle, could say it."""
        if expression in self._known:
            return self._known[expression]
        return self._in_round(expression, scope) if self._round.open else self._settled(expression, scope)

    def _settled(self, expression: ast.expr, scope: Scope) -> Values:
        """Names that depend on each other are evaluated again and again, until nothing new is found."""
        for _ in range(_MOST_ROUNDS):
            found = self._in_round(expression, scope)
            done = self._round
            self._round = _Round(before=done.found)
            if not done.met_itself or done.found == done.before:
                self._known.update(done.found)
                self._round = _Round()
                return found
        self._round = _Round()
        self._known[expression] = (UNKNOWN,)
        return (UNKNOWN,)

    def _in_round(self, expression: ast.expr, scope: Scope) -> Values:
        current = self._round
        if expression in current.found:
            return current.found[expression]
        if expression in current.open:
            current.met_itself = True
            return current.before.get(expression, ())
        if len(current.open) > _DEEPEST:
            return (UNKNOWN,)
        current.open.add(expression)
        found = tuple(dict.fromkeys(self._values(expression, scope)))
        current.open.discard(expression)
        current.found[expression] = found if len(found) <= _WIDEST else (UNKNOWN,)
        return current.found[expression]

    def only(self, expression: ast.expr | None, scope: Scope) -> Value:
        """What an expression certainly is."""
        found = self.values(expression, scope) if expression is not None else ()
        return found[0] if len(found) == 1 else UNKNOWN

    def name(self, module: Module, name: str) -> Values:
        """What a name of a module may be, dotted ones included."""
        first, *further = name.split(".")
        found = self._in_module(module, first)
        for each in further:
            found = tuple(dict.fromkeys(value for base in found for value in self.attribute_of(base, each)))
        return found

    # By the kind of expression.

    def _values(self, node: ast.expr, scope: Scope) -> Iterable[Value]:
        if isinstance(node, ast.Constant):
            return (Constant(node.value) if isinstance(node.value, (str, bytes, int, float, type(None))) else UNKNOWN,)
        if isinstance(node, ast.Name):
            return self._named(node.id, scope)
        if isinstance(node, ast.Attribute):
            return self._each(node.value, scope, lambda base: self.attribute_of(base, node.attr))
        if isinstance(node, ast.Call):
            return self._called(node, scope)
        if isinstance(node, ast.Subscript):
            return self._each(node.value, scope, lambda base: subscript(self, base, node, scope))
        if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
            return (Items(node, scope),)
        if isinstance(node, ast.Dict):
            return (Mapping(node, scope),)
        if isinstance(node, ast.Lambda):
            return (Local(self.codebase.code(scope.module).scopes[node]),)
        return self._composed(node, scope)

    def _composed(self, node: ast.expr, scope: Scope) -> Iterable[Value]:
        if isinstance(node, ast.IfExp):
            return (*self.values(node.body, scope), *self.values(node.orelse, scope))
        if isinstance(node, ast.BoolOp):
            return self._alternatives(node, scope)
        if isinstance(node, (ast.Await, ast.NamedExpr)):
            return self.values(node.value, scope)
        if isinstance(node, ast.JoinedStr):
            return (concatenated([self._part(each, scope) for each in node.values]),)
        if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Div)):
            sides = [self.only(node.left, scope), self.only(node.right, scope)]
            return (concatenated(sides) if isinstance(node.op, ast.Add) else joined_path(sides),)
        return (UNKNOWN,)

    def _part(self, node: ast.expr, scope: Scope) -> Value:
        """A part of an f-string."""
        if isinstance(node, ast.FormattedValue):
            return self.only(node.value, scope) if node.format_spec is None and node.conversion == -1 else UNKNOWN
        return self.only(node, scope)

    def _alternatives(self, node: ast.BoolOp, scope: Scope) -> Iterable[Value]:
        sides = [self.only(each, scope) for each in node.values]
        first = sides[0]
        if isinstance(node.op, ast.Or) and isinstance(first, Variable) and len(sides) == 2:
            # `os.environ.get("PORT") or 8000`
            return (Variable(first.name, sides[1]),)
        return [value for each in node.values for value in self.values(each, scope)]

    def _each(self, base: ast.expr, scope: Scope, of: Evaluation) -> Iterable[Value]:
        return [value for each in self.values(base, scope) for value in of(each)]

    # Names.

    def _named(self, name: str, scope: Scope) -> Iterable[Value]:
        if name == "__file__":
            return (Constant(f"{self._checkout}/{scope.module.path}"),)
        if name == "__name__":
            return (Constant(scope.module.name),)
        place: Scope | None = scope
        while place is not None:
            # What a class binds is not seen by the functions in it.
            if name in place.bindings and (place is scope or not isinstance(place.node, ast.ClassDef)):
                return self._bound(place.bindings[name], place)
            place = place.parent
        return self._starred(name, scope.top)

    def _starred(self, name: str, top: Scope) -> Iterable[Value]:
        found: list[Value] = []
        for star in top.stars:
            module = self.codebase.module(star.imported or "")
            if module is not None:
                found += self._in_module(module, name)
            elif not hasattr(builtins, name):
                found.append(External(f"{star.imported}.{name}"))
        if not found and hasattr(builtins, name):
            return (External(f"builtins.{name}"),)
        return found or (UNKNOWN,)

    def _in_module(self, module: Module, name: str) -> Values:
        top = self.codebase.code(module).top
        # `from app.api import chat` in app/api/__init__.py means app/api/chat.py, and not itself.
        if name in top.bindings and (module, name) not in self._asked:
            self._asked.add((module, name))
            found = tuple(dict.fromkeys(self._bound(top.bindings[name], top)))
            self._asked.discard((module, name))
            return found
        submodule = self.codebase.module(f"{module.name}.{name}")
        if submodule is not None:
            return (Local(self.codebase.code(submodule).top),)
        if (module, name) in self._asked:
            return ()
        starred = tuple(dict.fromkeys(self._starred(name, top))) if top.stars else ()
        return tuple(each for each in starred if not _is_builtin(each)) or (UNKNOWN,)

    def _bound(self, bindings: list[Binding], place: Scope) -> Iterable[Value]:
        return [value for each in bindings for value in self._of_binding(each, place)]

    def _of_binding(self, binding: Binding, place: Scope) -> Iterable[Value]:
        node = binding.node
        code = self.codebase.code(place.module)
        if binding.imported is not None:
            return self._imported(binding.imported, binding.attribute)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            return (Local(code.scopes[node]),)
        if isinstance(node, ast.arg):
            return self._parameter(node, place)
        if binding.value is not None:
            return self.values(binding.value, code.scope_of(binding.value))
        if isinstance(node, (ast.For, ast.comprehension)):
            return self._of_loop(node, code)
        return (UNKNOWN,)

    def _imported(self, module: str, attribute: str | None) -> Iterable[Value]:
        name = f"{module}.{attribute}" if attribute else module
        origin = self.codebase.module(module)
        if attribute and origin is not None:
            return self._in_module(origin, attribute)
        found = self.codebase.module(name)
        if found is not None:
            return (Local(self.codebase.code(found).top),)
        return (UNKNOWN,) if self.codebase.find(module).kind is Kind.COMPILED else (External(name),)

    def _of_loop(self, node: ast.For | ast.comprehension, code: Code) -> Iterable[Value]:
        if not isinstance(node.target, ast.Name):
            return (UNKNOWN,)
        scope = code.scope_of(node.iter)
        listed = list(self.values(node.iter, scope))
        if not all(isinstance(each, Items) for each in listed):
            return (UNKNOWN,)
        return [
            value
            for items in listed
            if isinstance(items, Items)
            for each in items.node.elts
            for value in self.values(each, items.scope)
        ]

    # Attributes.

    def attribute_of(self, base: Value, name: str) -> Iterable[Value]:
        """What an attribute of a value may be."""
        if isinstance(base, External):
            return (External(f"{base.name}.{name}"),)
        if isinstance(base, Constant) and isinstance(base.value, str) and name == "parent":
            return (parent_of(base),)
        if isinstance(base, Local):
            if isinstance(base.node, ast.Module):
                return self._in_module(base.scope.module, name)
            return self._of_class(base.scope, name)
        if isinstance(base, Instance) and isinstance(base.of, Local):
            variable = field_variable(self, base.of.scope, name)
            return (variable,) if variable is not None else self._of_class(base.of.scope, name)
        return (UNKNOWN,)

    def _of_class(self, scope: Scope, name: str) -> Iterable[Value]:
        if not isinstance(scope.node, ast.ClassDef):
            return (UNKNOWN,)
        if name in scope.bindings:
            return self._bound(scope.bindings[name], scope)
        bases = [value for each in scope.node.bases for value in self.values(each, scope.parent or scope)]
        found = [value for base in bases if isinstance(base, Local) for value in self._of_class(base.scope, name)]
        return found or (UNKNOWN,)

    # Calls.

    def _called(self, node: ast.Call, scope: Scope) -> Iterable[Value]:
        if isinstance(node.func, ast.Attribute):
            base = self.only(node.func.value, scope)
            of_text = of_method(self, base, node, scope)
            if of_text is not None:
                return (of_text,)
        found: list[Value] = []
        for called in self.values(node.func, scope):
            if isinstance(called, External):
                found.append(of_function(self, called.name, node, scope) or Instance(called, node, scope))
            elif isinstance(called, Local) and isinstance(called.node, ast.ClassDef):
                found.append(Instance(called, node, scope))
            elif isinstance(called, Local) and not isinstance(called.node, ast.Module):
                found += self.returned(called.scope)
            elif isinstance(called, Instance):
                found.append(of_reader(self, called, node, scope) or UNKNOWN)
            else:
                found.append(UNKNOWN)
        return found

    def returned(self, scope: Scope) -> Iterable[Value]:
        """What a function of the repository may return."""
        if isinstance(scope.node, ast.Lambda):
            return self.values(scope.node.body, scope)
        code = self.codebase.code(scope.module)
        given = [each.value for each in ast.walk(scope.node) if isinstance(each, ast.Return) and each.value is not None]
        own = [each for each in given if code.scope_of(each) is scope]
        return [value for each in own for value in self.values(each, scope)]

    def _parameter(self, parameter: ast.arg, scope: Scope) -> Iterable[Value]:
        """What a function's parameter is, by its default and by the calls of it."""
        function = scope.node
        if not isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            return (UNKNOWN,)
        default = _default(function.args, parameter)
        found = list(self.values(default, scope.parent or scope)) if default is not None else []
        for call, place in self._calls_of(function):
            given = argument(call, _position(function.args, parameter), parameter.arg)
            found += self.values(given, place) if given is not None else ()
        return found or (UNKNOWN,)

    def _calls_of(self, function: ast.AST) -> list[tuple[ast.Call, Scope]]:
        if self._calls is None:
            self._index_calls()
        return (self._calls or {}).get(function, [])

    def _index_calls(self) -> None:
        """Find what each call calls; a second time, since what that is may depend on parameters, too."""
        outside, known = self._round, self._known
        self._calls = {}
        for _ in range(2):
            self._round, self._known = _Round(), {}
            calls: dict[ast.AST, list[tuple[ast.Call, Scope]]] = {}
            for call, scope in self.all_calls():
                for called in self.values(call.func, scope):
                    if isinstance(called, Local):
                        calls.setdefault(called.node, []).append((call, scope))
            self._calls = calls
        self._round, self._known = outside, known

    def all_calls(self) -> Iterator[tuple[ast.Call, Scope]]:
        """Every call in the modules that are run."""
        for code in self.modules:
            for node in code.parents:
                if isinstance(node, ast.Call):
                    yield node, code.scope_of(node)


def _is_builtin(value: Value) -> bool:
    return isinstance(value, External) and value.name.startswith("builtins.")


def _position(arguments: ast.arguments, parameter: ast.arg) -> int | None:
    several = [*arguments.posonlyargs, *arguments.args]
    return next((index for index, each in enumerate(several) if each is parameter), None)


def _default(arguments: ast.arguments, parameter: ast.arg) -> ast.expr | None:
    several = [*arguments.posonlyargs, *arguments.args]
    with_default = dict(zip(reversed(several), reversed(arguments.defaults), strict=False))
    with_default |= {
        each: value for each, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if value
    }
    return with_default.get(parameter)
