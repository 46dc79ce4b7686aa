"""The index client: project pages and metadata, from the cache or from the index, fetched ahead by threads."""

from __future__ import annotations

import contextlib
import hashlib
import io
import logging
import math
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from pytest_deploycheck.resolution.cache import Cache
from pytest_deploycheck.resolution.direct import is_repository, local_folder, read_folder
from pytest_deploycheck.resolution.fetching import Fetching, Steps, Wanted, waited_for
from pytest_deploycheck.resolution.file import File
from pytest_deploycheck.resolution.http.answer import Refused
from pytest_deploycheck.resolution.http.ranged import NotRanged, RangedFile, tail_of
from pytest_deploycheck.resolution.http.transport import WORKERS, Answer, Transport, Unreachable, redacted, refusal
from pytest_deploycheck.resolution.integrity import BrokenDistribution, verify
from pytest_deploycheck.resolution.metadata import Metadata
from pytest_deploycheck.resolution.page import ACCEPT, IndexPage, ProjectPage, parse_page
from pytest_deploycheck.resolution.page_entries import InvalidPage
from pytest_deploycheck.resolution.sdist import UNKNOWN, Sdist, analysis, read_sdist
from pytest_deploycheck.resolution.stored import StoredPage, lasting, load_lasting
from pytest_deploycheck.resolution.traffic import Traffic
from pytest_deploycheck.resolution.versions import Release
from pytest_deploycheck.resolution.wheel_files import (
    metadata_in_parts,
    metadata_in_wheel,
    metadata_on_disk,
    of_wheel,
    unzipped,
)
from pytest_deploycheck.resolution.wheel_metadata import Whole

# What the names of threads begin with.
_THREADS = "deploycheck"

Value = TypeVar("Value")
Facts = TypeVar("Facts", Metadata, Sdist)

# Goes up with every change of what is read out of the same METADATA.
_READING = 2

# Bytes of a wheel's end that are fetched first: its directory and, mostly, its METADATA, which build tools put last.
_WHEEL_TAIL = 65_536


class NotCached(Unreachable):
    """An offline run needs what the cache does not hold: what that is."""

    def __init__(self, *missing: str) -> None:
        self.missing = missing
        need = "\n".join(f"  {each}" for each in missing)
        super().__init__(
            f"this run is offline, and the cache does not hold:\n{need}\n"
            "run `pytest --deploycheck` once without --deploycheck-offline to fetch it"
        )


