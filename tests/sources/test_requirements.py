"""Requirements files become typed values with positions, and every bad line becomes a problem that says what to write."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from pytest_deploycheck.location import Location
from pytest_deploycheck.sources.requirements import FormatControl, Problem, ReleaseControl, RequirementsFile, read_requirements

Reader = Callable[..., RequirementsFile]
NO_FILE = "there is no such file, installing it will fail (relative paths start where pip is started)"
A_PATH = "this looks like a path, and there is no such file or directory (relative to where pip is started)"
A_MARKER = 'after the semicolon stands a condition such as python_version < "3.12" or sys_platform == "win32"'
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
        ("a==\u201c1\u201d", "a requirement is plain ASCII, here stands U+201C LEFT DOUBLE QUOTATION MARK: type it anew"),
        ("uvicorn[standard", "the bracket of the extras is not closed: name[extra]"),
        ("uvicorn[a b]", "[a b] is no list of extras: write [extra] or [extra,other]"),
        ("./missing", A_PATH),
        ("here/flask.txt", f"{A_PATH}; the file exists: if it holds requirements, write -r here/flask.txt"),
        ("./here", "the directory './here' is no project: it has neither pyproject.toml nor setup.py"),
        (
            "foo!!",
            "expected a requirement such as name==1.0 (PEP 508): "
            "Expected semicolon (after name with no version specifier) or end",
        ),
        ("a; python == '3'", f"'python == '3'' is no marker (Expected a marker variable or quoted string): {A_MARKER}"),
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
            "https://host.example/x.whl",
            "not the file name of a wheel, NAME-VERSION-PYTHON-ABI-PLATFORM.whl: "
            "Invalid wheel filename (wrong number of parts): 'x'",
        ),
        (
            "https://host.example/x.zip#egg=a[b]",
            "#egg= takes a project's name and nothing else, not 'a[b]': write name[extra] @ URL",
        ),
        ("https://[host/x", "the URL cannot be taken apart: Invalid IPv6 URL"),
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
        ("- requests", ["pip ignores '-' on a line of options: give it a line of its own"] * 0),
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
        ("-r b.txt -r c.txt", ["pip ignores '--requirement c.txt' on a line with -r: give it a line of its own"]),
        ("-f a -f b", ["pip ignores '--find-links b' on a line of options: give it a line of its own"]),
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
