"""Requirements files are read as the installed pip reads them: same lines, links, hashes and options, same verdict.

pip's parser is internal, so it is used here only. Both read the same directory; what pip yields before it stops at the
first bad line has to be how ours begins.
"""

from __future__ import annotations

import codecs
import optparse
import os
import re
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement

from pytest_deploycheck.sources.requirements import RequirementLine, RequirementsFile, read_requirements

pip_parser: Any
try:
    from pip._internal.cli import cmdoptions
    from pip._internal.index.collector import LinkCollector
    from pip._internal.index.package_finder import PackageFinder
    from pip._internal.models.format_control import FormatControl
    from pip._internal.models.release_control import ReleaseControl
    from pip._internal.models.search_scope import SearchScope
    from pip._internal.models.selection_prefs import SelectionPreferences
    from pip._internal.network.session import PipSession
    from pip._internal.req import req_file as pip_parser
    from pip._internal.req.constructors import install_req_from_parsed_requirement
    from pip._internal.req.req_install import check_invalid_constraint_type
    from pip._internal.utils.hashes import STRONG_HASHES
    from pip._internal.utils.misc import parse_netloc
except ImportError as error:
    # Older pips have no --all-releases, newer ones may move their internals.
    pytest.skip(f"this pip's requirements parser is not where that of pip 26 is: {error}", allow_module_level=True)

CONFIGURED = ("https://index.example/simple",)
ENVIRONMENT = {
    "TOKEN": "s3cret",
    "USER_1": "me",
    "OTHER": "${TOKEN}",
    "EMPTY": "",
    "lower": "no",
    "REQ": "requests==2.32.3",
}
SHA256 = "a" * 64
# What requirement lines of the table can point to.
TREE = {
    "pkg/pyproject.toml": "",
    "old/setup.py": "",
    "no project/readme.txt": "",
    "dist/demo-1.0-py3-none-any.whl": "",
    "dist/demo-1.0.tar.gz": "",
    "a@b.zip": "",
    "flask": "",
    "sub/dist/other-2.0.zip": "",
}


@dataclass(frozen=True)
class Read:
    """One requirement, in the form that both sides are compared in."""

    place: str
    name: str | None
    extras: tuple[str, ...]
    specifier: str
    url: str | None
    link: str | None
    marker: str
    editable: bool
    constraint: bool
    hashes: Mapping[str, list[str]]
    config_settings: Mapping[str, str | list[str]]


@dataclass
class Pip:
    """What pip makes of a file."""

    requirements: list[Read]
    options: dict[str, object]
    error: Exception | None


@contextmanager
def files(written: Mapping[str, str | bytes]) -> Iterator[Path]:
    """Work in a directory with these files and those of the tree, with the environment of the tests."""
    before, environ = Path.cwd(), dict(os.environ)
    with tempfile.TemporaryDirectory() as name:
        root = Path(name).resolve()
        for path, content in {**TREE, **written}.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(content if isinstance(content, bytes) else content.encode())
        os.environ.update(ENVIRONMENT)
        os.chdir(root)
        try:
            yield root
        finally:
            os.chdir(before)
            os.environ.clear()
            os.environ.update(environ)


def pips(path: Path) -> Pip:
    session = PipSession()
    formats = FormatControl(set(), set())
    preferences = SelectionPreferences(allow_yanked=False, format_control=formats, release_control=ReleaseControl())
    collector = LinkCollector(session=session, search_scope=SearchScope([], list(CONFIGURED), no_index=False))
    finder: Any = PackageFinder.create(link_collector=collector, selection_prefs=preferences)
    options = optparse.Values({"require_hashes": False, "no_require_hashes": False, "features_enabled": []})
    found: list[Any] = []
    error: Exception | None = None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            for parsed in pip_parser.parse_requirements(str(path), session, finder=finder, options=options):
                config_settings = (parsed.options or {}).get("config_settings")
                found.append(install_req_from_parsed_requirement(parsed, config_settings=config_settings))
            refused = [each for each in found if each.constraint and check_invalid_constraint_type(each)]
            # What the resolver does at once, and what get_requirements() does after the files.
            if refused:
                raise ValueError(check_invalid_constraint_type(refused[0]))
            if options.require_hashes and options.no_require_hashes:
                raise ValueError("--require-hashes and --no-require-hashes")
        except Exception as raised:
            # pip ends in a traceback for some bad lines; it does not install then either.
            error = raised
        valid = [each for each in found if not (each.constraint and check_invalid_constraint_type(each))]
    said = {
        "index_urls": tuple(finder.index_urls),
        "no_index": finder.search_scope.no_index,
        "find_links": tuple(finder.find_links),
        "no_binary": finder.format_control.no_binary,
        "only_binary": finder.format_control.only_binary,
        "all_releases": finder.release_control.all_releases,
        "only_final": finder.release_control.only_final,
        "prefer_binary": finder.prefer_binary,
        "require_hashes": options.require_hashes,
        "no_require_hashes": options.no_require_hashes,
        "trusted": list(session.pip_trusted_origins),
    }
    return Pip([of_pip(each, path.parent) for each in valid], said, error)


