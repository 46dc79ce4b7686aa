"""pip's configuration as pip itself reads it: generated files and environments, given to both."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pip._internal.commands import create_command

from pytest_deploycheck.resolution.pip_configuration import InvalidConfiguration, PipConfiguration, pip_configuration

pytestmark = pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="the files have their places on Linux here")

EXAMPLES = int(os.environ.get("DIFFERENTIAL_EXAMPLES", "200"))

# The places of pip's files, below a folder that stands for the whole machine; `~` is a user's home.
FILES = {
    "site-wide, first": "xdg/one/pip/pip.conf",
    "site-wide, second": "xdg/two/pip/pip.conf",
    "user's, legacy": "home/.pip/pip.conf",
    "user's": "home/.config/pip/pip.conf",
    "virtual environment's": "prefix/pip.conf",
    "chosen": "chosen.conf",
}

KEYS = ["index-url", "index_url", "INDEX-URL", "pypi-url", "--index-url", "extra-index-url", "extra_index_url",
        "find-links", "no-index", "trusted-host", "cert", "client-cert", "client_cert", "proxy", "no-input",
        "keyring-provider", "no-proxy-env", "timeout", "unknown"]  # fmt: skip
VALUES = ["", "https://one.example.org/simple", "https://user:secret@two.example.org/simple", "~/there", "/there",
          "yes", "no", "TRUE", "0", "maybe", "auto", "import", "a b", "a\n  b", "%(here)s", "x ; y", "# z"]  # fmt: skip
# What makes pip stop is rare here, or it would be all there is.
LIKELY = {
    "no-index": ["yes", "no", "TRUE", "0", "on", "f"],
    "no-input": ["1", "false", "t"],
    "no-proxy-env": ["1", "n"],
    "keyring-provider": ["auto", "import", "subprocess", "disabled"],
    "timeout": ["5", "60"],
}


def option() -> st.SearchStrategy[tuple[str, str]]:
    def values(key: str) -> st.SearchStrategy[tuple[str, str]]:
        likely = LIKELY.get(key, VALUES[:5] + VALUES[12:])
        # What makes pip stop at options that do not concern us is not looked for.
        return st.tuples(st.just(key), st.sampled_from(likely if key == "timeout" else likely * 4 + VALUES))

    return st.sampled_from(KEYS).flatmap(values)


SECTIONS = st.dictionaries(
    st.sampled_from(["global", "install", "download", "DEFAULT"]), st.lists(option(), max_size=4), max_size=3
)
VARIABLES = ["PIP_INDEX_URL", "PIP_PYPI_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX", "PIP_CERT",
             "PIP_TRUSTED_HOST", "PIP_PROXY", "PIP_VERSION", "PIP_index_url", "PIP_NO_INPUT"]  # fmt: skip
ENVIRONMENT = st.dictionaries(
    st.sampled_from(VARIABLES),
    st.sampled_from(["", "1", "https://env.example.org/simple", "/one /two", "1"]),
    max_size=3,
)


@contextmanager
def machine(files: Mapping[str, str], environment: Mapping[str, str]) -> Iterator[None]:
    """A machine with these configuration files, by the names in :data:`FILES`."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        for place, content in files.items():
            path = Path(folder, FILES[place])
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        Path(folder, "home").mkdir(exist_ok=True)
        Path(folder, "home", "there").touch()
        for name in [each for each in os.environ if each.startswith("PIP_")]:
            patch.delenv(name)
        for name, value in environment.items():
            patch.setenv(name, value)
        patch.setenv("HOME", f"{folder}/home")
        patch.setenv("XDG_CONFIG_HOME", f"{folder}/home/.config")
        patch.setenv("XDG_CONFIG_DIRS", f"{folder}/xdg/one:{folder}/xdg/two")
        if "chosen" in files:
            patch.setenv("PIP_CONFIG_FILE", f"{folder}/chosen.conf")
        patch.setattr(sys, "prefix", f"{folder}/prefix")
        yield


