"""Which names a module, a function or a class binds, and where."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from pytest_deploycheck.location import Location
from pytest_deploycheck.sources.python.module import Module

ScopeNode: TypeAlias = "ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef"
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
# Calls after which a module may have names that no statement of it binds.
_BINDING_ANYTHING = frozenset({"globals", "vars", "exec", "eval", "setattr"})


@dataclass(frozen=True, eq=False)
class Binding:
    """One place where a name gets a value.

    :param node: the statement, or the parameter
    :param value: what it gets, where that is an expression of its own
    :param imported: the module that it is imported from, absolute; None where it is not imported
    :param attribute: the name there; None for the module itself
    :param guard: ``script`` below ``if __name__ == "__main__"``, ``types`` below ``if TYPE_CHECKING``
    """

    node: ast.AST
    value: ast.expr | None = None
    imported: str | None = None
    attribute: str | None = None
    guard: str = ""

    @property
    def only_as_script(self) -> bool:
        """Whether that happens only where the module is run as a script."""
        return self.guard == "script"

    @property
    def only_for_types(self) -> bool:
        """Whether that happens only for tools that look at types."""
        return self.guard == "types"


@dataclass(eq=False)
class Scope:
    """A module, a function or a class with the names that it binds.

    :param node: what it is the body of
    :param stars: the modules, absolute, of which all names are imported
    :param open_by: what may bind any further name
    """

    module: Module
    node: ScopeNode
    parent: Scope | None = None
    bindings: dict[str, list[Binding]] = field(default_factory=dict)
    stars: list[Binding] = field(default_factory=list)
    open_by: Location | None = None
    global_names: set[str] = field(default_factory=set)

    @property
    def top(self) -> Scope:
        """The module's."""
        return self if self.parent is None else self.parent.top

    @property
    def is_function(self) -> bool:
        """Whether its statements run with each call only."""
        return isinstance(self.node, _FUNCTIONS)


@dataclass(frozen=True, eq=False)
class Code:
    """A module, taken apart.

    :param scopes: by node; the module's own first
    :param parents: of each node of the tree
    :param places: the scope that each node is evaluated in: a function's decorators and defaults belong to its outside
    """

    module: Module
    top: Scope
    scopes: dict[ast.AST, Scope]
    parents: dict[ast.AST, ast.AST]
    places: dict[ast.AST, Scope]

    def scope_of(self, node: ast.AST) -> Scope:
        """Where an expression is evaluated."""
        return self.places.get(node, self.top)

    def ancestors(self, node: ast.AST) -> Iterator[ast.AST]:
        """What a node stands in, the innermost first."""
        parent = self.parents.get(node)
        while parent is not None:
            yield parent
            parent = self.parents.get(parent)


def _is_inside(child: ast.AST, parent: ast.AST) -> bool:
    body = getattr(parent, "body", ())
    return child is body or (isinstance(body, list) and any(each is child for each in body))


def take_apart(module: Module) -> Code:
    """Find the scopes of a module, and what each binds."""
    return _Reader(module).read()


