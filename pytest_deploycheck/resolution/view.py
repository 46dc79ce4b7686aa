"""The indexes as one target sees them: the candidates of projects, and what files require there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from typing import Any

from packaging.markers import Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import InvalidWheelFilename, NormalizedName, canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from pytest_deploycheck.location import Location
from pytest_deploycheck.resolution.asked import Preferences
from pytest_deploycheck.resolution.candidates import ProjectCandidates, python_specifier
from pytest_deploycheck.resolution.direct import direct_file, is_repository, link_key, local_folder
from pytest_deploycheck.resolution.file import File
from pytest_deploycheck.resolution.http.transport import Unreachable, redacted
from pytest_deploycheck.resolution.index import NotCached
from pytest_deploycheck.resolution.indexes import Indexes
from pytest_deploycheck.resolution.integrity import BrokenDistribution
from pytest_deploycheck.resolution.markers import UndecidedMarker, may_be_undefined
from pytest_deploycheck.resolution.metadata import Metadata, requirement
from pytest_deploycheck.resolution.page import FoundFiles, ProjectPage
from pytest_deploycheck.resolution.result import Outcome
from pytest_deploycheck.resolution.sdist import Sdist
from pytest_deploycheck.resolution.target import Target
from pytest_deploycheck.resolution.versions import Release
from pytest_deploycheck.resolution.wishes import (
    ANY_VERSION,
    DistributionCandidate,
    ExactWish,
    ImpossibleWish,
    PythonWish,
    Unsupported,
    Unusable,
    Wish,
    wishes,
)


class Refused(Exception):
    """pip stops, for the reason given, whatever else could be picked.

    :param outcome: how that is reported
    """

    def __init__(self, reason: str, outcome: Outcome = Outcome.INVALID) -> None:
        self.outcome = outcome
        super().__init__(reason)


class TargetView:
    """The indexes as one target sees them; safe to use from several threads.

    :param preferences: what the options of the source say on a project
    :param without_dependencies: ``--no-deps``: nothing is asked for beside the lines
    :param locked: the one file of each project of which no index is asked, since a lock names it
    """

    def __init__(
        self,
        indexes: Indexes,
        target: Target,
        preferences: Callable[[NormalizedName], Preferences] = lambda project: Preferences(),
        locked: Mapping[NormalizedName, File] | None = None,
        *,
        without_dependencies: bool = False,
    ) -> None:
        self.indexes = indexes
        self.client = indexes.client
        self.target = target
        # The files that turned out to be others than their names say, by URL.
        self.unusable: dict[str, Unusable] = {}
        self.preferences = preferences
        self._locked = locked or {}
        self._without_dependencies = without_dependencies
        self._direct: dict[tuple[object, ...], DistributionCandidate | None] = {}
        self._candidates: dict[tuple[NormalizedName, Release], ProjectCandidates] = {}
        self._markers: dict[tuple[str, str], bool] = {}
        self._python_wishes: dict[str, PythonWish] = {}

    def page(self, project: NormalizedName, release: Release = ()) -> Future[ProjectPage]:
        """What the indexes have of a project, or the lock that is to be followed.

        :param release: all that is wanted of it; empty: everything
        """
        if (file := self._locked.get(project)) is not None:
            found: Future[ProjectPage] = Future()
            found.set_result(FoundFiles.among(project, (file,)))
            return found
        return self.indexes.page(project, self.target.machine, release)

    def candidates(self, project: NormalizedName, release: Release = ()) -> ProjectCandidates:
        """
        :param release: all that is wanted of them; empty: everything
        :raises Unreachable: the index did not answer
        """
        key = (project, release)
        if key not in self._candidates:
            self._candidates[key] = self._candidates_of(project, self.page(project, release).result())
        return self._candidates[key]

    def _candidates_of(self, project: NormalizedName, page: ProjectPage) -> ProjectCandidates:
        return ProjectCandidates(page, self.target, self.preferences(project))

    def direct(self, link: str, name: str | None) -> DistributionCandidate | None:
        """The candidate for a link; one and the same each time.

        :param name: the project that the link is said to be of
        :returns: None where it is another project's, so that nothing satisfies who asks for it
        :raises Unsupported: it is a wheel for another machine
        :raises Refused: pip would stop at it, or would have to clone or to build it to learn which project it is
        :raises Unreachable: it could not be fetched
        """
        link = self.client.without_credentials(link)
        key = link_key(link)
        if key not in self._direct:
            # Two threads may come here at once; the first candidate is everybody's.
            self._direct.setdefault(key, self._direct_candidate(link, name))
        found = self._direct[key]
        return found if found is None or name is None or found.project == canonicalize_name(name) else None

    def _direct_candidate(self, link: str, name: str | None) -> DistributionCandidate | None:
        file = direct_file(link)
        if file.is_wheel:
            self._check_wheel(file, name)
        try:
            if file.hashes:
                self._check_fragment(file)
            metadata = self.metadata(file)
        except BrokenDistribution as error:
            raise Refused(str(error)) from error
        said = canonicalize_name(metadata.name)
        if not (name or said):
            raise Refused(_nameless(file), Outcome.UNREACHABLE)
        if name and said and canonicalize_name(name) != said:
            return None
        try:
            _requirements(file, metadata)
        except Unusable as error:
            raise Refused(str(error)) from error
        return DistributionCandidate(canonicalize_name(name or said), _version_of(file, metadata), file, link=link)

    def _check_wheel(self, file: File, name: str | None) -> None:
        try:
            project, _, _, tags = parse_wheel_filename(file.filename)
        except (InvalidWheelFilename, InvalidVersion) as error:
            raise Refused(f"{file.filename}: {error}") from error
        if tags.isdisjoint(self.target.tag_rank):
            raise Unsupported(f"{file.filename} is not a wheel for {self.target.name}")
        if name and project != canonicalize_name(name):
            raise Refused(f"{name} @ {redacted(file.url)}: this is a wheel of {project}")

    def _check_fragment(self, file: File) -> None:
        algorithm, _, digest = file.hashes[0].partition("=")
        if self.client.digest(file, algorithm) != digest:
            raise Refused(f"{redacted(file.url)}: its {algorithm} is not the one in the URL", Outcome.NO_MATCH)

    def facts(self, file: File) -> Future[Any]:
        """The metadata of a wheel, or what a source distribution says of itself."""
        return self.client.metadata(file) if file.is_wheel else self.client.sdist(file)

    def sdist(self, file: File) -> Sdist:
        """:raises Unreachable: the index did not answer"""
        return self.client.sdist(file).result()

    def metadata(self, file: File) -> Metadata:
        """:raises Unreachable: the index did not answer
        :raises BrokenDistribution: the file is not what its name says"""
        return self.client.metadata(file).result() if file.is_wheel else self.sdist(file).metadata

    def holds(self, marker: Marker | None, extras: Iterable[str] = ("",)) -> bool:
        """Whether a marker is true on the target, with any of the extras.

        :raises UndecidedMarker: that cannot be said
        """
        if marker is None:
            return True
        text = str(marker)
        return any(self._holds(marker, text, extra) for extra in extras)

    def _holds(self, marker: Marker, text: str, extra: str) -> bool:
        key = (text, extra)
        if key not in self._markers:
            self._markers[key] = self.target.holds(marker, extra)
        return self._markers[key]

    def dependencies(self, base: DistributionCandidate, extras: frozenset[NormalizedName]) -> Iterator[Wish]:
        """What a file requires on the target; with extras, only what these add to pip's requirement of the file itself.

        One after the other, since a link is followed only if all before it can be satisfied.

        :raises Unusable: pip discards the file
        :raises Unreachable: the index did not answer
        :raises Refused: as for :meth:`direct`, and where the file cannot be read
        """
        metadata = self._metadata_of(base)
        if not extras:
            yield from self._python_wish(metadata)
        if self._without_dependencies:
            return
        for each in self._required(base, metadata, extras):
            if each.url:
                yield from self.linked(each.url, each.name, None, each.extras)
            else:
                yield from wishes(each)

    def check(self, base: DistributionCandidate) -> None:
        """Look whether a file of an index is what its name says.

        :raises Unusable: pip discards it
        :raises Unreachable: the index did not answer
        :raises Refused: it cannot be read
        """
        self._decidable(base, self._metadata_of(base))

    def foreseen(self, base: DistributionCandidate, extras: frozenset[NormalizedName]) -> list[Wish]:
        """What of :meth:`dependencies` the indexes will be asked for; no fault is raised, and nothing is waited for."""
        return [] if self._without_dependencies else self.required(base, extras)

    def required(self, base: DistributionCandidate, extras: frozenset[NormalizedName]) -> list[Wish]:
        """What a file requires by name, whether or not that is asked for; nothing where it cannot be read.

        :raises Unreachable: the index did not answer
        """
        try:
            required = self._required(base, self._metadata_of(base), extras)
            return [wish for each in required if not each.url for wish in wishes(each)]
        except (Unusable, Refused):
            return []

    def _required(
        self, base: DistributionCandidate, metadata: Metadata, extras: frozenset[NormalizedName]
    ) -> Iterator[Requirement]:
        wanted = extras & set(metadata.provides_extra)
        for each in self._decidable(base, metadata):
            try:
                needed = self.holds(each.marker, wanted or ("",))
            except UndecidedMarker as error:
                raise Refused(f"{base.file.filename} requires {each.name}: {error}", Outcome.UNREACHABLE) from error
            if needed:
                yield each

    def _decidable(self, base: DistributionCandidate, metadata: Metadata) -> list[Requirement]:
        """What a file requires, each marker of which has an answer: pip looks at all of them at once."""
        found = _requirements(base.file, metadata)
        for each, text in zip(found, metadata.requires_dist, strict=True):
            if each.marker is not None and may_be_undefined(text.partition(";")[2]):
                self._look_for_an_answer(base, each.name, each.marker)
        return found

    def _look_for_an_answer(self, base: DistributionCandidate, name: str, marker: Marker) -> None:
        try:
            self.holds(marker)
        except UndecidedMarker as error:
            if error.breaks_off:
                raise _stopping_at(base, f"{base.file.filename} requires {name}: {error}", Outcome.INVALID) from error

    def _metadata_of(self, base: DistributionCandidate) -> Metadata:
        try:
            metadata = self.metadata(base.file)
        except BrokenDistribution as error:
            raise _stopping_at(base, str(error), Outcome.NO_MATCH if error.is_other else Outcome.INVALID) from error
        if not base.link:
            _check_identity(base, metadata, self._fixed(base.file))
        return metadata

    def _fixed(self, file: File) -> tuple[str, ...]:
        """Which of name and version pip will read as they stand in the metadata."""
        if not file.is_wheel:
            return self.sdist(file).fixed
        reads_names = file.metadata is not None or self.target.python_version.release >= _READS_NAMES
        return _IDENTITY if reads_names else ("version",)

    def linked(self, link: str, name: str | None, line: Location | None, extras: Iterable[str]) -> list[Wish]:
        """A requirement that names a link, as the resolver takes it: the file, and the file with extras.

        :raises Refused: as for :meth:`direct`
        """
        where = f"{line}: " if line else ""
        try:
            base = self.direct(link, name)
        except Unsupported as error:
            raise Refused(f"{where}{error}") from error
        except Refused as error:
            raise Refused(f"{where}{error}", error.outcome) from error
        except NotCached:
            raise
        except Unreachable as error:
            raise Unreachable(f"{where}{error}") from error
        if base is None:
            if name is None:
                raise Refused(f"{where}{redacted(link)}: it is another project's")
            return [ImpossibleWish(canonicalize_name(name), f"{name} @ {redacted(link)}, which is another's", line)]
        normalised = frozenset(map(canonicalize_name, extras))
        found: list[Wish] = [ExactWish(base, line)]
        if normalised:
            found.append(ExactWish(base.with_extras(normalised), line))
        return found

    def _python_wish(self, metadata: Metadata) -> list[Wish]:
        specifier = python_specifier(metadata.requires_python)
        if not specifier:
            return []
        return [self._python_wishes.setdefault(str(specifier), PythonWish(specifier))]


def _version_of(file: File, metadata: Metadata) -> Version:
    """The version of a file that is named itself."""
    try:
        return Version(metadata.version)
    except InvalidVersion as error:
        if file.is_wheel:
            raise Refused(_without_version(file, metadata)) from error
        return ANY_VERSION  # Only a build would tell.


def _without_version(file: File, metadata: Metadata) -> str:
    said = metadata.version or "none"
    return f"{redacted(file.url)}: the version in its metadata is not valid: {said}"


def _nameless(file: File) -> str:
    """pip clones or builds what has no name, and learns it; here neither is done."""
    if local_folder(file) is not None:
        return (
            f"which project the folder {file.filename} is, and what it requires, is not known, "
            "since only a build would tell it: say name and dependencies in the [project] table of its pyproject.toml"
        )
    shown = redacted(file.url)
    why = "a repository is not cloned here" if is_repository(file.url) else "only a build would tell it"
    return f"{shown}: which project this is, and what it requires, is not known, since {why}: write `name @ {shown}`"


def _requirements(file: File, metadata: Metadata) -> list[Requirement]:
    """pip passes over a version, whatever its other files say, one of whose requirements cannot be parsed."""
    try:
        return [requirement(text) for text in metadata.requires_dist]
    except InvalidRequirement as error:
        reason = f"{file.filename} has invalid metadata: {str(error).splitlines()[0]}"
        raise Unusable(file, reason, whole_version=True) from error


_IDENTITY = ("name", "version")
# On older ones pip reads metadata with pkg_resources, and takes the name of a wheel from its file name, unless it has
# a metadata file of its own (``pip/_internal/metadata/__init__.py``, ``pip/_internal/operations/prepare.py``).
_READS_NAMES = (3, 11)


def _check_identity(base: DistributionCandidate, metadata: Metadata, fixed: Iterable[str]) -> None:
    """pip discards a file whose metadata names another project or version, and stops at a version that is none.

    :param fixed: the fields that say what pip will read; of a source distribution a build may yet change the others
    :raises Unusable: it is another one
    :raises Refused: its version cannot be parsed
    """
    reason = f"{base.file.filename}: its metadata says {metadata.name} {metadata.version}"
    if "name" in fixed and canonicalize_name(metadata.name) != base.project:
        raise Unusable(base.file, reason)
    if "version" not in fixed:
        return
    try:
        version = Version(metadata.version)
    except InvalidVersion as error:
        raise _stopping_at(base, _without_version(base.file, metadata), Outcome.INVALID) from error
    if version != base.version:
        raise Unusable(base.file, reason)


def _stopping_at(base: DistributionCandidate, reason: str, outcome: Outcome) -> Refused:
    if base.link:
        return Refused(reason, outcome)
    return Refused(
        f"{reason}; pip stops at such a file: whoever runs the index has to mend it, "
        f"and until then `{base.project}!={base.version}` leaves it out",
        outcome,
    )