def of_pip(requirement: Any, root: Path) -> Read:
    origin = re.fullmatch(r"-[rc] (?:file://)?(.*) \(line (\d+)\)", requirement.comes_from)
    assert origin
    return Read(
        place=f"{Path(os.path.relpath(origin[1], root)).as_posix()}:{origin[2]}",
        **of_requirement(requirement.req),
        extras=tuple(sorted(requirement.extras)),
        link=located(requirement.link.url, root) if requirement.link else None,
        marker=str(requirement.markers or ""),
        editable=requirement.editable,
        constraint=requirement.constraint,
        hashes={name: [digest.lower() for digest in digests] for name, digests in requirement.hash_options.items()},
        config_settings=requirement.config_settings or {},
    )


def located(link: str, root: Path) -> str:
    """A link of pip's, absolute: pip goes on with one that is relative to where it was started."""
    is_relative = re.match(r"file:(?!/)", link)
    return f"{root.as_uri()}/./{link.removeprefix('file:')}" if is_relative else link


def of_ours(line: RequirementLine) -> Read:
    hashes: dict[str, list[str]] = {}
    for algorithm, digest in line.hashes:
        hashes.setdefault(algorithm, []).append(digest)
    config_settings: dict[str, Any] = {}
    for key, value in line.config_settings:
        said = [*(each for name, each in line.config_settings if name == key)]
        config_settings[key] = said if len(said) > 1 else value
    return Read(
        place=str(line.location),
        **of_requirement(line.requirement),
        extras=line.extras,
        link=line.link,
        marker=str(line.marker or ""),
        editable=line.editable,
        constraint=line.constraint,
        hashes=hashes,
        config_settings=config_settings,
    )


def of_requirement(requirement: Requirement | Any | None) -> dict[str, Any]:
    if requirement is None:
        return {"name": None, "specifier": "", "url": None}
    return {"name": requirement.name, "specifier": str(requirement.specifier), "url": requirement.url}


def our_options(read: RequirementsFile) -> dict[str, object]:
    options = read.options
    return {
        "index_urls": options.index_urls(CONFIGURED),
        "no_index": options.no_index,
        "find_links": options.find_links,
        "no_binary": options.format_control.no_binary,
        "only_binary": options.format_control.only_binary,
        "all_releases": options.release_control.all_releases,
        "only_final": options.release_control.only_final,
        "prefer_binary": options.prefer_binary,
        "require_hashes": options.require_hashes,
        "no_require_hashes": options.no_require_hashes,
        "trusted": list(dict.fromkeys(parse_netloc(host) for host in options.trusted_hosts)),
    }


def check_same(path: Path, root: Path) -> None:
    """Compare both readings of a file; used by hand for files elsewhere, too."""
    ours, theirs = read_requirements(path, root, os.environ), pips(path)
    refused = [problem for problem in ours.problems if problem.refused]
    assert bool(refused) == bool(theirs.error), (theirs.error, ours.problems)
    for lines, constraint in ((ours.lines, False), (ours.constraints, True)):
        same_kind = [each for each in theirs.requirements if each.constraint is constraint]
        read = [of_ours(line) for line in lines]
        assert read[: len(same_kind)] == same_kind
        assert theirs.error or len(read) == len(same_kind)
    if not theirs.error:
        assert our_options(ours) == theirs.options