class _Reader:
    def __init__(self, module: Module) -> None:
        self._module = module
        self._top = Scope(module, module.source.tree)
        self._scopes: dict[ast.AST, Scope] = {module.source.tree: self._top}
        self._parents: dict[ast.AST, ast.AST] = {}
        self._places: dict[ast.AST, Scope] = {}

    def read(self) -> Code:
        # A stack of its own: what people write nests deeper than Python's goes.
        waiting: list[tuple[ast.AST, Scope, str]] = [(self._module.source.tree, self._top, "")]
        while waiting:
            node, scope, guard = waiting.pop()
            self._places[node] = scope
            self._bind(node, scope, guard)
            children = list(self._children(node, scope, guard))
            self._parents.update((child, node) for child, _, _ in children)
            waiting.extend(reversed(children))
        return Code(self._module, self._top, self._scopes, self._parents, self._places)

    def _children(self, node: ast.AST, scope: Scope, guard: str) -> Iterator[tuple[ast.AST, Scope, str]]:
        inner = self._scopes.get(node, scope)
        for child in ast.iter_child_nodes(node):
            is_body = inner is not scope and _is_inside(child, node)
            below = _guard(node, child) if isinstance(node, ast.If) else ""
            yield child, inner if is_body else scope, below or guard

    def _bind(self, node: ast.AST, scope: Scope, guard: str) -> None:
        for name, binding in self._bindings(node, scope, guard):
            place = self._top if name in scope.global_names else scope
            (place.stars if name == "*" else place.bindings.setdefault(name, [])).append(binding)

    def _bindings(self, node: ast.AST, scope: Scope, guard: str) -> Iterable[tuple[str, Binding]]:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            imports = _imports(node, self._module)
            return [(name, Binding(node, None, origin, attribute, guard)) for name, origin, attribute in imports]
        if isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            self._scopes[node] = inner = Scope(self._module, node, scope)
            self._parameters(node, inner)
            return [] if isinstance(node, ast.Lambda) else [(node.name, Binding(node, guard=guard))]
        if isinstance(node, ast.Global):
            scope.global_names.update(node.names)
        elif isinstance(node, ast.Call):
            self._notice_open(node, scope)
        elif isinstance(node, ast.Delete):
            names = [each.id for each in node.targets if isinstance(each, ast.Name)]
            return [(name, Binding(node, guard=guard)) for name in names]
        return [(name, Binding(node, value, guard=guard)) for name, value in _assigned(node)]

    def _parameters(self, node: ast.AST, inner: Scope) -> None:
        if isinstance(node, _FUNCTIONS):
            for each in all_parameters(node.args):
                inner.bindings[each.arg] = [Binding(each)]

    def _notice_open(self, node: ast.Call, scope: Scope) -> None:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name in _BINDING_ANYTHING and scope.top.open_by is None:
            self._top.open_by = self._module.source.at(node)


def all_parameters(arguments: ast.arguments) -> list[ast.arg]:
    """Every parameter of a function, in its order."""
    several = (arguments.vararg, arguments.kwarg)
    return [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, *filter(None, several)]


def _imports(node: ast.Import | ast.ImportFrom, module: Module) -> Iterator[tuple[str, str, str | None]]:
    """The name, the module and the attribute of it."""
    for alias in node.names:
        if isinstance(node, ast.ImportFrom):
            yield alias.asname or alias.name, module.absolute(node.module, node.level), alias.name
        elif alias.asname:
            yield alias.asname, alias.name, None
        else:
            # `import a.b` binds `a`.
            yield alias.name.partition(".")[0], alias.name.partition(".")[0], None


def _assigned(node: ast.AST) -> Iterator[tuple[str, ast.expr | None]]:
    """The names that a statement gives values to, each with the value where that is an expression of its own."""
    if isinstance(node, ast.Assign):
        for target in node.targets:
            yield from _unpacked(target, node.value)
    elif (isinstance(node, ast.AnnAssign) and node.value is not None) or isinstance(node, ast.NamedExpr):
        yield from _unpacked(node.target, node.value)
    elif isinstance(node, (ast.AugAssign, ast.For, ast.AsyncFor, ast.comprehension)):
        yield from _unpacked(node.target, None)
    elif isinstance(node, ast.withitem) and node.optional_vars is not None:
        yield from _unpacked(node.optional_vars, None)
    elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and node.name:
        yield node.name, None


def _unpacked(target: ast.expr, value: ast.expr | None) -> Iterator[tuple[str, ast.expr | None]]:
    if isinstance(target, ast.Name):
        yield target.id, value
    elif isinstance(target, ast.Starred):
        yield from _unpacked(target.value, None)
    elif isinstance(target, (ast.Tuple, ast.List)):
        values = value.elts if isinstance(value, (ast.Tuple, ast.List)) else []
        fits = len(values) == len(target.elts) and not any(isinstance(each, ast.Starred) for each in values)
        for index, each in enumerate(target.elts):
            yield from _unpacked(each, values[index] if fits else None)


def _guard(node: ast.If, child: ast.AST) -> str:
    """What a branch of an ``if`` is for, where that is not to be imported: ``script`` or ``types``."""
    if not any(each is child for each in node.body):
        return ""
    test = node.test
    if isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Eq) and _is_named(test.left, "__name__"):
        return "script"
    return "types" if _is_named(test, "TYPE_CHECKING") else ""


def _is_named(node: ast.expr, name: str) -> bool:
    return (node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")) == name
