"""What code does with the object that holds an application's routes: all of it, so that no route is missed."""

from __future__ import annotations

import ast
import enum
from collections.abc import Collection
from dataclasses import dataclass

from pytest_deploycheck.location import Location
from pytest_deploycheck.sources.python.evaluation import Evaluator
from pytest_deploycheck.sources.python.scopes import Code, Scope
from pytest_deploycheck.sources.python.values import External, Instance, Local, Value


class How(enum.Enum):
    """In which way an object is used."""

    METHOD = "method"  # app.route("/")
    ATTRIBUTE = "attribute"  # @app.before_request, app.config
    SET = "set"  # app.wsgi_app = ...
    GIVEN = "given"  # CORS(app), db.init_app(app)
    ESCAPES = "escapes"  # [app], x.app = app: what then happens to it is not known


@dataclass(frozen=True, eq=False)
class Use:
    """One use of an object.

    :param name: of the method or attribute; of what it is given to, dotted, and empty where that is not known
    :param node: the call for a method, the assignment where it is set
    :param receivers: what it is given to: functions, and classes of which a method is called
    """

    how: How
    name: str
    node: ast.AST
    code: Code
    receivers: tuple[Value, ...] = ()

    @property
    def scope(self) -> Scope:
        """Where it stands."""
        return self.code.scope_of(self.node)

    @property
    def location(self) -> Location:
        """Where it stands."""
        return self.code.module.source.at(self.node)

    @property
    def call(self) -> ast.Call:
        """The call of a method."""
        assert isinstance(self.node, ast.Call)
        return self.node


Uses = dict[Instance, list[Use]]
# What the value of an expression is only looked at in.
_HARMLESS = (
    ast.Return,
    ast.Expr,
    ast.Compare,
    ast.FormattedValue,
    ast.If,
    ast.IfExp,
    ast.BoolOp,
    ast.UnaryOp,
    ast.Assert,
)


def uses_of(evaluator: Evaluator, classes: Collection[str]) -> Uses:
    """Each use of objects of some classes, in all modules that are run.

    :param classes: their names, dotted
    """
    found: Uses = {}
    for code in evaluator.modules:
        for node in code.parents:
            if isinstance(node, (ast.Name, ast.Attribute)) and isinstance(node.ctx, ast.Load):
                for value in evaluator.values(node, code.scope_of(node)):
                    if isinstance(value, Instance) and value.class_name in classes:
                        use = _use(evaluator, code, node)
                        if use is not None:
                            found.setdefault(value, []).append(use)
    return found


def _use(evaluator: Evaluator, code: Code, node: ast.expr) -> Use | None:
    """How an expression that is the object is used; None where that changes nothing."""
    parent = code.parents[node]
    if isinstance(parent, ast.Attribute):
        return _attribute(code, parent)
    if isinstance(parent, ast.keyword):
        parent = code.parents[parent]
    if isinstance(parent, ast.Call):
        return _given(evaluator, code, parent)
    if isinstance(parent, (ast.Assign, ast.AnnAssign)):
        targets = parent.targets if isinstance(parent, ast.Assign) else [parent.target]
        return None if all(isinstance(each, ast.Name) for each in targets) else Use(How.ESCAPES, "", node, code)
    if isinstance(parent, _HARMLESS):
        return None
    if isinstance(parent, (ast.Tuple, ast.List)) and _is_looped_over(code, parent):
        return None
    return Use(How.ESCAPES, "", node, code)


def _attribute(code: Code, attribute: ast.Attribute) -> Use:
    parent = code.parents[attribute]
    if isinstance(parent, ast.Call) and parent.func is attribute:
        return Use(How.METHOD, attribute.attr, parent, code)
    if isinstance(attribute.ctx, ast.Store):
        return Use(How.SET, attribute.attr, parent, code)
    return Use(How.ATTRIBUTE, attribute.attr, attribute, code)


def _given(evaluator: Evaluator, code: Code, call: ast.Call) -> Use | None:
    scope = code.scope_of(call)
    called = evaluator.values(call.func, scope)
    if called and all(isinstance(each, Local) and not isinstance(each.node, ast.ClassDef) for each in called):
        return None  # A function of the repository: what its parameter does is a use of its own.
    name = next((each.name for each in called if isinstance(each, External)), "")
    receivers: tuple[Value, ...] = called
    if isinstance(call.func, ast.Attribute):
        receivers = evaluator.values(call.func.value, scope)
        of = next((each.class_name for each in receivers if isinstance(each, Instance)), "")
        name = name or (f"{of}.{call.func.attr}" if of else "")
    return Use(How.GIVEN, name, call, code, receivers)


def _is_looped_over(code: Code, node: ast.AST) -> bool:
    """Whether a list is gone through, or has a name by which it is: what is done with its elements is a use there."""
    parent = code.parents[node]
    if isinstance(parent, ast.Assign):
        return all(isinstance(each, ast.Name) for each in parent.targets)
    return isinstance(parent, (ast.For, ast.comprehension)) and parent.iter is node
