"""Random small indexes with requirements files for them, written so that a failing one can be read.

What stands in angle brackets in a requirement or an option is known only once the servers run: ``<files>`` is the
URL under which the index has its files, ``<extra>`` the second index, ``<links>`` what ``--find-links`` takes, and
``<sha256 of alpha-1.0.tar.gz>`` is the digest of that file.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from hypothesis import strategies as st
from packaging import tags
from packaging.version import Version

from index_server import Distribution, Switches, sdist, wheel
from pytest_deploycheck.resolution.target import Target

PROJECTS = ("alpha", "beta", "gamma", "delta", "e-psilon")
SPELLINGS = {"alpha": ("alpha", "Alpha"), "e-psilon": ("e-psilon", "E_Psilon", "e.psilon")}
VERSIONS = ("0.9", "1.0", "1.0.post1", "1.1", "2.0rc1", "2.0", "3.0.dev1", "1!0.1", "1.1+local.1")
EXTRAS = ("fast", "slow", "all")

# A build backend that lies in the source distribution itself: pip runs it to learn the metadata, we read PKG-INFO.
BACKEND = """
import pathlib, re
def prepare_metadata_for_build_wheel(directory, config_settings=None):
    text = pathlib.Path("PKG-INFO").read_text()
    name, version = re.search("^Name: (.*)", text, re.M)[1], re.search("^Version: (.*)", text, re.M)[1]
    folder = pathlib.Path(directory, name.replace("-", "_") + f"-{version}.dist-info")
    folder.mkdir()
    (folder / "METADATA").write_text(text)
    (folder / "WHEEL").write_text("Wheel-Version: 1.0")
    return folder.name
