"""Whether a single value is what its field takes."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from pytest_deploycheck.render.document import Scalar
from pytest_deploycheck.render.edits import quoted, replaced
from pytest_deploycheck.render.fault import Fault
from pytest_deploycheck.render.fields import Field, Values

# Booleans in YAML 1.1, and texts in 1.2; what reads them into a boolean field may still know them:
# https://github.com/yaml/go-yaml, whose errors Render's are.
_FORMERLY_BOOLEAN = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}


def scalar_faults(value: Scalar, field: Field, subject: str) -> Iterator[Fault]:
    """What is wrong with a value that is not null.

    :param subject: what has the field, as messages have it
    """
    if field.type == "boolean":
        yield from _boolean(value, field, subject)
    elif field.type == "integer":
        yield from _integer(value, field, subject)
    else:
        yield from _text(value, field, subject)


def _boolean(value: Scalar, field: Field, subject: str) -> Iterator[Fault]:
    if isinstance(value.value, bool):
        return
    spelled = _FORMERLY_BOOLEAN.get(value.text.lower())
    message = f"{field.name} of {subject} has to be true or false, and is the text {value.text!r}"
    evidence = (f"{value.text} is a text in YAML 1.2, which Render reads",) if spelled else ()
    meant_value = spelled or (value.text.lower() if value.text.lower() in ("true", "false") else "")
    fix = (f"write {field.name}: {meant_value}",) if meant_value else ()
    doubtful = spelled is not None and not value.style
    edits = replaced(value, meant_value) if meant_value else ()
    yield Fault(value.location, message, fix, evidence, is_certain=not doubtful, field=field.name, edits=edits)


def _integer(value: Scalar, field: Field, subject: str) -> Iterator[Fault]:
    number = value.value
    if isinstance(number, bool) or not isinstance(number, (int, float)) or number != number // 1:
        digits = re.match(r"\d+", value.text)
        fix = (f"write {field.name}: {digits[0]}",) if digits else ()
        message = f"{field.name} of {subject} has to be a whole number, and is {value.text!r}"
        yield Fault(value.location, message, fix, field=field.name)
    elif not _is_within(number, field):
        message = f"{field.name} of {subject} has to be {_bounds(field)}, and is {value.text}"
        yield Fault(value.location, message, field=field.name)


def _is_within(number: float, field: Field) -> bool:
    if field.minimum is not None and number < field.minimum:
        return False
    if field.maximum is not None and number > field.maximum:
        return False
    return number == 1 or number % field.step == 0


def _bounds(field: Field) -> str:
    if field.step > 1:
        return f"1 or a multiple of {field.step}"
    if field.maximum is None:
        return f"at least {field.minimum}"
    return f"from {field.minimum} to {field.maximum}"


def _text(value: Scalar, field: Field, subject: str) -> Iterator[Fault]:
    if field.values is not None and (fault := _unknown_value(value, field, field.values, subject)):
        yield fault
    elif field.type == "text" and not isinstance(value.value, str):
        read_as = "truth value" if isinstance(value.value, bool) else "number"
        message = f"{field.name} of {subject} is a text, and YAML reads {value.text} as a {read_as}"
        fix = (f'write {field.name}: "{value.text}"',)
        edits = replaced(value, f'"{value.text}"')
        yield Fault(value.location, message, fix, is_certain=False, field=field.name, edits=edits)
    elif field.pattern and not re.fullmatch(field.pattern, value.text):
        message = f"{field.name} of {subject} has to be {field.expected}, and is {value.text!r}"
        yield Fault(value.location, message, field=field.name)
    elif field.form == "network" and not _is_network(value.text):
        message = f"{field.name} of {subject} has to be an address or a range of them, and is {value.text!r}"
        yield Fault(value.location, message, ("write one such as 203.0.113.4/30; 0.0.0.0/0 is everybody",))


def _unknown_value(value: Scalar, field: Field, values: Values, subject: str) -> Fault | None:
    text = value.text
    if text in values.known or text in values.unverified or (values.is_loose and values.spelling.has_same(text)):
        return None
    if text in values.old:
        message = f"{field.name} {text} of {subject} is an old spelling"
        fix = (f"write {field.name}: {values.old[text]}",)
        edits = replaced(value, quoted(values.old[text]))
        return Fault(value.location, message, fix, is_certain=False, field=field.name, edits=edits)
    evidence = ("it may be newer than the list of them here",) if values.is_open else ()
    message = f"{subject} has the unknown {field.name} {text!r}"
    near = None if text in values.foreign else values.spelling.meant(text)
    fix = (f"write {field.name}: {near}",) if near else (_instead(text, values),)
    edits = replaced(value, quoted(near)) if near else ()
    return Fault(value.location, message, fix, evidence, is_certain=not values.is_open, field=field.name, edits=edits)


def _instead(text: str, values: Values) -> str:
    return values.foreign.get(text) or f"write one of {', '.join(values.known)}"


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        return False
    return True
