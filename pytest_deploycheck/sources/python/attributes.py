"""Whether a module has an attribute: what a server looks for in it."""

from __future__ import annotations

import ast

from pytest_deploycheck.sources.python.answer import Answer, no, unknown, yes
from pytest_deploycheck.sources.python.codebase import Codebase, Kind
from pytest_deploycheck.sources.python.module import Module
from pytest_deploycheck.sources.python.scopes import Binding, Code, Scope


def has_attribute(codebase: Codebase, module: Module, name: str) -> Answer:
    """Whether ``module:name`` is there once the module was imported.

    :param name: may be dotted
    """
    return _Search(codebase).attribute(module, name)


def names_in(codebase: Codebase, module: Module) -> tuple[str, ...]:
    """The public names that a module binds itself, in its order."""
    bindings = codebase.code(module).top.bindings
    return tuple(name for name in bindings if not name.startswith("_"))


class _Search:
    def __init__(self, codebase: Codebase) -> None:
        self._codebase = codebase
        self._seen: set[tuple[str, str]] = set()

    def attribute(self, module: Module, name: str) -> Answer:
        if module.source.mistake:
            return unknown(module.source.mistake)
        if (module.name, name) in self._seen:
            return no("it is imported in a circle")
        self._seen.add((module.name, name))
        first, _, rest = name.partition(".")
        code = self._codebase.code(module)
        bound = [each for each in code.top.bindings.get(first, ()) if not each.only_for_types]
        if not bound:
            return self._not_bound(code, first, rest)
        return self._bound(code, bound, first, rest)

    def _bound(self, code: Code, bound: list[Binding], name: str, rest: str) -> Answer:
        usual = [each for each in bound if not each.only_as_script]
        place = code.module.source.at(bound[0].node)
        if any(isinstance(each.node, ast.Delete) for each in bound):
            return unknown("it is deleted again", place)
        if not usual:
            reason = f"{name} is there only when {code.module.path} is run as a script"
            return no(reason, place) if code.top.open_by is None else unknown(reason, place)
        if rest:
            return self._further(usual, rest) or unknown(f"what {name} has is not known", place)
        missing = [each for each in map(self._imported, usual) if each is not None and not each.is_yes]
        return missing[0] if len(missing) == len(usual) else yes(place)

    def _imported(self, binding: Binding) -> Answer | None:
        """Whether what an import brings in is there; None where nobody can say, which an import would do itself."""
        if binding.imported is None or binding.attribute is None:
            return None
        origin = self._codebase.module(binding.imported)
        if origin is None:
            return None
        if self._codebase.find(f"{binding.imported}.{binding.attribute}").kind is not Kind.MISSING:
            return None
        found = self.attribute(origin, binding.attribute)
        return found if found.is_no else None

    def _further(self, bound: list[Binding], rest: str) -> Answer | None:
        """The attribute of an attribute, where that is a module of the repository."""
        for each in bound:
            if each.imported is not None:
                name = f"{each.imported}.{each.attribute}" if each.attribute else each.imported
                module = self._codebase.module(name)
                if module is not None:
                    return self.attribute(module, rest)
        return None

    def _not_bound(self, code: Code, name: str, rest: str) -> Answer:
        module, top = code.module, code.top
        if top.open_by is not None:
            return unknown("the module makes names as it runs", top.open_by)
        if "__getattr__" in top.bindings:
            return unknown("its __getattr__ may answer", module.source.at(top.bindings["__getattr__"][0].node))
        if module.is_package and self._codebase.find(f"{module.name}.{name}").kind is not Kind.MISSING:
            return unknown(f"{module.name}.{name} is a module, which is there once somebody imports it")
        return self._starred(top, f"{name}.{rest}" if rest else name) or no(f"no name {name} is bound in it")

    def _starred(self, top: Scope, name: str) -> Answer | None:
        """What ``from x import *`` brings in; None where none of them has the name."""
        for star in top.stars:
            module = self._codebase.module(star.imported or "")
            if module is None:
                return unknown(f"from {star.imported} import * may bring it in")
            found = self.attribute(module, name)
            if not found.is_no:
                return found
        return None
