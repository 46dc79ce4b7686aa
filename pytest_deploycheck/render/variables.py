"""What is wrong with the values of environment variables. No message shows a value that may be a secret."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import SplitResult, urlsplit

from pytest_deploycheck.render.blueprint import Database, EnvironmentVariable, Service
from pytest_deploycheck.render.document import Scalar, Table
from pytest_deploycheck.render.fault import Fault
from pytest_deploycheck.render.secret import is_named_secret, is_placeholder, secret_in, secrets_table

_IN_DASHBOARD = "write sync: false in place of value, and give the value in the dashboard"
_IN_SERVICES = "leave it out here, and list it with sync: false in the services that need it"
_REVOKE = "then revoke it: it stays in the history of the repository"
_PUBLIC_ADDRESS = re.compile(r"https?://([a-z0-9-]+)\.onrender\.com(?:[/:].*)?")
_PRIVATE_ADDRESS = re.compile(r"(?:https?://|redis://)?([a-z][a-z0-9-]*):[0-9]+(?:/.*)?")
# https://render.com/docs/postgresql-creating-connecting, https://render.com/docs/key-value: the private host names.
_DATABASE_HOST = re.compile(r"dpg-[a-z0-9]+(?:-[a-z])?(?:\..*)?")
_KEY_VALUE_HOST = re.compile(r"red-[a-z0-9]+(?:\..*)?")


@dataclass(frozen=True)
class Neighbours:
    """What else the blueprint has that a value could come from.

    :param has_own_servers: whether a server that is not in the blueprint may run beside the service's own process
    :param in_group: whether the variables are those of a group
    """

    services: Mapping[str, Service]
    databases: tuple[Database, ...]
    has_own_servers: bool = True
    in_group: bool = False

    @property
    def unsaid(self) -> str:
        """What to do with a value that should not stand there: a group takes nothing but values."""
        return _IN_SERVICES if self.in_group else _IN_DASHBOARD


def value_faults(fields: Table, owner: str, around: Neighbours) -> Iterator[Fault]:
    """At most one fault for each value, those of previews too.

    :param fields: of a service or a group; what it takes from groups is theirs
    :param owner: which that is, as messages have it
    """
    for entry in fields.mappings("envVars"):
        key = entry.scalar("key")
        if key is not None:
            for value in (entry.scalar("value"), entry.scalar("previewValue")):
                if value is not None and isinstance(value.value, str) and value.text.strip():
                    yield from _of_value(key.text, value, f"{key.text} of {owner}", around)


def _of_value(key: str, value: Scalar, name: str, around: Neighbours) -> Iterator[Fault]:
    url = _url(value.text)
    if kind := secret_in(key, value.text):
        evidence = (kind.because,) if kind.because else ("whoever can read the repository can use it",)
        message = f"{name} is {kind.called}, and stands in the blueprint"
        yield Fault(value.location, message, (f"{around.unsaid}; {_REVOKE}",), evidence, kind.is_certain)
    elif url is not None and (fault := _of_url(key, value, url, name, around)):
        yield fault
    elif is_placeholder(value.text):
        message = f"the value of {name} looks like a placeholder"
        yield Fault(value.location, message, (around.unsaid,), is_certain=False)
    elif url is None and is_named_secret(key, value.text):
        message = f"{name} is named like a secret, and its value stands in the blueprint"
        fix = (around.unsaid, "write generateValue: true, where any long random text will do")
        yield Fault(value.location, message, fix, is_certain=False)
    elif value.text in secrets_table()["servers"]["local_hosts"] and _server_names().fullmatch(key.upper()):
        yield _local(value, name, "server", around)
    elif fault := _hard_coded(value, url, name, around):
        yield fault


@lru_cache(maxsize=1)
def _server_names() -> re.Pattern[str]:
    return re.compile(secrets_table()["servers"]["host_names"])


def _url(text: str) -> SplitResult | None:
    try:
        url = urlsplit(text.strip()) if "://" in text else None
        return url if url is not None and url.scheme and url.hostname else None
    except ValueError:
        return None


def _of_url(key: str, value: Scalar, url: SplitResult, name: str, around: Neighbours) -> Fault | None:
    servers = secrets_table()["servers"]
    called = servers["schemes"].get(url.scheme.partition("+")[0].lower()) or servers["schemes"].get(url.scheme.lower())
    is_local = url.hostname in servers["local_hosts"]
    if called and is_local:
        return _local(value, name, called, around)
    if is_local and url.scheme in ("http", "https") and key.upper().endswith(("_URL", "_URI", "_ENDPOINT")):
        message = f"{name} is an address on localhost, which on Render is the service itself"
        return Fault(value.location, message, ("take it from the other service, with fromService",), is_certain=False)
    if is_placeholder(url.hostname or "") or is_placeholder(value.text):
        return None
    if called and url.password and not is_placeholder(url.password):
        message = f"{name} is a connection string with a password, and stands in the blueprint"
        return Fault(value.location, message, _sources(called, around), is_certain=False)
    return None


def _local(value: Scalar, name: str, called: str, around: Neighbours) -> Fault:
    message = f"{name} is a {called} on localhost, where on Render there is none"
    if around.has_own_servers:
        message = f"{name} is a {called} on localhost: on Render that is the service's own container"
    certain = not around.has_own_servers and called != "server"
    return Fault(value.location, message, _sources(called, around), is_certain=certain)


def _sources(called: str, around: Neighbours) -> tuple[str, ...]:
    """Where to take a connection string from."""
    if around.in_group:
        return (around.unsaid,)
    if called == "Redis":
        stores = [each for each in around.services.values() if each.type and each.type.text in ("keyvalue", "redis")]
        return tuple(_from_service(each, "property: connectionString") for each in stores[:1]) or (around.unsaid,)
    if called in ("database", "server") and around.databases:
        property_ = "connectionString" if called == "database" else "host"
        name = around.databases[0].name
        return (f"write fromDatabase: {{name: {name}, property: {property_}}} in place of value", around.unsaid)
    return (around.unsaid,)


def _from_service(service: Service, what: str) -> str:
    type_ = service.type.text if service.type is not None else "web"
    return f"write fromService: {{name: {service.name}, type: {type_}, {what}}} in place of value"


def _hard_coded(value: Scalar, url: SplitResult | None, name: str, around: Neighbours) -> Fault | None:
    """An address that the blueprint could give."""
    text, host = value.text.strip(), (url.hostname or "") if url else ""
    if (public := _PUBLIC_ADDRESS.fullmatch(text)) and (service := around.services.get(public[1])):
        if service.runtime is not None and service.runtime.text == "static":
            return None  # A static site has no variables at run time that another could take.
        message = f"{name} spells out the public address of {service.name}"
        evidence = ("where the name is taken already, Render adds letters to it",)
        fix = (_from_service(service, "envVarKey: RENDER_EXTERNAL_URL"),)
        return Fault(value.location, message, fix, evidence, is_certain=False)
    if (private := _PRIVATE_ADDRESS.fullmatch(text)) and (service := around.services.get(private[1])):
        message = f"{name} spells out the private address of {service.name}"
        evidence = ("on the private network its name may have letters added to it",)
        return Fault(
            value.location, message, (_from_service(service, "property: hostport"),), evidence, is_certain=False
        )
    if _DATABASE_HOST.fullmatch(host or text) or _KEY_VALUE_HOST.fullmatch(host or text):
        called = "database" if (host or text).startswith("dpg") else "Redis"
        message = f"{name} spells out the address of a {'database' if called == 'database' else 'Key Value instance'}"
        return Fault(value.location, message, _sources(called, around), is_certain=False)
    return None


def shadowed(service: Service, groups: Iterable[tuple[str, Mapping[str, EnvironmentVariable]]]) -> Iterator[Fault]:
    """Variables that a service has from two places, and which of them counts.

    :param groups: those that it uses, with their variables, in its order
    """
    given: dict[str, str] = {}
    own = {key: each for key, each in service.environment.items() if not each.group}
    for group, variables in groups:
        for key, variable in variables.items():
            if key in own:
                message = f"{key} of {service.name} is in the group {group} too: the service's own value counts"
                yield Fault(own[key].location, message, ("leave out the one that is not meant",), is_certain=False)
            elif given.get(key, group) != group:
                message = f"{service.name} has {key} from the groups {given[key]} and {group}"
                evidence = ("which of them counts is not said by Render's reference",)
                fix = (f"give {key} to one of the groups, or to the service itself",)
                location = next((each.location for each in service.groups if each.text == group), variable.location)
                yield Fault(location, message, fix, evidence, is_certain=False)
            given.setdefault(key, group)