def pips() -> PipConfiguration | None:
    """What pip's own command line parser starts with, None where it stops."""
    try:
        with redirect_stderr(StringIO()):
            said = create_command("install").parser.get_default_values()
    except SystemExit:
        return None
    return PipConfiguration(
        index_url=said.index_url,
        extra_index_urls=tuple(said.extra_index_urls),
        find_links=tuple(map(pips_link, said.find_links)),
        no_index=bool(said.no_index),
        trusted_hosts=tuple(said.trusted_hosts),
        cert=said.cert,
        client_cert=said.client_cert,
        proxy=said.proxy,
        no_proxy_env=bool(said.no_proxy_env),
        no_input=bool(said.no_input),
        keyring_provider=said.keyring_provider,
    )


def pips_link(link: str) -> str:
    from pip._internal.models.search_scope import SearchScope

    return SearchScope.create([link], [], no_index=False).find_links[0]


def ours() -> PipConfiguration | None:
    try:
        return pip_configuration(os.environ)
    except InvalidConfiguration:
        return None


def dumped(sections: Mapping[str, list[tuple[str, str]]]) -> str:
    return "".join(
        f"[{section}]\n" + "".join(f"{key} = {value}\n" for key, value in options)
        for section, options in sections.items()
    )


@given(st.dictionaries(st.sampled_from(list(FILES)), SECTIONS, max_size=4), ENVIRONMENT)
@example({"user's": {"global": [("index-url", "x")]}, "virtual environment's": {"global": [("index-url", "")]}}, {})
@example({"user's": {"install": [("index-url", "")], "global": [("index-url", "https://one.example.org/")]}}, {})
@example({"user's": {"global": [("index-url", "x")]}, "chosen": {"global": [("no-index", "1")]}}, {})
@example({"chosen": {"DEFAULT": [("no-index", "1")], "install": []}}, {})
@example({"chosen": {"global": [("no-index", "maybe")]}}, {})
@settings(max_examples=EXAMPLES, deadline=None)
def test_the_same_configuration_is_read(
    files: dict[str, dict[str, list[tuple[str, str]]]], environment: dict[str, str]
) -> None:
    with machine({place: dumped(sections) for place, sections in files.items()}, environment):
        expected = pips()
        assert vars_of(ours()) == vars_of(expected)


def vars_of(configuration: PipConfiguration | None) -> dict[str, object] | None:
    return None if configuration is None else dict(vars(configuration))


UNPARSABLE = [
    "index-url = SECRET\n",
    "[global\nindex-url = SECRET\n",
    "[global]\nSECRET\n",
    "[global]\na=1\na=SECRET\n",
    "[global]\n[global]\n",
]


@pytest.mark.parametrize("content", UNPARSABLE)
def test_what_cannot_be_parsed_is_named_with_its_line_and_without_what_stands_there(content: str) -> None:
    with machine({"chosen": content.replace("SECRET", "the-secret")}, {}):
        assert pips() is None
        with pytest.raises(InvalidConfiguration) as caught:
            pip_configuration(os.environ)
    assert "chosen.conf:" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_the_null_device_means_no_file_at_all() -> None:
    with machine({"user's": "[global]\nindex-url = x\n"}, {"PIP_CONFIG_FILE": os.devnull}):
        assert vars_of(ours()) == vars_of(pips()) == vars_of(PipConfiguration(index_url="https://pypi.org/simple"))


def test_a_chosen_file_that_is_not_there_leaves_the_users_own() -> None:
    with machine({"user's": "[global]\nindex-url = x\n"}, {"PIP_CONFIG_FILE": "/nowhere/pip.conf"}):
        assert vars_of(ours()) == vars_of(pips())
        assert pip_configuration(os.environ).index_url == "x"


def test_credentials_do_not_show() -> None:
    names = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_PROXY")
    environment = dict.fromkeys(names, "https://user:secret@example.org/")
    with machine({}, environment):
        assert "secret" not in repr(ours())