TABLE: dict[str, Mapping[str, str | bytes] | str | bytes] = {
    "empty": "",
    "only comments": "# nothing\n   # here\n",
    "plain": "requests\nflask==3.0.0\n",
    "all operators": "a==1\nb!=1\nc>=1\nd<=1\ne>1\nf<1\ng~=1.0\nh===1.0-x\ni>=1,<2,!=1.5\nj==1.*\n",
    "parentheses": "requests (>=2.0)\n",
    "extras": "uvicorn[standard]>=0.29\npsycopg[c,pool]==3.3.4\na[]\nb[x, y]\n",
    "extras badly": "uvicorn[a b]\n",
    "extras open": "uvicorn[standard\n",
    "marker": 'a==1; python_version < "3.12"\nb ; sys_platform == "win32" and extra == "x"\nc;\n',
    "bad marker": 'a; python_version << "3"\n',
    "unknown marker variable": 'a; python == "3"\n',
    "marker in the middle of a hash line": f'a==1 ; os_name == "nt" --hash=sha256:{SHA256}\n',
    "comment after": "requests # why\nflask#not a comment\n",
    "hash sign in url": "https://host.example/x.tar.gz#egg=x\n",
    "continuation": "requests\\\n==2.0\nflask \\\n  >=1 \\\n  ,<2\n",
    "continuation at the end": "requests\\",
    "continuation into a comment": "requests \\\n# comment\n==2\n",
    "comment that ends in a backslash": "# comment \\\nrequests\n",
    "backslashes at both ends": "\\requests\\\n\\==2.0\n",
    "continuation of nothing": "\\\nrequests\n\\\n\\\n",
    "variables": "https://${USER_1}:${TOKEN}@host.example/x-1.0.tar.gz\n${REQ}\n",
    "variables not set": "a-${NOT_SET}\n",
    "variables empty": "a${EMPTY}\n",
    "variables in lower case": "a-${lower}\n",
    "variables in variables": "https://host.example/${OTHER}/${TOKEN}/a.zip\n",
    "utf-8 with mark": codecs.BOM_UTF8 + b"requests\n",
    "utf-16 little": codecs.BOM_UTF16_LE + "requests==2.0\r\nflask\r\n".encode("utf-16-le"),
    "utf-16 big": codecs.BOM_UTF16_BE + "requests==2.0\r\nflask\r\n".encode("utf-16-be"),
    "utf-32 little": codecs.BOM_UTF32_LE + "requests\n".encode("utf-32-le"),
    "utf-32 big": codecs.BOM_UTF32_BE + "requests\n".encode("utf-32-be"),
    "utf-16 cut short": codecs.BOM_UTF16_LE + b"r\x00e",
    "coding comment": b"# -*- coding: latin-1 -*-\nrequests # \xe9\n",
    "coding comment in the second line": b"# \n# coding=cp1252\nrequests # \x80\n",
    "coding comment in the third line": b"# \n# \n# coding: latin-1\nrequests # \xe9\n",
    "coding unknown": b"# coding: klingon\nrequests\n",
    "coding not of text": b"# coding: hex\nrequests\n",
    "line ends": b"a\r\nb\rc\nd\x0be\x0cf\n",
    "line ends of Unicode": "a\u2028b\x85c\n",
    "tabs": "\trequests\t\n",
    "nested": {
        "requirements.txt": "a\n-r sub/more.txt\nd\n",
        "sub/more.txt": "b\n-r deeper/x.txt",
        "sub/deeper/x.txt": "c",
    },
    "nested, all spellings": {
        "requirements.txt": "-rb.txt\n-r b.txt\n--requirement b.txt\n--requirement=b.txt\n--req b.txt\n-r 'b.txt'\n",
        "b.txt": "b",
    },
    "nested with a blank": {"requirements.txt": '-r "my file.txt"\n', "my file.txt": "a"},
    "nested with a blank, unquoted": {"requirements.txt": "-r my file.txt\n", "my file.txt": "a"},
    "nested upwards": {"requirements.txt": "-r sub/a.txt", "sub/a.txt": "-r ../b.txt", "b.txt": "b"},
    "nested missing": "a\n-r missing.txt\n",
    "nested directory": "-r sub\n",
    "nested empty": "-r ''\n",
    "nested two on a line": {"requirements.txt": "-r a.txt -r b.txt", "a.txt": "a", "b.txt": "b"},
    "nested beside options": {"requirements.txt": "-r a.txt --index-url https://x.example --pre", "a.txt": "a"},
    "nested beside a constraint": {"requirements.txt": "-c a.txt -r b.txt", "a.txt": "a", "b.txt": "b"},
    "nested in a requirement": "a -r missing.txt\n",
    "nested by URL": "-r file://${PWD_URL}/missing.txt\n",
    "cycle of one": "a\n-r requirements.txt\n",
    "cycle of three": {"requirements.txt": "-r a.txt", "a.txt": "a\n-r b.txt", "b.txt": "-r requirements.txt"},
    "cycle of others": {"requirements.txt": "-r a.txt", "a.txt": "-r b.txt", "b.txt": "-r a.txt"},
    "diamond": {"requirements.txt": "-r a.txt\n-r b.txt", "a.txt": "-r c.txt", "b.txt": "-r c.txt", "c.txt": "c"},
    "constraints": {"requirements.txt": "a\n-c c.txt\nb", "c.txt": "a==1\nhttps://host.example/b-1-py3-none-any.whl"},
    "constraints, all spellings": {
        "requirements.txt": "-cc.txt\n--constraint=c.txt\n--constraint c.txt",
        "c.txt": "a==1",
    },
    "requirements in constraints": {"requirements.txt": "-c c.txt", "c.txt": "-r r.txt\na<2", "r.txt": "a"},
    "constraints with extras": {"requirements.txt": "-c c.txt", "c.txt": "ok==1\na[x]==1"},
    "constraints without a name": {"requirements.txt": "-c c.txt", "c.txt": "https://host.example/x"},
    "constraints editable": {"requirements.txt": "-c c.txt", "c.txt": "-e ./pkg"},
    "constraints by @": {"requirements.txt": "-c c.txt", "c.txt": "a @ https://host.example/a.zip"},
    "editable": "-e ./pkg\n-e pkg\n--editable=./pkg\n-e ./pkg[a,B]\n-e .\n-e file:pkg\n",
    "editable repositories": "-e git+https://host.example/a.git@v1#egg=a\n-e hg+ssh://host.example/b#egg=b&subdirectory=c\n",
    "editable repository of old": "-e git://host.example/a.git#egg=a\n-e SVN://host.example/a#egg=a\n",
    "editable by @": "-e 'a @ git+https://host.example/a ; python_version > \"3\"'\n-e 'a[x]@file:///pkg'\n",
    "editable by @, unquoted": "-e a @ git+https://host.example/a\n",
    "editable without a name": "-e git+https://host.example/a.git\n",
    "editable that is missing": "-e ./missing\n",
    "editable requirement": "-e requests\n",
    "editable twice": "-e ./pkg -e ./old\n",
    "editable after a requirement": "requests -e ./pkg\n",
    "editable with marker": '-e ./pkg ; python_version < "3"\n',
    "editable with hash": f"-e ./pkg --hash=sha256:{SHA256}\n",
    "editable that is empty": "-e ''\n",
    "editable in capitals": "-e FILE:///pkg\n",
    "editable by network path": "-e '\\\\\\\\server\\share'\n",
    "paths": "./pkg\n./pkg[a]\nold/\n.//pkg/../pkg\n./dist/demo-1.0-py3-none-any.whl\ndist/demo-1.0.tar.gz\n./flask\n",
    "path of an archive": "./dist/demo-1.0-py3-none-any.whl[x]\ndist/demo-1.0.tar.gz ; os_name == 'nt'\n",
    "path without a project": "./no project\n",
    "path that is missing": "./missing\n",
    "path of an archive that is missing": "./missing-1.0.tar.gz\nmissing.zip\nx.TAR.GZ\ny.tar.whl\n",
    "path of a wheel that is none": "./missing.whl\n",
    "path of this directory": ".\n",
    "path of Windows": ".\\pkg\nC:\\pkg\\x.zip\n",
    "path with an at sign": "a@b.zip\nc@d.zip\n",
    "path with bad extras": "./pkg[a b]\n",
    "absolute path": "/nowhere/x-1.0.tar.gz\n",
    "urls": "https://host.example/a/demo-1.0.zip\nhttp://host.example/?x=1\nftp://host.example/x.zip\n",
    "url of a wheel": "https://host.example/Demo_X-1.0.0-py3-none-any.whl#sha256=00\n",
    "url of a wheel that is none": "https://host.example/demo.whl\n",
    "url with marker": 'https://host.example/a;b.zip; python_version > "3"\n',
    "url by @": "demo[x] @ https://host.example/a.zip ; os_name=='nt'\nb@git+ssh://git@host.example/b --hash=sha256:0",
    "url by @ with semicolon": "demo @ https://host.example/a;b.zip\n",
    "url with a bad egg": "https://host.example/a.zip#egg=a[x]\n",
    "url by @ with a bad egg": "a @ https://host.example/a.zip#egg=a[x]\n",
    "url with a good egg": "git+https://host.example/a#subdirectory=b&egg=a.b_c\n",
    "url of a broken address": "https://[host/a.zip\n",
    "url of files by @": "a @ file:dist/a.zip#subdirectory=x\nb @ file:../b.zip\nc@file:/c.zip\n",
    "url of files": "file:///nowhere/a.zip\nfile:dist/../pkg\nfile://localhost/x.zip\n",
    "url of files in capitals": "FILE:///x.zip\n",
    "url of files elsewhere": "file://server/a.zip\n",
    "url by scp": "git+git@host.example:a/b.git\ngit@host.example:a/b.git\n",
    "hashes": f"a==1 --hash=sha256:{SHA256} --hash=sha512:AB --hash sha256:00\nb==1 \\\n    --hash=sha384:00 # why\n",
    "hash with a weak algorithm": "a==1 --hash=md5:00\n",
    "hash without an algorithm": "a==1 --hash=00\n",
    "hash without a value": "a==1 --hash\n",
    "hash alone": f"--hash=sha256:{SHA256}\n",
    "hash after a tab": f"a==1\t--hash=sha256:{SHA256}\n",
    "config settings": "a==1 --config-settings=x=1 -C y=2 -Cx=3 --config-setting z=\n-e ./pkg --config-settings q=1\n",
    "config settings badly": "a --config-settings=x\n",
    "index": "--index-url https://a.example\n-i https://b.example\n",
    "index, old spelling": "--pypi-url=https://a.example\n",
    "index extra": "--extra-index-url https://a.example\n--extra https://b.example --extra-index-url=https://c.example\n",
    "index after extra": "--extra-index-url https://a.example\n--index-url https://b.example\n--extra-index-url https://c.example\n",
    "index and extra on a line": "--extra-index-url https://a.example -i https://b.example -i https://c.example\n",
    "index none": "-i https://a.example\n--no-index\n-i https://b.example --extra-index-url https://c.example\n",
    "index empty": "--index-url=\n--extra-index-url=\n",
    "index on a requirement": "requests --index-url https://a.example --pre --no-index\n",
    "index quoted": "--index-url 'https://a.example/ b'\n",
    "find links": "-f dist\n--find-links=https://host.example/links.html\n-f missing -f dist\n-f ~/x\n",
    "find links in a nested file": {"requirements.txt": "-r sub/a.txt", "sub/a.txt": "-f dist\n-f ../dist\n-f old"},
    "no binary": "--no-binary A_b,c\n--only-binary=c,d\n--no-binary :none:\n",
    "no binary, all": "--no-binary a\n--only-binary=:all:\n--no-binary=b\n",
    "no binary, all and more": "--no-binary :all:,a\n",
    "no binary, all then none": "--no-binary a,:all:,b,:none:,c --only-binary :all:,:none:,x,:all:,y\n",
    "no binary on a requirement": "a --no-binary a --only-binary b\n-r missing.txt --no-binary c\n",
    "no binary on a nested file": {"requirements.txt": "-r a.txt --no-binary :all:", "a.txt": "--only-binary a\na"},
    "no binary of an option": "--no-binary --pre\n",
    "no binary empty": "--no-binary=\n--only-binary=a,,b\n",
    "pre": "--pre\n",
    "pre and only final": "--only-final a,b\n--pre\n--all-releases b,c\n--only-final=:all:\n",
    "pre on a requirement": "a --pre\nb --all-releases b\n",
    "prefer binary": "--prefer-binary\n",
    "prefer binary, shortened": "--prefer\n",
    "ambiguous": "--no-\n",
    "flag with a value": "--pre=yes\n",
    "require hashes": "--require-hashes\na==1\n",
    "no require hashes": f"--no-require-hashes\na==1 --hash=sha256:{SHA256}\n",
    "require hashes both ways": "--require-hashes\na\n--no-require-hashes\n",
    "trusted hosts": "--trusted-host a.example\n--trusted-host=b:80 --trusted-host a.example\n--trusted-host ::1\n",
    "trusted host empty": "--trusted-host=\n",
    "trusted host with a bad port": "--trusted-host a:b\n",
    "features": "--use-feature=fast-deps --use-feature truststore\n",
    "feature unknown": "--use-feature=teleport\n",
    "unknown option": "--upgrade\n",
    "unknown short option": "-U\n",
    "option of the command line": "requests --no-deps\n",
    "option without its value": "-r\n",
    "option in a name": "foo -bar\n",
    "bullets": "- requests\n- flask==1\n",
    "dashes end options": "-- requests\n-r -- x\n",
    "words after options": "--pre requests\n",
    "quote open": "--index-url 'https://a.example\n",
    "quote open in a requirement": "requests 'x\n",
    "many blanks": "requests   ==  2.0    --hash=sha256:00\n",
    "negative version": "requests==-2.31.0\n",
    "single equals sign": "requests=2.31\n",
    "empty version": "requests==\n",
    "legacy version": "requests==2.0-final-x\nb>=2.*\n",
    "legacy specifier": "requests==1.0.dev-r123\n",
    "caret": "requests^1.2\n",
    "conda": "numpy=1.2=py39\n",
    "arbitrary equality": "requests===any.thing-1\n",
    "prose": "import foo\n",
    "two on a line": "requests flask\n",
    "two with commas": "requests, flask\n",
    "quoted": '"requests"\n',
    "not ASCII": "caf\u00e9==1\nrequests\u200b\n",
    "trailing comma": "requests>=1,\n",
    "upper case": "Django>=4\nZope.Interface\n",
    "epoch and local": "a==1!2.0+local.1\n",
    "name alone with dots": "requirements.txt\n",
    "number as name": "7zip\n1\n",
    "name that ends badly": "requests-\n",
    "file that holds requirements": {"requirements.txt": "./more.txt", "more.txt": "a"},
    "merge conflict": "<<<<<<< HEAD\na==1\n=======\na==2\n>>>>>>> b\n",
}


