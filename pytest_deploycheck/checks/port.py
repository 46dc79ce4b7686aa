"""Does a service listen where Render looks for it?"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pytest_deploycheck.checks.registry import Subject, check
from pytest_deploycheck.checks.start_command import is_started_python
from pytest_deploycheck.deployment import Deployment
from pytest_deploycheck.findings import Finding, Severity
from pytest_deploycheck.location import Location
from pytest_deploycheck.render.blueprint import Service
from pytest_deploycheck.render.platform import platform_facts

if TYPE_CHECKING:
    from pytest_deploycheck.sources.python.servers import ServerCall
    from pytest_deploycheck.sources.python.values import Value
    from pytest_deploycheck.sources.start.listening import Listening, Setting
    from pytest_deploycheck.sources.start.start import Start

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_OF_VARIABLE = re.compile(r"\$PORT|\$\{PORT(:?[-=?+][^}]*)?\}")


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


@check("port", Subject.SERVICE, applies=_listens)
def port(service: Service, deployment: Deployment) -> Iterator[Finding]:
    """It listens on 0.0.0.0 and, if it is a web service, on the port that Render expects."""
    command = service.start_command
    if command is None:
        return
    commands = deployment.commands(service, command)
    if commands.mistakes or commands.not_followed:
        return
    judge = _Judge(service, deployment)
    judgements = [judge.start(each) for each in deployment.started.commands(service)]
    if any(each.judged in (_Judged.RIGHT, _Judged.UNKNOWN) for each in judgements):
        return  # One that listens where it should is enough, and of one that is not known it may be so.
    yield from (finding for each in judgements for finding in each.findings)
    if all(each.judged is _Judged.NO_SERVER for each in judgements) and judgements:
        yield _nothing_listens(service, deployment)


def _nothing_listens(service: Service, deployment: Deployment) -> Finding:
    last = deployment.started.commands(service)[-1].command
    return Finding(
        "port",
        last.location,
        f"{service.name} is of type {service.type.text if service.type else 'web'}, and `{last.program}` listens on no "
        "port, so its deploys fail",
        fix=("make it type: worker",),
    )


class _Judge:
    def __init__(self, service: Service, deployment: Deployment) -> None:
        self._service = service
        self._deployment = deployment
        self._is_web = service.is_web
        variable = service.environment.get("PORT")
        facts = platform_facts()
        # None: it is set outside the blueprint.
        self._port = str(facts.default_port) if variable is None else variable.value.text if variable.value else None

    def start(self, start: Start) -> _Judgement:
        """Where one command listens."""
        if start.listens_never:
            return _Judgement(_Judged.NO_SERVER)
        listening = self._deployment.started.listening(start)
        if listening is not None:
            return self._listening(start, listening)
        return self._script(start) if start.is_script and start.listening is None else _NOT_KNOWN

    # Programs.

    def _listening(self, start: Start, listening: Listening) -> _Judgement:
        host, port = self._host(start, listening.host), self._port_of(start, listening.port)
        if host is None or port is None:
            return _NOT_KNOWN
        findings = tuple(_joined(start, listening, host, port))
        return _Judgement(_Judged.WRONG if findings else _Judged.RIGHT, findings)

    def _host(self, start: Start, host: Setting) -> list[Finding] | None:
        if host.text is None or (host.word is not None and not host.word.is_known and "$" in host.text):
            return None
        if host.text not in _LOOPBACK:
            return []
        where = host.word.location if host.word is not None else start.command.location
        return [self._loopback(where, _said(host, start), host.text, start)]

    def _loopback(self, location: Location, said: str, host: str, start: Start | None) -> Finding:
        return Finding(
            "port",
            location,
            f"{self._service.name} listens on {host}{said}, where nothing outside can reach it",
            evidence=("Render connects to 0.0.0.0: https://render.com/docs/web-services#port-binding",),
            fix=(_host_fix(start),),
        )

    def _port_of(self, start: Start, port: Setting) -> list[Finding] | None:
        if port.text is None:
            return None
        is_literal = port.word is not None and port.word.is_known
        if is_literal and not port.text.isdigit():
            return [self._no_number(port)]
        if _OF_VARIABLE.fullmatch(port.text):
            return []
        if not port.text.isdigit():
            return None
        where = port.word.location if port.word is not None else start.command.location
        return list(self._fixed(where, _said(port, start), port.text, start))

    def _no_number(self, port: Setting) -> Finding:
        assert port.word is not None
        quoted = "; in single quotes the shell leaves it as it is" if "$" in port.word.text else ""
        return Finding(
            "port",
            port.word.location,
            f"{self._service.name}: {port.text} is no port{quoted}",
            fix=("write $PORT, without single quotes",),
        )

    def _fixed(self, location: Location, said: str, number: str, start: Start | None) -> Iterator[Finding]:
        """A port that is written down: Render usually finds it, unless it is one of its own."""
        reserved = platform_facts().reserved_ports
        if int(number) in reserved:
            shown = ", ".join(map(str, reserved))
            message = f"{self._service.name} listens on port {number}{said}, which Render has reserved"
            yield Finding("port", location, message, (f"reserved are {shown}",), (_port_fix(start),))
        elif self._is_web and self._port is not None and number != self._port:
            yield Finding(
                "port",
                location,
                f"{self._service.name} listens on port {number}{said}, and Render expects {self._port}",
                evidence=("Render usually detects another port; where it does not, the deploy fails",),
                fix=(_port_fix(start),),
                severity=Severity.ADVICE,
            )

    # Code.

    def _script(self, start: Start) -> _Judgement:
        """What Python code listens on, as far as it says so itself."""
        calls = self._deployment.started.servers(start)
        if not calls:
            return _NOT_KNOWN
        judged = [self._call(each) for each in calls]
        if any(each is None or not each for each in judged):
            return _NOT_KNOWN
        return _Judgement(_Judged.WRONG, tuple(finding for each in judged if each for finding in each))

    def _call(self, call: ServerCall) -> list[Finding] | None:
        host, port = self._text(call.host), self._text(call.port)
        if host is None or port is None:
            return None
        findings: list[Finding] = []
        said = "" if call.says_host else f", {call.called}'s default"
        if host in _LOOPBACK:
            fix = f'write {call.host_argument}="0.0.0.0"'
            findings.append(replace(self._loopback(call.location, said, host, None), fix=(fix,)))
        if port.isdigit():
            said = "" if call.says_port else f", {call.called}'s default"
            for finding in self._fixed(call.location, said, port, None):
                fix = f'write {call.port_argument}=int(os.environ["PORT"])'
                findings.append(
                    Finding("port", call.location, finding.message, finding.evidence, (fix,), finding.severity)
                )
        return findings

    def _text(self, value: Value) -> str | None:
        """A host or a port, ``$PORT`` where it is that of the variable; None where it is not known."""
        from pytest_deploycheck.sources.python.values import Constant, Variable

        if isinstance(value, Variable):
            if value.name == "PORT":
                return "$PORT"
            known = self._service.environment.get(value.name)
            if known is not None:
                return known.value.text if known.value else None
            # Nobody says it in the blueprint: another place may.
            return None if value.default is None else self._text(value.default) if self._is_safe(value) else None
        if isinstance(value, Constant) and isinstance(value.value, (str, int)):
            return str(value.value)
        return None

    def _is_safe(self, value: Value) -> bool:
        """Whether a default is what counts: a group of variables outside the blueprint may say something else."""
        blueprint = self._deployment.blueprint
        known = {each.name for each in blueprint.groups} if blueprint else set()
        return all(each.text in known for each in self._service.groups)


def _joined(start: Start, listening: Listening, host: list[Finding], port: list[Finding]) -> Iterator[Finding]:
    """One finding where nobody says a host or a port, and both are wrong."""
    if host and port and not listening.host.is_said and not listening.port.is_said:
        both = f"{listening.host.text}:{listening.port.text}"
        message = host[0].message.replace(f" {listening.host.text},", f" {both},", 1)
        fix = " ".join(dict.fromkeys((_host_fix(start), _port_fix(start).removeprefix("add "))))
        yield replace(host[0], message=message, fix=(fix,))
    else:
        yield from (*host, *port)


def _said(setting: Setting, start: Start) -> str:
    """Who says it, where it is not the word itself."""
    if setting.word is not None:
        return ""
    return f" by {setting.variable}" if setting.variable else f", {start.command.program}'s default"


def _host_fix(start: Start | None) -> str:
    program = start.program if start is not None else None
    if program is not None and (program.bind or program.host):
        return f"add {program.bind[0]} 0.0.0.0:$PORT" if program.bind else f"add {program.host[-1]} 0.0.0.0"
    return "listen on 0.0.0.0:$PORT"


def _port_fix(start: Start | None) -> str:
    program = start.program if start is not None else None
    if program is not None and program.port:
        return f"add {program.port[-1]} $PORT"
    return "listen on 0.0.0.0:$PORT"
