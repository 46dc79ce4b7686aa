"""What a source distribution says of itself, without being run."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import tracemalloc
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_deploycheck.resolution.direct import read_folder
from pytest_deploycheck.resolution.sdist import UNKNOWN, Sdist, read_sdist


def archive(files: dict[str, str]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        for path, text in files.items():
            info = tarfile.TarInfo(f"demo-1.0/{path}")
            info.size = len(text.encode())
            tar.addfile(info, io.BytesIO(text.encode()))
    return stream.getvalue()


def read(files: dict[str, str]) -> Sdist:
    return read_sdist("demo-1.0.tar.gz", archive(files if "setup.py" in files else {"pyproject.toml": "", **files}))


PKG_INFO = "Metadata-Version: {}\nName: demo\nVersion: 1.0\n"
DYNAMIC = '[project]\nname = "demo"\ndynamic = ["dependencies"]\n[tool.setuptools.dynamic]\n{}\n'


@pytest.mark.parametrize(
    ("files", "requires"),
    [
        pytest.param({"PKG-INFO": PKG_INFO.format("2.2") + "Requires-Dist: a>=1\n"}, ("a>=1",), id="PEP 643"),
        pytest.param({"PKG-INFO": PKG_INFO.format("2.2")}, (), id="PEP 643, nothing required"),
        pytest.param(
            {
                "PKG-INFO": PKG_INFO.format("2.2") + "Dynamic: Requires-Dist\n",
                "demo.egg-info/requires.txt": "b\n",
                "demo.egg-info/SOURCES.txt": "",
            },
            ("b",),
            id="PEP 643, left open",
        ),
        pytest.param(
            {"PKG-INFO": PKG_INFO.format("2.1"), "pyproject.toml": '[project]\nname="demo"\ndependencies=["c<2"]\n'},
            ("c<2",),
            id="PEP 621",
        ),
        pytest.param(
            {"src/demo.egg-info/requires.txt": 'd\n\n[:python_version < "3.8"]\ne\n\n[Fast:os_name == "nt"]\nf>1\n'},
            ("d", 'e ; python_version < "3.8"', 'f>1 ; (os_name == "nt") and extra == "fast"'),
            id="requires.txt",
        ),
        pytest.param({"demo.egg-info/SOURCES.txt": "setup.py\n"}, (), id="egg-info without requires.txt"),
        pytest.param({"PKG-INFO": PKG_INFO.format("2.1") + "Requires-Dist: g\n"}, ("g",), id="older PKG-INFO"),
        pytest.param(
            {"setup.cfg": "[options]\ninstall_requires =\n  h\n  # no\n  i==1\n"}, ("h", "i==1"), id="setup.cfg"
        ),
        pytest.param(
            {"setup.py": 'import setuptools\nsetuptools.setup(install_requires=["j"])'}, ("j",), id="setup.py"
        ),
        pytest.param({"setup.py": "from setuptools import setup\nsetup(name='demo')"}, (), id="setup.py without any"),
        pytest.param(
            {"setup.py": "import setuptools\nif __name__ == '__main__':\n    setuptools.setup(install_requires='k')"},
            ("k",),
            id="setup.py as a script",
        ),
        pytest.param(
            {"setup.py": "setup(extras_require={'y:os_name==\"nt\"': ['l'], ':os_name==\"nt\"': ['m']})"},
            ('l ; (os_name=="nt") and extra == "y"', 'm ; os_name=="nt"'),
            id="setup.py, extras with markers",
        ),
        pytest.param(
            {"setup.py": "setup()", "setup.cfg": "[options]\ninstall_requires = n\n"}, ("n",), id="an empty setup()"
        ),
        pytest.param(
            {"setup.py": "setup()", "setup.cfg": "[options.extras_require]\nx = o\n"},
            ('o ; extra == "x"',),
            id="setup.cfg with extras alone",
        ),
        pytest.param(
            {
                "setup.py": "setup(install_requires=['p'], extras_require={'x': ['q']})",
                "setup.cfg": "[options]\ninstall_requires = no\n[options.extras_require]\nx = no\n",
            },
            ("p", 'q ; extra == "x"'),
            id="setup.py goes before setup.cfg",
        ),
        pytest.param(
            {"setup.py": "setup(install_requires=[])", "setup.cfg": "[options]\ninstall_requires = r\n"},
            ("r",),
            id="setup.cfg where setup.py gives nothing",
        ),
        pytest.param({"setup.py": "NEEDED = ['s']\nsetup(install_requires=NEEDED)"}, ("s",), id="setup.py, by a name"),
    ],
)
def test_dependencies_come_from_the_most_binding_static_statement(
    files: dict[str, str], requires: tuple[str, ...]
) -> None:
    sdist = read(files)
    assert sdist.dependencies_known
    assert sdist.metadata.requires_dist == requires


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({"setup.py": "setup(install_requires=open('requirements.txt').read().split())"}, id="computed"),
        pytest.param({"setup.py": "setup(**arguments)"}, id="arguments unknown"),
        pytest.param({"setup.py": "this is no python"}, id="not Python"),
        pytest.param({"README": ""}, id="nothing at all"),
        pytest.param({"pyproject.toml": '[project]\ndynamic = ["dependencies"]\n'}, id="dynamic"),
        pytest.param({"pyproject.toml": "= broken"}, id="broken pyproject.toml"),
        pytest.param({"setup.py": "from setuptools import setup as run\nrun(install_requires=['a'])"}, id="an alias"),
        pytest.param({"setup.py": "run = setuptools.setup\nsetup(name='demo')\nrun(**x)"}, id="another alias"),
        pytest.param({"setup.py": "def f():\n    setup(name='demo')"}, id="in a function"),
        pytest.param({"setup.py": "if windows:\n    setup(name='demo')"}, id="under a condition"),
        pytest.param({"setup.py": "def setup(**given): ...\nsetup(name='demo')"}, id="a function of that name"),
        pytest.param({"setup.py": "setup(name='demo')\nsetup(name='demo')"}, id="twice"),
        pytest.param({"setup.py": "setup(install_requires=[1])"}, id="no strings"),
        pytest.param({"setup.py": "setup(extras_require={1: ['a']})"}, id="an extra that is no string"),
        pytest.param(
            {"setup.py": "setup(**given)", "setup.cfg": "[options]\ninstall_requires = a\n"}, id="setup.py may say more"
        ),
        pytest.param(
            {"setup.py": "setup()", "setup.cfg": "[options]\ninstall_requires = file: x\n"}, id="another file"
        ),
        pytest.param({"setup.cfg": "[egg_info]\ntag_build =\n"}, id="setup.cfg that says nothing of it"),
        pytest.param({"setup.py": "setup(setup_requires=['pbr'], pbr=True)", "requirements.txt": "a\n"}, id="pbr"),
        pytest.param({"setup.py": "x = ['a']\nx.append(1)\nsetup(install_requires=x)"}, id="a name looked at twice"),
        pytest.param({"setup.py": "x = ['a']\nx = ['b']\nsetup(install_requires=x)"}, id="a name given twice"),
        pytest.param({"setup.py": "def f(): x = ['a']\nsetup(install_requires=x)"}, id="a name given elsewhere"),
        pytest.param(
            {"pyproject.toml": DYNAMIC.format('dependencies = {file = "x.txt"}'), "x.txt": "a"},
            id="a file of an archive that is not at hand",
        ),
    ],
)
def test_where_no_file_says_it_the_dependencies_are_unknown(files: dict[str, str]) -> None:
    assert not read(files).dependencies_known


@pytest.mark.parametrize(
    ("files", "native", "needs"),
    [
        ({"pyproject.toml": '[build-system]\nrequires=["maturin"]\nbuild-backend="maturin"'}, True, ("Rust",)),
        (
            {"pyproject.toml": '[build-system]\nrequires=["setuptools","setuptools-rust"]', "src/lib.rs": ""},
            True,
            ("Rust",),
        ),
        ({"pyproject.toml": '[build-system]\nrequires=["meson-python"]\nbuild-backend="mesonpy"'}, True, ("C",)),
        ({"setup.py": "setup(ext_modules=[Extension('x', ['x.c'])])", "x.c": ""}, True, ("C",)),
        ({"setup.py": "setup(ext_modules=[Extension('x', ['x.cpp'])])", "x.cpp": ""}, True, ("C++",)),
        ({"setup.py": "setup(name='demo')", "demo.py": ""}, False, ()),
        ({"setup.py": "setup(name='demo')", "tests/data/x.c": ""}, False, ()),
        ({"pyproject.toml": '[build-system]\nbuild-backend="hatchling.build"', "demo.py": ""}, False, ()),
        ({"pyproject.toml": '[build-system]\nbuild-backend="private_backend"', "demo.pyx": ""}, None, ("C",)),
    ],
)
def test_what_building_takes_follows_from_backend_requirements_and_sources(
    files: dict[str, str], native: bool | None, needs: tuple[str, ...]
) -> None:
    sdist = read(files)
    assert (sdist.native, sdist.needs) == (native, needs)


FOLDERS = [
    pytest.param(
        {
            "pyproject.toml": DYNAMIC.format('dependencies = {file = ["x.txt", "none.txt"]}'),
            "x.txt": "a>1 # why\n\n#b\n",
        },
        ("a>1",),
        id="a file that pyproject.toml names",
    ),
    pytest.param(
        {
            "pyproject.toml": '[project]\nname = "demo"\ndependencies = ["a"]\ndynamic = ["optional-dependencies"]\n'
            '[tool.setuptools.dynamic.optional-dependencies]\nx.file = "x.txt"\n',
            "x.txt": "b\n",
        },
        ("a", 'b ; extra == "x"'),
        id="a file for an extra",
    ),
    pytest.param(
        {
            "setup.py": "setup()",
            "setup.cfg": "[metadata]\nname = demo\n[options]\ninstall_requires = file: x.txt, y/z.txt\n",
            "x.txt": "a\n# b\n",
            "y/z.txt": "c\n",
        },
        ("a", "c"),
        id="files that setup.cfg names",
    ),
    pytest.param(
        {"pyproject.toml": DYNAMIC.format('dependencies = {file = "x.txt"}'), "x.txt": "a\\\n>1"},
        None,
        id="a continued line",
    ),
    pytest.param({"pyproject.toml": DYNAMIC.format('dependencies = {attr = "x.y"}')}, None, id="an attribute"),
    pytest.param({"pyproject.toml": DYNAMIC.format("")}, None, id="nothing said of it"),
    pytest.param(
        {"setup.py": "setup()", "setup.cfg": "[metadata]\nname=demo\n[options]\ninstall_requires = file: no.txt\n"},
        None,
        id="a file that is not there",
    ),
    pytest.param(
        {"pyproject.toml": '[build-system]\nbuild-backend = "poetry.core.masonry.api"\n[tool.poetry]\nname = "demo"\n'},
        None,
        id="Poetry",
    ),
]


@pytest.mark.parametrize(("files", "requires"), FOLDERS)
def test_what_a_folder_requires_may_stand_in_other_files(
    files: dict[str, str], requires: tuple[str, ...] | None, tmp_path: Path
) -> None:
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    sdist = read_folder(tmp_path)
    assert (sdist.metadata.name, sdist.dependencies_known) == ("demo", requires is not None)
    assert sdist.metadata.requires_dist == (requires or ())


@pytest.mark.parametrize(
    ("setup", "configuration", "identity"),
    [
        ("setup(name='demo', version='2.0')", "[metadata]\nname = no\nversion = 1\n", ("demo", "2.0")),
        ("setup()", "[metadata]\nname = demo\nversion = 2.0\n", ("demo", "2.0")),
        ("setup(version=read())", "[metadata]\nname = demo\nversion = 2.0\n", ("demo", "")),
        ("setup(name='demo')", "[metadata]\nversion = attr: demo.x\n", ("demo", "")),
        ("setup(name='demo', version='2.0')", "[egg_info]\ntag_build = dev\n", ("demo", "")),
        ("setup(**given)", "[metadata]\nname = demo\n", ("", "")),
    ],
)
def test_a_folder_is_called_what_its_setup_gives(
    setup: str, configuration: str, identity: tuple[str, str], tmp_path: Path
) -> None:
    (tmp_path / "setup.py").write_text(f"from setuptools import setup\n{setup}\n")
    (tmp_path / "setup.cfg").write_text(configuration)
    found = read_folder(tmp_path)
    assert (found.metadata.name, found.metadata.version) == identity
    assert set(found.fixed) == {field for field, value in zip(("name", "version"), identity, strict=True) if value}


def test_a_zip_is_read_the_same() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("demo-1.0/PKG-INFO", PKG_INFO.format("2.2") + "Requires-Dist: a\n")
        archive.writestr("demo-1.0/pyproject.toml", "")
    assert read_sdist("demo-1.0.zip", stream.getvalue()).metadata.requires_dist == ("a",)


@pytest.mark.parametrize("filename", ["demo-1.0.tar.gz", "demo-1.0.zip"])
def test_a_damaged_archive_is_refused(filename: str) -> None:
    with pytest.raises(ValueError, match="cannot be unpacked"):
        read_sdist(filename, b"this is no archive")


def test_what_has_neither_setup_py_nor_pyproject_toml_is_no_project() -> None:
    files = {"PKG-INFO": PKG_INFO.format("2.2"), "setup.cfg": "", "inner/setup.py": ""}
    with pytest.raises(ValueError, match=r"no Python project: neither setup\.py nor pyproject\.toml"):
        read_sdist("demo-1.0.tar.gz", archive(files))
    with pytest.raises(ValueError, match="no Python project"):
        read_sdist("demo-1.0.tar.gz", archive({"setup.py": ""}), "inner")


MONOREPO = {
    "pyproject.toml": '[project]\nname = "root"\n',
    "pkgs/one/pyproject.toml": '[project]\nname = "one"\n',
    "pkgs/one/setup.py": "",
    "pkgs/two/pyproject.toml": '[project]\nname = "two"\n',
}


@pytest.mark.parametrize(("subdirectory", "name"), [("", "root"), ("pkgs/one", "one"), ("pkgs/two", "two")])
def test_a_project_may_be_in_a_subdirectory(subdirectory: str, name: str) -> None:
    assert read_sdist("demo.tar.gz", archive(MONOREPO), subdirectory).metadata.name == name


@pytest.mark.parametrize("subdirectory", ["", "pkgs/two"])
def test_a_folder_around_it_all_is_taken_off_if_there_is_one(subdirectory: str) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as packed:
        for path, text in MONOREPO.items():
            packed.writestr(path, text)
    found = read_sdist("demo.zip", stream.getvalue(), subdirectory)
    assert found.metadata.name == ("two" if subdirectory else "root")


def test_what_goes_into_the_cache_comes_out() -> None:
    sdist = read({"PKG-INFO": PKG_INFO.format("2.2") + "Requires-Dist: a>=1\n", "x.rs": ""})
    assert Sdist.load(sdist.dump()) == sdist


PYPROJECT = [
    'build-system = "x"',
    "[build-system]\nrequires = 3",
    "[build-system]\nbuild-backend = 3",
    'project = "x"',
    '[project]\nname = "demo"\ndependencies = "beta"',
    '[project]\nname = "demo"\ndependencies = [3]',
    '[project]\nname = "demo"\noptional-dependencies = ["beta"]',
    '[project]\nname = "demo"\noptional-dependencies = {x = "beta"}',
    '[project]\nname = "demo"\ndynamic = true',
    '[project]\nname = "demo"\nrequires-python = 3.8',
    "[project]\nname = 3",
]


@pytest.mark.parametrize("pkg_info", ["", PKG_INFO.format("1.1")])
@pytest.mark.parametrize("pyproject", PYPROJECT)
def test_what_is_not_understood_is_not_known(pyproject: str, pkg_info: str) -> None:
    sdist = read({"pyproject.toml": pyproject, "PKG-INFO": pkg_info})
    assert (sdist.dependencies_known, sdist.native, sdist.metadata.requires_dist) == (False, None, ())
    assert sdist.metadata.requires_python is None


def test_what_pkg_info_fixes_is_known_whatever_else_is_not_understood() -> None:
    sdist = read({"PKG-INFO": PKG_INFO.format("2.2") + "Requires-Dist: a\n", "pyproject.toml": "[project]\nname = 3"})
    assert (sdist.dependencies_known, sdist.metadata.requires_dist) == (True, ("a",))


OLD = PKG_INFO.format("1.1")
GIVEN = "from setuptools import setup\nsetup(name='demo', version='1.0')\n"


@pytest.mark.parametrize(
    ("files", "fixed"),
    [
        pytest.param({"PKG-INFO": PKG_INFO.format("2.2")}, {"name", "version"}, id="PEP 643"),
        pytest.param({"PKG-INFO": OLD}, set(), id="an old PKG-INFO binds nobody"),
        pytest.param({"PKG-INFO": OLD, "setup.py": GIVEN}, {"name", "version"}, id="setup.py says the same"),
        pytest.param({"PKG-INFO": OLD, "setup.py": GIVEN.replace("1.0", "1.1")}, {"name"}, id="setup.py says another"),
        pytest.param({"PKG-INFO": OLD, "setup.py": GIVEN.replace("'1.0'", "read()")}, {"name"}, id="computed"),
        pytest.param({"PKG-INFO": OLD, "setup.py": GIVEN.replace("\nsetup", "\nif x: setup")}, set(), id="perhaps"),
        pytest.param(
            {"PKG-INFO": OLD, "setup.py": GIVEN, "setup.cfg": "[egg_info]\ntag_build = dev\ntag_date = 0\n"},
            {"name"},
            id="a tag is added",
        ),
        pytest.param(
            {"PKG-INFO": OLD, "setup.py": GIVEN, "setup.cfg": "[egg_info]\ntag_build = \ntag_date = 0\n"},
            {"name", "version"},
            id="no tag, as setuptools writes it",
        ),
        pytest.param(
            {"PKG-INFO": OLD, "setup.py": GIVEN, "pyproject.toml": '[build-system]\nbuild-backend = "flit_core.api"\n'},
            set(),
            id="another backend",
        ),
    ],
)
def test_name_and_version_are_certain_where_every_build_will_repeat_them(
    files: dict[str, str], fixed: set[str]
) -> None:
    assert set(read(files).fixed) == fixed


DEEP = [{"pyproject.toml": "a = " + "[" * 100_000}, {"setup.py": "a = " + "-" * 200_000 + "1"}]


@pytest.mark.parametrize("files", DEEP, ids=["pyproject.toml", "setup.py"])
def test_what_is_nested_too_deep_for_now_is_unknown_for_now(files: dict[str, str]) -> None:
    sdist = read(files)
    assert not sdist.dependencies_known
    assert not sdist.repeatable


def test_warnings_about_a_setup_py_reach_nobody(recwarn: pytest.WarningsRecorder) -> None:
    files = {"setup.py": 'x = "\\d"\nsetup(install_requires=["a"])'}
    assert read(files).metadata.requires_dist == ("a",)
    assert list(recwarn) == []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read(files).metadata.requires_dist == ("a",)


@pytest.mark.parametrize(
    ("extension", "compress"),
    [("tar", bytes), ("tar.gz", gzip.compress), ("tgz", gzip.compress), ("tar.bz2", bz2.compress)]
    + [(extension, lzma.compress) for extension in ("tar.xz", "txz")],
)
def test_every_compression_is_read(extension: str, compress: Callable[[bytes], bytes]) -> None:
    plain = gzip.decompress(archive({"PKG-INFO": PKG_INFO.format("2.2"), "setup.py": ""}))
    assert read_sdist(f"demo-1.0.{extension}", compress(plain)).metadata.name == "demo"


def test_an_encrypted_zip_is_refused() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as packed:
        packed.writestr("demo-1.0/PKG-INFO", PKG_INFO.format("2.2"))
    content = bytearray(stream.getvalue())
    content[content.rfind(b"PK\x01\x02") + 8] |= 1
    content[content.find(b"PK\x03\x04") + 6] |= 1
    with pytest.raises(ValueError, match=r"cannot be unpacked: .*encrypted"):
        read_sdist("demo-1.0.zip", bytes(content))


def zip_bomb() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed, packed.open("demo-1.0/setup.py", "w") as member:
        for _ in range(200):
            member.write(b"#" * 1_000_000)
    return stream.getvalue()


def zip_of_many() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as packed:
        packed.writestr("demo-1.0/PKG-INFO", PKG_INFO.format("2.2"))
    return b"PK\x01\x02" * 100_001 + stream.getvalue()


def tar_with_header(kind: bytes, size: int, given: int) -> bytes:
    header = tarfile.TarInfo("demo-1.0/x")
    header.type, header.size = kind, size
    return gzip.compress(header.tobuf(tarfile.GNU_FORMAT) + bytes(given))


def tar_of_many() -> bytes:
    header = tarfile.TarInfo("demo-1.0/x").tobuf(tarfile.USTAR_FORMAT)
    return gzip.compress(header * 100_001)


BOMBS = [
    pytest.param("zip", zip_bomb, id="a large member of a zip"),
    pytest.param("zip", zip_of_many, id="a zip of many"),
    pytest.param("tar.gz", lambda: tar_with_header(tarfile.XHDTYPE, 200_000_000, 200_000_000), id="a large header"),
    pytest.param("tar.gz", lambda: tar_with_header(tarfile.REGTYPE, 3_000_000_000, 0), id="a large member of a tar"),
    pytest.param("tar.gz", tar_of_many, id="a tar of many"),
]


@pytest.mark.parametrize(("extension", "bomb"), BOMBS)
def test_an_archive_is_read_in_bounded_memory(extension: str, bomb: Callable[[], bytes]) -> None:
    content = bomb()
    tracemalloc.start()
    try:
        sdist = read_sdist(f"demo-1.0.{extension}", content)
        assert tracemalloc.get_traced_memory()[1] < 50_000_000
    finally:
        tracemalloc.stop()
    assert not sdist.dependencies_known
    assert sdist.metadata == UNKNOWN.metadata


@pytest.mark.parametrize("dumped", [b"", b"{}", b"[]", b'{"metadata": 1}'])
def test_a_damaged_cache_entry_is_refused(dumped: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Sdist.load(dumped)


@pytest.mark.parametrize(
    ("files", "python"),
    [
        ({"setup.py": "from setuptools import setup\nsetup(python_requires='>=3.99')"}, ">=3.99"),
        ({"setup.cfg": "[options]\npython_requires = >=3.8\n"}, ">=3.8"),
        ({"setup.py": "from setuptools import setup\nsetup(python_requires=computed())"}, None),
        ({"PKG-INFO": PKG_INFO.format("2.2"), "setup.cfg": "[options]\npython_requires = >=3.8\n"}, None),
    ],
)
def test_the_python_it_requires_stands_in_its_setup_where_pkg_info_does_not_tell(
    files: dict[str, str], python: str | None
) -> None:
    assert read(files).metadata.requires_python == python
