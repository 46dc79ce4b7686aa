"""What a source distribution says of itself, without being run."""

from __future__ import annotations

import io
import tarfile
import zipfile

import pytest

from pytest_deploycheck.resolution.sdist import Sdist, read_sdist


def archive(files: dict[str, str]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        for path, text in files.items():
            info = tarfile.TarInfo(f"demo-1.0/{path}")
            info.size = len(text.encode())
            tar.addfile(info, io.BytesIO(text.encode()))
    return stream.getvalue()


def read(files: dict[str, str]) -> Sdist:
    return read_sdist("demo-1.0.tar.gz", archive(files))


PKG_INFO = "Metadata-Version: {}\nName: demo\nVersion: 1.0\n"


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


def test_a_zip_is_read_the_same() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("demo-1.0/PKG-INFO", PKG_INFO.format("2.2") + "Requires-Dist: a\n")
    assert read_sdist("demo-1.0.zip", stream.getvalue()).metadata.requires_dist == ("a",)


@pytest.mark.parametrize("filename", ["demo-1.0.tar.gz", "demo-1.0.zip"])
def test_a_damaged_archive_is_refused(filename: str) -> None:
    with pytest.raises(ValueError, match="cannot be unpacked"):
        read_sdist(filename, b"this is no archive")


def test_what_goes_into_the_cache_comes_out() -> None:
    sdist = read({"PKG-INFO": PKG_INFO.format("2.2") + "Requires-Dist: a>=1\n", "x.rs": ""})
    assert Sdist.load(sdist.dump()) == sdist


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
