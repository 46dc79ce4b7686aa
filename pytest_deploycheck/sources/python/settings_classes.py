"""Classes whose fields are environment variables: https://docs.pydantic.dev/latest/concepts/pydantic_settings/."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_deploycheck.location import Location
from pytest_deploycheck.sources.python.calls import argument
from pytest_deploycheck.sources.python.values import UNKNOWN, Constant, External, Instance, Local, Value, Variable

if TYPE_CHECKING:
    from pytest_deploycheck.sources.python.evaluation import Evaluator
    from pytest_deploycheck.sources.python.scopes import Scope

_BASES = frozenset({"pydantic_settings.BaseSettings", "pydantic.BaseSettings", "pydantic.v1.BaseSettings"})
_FIELDS = frozenset({"pydantic.Field", "pydantic.fields.Field", "pydantic.v1.Field"})


@dataclass(frozen=True)
class SettingsField:
    """A field of such a class.

    :param names: the variables that are asked, one after the other, in upper case as people set them
    :param default: None where one of them has to be there
    """

    name: str
    names: tuple[str, ...]
    default: Value | None
    location: Location


def is_settings_class(evaluator: Evaluator, scope: Scope) -> bool:
    """Whether a class takes its fields from the environment."""
    return any(isinstance(each, External) and each.name in _BASES for each in _ancestors(evaluator, scope))


def _ancestors(evaluator: Evaluator, scope: Scope, seen: tuple[Scope, ...] = ()) -> Iterator[Value]:
    if not isinstance(scope.node, ast.ClassDef) or scope in seen:
        return
    for base in scope.node.bases:
        for value in evaluator.values(base, scope.parent or scope):
            yield value
            if isinstance(value, Local):
                yield from _ancestors(evaluator, value.scope, (*seen, scope))


def settings_fields(evaluator: Evaluator, scope: Scope) -> Iterator[SettingsField]:
    """The fields of a class, those of the classes of the repository that it extends first."""
    assert isinstance(scope.node, ast.ClassDef)
    for base in scope.node.bases:
        for value in evaluator.values(base, scope.parent or scope):
            if isinstance(value, Local) and isinstance(value.node, ast.ClassDef):
                yield from settings_fields(evaluator, value.scope)
    prefix = _prefix(evaluator, scope)
    for statement in scope.node.body:
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            name = statement.target.id
            if not name.startswith("_") and name != "model_config" and not _is_of_class(statement.annotation):
                yield _field(evaluator, scope, statement, name, prefix)


def _is_of_class(annotation: ast.expr) -> bool:
    base = annotation.value if isinstance(annotation, ast.Subscript) else annotation
    return (base.attr if isinstance(base, ast.Attribute) else getattr(base, "id", "")) == "ClassVar"


def _field(
    evaluator: Evaluator, scope: Scope, statement: ast.AnnAssign, name: str, prefix: str | None
) -> SettingsField:
    location = scope.module.source.at(statement)
    call = statement.value if isinstance(statement.value, ast.Call) else None
    is_field = call is not None and any(
        isinstance(each, External) and each.name in _FIELDS for each in evaluator.values(call.func, scope)
    )
    names: tuple[str, ...] = (f"{prefix}{name}".upper(),) if prefix is not None else ()
    if call is None or not is_field:
        default = evaluator.only(statement.value, scope) if statement.value is not None else None
        return SettingsField(name, names, default, location)
    given = argument(call, 0, "default")
    has_factory = argument(call, None, "default_factory") is not None
    is_required = (given is None and not has_factory) or (isinstance(given, ast.Constant) and given.value is Ellipsis)
    value = evaluator.only(given, scope) if given is not None else UNKNOWN
    return SettingsField(name, _aliases(evaluator, scope, call, names), None if is_required else value, location)


def _aliases(evaluator: Evaluator, scope: Scope, call: ast.Call, names: tuple[str, ...]) -> tuple[str, ...]:
    for keyword in ("validation_alias", "alias", "env"):
        given = argument(call, None, keyword)
        if given is not None:
            value = evaluator.only(given, scope)
            texts = _texts(evaluator, value)
            return tuple(each.upper() for each in texts)
    return names


def _texts(evaluator: Evaluator, value: Value) -> list[str]:
    """The names that an alias gives: one, or those of ``AliasChoices``; none where they are not known."""
    if isinstance(value, Constant) and isinstance(value.value, str):
        return [value.value]
    if isinstance(value, Instance) and value.class_name == "pydantic.AliasChoices":
        several = [evaluator.only(each, value.scope) for each in value.call.args]
        return [each.value for each in several if isinstance(each, Constant) and isinstance(each.value, str)]
    return []


def _prefix(evaluator: Evaluator, scope: Scope) -> str | None:
    """What the names of the variables begin with; None where it is not known."""
    given = _configured(evaluator, scope, "env_prefix")
    if given is None:
        return ""
    return given.value if isinstance(given, Constant) and isinstance(given.value, str) else None


def _configured(evaluator: Evaluator, scope: Scope, name: str) -> Value | None:
    """A value of ``model_config = SettingsConfigDict(...)`` or of ``class Config``; None where neither has it."""
    code = evaluator.codebase.code(scope.module)
    for binding in scope.bindings.get("model_config", ()):
        if isinstance(binding.value, ast.Call):
            given = argument(binding.value, None, name)
            return evaluator.only(given, scope) if given is not None else None
        if isinstance(binding.value, ast.Dict):
            pairs = zip(binding.value.keys, binding.value.values, strict=True)
            found = [value for key, value in pairs if isinstance(key, ast.Constant) and key.value == name]
            return evaluator.only(found[0], scope) if found else None
    for binding in scope.bindings.get("Config", ()):
        inner = code.scopes.get(binding.node)
        values = [each.value for each in inner.bindings.get(name, ()) if each.value] if inner else []
        if inner is not None and values:
            return evaluator.only(values[-1], inner)
    return None


def field_variable(evaluator: Evaluator, scope: Scope, name: str) -> Variable | None:
    """The variable behind a field of such a class; None where it is none."""
    if not is_settings_class(evaluator, scope):
        return None
    fields = [each for each in settings_fields(evaluator, scope) if each.name == name]
    return Variable(fields[-1].names[0], fields[-1].default) if fields and fields[-1].names else None
