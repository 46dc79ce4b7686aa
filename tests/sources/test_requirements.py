"""Requirements files become typed values with positions; a bad line becomes a problem that says what to write."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from pytest_deploycheck.location import Location
from pytest_deploycheck.sources.requirements import (
    FormatControl,
    Problem,
    ReleaseControl,
    RequirementsFile,
    read_requirements,
)

Reader = Callable[..., RequirementsFile]
NO_FILE = "there is no such file, installing it will fail (relative paths start where pip is started)"
A_PATH = "this looks like a path, and there is no such file or directory (relative to where pip is started)"
AN_EDITABLE = (
    "-e takes the directory of a project, relative to where pip is started, or the URL of a repository such as "
    "git+https://host/owner/project.git#egg=project; "
)
BESIDE = "the path is relative to the file that this line stands in"
SHA256 = "0" * 64


@pytest.fixture
def read(tmp_path: Path) -> Reader:
    """Reads files, given by name or as the content of one."""

    def reader(files: str | bytes | Mapping[str, str | bytes], **environ: str) -> RequirementsFile:
        files = files if isinstance(files, Mapping) else {"requirements.txt": files}
        for name, content in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_requirements(tmp_path / "requirements.txt", tmp_path, environ)

    return reader


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("requests=2.31", "= is no operator, use ==: requests==2.31"),
        ("requests => 2", "=> is no operator, use >=: requests>=2"),
        ("requests=<2", "=< is no operator, use <=: requests<=2"),
        ("requests~1.2", "~ is no operator, use ~=: requests~=1.2"),
        ("requests==", "the version is missing after ==: write one, or only requests"),
        ("requests 2.31", "an operator is missing between name and version: write requests==2.31"),
        ("requests>=2 <3", "a comma is missing between the versions: write requests>=2,<3"),
        (
            "requests==-2.31.0",
            "-2.31.0 is no version (PEP 440), it begins with a digit: write requests==2.31.0",
        ),
        ("requests==latest", "latest is no version (PEP 440): write one such as 1.0, 1.0rc1 or 1.0.post1"),
        ("a==1.0-final-x", "1.0-final-x is no version (PEP 440): write one such as 1.0, 1.0rc1 or 1.0.post1"),
        ("requests>=2.*", ".* goes with == and != only: write requests>=2"),
        ("numpy=1.2=py39", "this is conda's name=version=build: write numpy==1.2"),
        ("requests^1.2.3", "^ is Poetry's, pip does not know it: write requests>=1.2.3,<2"),
        ("requests ^0.2.3", "^ is Poetry's, pip does not know it: write requests>=0.2.3,<0.3"),
        ("requests==^0.0", "^ is Poetry's, pip does not know it: write requests>=0.0,<0.1"),
        ('requests = "^1.2"', "this is TOML: write a requirement such as requests==1.2"),
        (
            "my project==1.0",
            "a name holds no blanks: write my-project==1.0 if it is one project, else one requirement a line",
        ),
        ("a few words here", "a name holds no blanks: one requirement a line, and comments after #"),
        ("a==1 b==2", "two things stand on one line: a==1 here, b==2 on the next line"),
        ("a, b==2", "one requirement a line: a here, b==2 on the next line"),
        ('"a==1"', "quotes do not belong here: write a==1"),
        ("pip install a==1", "only what is installed stands here: write a==1"),
        (
            "import foo",
            "this is Python code, not a requirement: write the project's name, such as requests==2.32.3",
        ),
        ("=======", "a merge conflict stands here: resolve it and delete the line"),
        (
            "a==\u201c1\u201d",
            "a requirement is plain ASCII, here stands U+201C LEFT DOUBLE QUOTATION MARK: type it anew",
        ),
        ("uvicorn[standard", "the bracket of the extras is not closed: name[extra]"),
        ("uvicorn[a b]", "[a b] is no list of extras: write [extra] or [extra,other]"),
        ("./missing", A_PATH),
        ("here/flask.txt", f"{A_PATH}; the file exists: if it holds requirements, write -r here/flask.txt"),
        ("./here", "the directory './here' is no project: it has neither pyproject.toml nor setup.py"),
        ("--upgrade", "pip takes no --upgrade in a requirements file: delete it, or give it on pip's command line"),
        ("a --no-deps", "pip takes no --no-deps in a requirements file: delete it, or give it on pip's command line"),
        ("-r", "-r option requires 1 argument"),
        ("--pre=yes", "--pre option does not take a value"),
        ("-i 'x", "the options cannot be split into words (No closing quotation): close the quote"),
        ("a --hash=00", "--hash takes ALGORITHM:DIGEST, with sha256, sha384, sha512 as ALGORITHM"),
        ("a --hash=md5:00", "--hash takes ALGORITHM:DIGEST, with sha256, sha384, sha512 as ALGORITHM"),
        ("a -C x", "-C takes KEY=VALUE"),
        ("--no-binary --pre", "--no-binary takes project names, :all: or :none:, not --pre"),
        ("--trusted-host=", "--trusted-host takes HOST or HOST:PORT, not ''"),
        ("-r missing.txt", f"the file missing.txt cannot be read (no such file or directory): {BESIDE}"),
        (
            "-r 'a\\b.txt'",
            f"the file a\\b.txt cannot be read (no such file or directory): {BESIDE}; "
            "directories are separated by / on the platform",
        ),
        (
            "-c requirements.txt",
            "requirements.txt is the file that leads here: a file cannot include itself, delete this line",
        ),
        ("-e requests", f"{AN_EDITABLE}'requests' is neither"),
        (
            "-e git+https://host.example/a.git",
            'the project\'s name is missing: write -e "name @ URL", or append #egg=name to the URL',
        ),
        (
            "https://host.example/x.zip#egg=a[b]",
            "#egg= takes a project's name and nothing else, not 'a[b]': write name[extra] @ URL",
        ),
        (
            "file://server/x.zip",
            "file: is for files of this machine, not of 'server', in lower case: write file:///path",
        ),
    ],
)
def test_a_line_that_pip_refuses_is_a_problem_that_says_what_to_write(read: Reader, line: str, expected: str) -> None:
    result = read({"here/flask.txt": "flask", "requirements.txt": f"{line}\n"})
    assert result.problems == (Problem(Location("requirements.txt", 1, 1), line, expected),)
    assert result.lines == ()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("- requests", ["pip ignores '- requests' on a line of options: give it a line of its own"]),
        ("--pre requests", ["pip ignores 'requests' on a line of options: give it a line of its own"]),
        (
            f"--hash=sha256:{SHA256}",
            [
                f"pip ignores --hash sha256:{SHA256} on a line of options: "
                "a hash belongs to a requirement on the same logical line"
            ],
        ),
        ("a --hash=sha256:zz", ["no file has the hash sha256:zz: sha256 has 64 hexadecimal digits"]),
        ("a --pre", ["pip ignores '--pre' on a line with a requirement: give it a line of its own"]),
        ("a --no-binary a", []),
        ("-r b.txt -r c.txt", ["pip ignores '-r c.txt' on a line with -r: give it a line of its own"]),
        ("-f a -f b", ["pip ignores '-f b' on a line of options: give it a line of its own"]),
        ("./x-1.zip", [NO_FILE]),
        (
            "git@host.example:a/b.git",
            [
                "pip takes this for the project 'git' at the address 'host.example:a/b.git', which it cannot fetch: "
                "write name @ https://..., or name @ git+ssh://git@host/owner/project.git for a repository"
            ],
        ),
    ],
)
def test_what_pip_ignores_without_a_word_is_a_warning(read: Reader, line: str, expected: list[str]) -> None:
    result = read({"b.txt": "", "requirements.txt": line})
    assert result.problems == ()
    assert [warning.expected for warning in result.warnings] == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("foo!!", "expected a requirement such as name==1.0 (PEP 508): "),
        ("a; python == '3'", "'python == '3'' is no marker ("),
        ("https://host.example/x.whl", "not the file name of a wheel, NAME-VERSION-PYTHON-ABI-PLATFORM.whl: "),
        ("https://[host/x", "the URL cannot be taken apart: "),
    ],
)
def test_where_no_known_mistake_fits_the_parsers_own_reason_follows(read: Reader, line: str, expected: str) -> None:
    (problem,) = read(line).problems
    assert problem.expected.startswith(expected)
    assert "\n" not in problem.expected


def test_every_bad_line_is_reported_at_once_in_included_files_too(read: Reader) -> None:
    result = read(
        {
            "requirements.txt": "good==1\nbad=1\n-r sub/more.txt\n\n  --upgrade\nlast\n",
            "sub/more.txt": "import foo\nfine\n-r missing.txt\nworse==\n",
        }
    )
    assert [str(problem.location) for problem in result.problems] == [
        "requirements.txt:2",
        "sub/more.txt:1",
        "sub/more.txt:3",
        "sub/more.txt:4",
        "requirements.txt:5",
    ]
    assert [line.name for line in result.lines] == ["good", "fine", "last"]
    assert result.files == ("requirements.txt", "sub/more.txt")


def test_a_bad_line_of_a_file_that_is_included_twice_is_one_problem(read: Reader) -> None:
    result = read({"requirements.txt": "-r a.txt\n-r a.txt\n", "a.txt": "bad=1\ngood\n"})
    assert [str(problem.location) for problem in result.problems] == ["a.txt:1"]
    assert [line.name for line in result.lines] == ["good", "good"]


@pytest.mark.parametrize(
    ("content", "location"),
    [
        ("\n\n  requests", Location("requirements.txt", 3, 3)),
        ("\trequests \\\n  ==2.0", Location("requirements.txt", 1, 2)),
        (codecs.BOM_UTF16_LE + "\r\n requests".encode("utf-16-le"), Location("requirements.txt", 2, 2)),
        ("# first\r\nrequests \\\r\n    --hash=sha256:" + SHA256, Location("requirements.txt", 2, 1)),
    ],
)
def test_a_line_stands_where_its_first_physical_line_does(
    read: Reader, content: str | bytes, location: Location
) -> None:
    (line,) = read(content).lines
    assert line.location == location


@pytest.mark.parametrize(
    ("content", "location", "expected"),
    [
        (b"fine\nname==1 # caf\xe9\n", Location("requirements.txt", 2, 14), "the bytes e9 are not utf-8"),
        (codecs.BOM_UTF16_LE + b"a\x00\n\x00b", Location("requirements.txt", 2, 1), "the bytes 62 are not utf-16"),
        (b"# x\n# coding: klingon\n", Location("requirements.txt", 2, 1), "Python knows no text encoding 'klingon'"),
    ],
)
def test_what_cannot_be_decoded_is_one_problem(read: Reader, content: bytes, location: Location, expected: str) -> None:
    result = read(content)
    (problem,) = result.problems
    assert problem.location == location
    assert problem.expected.startswith(f"text in UTF-8 was expected: {expected}")
    assert result.lines == ()


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("https://me:s3cret@host.example/a.zip", "https://****@host.example/a.zip"),
        ("a @ git+https://s3cret@host.example/a@v1", "a @ git+https://****@host.example/a@v1"),
        ("https://me:s3c/ret@host.example/a.zip", "https://****@host.example/a.zip"),
        ("https://${USER}:${TOKEN}@host.example/a.zip", "https://${USER}:${TOKEN}@host.example/a.zip"),
        ("https://me:x${TOKEN}@host.example/a.zip", "https://****@host.example/a.zip"),
        ("a @ git+ssh://git@host.example/a", "a @ git+ssh://git@host.example/a"),
        ("https://host.example:8080/a@v1.zip", "https://host.example:8080/a@v1.zip"),
        ("-r https://me:s3cret@host.example/r.txt", "-r https://****@host.example/r.txt"),
        ("-e https://me:${TOKEN}@host.example/a", "-e https://****@host.example/a"),
        ("--unknown ${TOKEN}", "--unknown ${TOKEN}"),
        ("a b${TOKEN}", "a b${TOKEN}"),
        ("a --pre ${TOKEN}", "a --pre ${TOKEN}"),
        ("a ; x == '${TOKEN}'", "a ; x == '${TOKEN}'"),
        ("-r ${TOKEN}.txt", "-r ${TOKEN}.txt"),
        ("--trusted-host ${TOKEN}:x", "--trusted-host ${TOKEN}:x"),
    ],
)
def test_no_secret_is_shown(read: Reader, line: str, text: str) -> None:
    result = read(line, USER="myself", TOKEN="s3cret")
    shown = {line.text for line in result.lines} | {each.text for each in (*result.problems, *result.warnings)}
    assert shown == {text}
    assert not any(secret in repr(result) for secret in ("s3cret", "s3c/ret"))


def test_a_file_over_the_network_is_unknown_not_refused_and_not_skipped(read: Reader) -> None:
    line = "-r https://host.example/r.txt"
    expected = "files from the network are not read here, what it asks for is unknown: keep a copy in the repository"
    assert read(line).problems == (Problem(Location("requirements.txt", 1, 1), line, expected, refused=False),)


def test_a_missing_file_is_an_error_of_the_caller(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_requirements(tmp_path / "missing.txt", tmp_path, {})


def test_paths_are_relative_to_where_pip_is_started_included_files_to_the_file(tmp_path: Path) -> None:
    service = tmp_path / "services" / "api"
    (service / "deps").mkdir(parents=True)
    (service / "pyproject.toml").touch()
    (service / "deps" / "base.txt").write_text("-r more.txt\n.\n")
    (service / "deps" / "more.txt").write_text("flask\n")
    result = read_requirements(service / "deps" / "base.txt", tmp_path, {}, directory=service)
    assert result.path == "services/api/deps/base.txt"
    assert [(str(line.location), line.link) for line in result.lines] == [
        ("services/api/deps/more.txt:1", None),
        ("services/api/deps/base.txt:2", service.as_uri()),
    ]


@pytest.mark.parametrize(
    ("line", "name", "extras"),
    [
        ("Zope.Interface[Test]>=5", "zope-interface", ("Test",)),
        ("Demo @ https://host.example/a.zip", "demo", ()),
        ("https://host.example/Demo_X-1.0-py3-none-any.whl", "demo-x", ()),
        ("https://host.example/demo_x-1.0.tar.gz", "demo-x", ()),
        ("https://host.example/archive/main.zip", None, ()),
        ("git+https://host.example/a.git#egg=Demo", "demo", ()),
        ("git+https://host.example/a.git", None, ()),
        ("-e git+https://host.example/a.git#egg=Demo", "demo", ()),
        ("-e .[a,b]", None, ("a", "b")),
    ],
)
def test_the_name_is_what_the_line_says(read: Reader, line: str, name: str | None, extras: tuple[str, ...]) -> None:
    (found,) = read(line).lines
    assert (found.name, found.extras) == (name, extras)


def test_a_marker_is_kept_where_there_is_no_name(read: Reader) -> None:
    link, named = read('https://host.example/x ; os_name == "nt"\na; os_name == "nt"').lines
    assert (link.requirement, str(link.marker)) == (None, 'os_name == "nt"')
    assert str(named.requirement) == 'a; os_name == "nt"'


def test_hashes_and_settings_belong_to_their_line(read: Reader) -> None:
    (line,) = read(f"a==1 \\\n  --hash=sha256:{SHA256} \\\n  --hash sha512:AB -C x=1=2 # why").lines
    assert line.hashes == (("sha256", SHA256), ("sha512", "ab"))
    assert line.config_settings == (("x", "1=2"),)
    assert line.text == f"a==1   --hash=sha256:{SHA256}   --hash sha512:AB -C x=1=2"


def test_constraints_are_kept_apart(read: Reader) -> None:
    result = read({"requirements.txt": "a\n-c c.txt\n", "c.txt": "a<2\nb[x]<2\n"})
    assert [(line.name, line.constraint) for line in result.lines] == [("a", False)]
    assert [(line.name, line.constraint) for line in result.constraints] == [("a", True)]
    assert [problem.expected for problem in result.problems] == [
        "a constraint has no extras: drop [x] here, the requirement keeps it"
    ]


@pytest.mark.parametrize(
    ("content", "urls"),
    [
        ("", ("configured", "extra")),
        ("--extra-index-url b", ("configured", "extra", "b")),
        ("--extra-index-url b\n-i a", ("a",)),
        ("--extra-index-url b -i a", ("a", "b")),
        ("-i a\n--no-index\n-i c", ()),
        ("requests -i a", ("configured", "extra")),
    ],
)
def test_indexes_are_those_that_pip_would_ask(read: Reader, content: str, urls: tuple[str, ...]) -> None:
    assert read(content).options.index_urls(("configured", "extra")) == urls


@pytest.mark.parametrize(
    ("content", "allowed"),
    [
        ("", {"binary", "source"}),
        ("--no-binary demo", {"source"}),
        ("--no-binary Demo,other", {"source"}),
        ("--no-binary :all:", {"source"}),
        ("--no-binary :all:\n--only-binary demo", {"binary"}),
        ("--only-binary demo\n--no-binary :all:", {"source"}),
        ("--only-binary :all:\n--no-binary :none:", {"binary"}),
        ("--no-binary demo\n--no-binary :none:", {"binary", "source"}),
        ("other --no-binary demo", {"source"}),
    ],
)
def test_formats_depend_on_the_order_of_what_is_said(read: Reader, content: str, allowed: set[str]) -> None:
    assert read(content).options.format_control.allowed("demo") == allowed


@pytest.mark.parametrize(
    ("content", "allowed"),
    [
        ("", None),
        ("--pre", True),
        ("--only-final demo\n--pre", False),
        ("--all-releases demo\n--only-final :all:", False),
        ("--only-final :all:\n--all-releases demo", True),
    ],
)
def test_pre_releases_depend_on_the_order_of_what_is_said(read: Reader, content: str, allowed: bool | None) -> None:
    assert read(content).options.release_control.allows_prereleases("demo") is allowed


@pytest.mark.parametrize(
    ("content", "checked"),
    [
        ("a", False),
        ("--require-hashes", True),
        (f"a\nb --hash=sha256:{SHA256}", True),
        (f"--no-require-hashes\nb --hash=sha256:{SHA256}", False),
    ],
)
def test_one_hash_demands_all(read: Reader, content: str, checked: bool) -> None:
    assert read(content).hash_checking is checked


def test_controls_are_values() -> None:
    assert FormatControl().said("no_binary", "A.b") == FormatControl(no_binary=frozenset({"a-b"}))
    assert ReleaseControl().said("only_final", "A.b") == ReleaseControl(only_final=frozenset({"a-b"}))