@pytest.mark.parametrize("written", [pytest.param(value, id=name) for name, value in TABLE.items()])
def test_a_file_is_read_as_pip_reads_it(written: Mapping[str, str | bytes] | str | bytes) -> None:
    with files({"requirements.txt": written} if isinstance(written, (str, bytes)) else written) as root:
        check_same(root / "requirements.txt", root)


@pytest.mark.parametrize(
    "line",
    [
        *("-r {}/a.txt", "-c {}/a.txt", "-r{}/missing.txt", "-r {}/sub/../a.txt#x"),
        *("-r file:a.txt", "-r FILE:///a.txt", "-r file://server/a.txt"),
    ],
)
def test_a_file_named_by_its_url_is_read_as_pip_reads_it(line: str) -> None:
    with files({"a.txt": codecs.BOM_UTF8 + b"# \xff\nb\n-r sub/b.txt", "sub/b.txt": "c\n"}) as root:
        (root / "requirements.txt").write_text(line.format(root.as_uri()))
        check_same(root / "requirements.txt", root)


def test_bytes_that_are_not_utf_8_are_refused_as_by_pip_on_the_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    # Elsewhere pip falls back to the locale's encoding; on Linux servers that is UTF-8 again.
    monkeypatch.setattr(pip_parser, "get_locale_encoding", lambda: "utf-8")
    with files({"requirements.txt": b"requests # \xe9\n"}) as root:
        check_same(root / "requirements.txt", root)


