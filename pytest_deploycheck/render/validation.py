"""What the table of fields says of a blueprint: each fault with its place, and whether Render would refuse it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from pytest_deploycheck.edit import Edit
from pytest_deploycheck.render.document import Entry, Node, Scalar, Sequence, Table
from pytest_deploycheck.render.edits import quoted, renamed, replaced
from pytest_deploycheck.render.fault import Fault
from pytest_deploycheck.render.fields import AnyOf, Exclusion, Field, Kind, Owner, blueprint_fields
from pytest_deploycheck.render.value import scalar_faults


@dataclass(frozen=True)
class Subject:
    """What an entry is, for the rules that hold for some only.

    :param name: as messages have it: ``api``, ``the disk of api``
    :param kind: of the service that it is or belongs to; None where that is no service, or an unknown one
    :param runtime: of that service, empty where there is none
    :param traits: all that can be said of that service
    """

    name: str
    kind: Kind | None = None
    runtime: str = ""
    traits: frozenset[str] = frozenset()

    def part(self, name: str) -> Subject:
        """Something in it."""
        return replace(self, name=f"{name} of {self.name}")


def service_subject(entry: Table, name: str) -> Subject:
    """What a service is, by its type and runtime."""
    fields = blueprint_fields()
    type_, runtime = entry.scalar("type"), entry.scalar("runtime") or entry.scalar("env")
    of_runtime = runtime.text if runtime is not None else ""
    kind = fields.kind(type_.text, of_runtime) if type_ else None
    return Subject(name, kind, of_runtime, fields.traits_of(kind, of_runtime) if kind else frozenset())


# What is a subject of its own, and so is passed over where it only stands in something else.
RESOURCES = frozenset({"service", "database", "group"})


def entry_faults(entry: Table, owner_name: str, subject: Subject) -> Iterator[Fault]:
    """The faults of an entry and of all in it but :data:`RESOURCES`.

    :param owner_name: what it is, by the table
    """
    owner = blueprint_fields().owners[owner_name]
    unknown: list[Fault] = []
    for key, each in entry.entries.items():
        rows = owner.fields.get(key)
        if rows is None:
            unknown.append(_unknown(each, entry, owner, subject))
        elif not _is_null(each.value):
            yield from _field(each, rows, entry, subject)
    yield from unknown
    said = {word.strip(",:") for fault in unknown for fix in fault.fix for word in fix.split()}
    yield from (each for each in _missing(entry, owner, subject) if each.field not in said)
    if owner.any_of is not None:
        yield from _choice(entry, owner.any_of, subject, has_unknown=bool(unknown))


def _is_null(node: Node | None) -> bool:
    return node is None or (isinstance(node, Scalar) and node.value is None)


def _unknown(each: Entry, entry: Table, owner: Owner, subject: Subject) -> Fault:
    key = each.key
    message = f"{subject.name} has the unknown field {key.text!r}"
    if key.text in owner.foreign:
        return Fault(key.location, message, (owner.foreign[key.text],), field=key.text)
    # With x- begin, by custom, keys that hold what anchors repeat: they are not meant for the platform.
    name = None if key.text.startswith("x-") else owner.spelling.meant(key.text)
    if name is not None:
        return Fault(key.location, message, (f"write {name}",), field=key.text, edits=renamed(each, entry, name))
    elsewhere = sorted(
        {each.called for each in blueprint_fields().owners.values() if key.text in each.fields and each.called}
    )
    return Fault(
        key.location,
        message,
        tuple(f"it is a field of {called}: move it there" for called in elsewhere) or ("leave it out, or look it up",),
        evidence=("Render refuses a field that it does not know; this one may be newer than the list of them here",),
        is_certain=False,
        field=key.text,
    )


def _field(each: Entry, rows: tuple[Field, ...], entry: Table, subject: Subject) -> Iterator[Fault]:
    placed = [row for row in rows if not row.on or subject.kind is None or row.on & subject.traits]
    field = placed[0] if placed else rows[0]
    if not placed and subject.kind is not None and not subject.kind.is_open:
        message = f"{subject.name} is {subject.kind.called}, which has no {field.name}"
        yield Fault(each.key.location, message, (f"leave {field.name} out",), field=field.name)
        return
    yield from _doubted(each, field, entry, subject)
    yield from _beside(each, field, entry, subject)
    yield from _value(each.value, field, subject)


def _doubted(each: Entry, field: Field, entry: Table, subject: Subject) -> Iterator[Fault]:
    """What Render takes, and yet is better written in another way."""
    place = each.key.location
    if field.replaced_by:
        message = f"{field.name} of {subject.name} is an old spelling"
        edits = _renaming(each, field, entry)
        yield Fault(place, message, (_now(each.value, field),), is_certain=False, field=field.name, edits=edits)
    elif field.advised_against:
        message = f"{subject.name} has {field.name}, and {field.advised_against}"
        yield Fault(place, message, (field.instead,), is_certain=False, field=field.name)
    elif field.meant_for and subject.kind and not subject.kind.is_open and not field.meant_for & subject.traits:
        runtime = f" with runtime {subject.runtime}" if subject.runtime and subject.kind.name != "static" else ""
        message = f"{field.name} has no effect on {subject.name}, {subject.kind.called}{runtime}"
        yield Fault(place, message, (f"leave {field.name} out",), is_certain=False, field=field.name)


def _now(value: Node, field: Field) -> str:
    """What to write in place of a deprecated field."""
    if not isinstance(value, Scalar):
        return f"write {field.replaced_by}"
    same = f"write {field.replaced_by}{f': {value.text}' if field.is_renamed else ''}"
    return field.now.get(value.text.lower(), same)


_WRITE = re.compile(r"write (\w+): ([\w./-]+)")


def _renaming(each: Entry, field: Field, entry: Table) -> tuple[Edit, ...]:
    """The edits of a deprecated field: another name, and another value where that has one."""
    if not isinstance(each.value, Scalar):
        return ()
    written = _WRITE.fullmatch(field.now.get(each.value.text.lower(), ""))
    if written is not None and written[1] == field.replaced_by:
        changed = replaced(each.value, quoted(written[2]))
        return (*renamed(each, entry, written[1]), *changed) if changed else ()
    return renamed(each, entry, field.replaced_by) if field.is_renamed else ()


def _beside(each: Entry, field: Field, entry: Table, subject: Subject) -> Iterator[Fault]:
    """What cannot stand in the same entry."""
    if field.alone:
        for other in entry.entries.values():
            if other.key.text != field.name:
                message = f"{field.name} stands alone in its entry, and {other.key.text} stands beside it"
                fix = f"give {field.name} an entry of its own"
                yield Fault(other.key.location, f"{subject.name}: {message}", (fix,), field=other.key.text)
    for exclusion in field.excludes:
        other_value = entry.get(exclusion.field)
        if not _is_null(other_value) and _is_excluded(other_value, exclusion):
            message = f"{subject.name} has {field.name} and {exclusion.field}: {exclusion.because}"
            place = entry.entries[exclusion.field].key.location
            yield Fault(
                place, message, ("leave one of them out",), is_certain=exclusion.is_certain, field=exclusion.field
            )


def _is_excluded(value: Node | None, exclusion: Exclusion) -> bool:
    if exclusion.above is None:
        return True
    return isinstance(value, Scalar) and isinstance(value.value, int) and value.value > exclusion.above


def _value(value: Node, field: Field, subject: Subject) -> Iterator[Fault]:
    if field.type == "list":
        yield from _list(value, field, subject)
    elif field.type == "mapping":
        if isinstance(value, Table):
            yield from _within(field, entry_faults(value, field.of, subject.part(f"the {field.name}")))
        else:
            yield _wrong_shape(value, field.name, "a mapping", subject)
    elif isinstance(value, Scalar):
        yield from scalar_faults(value, field, subject.name)
    else:
        yield _wrong_shape(value, field.name, "a text" if field.type == "text" else "a single value", subject)


_SHAPES = {Sequence: "a list", Table: "a mapping", Scalar: "a single value"}


def _wrong_shape(value: Node, name: str, expected: str, subject: Subject) -> Fault:
    message = f"{name} of {subject.name} has to be {expected}, and is {_SHAPES[type(value)]}"
    return Fault(value.location, message, field=name)


def _list(value: Node, field: Field, subject: Subject) -> Iterator[Fault]:
    if not isinstance(value, Sequence):
        yield _wrong_shape(value, field.name, "a list", subject)
        return
    yield from _length(value, field, subject)
    owner = blueprint_fields().owners.get(field.of)
    seen: dict[str, Scalar] = {}
    for each in value:
        if owner is None:
            if not isinstance(each, Scalar):
                yield _wrong_shape(each, f"an entry of {field.name}", "a text", subject)
        elif not isinstance(each, Table):
            yield _no_mapping(each, field, owner, subject)
        elif field.of not in RESOURCES:
            yield from _within(field, _entry(each, field, owner, subject, seen))


def _within(field: Field, faults: Iterator[Fault]) -> Iterator[Fault]:
    return (replace(each, field=f"{field.name}.{each.field}") for each in faults)


def _length(value: Sequence, field: Field, subject: Subject) -> Iterator[Fault]:
    count = len(value.items)
    if field.minimum is not None and count < field.minimum:
        yield Fault(value.location, f"{field.name} of {subject.name} is empty", field=field.name)
    if field.maximum is not None and count > field.maximum:
        message = f"{field.name} of {subject.name} has {count} entries, and {field.maximum} is the most"
        yield Fault(value.items[field.maximum].location, message, field=field.name)


def _no_mapping(each: Node, field: Field, owner: Owner, subject: Subject) -> Fault:
    called = owner.called or f"an entry of {field.name} of {subject.name}"
    needed = [row.name for row in owner.required if row.required is True]
    with_them = f" with {' and '.join(needed)}" if needed else ""
    fix = (f"write - {needed[0]}: …",) if needed else ()
    return Fault(each.location, f"{called} has to be a mapping{with_them}", fix, field=field.name)


def _entry(each: Table, field: Field, owner: Owner, subject: Subject, seen: dict[str, Scalar]) -> Iterator[Fault]:
    """
    :param seen: the names of the entries before it
    """
    name = each.scalar(owner.named_by)
    part = subject.part(name.text if name is not None else f"an entry of {field.name}")
    if name is not None and field.is_unique and name.text in seen:
        message = f"{part.name} stands there already, in line {seen[name.text].location.line}"
        yield Fault(name.location, message, ("leave one of them out",), is_certain=False, field=field.name)
    if name is not None:
        seen.setdefault(name.text, name)
    yield from entry_faults(each, field.of, part)
    yield from _number_variable(each, name, part)


def _number_variable(each: Table, name: Scalar | None, subject: Subject) -> Iterator[Fault]:
    """An environment variable that has to be a number, such as PORT."""
    bounds = blueprint_fields().number_variables.get(name.text) if name else None
    value = each.scalar("value")
    if bounds is None or value is None:
        return
    least, greatest = bounds
    if not (value.text.isascii() and value.text.isdigit() and least <= int(value.text[:9]) <= greatest):
        message = f"{subject.name} has to be a number from {least} to {greatest}, and is {value.text!r}"
        yield Fault(value.location, message, field="value")


def _missing(entry: Table, owner: Owner, subject: Subject) -> Iterator[Fault]:
    for field in owner.required:
        if field.required_without:
            needed = _is_null(entry.get(field.required_without))
        else:
            needed = field.is_required(subject.traits)
        if needed and not _is_given(entry, field.name) and not _is_given_as(entry, field, owner):
            is_name = bool(owner.called) and field.name == owner.named_by
            message = f"{owner.called} needs a {field.name}" if is_name else f"{subject.name} has no {field.name}"
            yield Fault(entry.location, message, (f"add {field.name}{_example(field)}",), field=field.name)


def _is_given(entry: Table, name: str) -> bool:
    value = entry.get(name)
    return not _is_null(value) and not (isinstance(value, Scalar) and not value.text.strip())


def _is_given_as(entry: Table, field: Field, owner: Owner) -> bool:
    """Whether a required field is there under its old name."""
    rows = (row for rows in owner.fields.values() for row in rows)
    return any(row.is_renamed and row.replaced_by == field.name and _is_given(entry, row.name) for row in rows)


def _example(field: Field) -> str:
    if field.values is not None:
        return f": {' | '.join(field.values.known)}"
    return f": {field.example}" if field.example else ""


def _choice(entry: Table, rule: AnyOf, subject: Subject, *, has_unknown: bool) -> Iterator[Fault]:
    """None of the fields of which one is wanted, or several where one has to stand alone."""
    if rule.without and not _is_null(entry.get(rule.without)):
        return
    present = sorted(
        (each.key for each in entry.entries.values() if _decides(each, rule)), key=lambda key: key.location
    )
    if not present and not has_unknown:  # What is not known may be what is missing.
        *others, last = rule.fields
        message = f"{subject.name} needs one of {', '.join(others)} and {last}"
        yield Fault(entry.location, message, is_certain=rule.is_certain, field=last)
    for key in present[1:] if rule.is_exclusive else ():
        first, name = present[0].text, key.text
        message = f"{subject.name} has {first} and {name}, and only one of them can stand there"
        yield Fault(key.location, message, (f"leave {first} or {name} out",), field=name)


# What a field has where it may as well not stand there.
_SAYS_NOTHING = {"generateValue": False, "sync": True}


def _decides(each: Entry, rule: AnyOf) -> bool:
    name = each.key.text
    if name not in rule.fields or _is_null(each.value):
        return False
    says_nothing = _SAYS_NOTHING.get(name)
    return says_nothing is None or not isinstance(each.value, Scalar) or each.value.value is not says_nothing
