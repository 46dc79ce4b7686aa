"""Does a service listen where Render looks for it?"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_deploycheck.checks.port_finding import Listener, loopback, no_number, nothing_listens, other_port, reserved
from pytest_deploycheck.checks.registry import Subject, check
from pytest_deploycheck.checks.start_command import is_started_python
from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.findings import Finding
from pytest_deploycheck.render.blueprint import Service
from pytest_deploycheck.render.platform import platform_facts

if TYPE_CHECKING:
    from pytest_deploycheck.sources.python.servers import ServerCall
    from pytest_deploycheck.sources.python.values import Value
    from pytest_deploycheck.sources.start.listening import Listening, Setting
    from pytest_deploycheck.sources.start.start import Start

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_OF_VARIABLE = re.compile(r"\$PORT|\$\{PORT(:?[-=?+][^}]*)?\}")
# What stands for the port that Render expects, whatever that is.
_EXPECTED = "$PORT"


def _listens(service: Service, deployment: Deployment) -> bool:
    return is_started_python(service, deployment) and service.type is not None and service.type.text in ("web", "pserv")


class _Judged(enum.Enum):
    RIGHT = "right"
    WRONG = "wrong"
    UNKNOWN = "unknown"
    NO_SERVER = "no server"


@dataclass(frozen=True)
class _Judgement:
    judged: _Judged
    findings: tuple[Finding, ...] = ()


_NOT_KNOWN = _Judgement(_Judged.UNKNOWN)


@check(
    "port",
    Subject.SERVICE,
    applies=_listens,
    sources=("https://render.com/docs/web-services#port-binding, 2026-11-23",),
)
def port(service: Service, deployment: Deployment) -> Iterator[Finding]:
    """The service listens on 0.0.0.0 and, if it is a web service, on the port that Render expects.

    Render sends requests to the port in PORT, which is 10000 unless the service sets it, and finds no server that
    listens on 127.0.0.1 or on another port: the deploy waits for an open port and fails.

    To satisfy it, tell the server its host and its port::

        startCommand: uvicorn main:app --host 0.0.0.0 --port $PORT
    """
    command = service.start_command
    if command is None:
        return
    commands = deployment.commands(service, command)
    if commands.mistakes or commands.not_followed:
        return
    starts = deployment.started.commands(service)
    judge = _Judge(service, deployment)
    judgements = [judge.start(each) for each in starts]
    if any(each.judged in (_Judged.RIGHT, _Judged.UNKNOWN) for each in judgements):
        return  # One that listens where it should is enough, and of one that is not known it may be so.
    yield from (finding for each in judgements for finding in each.findings)
    if starts and all(each.judged is _Judged.NO_SERVER for each in judgements):
        yield nothing_listens(service, starts[-1].command)


class _Judge:
    def __init__(self, service: Service, deployment: Deployment) -> None:
        self._service = service
        self._deployment = deployment
        variable = service.environment.get("PORT")
        default = str(platform_facts().default_port)
        # None: it is set outside the blueprint.
        self._port = default if variable is None else variable.text

    def start(self, start: Start) -> _Judgement:
        """Where one command listens."""
        if start.listens_never:
            return _Judgement(_Judged.NO_SERVER)
        listening = self._deployment.started.listening(start)
        if listening is not None:
            return self._of_program(start, listening)
        return self._of_code(start) if start.is_script and start.listening is None else _NOT_KNOWN

    def _of_program(self, start: Start, listening: Listening) -> _Judgement:
        host, port = _host(listening.host), _port(listening.port)
        if port == "":
            assert listening.port.word is not None
            return _Judgement(_Judged.WRONG, (no_number(self._service, listening.port.word),))
        if host is None or port is None:
            return _NOT_KNOWN
        return self._judged(Listener.of_program(start, listening, host, port))

    def _of_code(self, start: Start) -> _Judgement:
        """What Python code listens on, as far as it says so itself."""
        calls = self._deployment.started.servers(start)
        judged = [self._of_call(each) for each in calls]
        if not judged or any(each.judged is not _Judged.WRONG for each in judged):
            return _NOT_KNOWN
        return _Judgement(_Judged.WRONG, tuple(finding for each in judged for finding in each.findings))

    def _of_call(self, call: ServerCall) -> _Judgement:
        host, port = self._text(call.host), self._text(call.port)
        return _NOT_KNOWN if host is None or port is None else self._judged(Listener.of_call(call, host, port))

    def _judged(self, listener: Listener) -> _Judgement:
        found = list(self._findings(listener))
        return _Judgement(_Judged.WRONG if found else _Judged.RIGHT, tuple(found))

    def _findings(self, listener: Listener) -> Iterator[Finding]:
        """Nothing is reached on the loopback; a port of Render's own is not to be had, and another is not expected."""
        number = int(listener.port) if listener.port.isdigit() else None
        is_other = self._service.is_web and number is not None and self._port is not None
        is_wrong = is_other and listener.port != self._port
        if listener.host in _LOOPBACK:
            yield loopback(self._service, listener, is_port_wrong=is_wrong)
        elif number in platform_facts().reserved_ports:
            yield reserved(self._service, listener)
        elif is_wrong and self._port is not None:
            yield other_port(self._service, listener, self._port)

    def _text(self, value: Value) -> str | None:
        """A host or a port, ``$PORT`` where it is that of the variable; None where it is not known."""
        from pytest_deploycheck.sources.python.values import Constant, Variable

        if isinstance(value, Variable):
            if value.name == "PORT":
                return _EXPECTED
            known = self._service.environment.get(value.name)
            if known is not None:
                return known.text
            # Nobody says it in the blueprint: another place may.
            return (
                self._text(value.default)
                if value.default is not None and self._deployment.knows_groups(self._service)
                else None
            )
        if isinstance(value, Constant) and isinstance(value.value, (str, int)):
            return str(value.value)
        return None


def _host(host: Setting) -> str | None:
    """None where it is not known."""
    is_open = host.word is not None and not host.word.is_known and "$" in (host.text or "")
    return None if is_open else host.text


def _port(port: Setting) -> str | None:
    """A number or ``$PORT``; None where it is not known, and empty where it is certainly no port."""
    if port.text is None:
        return None
    is_literal = port.word is not None and port.word.is_known
    if is_literal and not port.text.isdigit():
        return ""
    if _OF_VARIABLE.fullmatch(port.text):
        return _EXPECTED
    return port.text if port.text.isdigit() else None
