"""How it is said that a service listens in the wrong place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_deploycheck.findings import Finding, Severity
from pytest_deploycheck.location import Location
from pytest_deploycheck.render.blueprint import Service
from pytest_deploycheck.render.platform import platform_facts

if TYPE_CHECKING:
    from pytest_deploycheck.sources.python.servers import ServerCall
    from pytest_deploycheck.sources.shell.command import Command, Word
    from pytest_deploycheck.sources.start.listening import Listening, Setting
    from pytest_deploycheck.sources.start.start import Start

_CHECK = "port"
_BINDING = "https://render.com/docs/web-services#port-binding"


@dataclass(frozen=True)
class Listener:
    """Something that listens.

    :param host: as a text
    :param port: a number, or ``$PORT``
    :param host_location: where the host is said, or should be
    :param port_location: as for the host
    :param host_by: who says it, where that is not what stands there
    :param port_by: as for the host
    :param is_port_said: whether a command, a variable or code says the port, and not the program's default
    :param host_fix: what says the right host
    :param port_fix: as for the host
    :param both_fix: what says both
    """

    host: str
    port: str
    host_location: Location
    port_location: Location
    host_by: str
    port_by: str
    is_port_said: bool
    host_fix: str
    port_fix: str
    both_fix: str

    @classmethod
    def of_program(cls, start: Start, listening: Listening, host: str, port: str) -> Listener:
        """A program, by its options."""
        name = start.program.name if start.program is not None else "runserver"
        host_fix, port_fix, both = _options(start, listening)
        by = (_by(listening.host, name), _by(listening.port, name))
        places = (_place(listening.host, start), _place(listening.port, start))
        return cls(host, port, *places, *by, listening.port.is_said, host_fix, port_fix, both)

    @classmethod
    def of_call(cls, call: ServerCall, host: str, port: str) -> Listener:
        """Code, by its arguments."""
        default = f", {call.called}'s default"
        host_fix = f'write {call.host_argument}="0.0.0.0"'
        port_fix = f'write {call.port_argument}=int(os.environ["PORT"])'
        both = f"{host_fix}, {port_fix.removeprefix('write ')}"
        if call.is_address:
            host_fix = port_fix = both = 'write ("0.0.0.0", int(os.environ["PORT"]))'
        by = ("" if call.says_host else default, "" if call.says_port else default)
        return cls(host, port, call.location, call.location, *by, call.says_port, host_fix, port_fix, both)


def _place(setting: Setting, start: Start) -> Location:
    return setting.word.location if setting.word is not None else start.command.location


def _by(setting: Setting, name: str) -> str:
    if setting.word is not None:
        return ""
    return f" by {setting.variable}" if setting.variable else f", {name}'s default"


def _options(start: Start, listening: Listening) -> tuple[str, str, str]:
    """What to write for the host, for the port, and for both."""
    program = start.program
    if program is None:
        return ("write runserver 0.0.0.0:$PORT",) * 3
    verb = "write" if listening.host.word is not None else "add"
    if program.bind and (verb == "write" or not program.host):
        return (f"{verb} {program.bind[0]} 0.0.0.0:$PORT",) * 3
    if not program.port:
        return ("listen on 0.0.0.0:$PORT",) * 3
    host = f"{verb} {program.host[-1]} 0.0.0.0"
    port = f"{'write' if listening.port.word is not None else 'add'} {program.port[-1]} $PORT"
    return host, port, f"{host} {port.partition(' ')[2]}"


def loopback(service: Service, listener: Listener, *, is_port_wrong: bool) -> Finding:
    """Nothing outside of the machine reaches it."""
    # A port that is written somewhere else is said there.
    is_one = is_port_wrong and (listener.port_by == listener.host_by)
    shown = f"{listener.host}:{listener.port}" if is_one else listener.host
    message = f"{service.name} listens on {shown}{listener.host_by}, where nothing outside can reach it"
    fix = listener.both_fix if is_port_wrong else listener.host_fix
    return Finding(_CHECK, listener.host_location, message, (f"Render connects to 0.0.0.0: {_BINDING}",), (fix,))


def reserved(service: Service, listener: Listener) -> Finding:
    """Render uses the port itself."""
    shown = ", ".join(map(str, platform_facts().reserved_ports))
    message = f"{service.name} listens on port {listener.port}{listener.port_by}, which Render has reserved"
    evidence = (f"reserved are {shown}: {_BINDING}",)
    return Finding(_CHECK, listener.port_location, message, evidence, (listener.port_fix,))


def other_port(service: Service, listener: Listener, expected: str) -> Finding:
    """A port that is written down."""
    return Finding(
        _CHECK,
        listener.port_location,
        f"{service.name} listens on port {listener.port}{listener.port_by}, and Render expects {expected}",
        evidence=(f"a service has to listen on PORT; Render may detect another port, and may not: {_BINDING}",),
        fix=(listener.port_fix,),
        # A default is what Render's own example of Flower leaves to the detection.
        severity=Severity.ERROR if listener.is_port_said else Severity.ADVICE,
    )


def no_number(service: Service, word: Word) -> Finding:
    """What stands for the port is none."""
    quoted = "; in single quotes the shell leaves it as it is" if "$" in word.text else ""
    message = f"{service.name}: {word} is no port{quoted}"
    return Finding(_CHECK, word.location, message, fix=("write $PORT, without single quotes",))


def nothing_listens(service: Service, command: Command) -> Finding:
    """All that is started is known to listen on no port."""
    kind = service.type.text if service.type is not None else "web"
    message = f"{service.name} is of type {kind}, and `{command.program}` listens on no port, so its deploys fail"
    return Finding(_CHECK, command.location, message, fix=("make it type: worker",))