class IndexClient:
    """Reads indexes as pip would; safe to use from several threads.

    Each page and each metadata is asked for once in a run.

    :param offline: answer from the cache alone, however old
    :param run: what the processes of one run have in common: they take each page as the first of them has fetched it
    """

    def __init__(self, transport: Transport, cache: Cache, *, offline: bool = False, run: str = "") -> None:
        self.cache = cache
        self.offline = offline
        self.run = run
        self._transport = transport
        # Offline there is nothing to wait for, and with one thread it is known when everything is done.
        self._threads = ThreadPoolExecutor(1 if offline else WORKERS, thread_name_prefix=_THREADS)
        self._fetching = Fetching(transport, self._threads, _THREADS)
        logging.getLogger("urllib3.connectionpool").addFilter(_is_of_others)
        self._lock = threading.Lock()
        self._futures: dict[tuple[str, str], Future[Any]] = {}
        # Of each page, by machine and URL.
        self._first_wanted: dict[tuple[str, str], Release] = {}
        self._fresh_until = math.inf
        self._closed = False

    def page(self, index_url: str, project: str, machine: str, release: Release = ()) -> Future[ProjectPage]:
        """The page of a project, empty where the index has no such project.

        :param index_url: of the simple API
        :param project: the normalised name
        :param machine: :attr:`.Target.machine`: files for other ones are known by name alone
        :param release: all that is wanted of it; empty: everything. For a second release, the page is read as a whole
        :raises Refused: (in the future) the index does not let whoever asks see it
        :raises Unreachable: (in the future) the index did not answer, or with something that is no page
        """
        url = f"{index_url.rstrip('/')}/{project}/"
        if self._first_wanted.setdefault((machine, url), release) != release:
            release = ()
        key = (f"page {machine} {release}", url)
        return self._once(key, lambda: self._run(self._load_page(url, project, machine, release)))

    def links(self, url: str, project: str, machine: str) -> Future[ProjectPage]:
        """A project's files on a page that links the files of many (``--find-links``).

        :raises Unreachable: (in the future) as for :meth:`page`
        """
        key = (f"links {project} {machine}", url)
        return self._once(key, lambda: self._run(self._load_page(url, project, machine)))

    def metadata(self, file: File) -> Future[Metadata]:
        """The core metadata of a wheel.

        :raises BrokenDistribution: (in the future) the file holds none, or is another than the index describes
        :raises Unreachable: (in the future) the index did not answer
        """
        return self._once(("metadata", file.url), lambda: self._run(self._load_metadata(file)))

    def sdist(self, file: File) -> Future[Sdist]:
        """What a source distribution says of itself, statically.

        :raises BrokenDistribution: (in the future) the archive cannot be read, or is another than the index describes
        :raises Unreachable: (in the future) the index did not answer
        """
        key = (f"sdist {file.subdirectory}", file.url)
        return self._once(key, lambda: self._threads.submit(self._load_sdist, file))

    def digest(self, file: File, algorithm: str) -> str:
        """Of a file's content, which is fetched whole for it.

        :raises Unreachable: the index did not answer
        """

        def load() -> str:
            return hashlib.new(algorithm, self._content(file)).hexdigest()

        return self._once((f"digest {algorithm}", file.url), lambda: self._threads.submit(load)).result()

    def traffic(self) -> Traffic:
        """What is done and what is waited for at this moment."""
        with self._lock:
            futures = list(self._futures.items())
        waiting = [url for (_, url), future in futures if not future.done()]
        oldest = redacted(waiting[0]).rstrip("/").rpartition("/")[2] if waiting else ""
        return Traffic(len(futures) - len(waiting), len(waiting), oldest)

    @property
    def fresh_until(self) -> float:
        """When the first of the pages used so far should be asked for again; seconds since the epoch."""
        return self._fresh_until

    def close(self) -> None:
        """Drop what is still waiting to be fetched; what is asked for later is a cancelled future."""
        with self._lock:
            self._closed = True
            futures = list(self._futures.values())
        self._fetching.close()
        self._threads.shutdown(wait=False, cancel_futures=True)
        for future in futures:
            future.cancel()
        # What was fetched is no longer kept by what waited for it: that would be for garbage collection to find out.
        self._futures.clear()
        self._transport.close()
        self.cache.keep()
        self.cache.sweep()

    def without_credentials(self, link: str) -> str:
        """A link as it may be stored; its credentials are kept for the request."""
        return self._transport.without_credentials(link, is_index=False)

    def settle(self) -> None:
        """Wait until all that was asked for, and all that follows from it, has been looked up; offline only."""
        asked = -1
        while asked != len(self._futures):
            asked = len(self._futures)
            self._threads.submit(lambda: None).result()

    def _once(self, key: tuple[str, str], start: Callable[[], Future[Value]]) -> Future[Value]:
        with self._lock:
            if key not in self._futures:
                self._futures[key] = _cancelled() if self._closed else start()
            return self._futures[key]

    def _run(self, steps: Steps[Value]) -> Future[Value]:
        return self._threads.submit(waited_for, steps, self._asked) if self.offline else self._fetching.run(steps)

    def _load_page(self, url: str, project: str, machine: str, release: Release = ()) -> Steps[ProjectPage]:
        if url.startswith("file:"):
            return self._parsed(project, url, self._transport.get(url), machine)
        whole = f"{project} {machine} {url}"
        key, stored = self._stored(whole, release)
        if stored is not None and self._is_good(stored):
            return self._used(stored, project)
        answer = yield Wanted(url, "the page", {"Accept": ACCEPT, **(stored.conditions if stored else {})})
        if answer.status == 304 and stored is not None:
            stored = stored.renewed(answer, self.run)
        elif answer.status in (401, 403):
            key, stored = whole, StoredPage.refused(answer, f"{redacted(url)}: {refusal(answer)}", self.run)
        else:
            page = self._parsed(project, url, answer, machine, release)
            key = f"{whole} {release}" if page.is_part else whole
            stored = StoredPage.of(answer, page, self.run)
        if stored.is_storable:
            self._store(key, stored, is_part=key != whole)
        return self._used(stored, project)

    def _stored(self, whole: str, release: Release) -> tuple[str, StoredPage | None]:
        """The page in the cache, or its part, that may be used as it is; else one that may be asked after.

        :param whole: the key of the page
        :returns: with its key; of both, the one that was fetched last
        """
        stored = {whole: StoredPage.load(self.cache.read("page", whole))}
        if release:
            key = f"{whole} {release}"
            stored[key] = StoredPage.load(self.cache.parts.read(key))
        found = [(key, page) for key, page in stored.items() if page is not None]
        return max(found, key=lambda each: (self._is_good(each[1]), each[1].fetched), default=(whole, None))

    def _store(self, key: str, page: StoredPage, *, is_part: bool) -> None:
        if not is_part:
            self.cache.write("page", key, page.dump())
            return
        self.cache.parts.write(key, page.dump())
        if self.run:
            self.cache.keep()  # The other processes of this run shall have it.

    def _is_good(self, stored: StoredPage) -> bool:
        """Whether it may be used as it is."""
        return self.offline or stored.is_fresh(self.run)

    def _parsed(self, project: str, url: str, answer: Answer, machine: str, release: Release = ()) -> IndexPage:
        if answer.status in (404, 410):
            return IndexPage.empty(project)
        if answer.status != 200:
            raise Unreachable(f"{redacted(url)}: {refusal(answer)}")
        kind, bare = answer.headers.get("content-type", ""), self.without_credentials
        try:
            return parse_page(project, redacted(answer.url), kind, answer.content, machine, bare, release)
        except InvalidPage as error:
            raise Unreachable(f"{redacted(url)}: answered with {error}") from error

    def _used(self, stored: StoredPage, project: str) -> ProjectPage:
        with self._lock:
            self._fresh_until = min(self._fresh_until, stored.fresh_until)
        if stored.refusal:
            raise Refused(stored.refusal)
        return stored.page or IndexPage.load(project, stored.content)

    def _load_metadata(self, file: File) -> Steps[Metadata]:
        def fetch() -> Metadata:
            return waited_for(self._fetch_metadata(file), self._asked)

        if file.url.startswith("file:") or not file.sha256:
            known: Metadata = yield lambda: self._cached("metadata", file, f"{_READING}", Metadata, fetch)
            return known
        key = f"{_READING} {file.sha256}"
        stored = self.cache.metadata.read(key)
        if stored is not None:
            with contextlib.suppress(ValueError):  # Another version of this plugin wrote it.
                return Metadata.load(stored)
        metadata = yield from self._fetch_metadata(file)
        self.cache.metadata.write(key, metadata.dump())
        return metadata

    def _load_sdist(self, file: File) -> Sdist:
        reading = f"{_READING} {analysis()} {file.subdirectory}"
        return self._cached("sdist", file, reading, Sdist, lambda: self._fetch_sdist(file))

    def _cached(self, kind: str, file: File, reading: str, form: type[Facts], fetch: Callable[[], Facts]) -> Facts:
        """By the file's hash, which is for ever; what has none is kept as long as a page.

        :param reading: the way in which the facts are read out of the file
        """
        if file.url.startswith("file:"):
            return fetch()
        digest = file.sha256
        key = f"{reading} {digest or file.url}"
        stored = self.cache.read(kind, key)
        if stored is not None:
            try:
                return form.load(stored if digest else load_lasting(stored, however_old=self.offline))
            except ValueError:
                pass  # Another version of this plugin wrote it, or it is too old.
        value = fetch()
        if getattr(value, "repeatable", True):
            self.cache.write(kind, key, value.dump() if digest else lasting(value.dump()))
        return value

    def _fetch_metadata(self, file: File) -> Steps[Metadata]:
        if file.metadata is not None:
            answer = yield Wanted(f"{file.url}.metadata", "the metadata file")
            if answer.status != 200:
                said = f"{refusal(answer)}, though its page says that it is there: pip stops at this"
                raise Unreachable(f"{redacted(file.url)}.metadata: {said}")
            verify(file, answer.content, (file.metadata,), "the hash of its metadata file")
            return of_wheel(file, answer.content)
        if file.url.startswith("file:"):
            return metadata_on_disk(file)
        answer = yield Wanted(file.url, "the file", tail_of(_WHEEL_TAIL))
        try:
            ranged = RangedFile(self._transport, file.url, answer)
            content = yield from metadata_in_parts(ranged, file)
            if content is not None:
                return of_wheel(file, content)
            metadata: Metadata = yield lambda: unzipped(ranged, file)
        except NotRanged as unranged:
            whole = unranged.whole
            metadata = yield lambda: self._metadata_in_whole(file, whole)
        return metadata

    def _metadata_in_whole(self, file: File, content: bytes | None) -> Metadata:
        """
        :param content: of the file, if it was fetched already
        """
        whole = self._download(file) if content is None else content
        verify(file, whole, file.hashes, "its hash")
        return metadata_in_wheel(Whole(whole), io.BytesIO(whole), file)

    def _fetch_sdist(self, file: File) -> Sdist:
        if is_repository(file.url):
            return UNKNOWN
        try:
            if (folder := local_folder(file)) is not None:
                return read_folder(folder)
            return read_sdist(file.filename, self._download(file), file.subdirectory)
        except ValueError as error:
            raise BrokenDistribution(file, str(error)) from error

    def _download(self, file: File) -> bytes:
        content = self._content(file)
        verify(file, content, file.hashes, "its hash")
        return content

    def _content(self, file: File) -> bytes:
        answer = self._asked(Wanted(file.url, "the file"))
        if answer.status != 200:
            raise Unreachable(f"{redacted(file.url)}: {refusal(answer)}")
        return answer.content

    def _asked(self, wanted: Wanted) -> Answer:
        if self.offline and not wanted.url.startswith("file:"):
            raise NotCached(f"{wanted.what} {redacted(wanted.url)}")
        return self._transport.get(wanted.url, wanted.headers)


def _is_of_others(record: logging.LogRecord) -> bool:
    """urllib3 logs each URL with its query, which may be a token: pytest shows the log of a test that fails."""
    return not (record.threadName or "").startswith(_THREADS)


def _cancelled() -> Future[Any]:
    future: Future[Any] = Future()
    future.cancel()
    return future