def test_the_options_are_those_of_the_installed_pip() -> None:
    from pytest_deploycheck.sources.requirements_options import FEATURES, FLAGS, HASHES, VALUED

    ours = {*(spelling for spellings in VALUED.values() for spelling in spellings), *FLAGS.values(), "--use-feature"}
    theirs = [factory() for factory in (*pip_parser.SUPPORTED_OPTIONS, *pip_parser.SUPPORTED_OPTIONS_REQ)]
    assert ours == {spelling for option in theirs for spelling in (*option._short_opts, *option._long_opts)}
    assert set(FEATURES) == set(cmdoptions.use_new_feature().choices or ())
    assert set(HASHES) == set(STRONG_HASHES)


NAMES = st.sampled_from(
    ["requests", "Flask", "zope.interface", "a_b", "x-", "-x", "é", "", "1", "uvicorn[standard]", "a[x,y]"]
)
SPECIFIERS = st.sampled_from(
    ["", "==1.0", ">=1,<2", "~=1.2", "==1.*", ">=1.*", "=1", "==", " == 2 ", "(>=1)", "===x", "!=1,", "^1"]
)
MARKERS = st.sampled_from(
    ["", "", "", '; python_version < "3"', ' ; extra == "x"', ";", "; nonsense", "; os_name == 'nt'"]
)
LINKS = st.sampled_from(
    [
        *(
            "./pkg",
            "./pkg[x]",
            "pkg",
            "./missing",
            "./dist/demo-1.0-py3-none-any.whl",
            "missing.tar.gz",
            "../x.zip",
            ".",
        ),
        *(
            "https://h.example/a-1.zip",
            "https://u:p@h.example/a-1-py3-none-any.whl#sha256=0",
            "git+ssh://git@h.example/a",
        ),
        *(
            "git+https://h.example/a@v1#egg=a",
            "file:pkg",
            "a @ https://h.example/a",
            "a@file:///x",
            "https://h.example/a#egg=b c",
        ),
    ]
)
HASHED = st.sampled_from(
    ["", "", "", f" --hash=sha256:{SHA256}", " --hash sha512:0", " --hash=md5:0", " --hash", " -C a=1", " --pre"]
)
OPTIONS = st.sampled_from(
    [
        *(
            "--pre",
            "--no-index",
            "--prefer-binary",
            "--require-hashes",
            "--no-require-hashes",
            "--use-feature=fast-deps",
        ),
        *(
            "-i https://a.example",
            "--index-url=https://b.example",
            "--extra-index-url https://c.example",
            "--extra https://d",
        ),
        *("-f dist", "--find-links missing", "--trusted-host a.example:1", "--trusted-host=b", "--hash=sha256:0"),
        *(
            "--no-binary a,b",
            "--no-binary=:all:",
            "--only-binary :none:",
            "--only-binary=b,:all:,:none:,c",
            "--only-binary :all:",
        ),
        *(
            "--all-releases a",
            "--only-final :all:",
            "--only-final=a,b",
            "-r more.txt",
            "-rmore.txt",
            "-c more.txt",
            "-r missing",
        ),
        *("-e ./pkg", "-e git+https://h.example/a#egg=a", "-e missing", "--upgrade", "-x", "- a", "--", "'", "word"),
    ]
)
REQUIREMENT = st.builds("{}{}{}{}".format, NAMES, SPECIFIERS, MARKERS, HASHED)
LINK = st.builds("{}{}{}".format, LINKS, MARKERS, HASHED)
OPTION_LINE = st.lists(OPTIONS, min_size=1, max_size=3).map(" ".join)
NOISE = st.sampled_from(
    ["", "  ", "# comment", "  # comment \\", "\\", "${TOKEN}", "${REQ}", "a-${lower}", "\ta", "import foo"]
)
END = st.sampled_from(["", "", "", "", " # why", "#x", " \\", "\\", " "])
LINE = st.builds("{}{}{}".format, st.sampled_from(["", "", " ", "\t"]), REQUIREMENT | LINK | OPTION_LINE | NOISE, END)
# Most lines alone have to be right, or few files would be.
GOOD = st.sampled_from(
    ["requests==2.0", "Flask>=1 # x", "a[b]", "./pkg", "--pre", "-i https://a.example", "-r more.txt", "-c more.txt"]
)
CONTENT = st.builds(
    lambda lines, newline, encoding: newline.join(lines).encode(encoding),
    st.lists(GOOD | GOOD | GOOD | LINE, max_size=7),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from(["utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-32"]),
)


@settings(
    max_examples=300, derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)
@given(CONTENT, CONTENT)
def test_any_file_is_read_as_pip_reads_it(content: bytes, more: bytes) -> None:
    with files({"requirements.txt": content, "more.txt": more}) as root:
        check_same(root / "requirements.txt", root)