"""
PYPROJECT = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'


def host() -> Target:
    """The machine that the test runs on, as a target."""
    own = next(iter(tags.sys_tags()))
    platform = next(tag.platform for tag in tags.sys_tags() if tag.platform.startswith("manylinux"))
    return Target(".".join(map(str, sys.version_info[:3])), platform, own.abi.endswith("t"))


HOST = host()
ARCH = HOST.platform.rpartition("_2_")[2].partition("_")[2]
WHEEL_TAGS = (
    "py3-none-any",
    "py2.py3-none-any",
    f"{HOST.minor_tag}-{HOST.minor_tag}-{HOST.platforms[1]}",
    f"{HOST.minor_tag}-{HOST.minor_tag}-manylinux_2_17_{ARCH}.manylinux2014_{ARCH}",
    f"{HOST.minor_tag}-{HOST.minor_tag}-linux_{ARCH}",
    f"cp38-abi3-{HOST.platforms[-1]}",
    f"{HOST.interpreter}-none-any",
    f"py3-none-{HOST.platforms[-1]}",
    "cp27-cp27m-win32",
    "cp313-cp313t-linux_x86_64",
    f"{HOST.minor_tag}-{HOST.minor_tag}-manylinux_2_99_{ARCH}",
    f"{HOST.minor_tag}-{HOST.minor_tag}-musllinux_1_2_{ARCH}",
)
SDIST, SETUP_PY = "sdist", "setup.py"


def _has(project: str, release: tuple[int, ...] = (0,)) -> bool:
    """Asked of the metadata: importing setuptools to look into it would warn of distutils."""
    try:
        return Version(version(project)).release >= release
    except PackageNotFoundError:
        return False


# pip builds it with the setuptools that is installed here, if that can: the test asks pip not to isolate builds.
SETUP_PY_KINDS = [SETUP_PY] if _has("setuptools", (70, 1)) or _has("wheel") else []
INVALID_NAMES = (
    "{0}-2.0-nonsense.whl",
    "{0}-2..0-py3-none-any.whl",
    "{0}-2.0-x1-py3-none-any.whl",
    "{0}-latest.tar.gz",
    "{0}-2.0.exe",
    "{0}-2.0.egg",
    "{0}-2.0-py2.7.tar.gz",
    "{0}-2.0-py" + ".".join(map(str, sys.version_info[:2])) + ".tar.gz",
    "{0}.tar.gz",
    "{0}_2.0.tar.gz",
    "{0}-more-2.0.tar.gz",
    "{0}-2.0-1.tar.gz",
    "{0}-2.0.zip",
)


@dataclass(frozen=True)
class Offered:
    """One file, where it lies and what it says.

    :param kind: the tags of a wheel, ``sdist`` or ``setup.py``
    :param place: ``index``, ``extra`` or ``links``
    :param page_python: whether the page tells the Requires-Python too
    :param says: name and version in the metadata, where they are others
    :param odd: how a wheel's metadata is written: ``folded`` requirements, or a ``stray`` line before the last of them
    """

    project: str
    version: str
    kind: str
    filename: str
    place: str = "index"
    requires: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    python: str | None = None
    page_python: bool = True
    yanked: str | None = None
    says: tuple[str, str] | None = None
    odd: str = ""

    def metadata(self) -> str:
        name, version = self.says or (self.project, self.version)
        lines = ["Metadata-Version: 2.2", f"Name: {name}", f"Version: {version}"]
        lines += [f"Requires-Python: {self.python}"] if self.python else []
        lines += [f"Provides-Extra: {each}" for each in self.extras]
        requires = [f"Requires-Dist: {each}" for each in self.requires]
        if self.odd == "folded":
            requires = [each.replace(" ", "\n ", 1).replace(" ;", "\n ;") for each in requires]
        if self.odd == "stray":
            requires[-1:] = ["Copyright (c) 2012: nobody", *requires[-1:]]
        return "\n".join(lines + requires) + "\n"

    def built(self, known: Callable[[str], str]) -> Distribution:
        """The file itself.

        :param known: puts in what stands in angle brackets
        """
        if self.kind == SETUP_PY:
            return self._with_setup_py(known)
        text = known(self.metadata())
        if self.kind == SDIST:
            members = {"pyproject.toml": PYPROJECT, "backend.py": BACKEND}
            made = sdist(
                self.project, self.version, pkg_info=text, files=members, yanked=self.yanked, filename=self.filename
            )
        else:
            made = wheel(
                self.project,
                self.version,
                self.kind,
                metadata=text,
                yanked=self.yanked,
                filename=self.filename,
                filler=0,
            )
        return replace(made, requires_python=self.python if self.page_python else None)

    def _with_setup_py(self, known: Callable[[str], str]) -> Distribution:
        name, version = self.says or (self.project, self.version)
        given = {"name": name, "version": version, "install_requires": [known(each) for each in self.requires]}
        given |= {"python_requires": self.python} if self.python else {}
        call = ", ".join(f"{key}={value!r}" for key, value in given.items())
        files = {"setup.py": f"from setuptools import setup\nsetup({call}, py_modules=[])\n"}
        pkg_info = f"Metadata-Version: 1.1\nName: {name}\nVersion: {version}\n"
        made = sdist(
            self.project, self.version, pkg_info=pkg_info, files=files, yanked=self.yanked, filename=self.filename
        )
        return replace(made, requires_python=self.python if self.page_python else None)

    def __str__(self) -> str:
        said = [f"{self.place}/{self.filename}"]
        said += [f"({self.kind})"] if self.kind == SETUP_PY else []
        said += [f"requires {', '.join(map(repr, self.requires))}"] if self.requires else []
        said += [f"extras {', '.join(self.extras)}"] if self.extras else []
        said += [f"Python {self.python}" + ("" if self.page_python else " (not on the page)")] if self.python else []
        said += ["yanked"] if self.yanked is not None else []
        said += ["says it is {} {}".format(*self.says)] if self.says else []
        said += [f"({self.odd})"] if self.odd else []
        return "  ".join(said)


@dataclass(frozen=True)
class Case:
    """Indexes and a requirements file.

    :param links: what ``--find-links`` names: a ``folder``, a ``page`` on disk, or a ``remote`` page
    """

    files: tuple[Offered, ...]
    options: tuple[str, ...]
    lines: tuple[str, ...]
    constraints: tuple[str, ...]
    switches: Switches
    links: str

    def __repr__(self) -> str:
        shown = [f"  {each}" for each in self.files]
        differing = {k: v for k, v in vars(self.switches).items() if v != vars(Switches())[k]}
        where = [f"links are a {self.links}"] if any(each.place == "links" for each in self.files) else []
        parts = [*shown, f"switches: {differing}", *where, "requirements:", *self.options, *self.lines]
        return "\n".join(["", *parts, *(["constraints:", *self.constraints] if self.constraints else []), ""])

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """How hypothesis shows it."""
        printer.text(repr(self))


SPECIFIERS = (
    ">=1.0", ">=1.0", "<2", ">=0.9", "<3", "~=1.0", "==1.0", "==1.*", "!=1.1", ">1.0,<3", ">=2.0rc1", "===1.0", "==2.0",
    "<=1.1", "==1!0.1", "==1.1+local.1", "==1.1", ">=3", "!=2.*", "==2.0rc1",
)  # fmt: skip
specifiers = st.sampled_from([*([""] * 30), *SPECIFIERS])
extras = st.sampled_from(["", "", "", "", "[fast]", "[fast,slow]", "[unknown]", "[all]", "[FAST]"])
PYTHONS = (*[None] * 7, ">=3.6", ">=3.99", "nonsense", ">=3.8.*", ">=2.7,!=3.0.*", "<4,>=3.8")
HOST_MARKERS = (
    "", "", "", "", 'sys_platform == "win32"', 'python_version >= "3.8"', 'sys_platform != "darwin"',
    'os_name == "posix"', 'platform_machine == "riscv64" or python_full_version < "3.0"',
    'implementation_name == "cpython"',
)  # fmt: skip
EXTRA_MARKERS = (
    "", "", "", "", 'extra == "fast"', 'extra == "slow"', 'extra == "all"', 'sys_platform == "win32"',
    'extra == "Fast" and python_version >= "3.8"', 'extra == "fast" or extra == "slow"',
)  # fmt: skip

# pip breaks off at a line with one of these; at a file's only if it comes to look at it, which it does earlier than we.
UNDEFINED = ('platform_system ~= "Linux"', "'fast' in extras", "os_name === 'posix' and python_version < '3'")


def one_in(number: int) -> st.SearchStrategy[bool]:
    """True once in so many times; shrinks to False."""
    return st.integers(0, number - 1).map(lambda drawn: drawn == number - 1)


@st.composite
def requirements(draw: st.DrawFn, among: tuple[str, ...], markers: tuple[str, ...]) -> str:
    project = draw(st.sampled_from(among))
    name = draw(st.sampled_from(SPELLINGS.get(project, (project,))))
    marker = draw(st.sampled_from(markers))
    return f"{name}{draw(extras)}{draw(specifiers)}" + (f" ; {marker}" if marker else "")


@st.composite
def dependencies(draw: st.DrawFn, project: str) -> tuple[str, ...]:
    """What a version requires; now and then something of itself, by an extra."""
    others = tuple(name for name in PROJECTS if name != project)
    found: list[str] = draw(st.lists(requirements(others, EXTRA_MARKERS), max_size=3))
    if draw(one_in(6)):
        found.append(f'{project}[{draw(st.sampled_from(EXTRAS))}]{draw(specifiers)} ; extra == "all"')
    if draw(one_in(40)):
        found.append("beta>=1.0.*")
    return tuple(found)


@st.composite
def releases(draw: st.DrawFn, project: str) -> list[Offered]:
    """The files of one version, which mostly all say the same."""
    version = draw(st.sampled_from(VERSIONS))
    escaped = draw(st.sampled_from(SPELLINGS.get(project, (project,)))).replace("-", "_")
    common = Offered(
        project,
        version,
        "",
        "",
        place=draw(st.sampled_from(["index"] * 8 + ["extra", "links"])),
        requires=draw(dependencies(project)),
        extras=EXTRAS if draw(st.booleans()) else ("fast", "Slow"),
        python=draw(st.sampled_from(PYTHONS)),
        page_python=not draw(one_in(6)),
        yanked=draw(st.sampled_from([*([None] * 10), "withdrawn", ""])),
    )
    kinds = st.sampled_from([WHEEL_TAGS[0], WHEEL_TAGS[0], SDIST, *WHEEL_TAGS, SDIST, *SETUP_PY_KINDS])
    return [draw(files(common, escaped, kind)) for kind in draw(st.lists(kinds, min_size=1, max_size=3))]


@st.composite
def files(draw: st.DrawFn, common: Offered, escaped: str, kind: str) -> Offered:
    stem = f"{escaped}-{common.version}"
    filename = f"{stem}.tar.gz"
    if kind not in (SDIST, SETUP_PY):
        build_tag = draw(st.sampled_from(["", "", "", "-1", "-2", "-10", "-2b"]))
        filename = f"{stem}{build_tag}-{kind}.whl"
    elif draw(one_in(8)):
        filename = f"{stem}.zip"
    says = None
    if draw(one_in(20)):
        says = draw(st.sampled_from([(common.project, "1.2"), ("other", common.version)]))
    yanked = "withdrawn" if draw(one_in(8)) else common.yanked
    # setuptools would not take an extra's marker in install_requires.
    requires = tuple(r for r in common.requires if kind != SETUP_PY or ("extra ==" not in r and ".*" not in r))
    python = common.python if kind != SETUP_PY or common.python not in ("nonsense", ">=3.8.*") else None
    odd = draw(st.sampled_from(["folded", "stray"])) if kind not in (SDIST, SETUP_PY) and draw(one_in(25)) else ""
    return replace(
        common, kind=kind, filename=filename, yanked=yanked, says=says, requires=requires, python=python, odd=odd
    )


@st.composite
def invalid_files(draw: st.DrawFn) -> Offered:
    project = draw(st.sampled_from(PROJECTS))
    filename = draw(st.sampled_from(INVALID_NAMES)).format(project.replace("-", "_"))
    kind = WHEEL_TAGS[0] if filename.endswith(".whl") else SDIST
    return Offered(project, "2.0", kind, filename, place=draw(st.sampled_from(["index", "index", "links"])))


OPTIONS = (
    "--pre", "--prefer-binary", "--only-binary :all:", "--no-binary alpha", "--only-binary beta,gamma",
    "--no-binary :all:", "--no-binary :all: --only-binary beta", "--only-final alpha", "--all-releases beta,e.psilon",
    "--only-final :all:",
)  # fmt: skip


@st.composite
def links_between(draw: st.DrawFn, offered: list[Offered]) -> list[Offered]:
    """Let some files require others by their URL."""
    targets = _linkable(offered)
    for _ in range(draw(st.integers(1, 2))):
        at, target = draw(st.integers(0, len(offered) - 1)), draw(st.sampled_from(targets))
        if target.project != offered[at].project and offered[at].kind != SETUP_PY:
            required = f"{target.project}{draw(extras)} @ <files>/{target.filename}"
            offered[at] = replace(offered[at], requires=(*offered[at].requires, required))
    return offered


def _linkable(offered: list[Offered]) -> list[Offered]:
    return [f for f in offered if f.place == "index" and "." in f.version and not f.filename.endswith((".exe", ".egg"))]


@st.composite
def direct_lines(draw: st.DrawFn, offered: list[Offered]) -> str:
    """A line that names a file of the index itself."""
    target = draw(st.sampled_from(_linkable(offered)))
    url = f"<files>/{target.filename}"
    fragment = draw(st.sampled_from(["", "", "", f"#egg={target.project}", f"#sha256=<sha256 of {target.filename}>"]))
    if draw(one_in(4)):
        return url
    return f"{target.project}{draw(extras)} @ {url}{fragment}"


@st.composite
def hashes(draw: st.DrawFn, offered: list[Offered], line: str) -> str:
    """What ``--hash`` options a line has: of right files, of wrong ones, or none."""
    name = line.partition(" ")[0].lower().replace("_", "-").replace(".", "-")
    own = [f for f in offered if name.startswith(f.project)] or offered
    digests = [f"sha256:<sha256 of {each.filename}>" for each in own]
    digests += [f"sha512:<sha512 of {each.filename}>" for each in own[:1]] + [f"sha256:{'0' * 64}"]
    chosen = draw(st.lists(st.sampled_from(digests), min_size=0 if draw(one_in(5)) else 1, max_size=4, unique=True))
    return "".join(f" --hash={each}" for each in chosen)


switches = st.builds(
    Switches,
    json=st.sampled_from([True, True, False]),
    metadata=st.sampled_from(["advertised", "advertised", "absent"]),
    hashes=st.sampled_from(["right", "right", "right", "none"]),
    ranges=st.sampled_from(["served", "ignored"]),
    absolute_urls=st.booleans(),
)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    offered: dict[tuple[str, str], Offered] = {}
    for project in PROJECTS:
        for release in draw(st.lists(releases(project), min_size=0 if draw(one_in(12)) else 1, max_size=4)):
            offered.update({(file.place, file.filename): file for file in release})
    for invalid in draw(st.lists(invalid_files(), max_size=2)) if draw(one_in(3)) else ():
        offered.setdefault((invalid.place, invalid.filename), invalid)
    found = list(offered.values())
    linkable = bool(_linkable(found))
    if linkable and draw(one_in(6)):
        found = draw(links_between(found))
    lines = draw(st.lists(requirements(PROJECTS, HOST_MARKERS), min_size=1, max_size=4))
    if linkable and draw(one_in(4)):
        lines.insert(draw(st.integers(0, len(lines))), draw(direct_lines(found)))
    elif ";" not in lines[-1] and draw(one_in(30)):
        lines[-1] += f" ; {draw(st.sampled_from(UNDEFINED))}"
    constraints: list[str] = []
    if draw(one_in(4)):
        constraints = draw(constraint_lines(found))
    kind = draw(switches)
    if draw(one_in(6)) and found:
        lines = [line + draw(hashes(found, line)) for line in lines]
        hashed = draw(one_in(3))
        constraints = [line + draw(hashes(found, line)) if hashed else line for line in constraints]
        if any("<files>" in line for line in (*lines, *constraints)):
            # pip checks a file twice where an HTML page, with its hash in the URL, gives it another URL than a line.
            kind = replace(kind, json=True)
    where = draw(st.sampled_from(["folder", "page", "remote"]))
    return Case(tuple(found), draw(options(found)), tuple(lines), tuple(constraints), kind, where)


@st.composite
def constraint_lines(draw: st.DrawFn, offered: list[Offered]) -> list[str]:
    by_name = st.builds("{}{}".format, st.sampled_from([*PROJECTS, "E.Psilon"]), specifiers.filter(bool))
    found: list[str] = draw(st.lists(by_name, min_size=1, max_size=3))
    if draw(one_in(4)):
        found[0] += f" ; {draw(st.sampled_from([each for each in HOST_MARKERS if each]))}"
    if draw(one_in(4)) and _linkable(offered):
        target = draw(st.sampled_from(_linkable(offered)))
        found.append(f"{target.project} @ <files>/{target.filename}")
    return found


@st.composite
def options(draw: st.DrawFn, offered: list[Offered]) -> tuple[str, ...]:
    found = []
    if any(file.place == "extra" for file in offered) or draw(one_in(6)):
        found.append("--extra-index-url <extra>")
    if any(file.place == "links" for file in offered):
        found.append("--find-links <links>")
        found += ["--no-index"] if draw(one_in(4)) else []
    found += draw(st.lists(st.sampled_from(OPTIONS), min_size=1, max_size=2)) if draw(one_in(3)) else []
    found += ["--require-hashes"] if draw(one_in(30)) else []
    return tuple(found)
