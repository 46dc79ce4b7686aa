"""Several indexes and find-links locations, searched together as pip searches them."""

from __future__ import annotations

import threading
from concurrent.futures import Future

from pytest_deploycheck.resolution.find_links import FindLinks
from pytest_deploycheck.resolution.http.answer import Refused
from pytest_deploycheck.resolution.index import IndexClient, NotCached
from pytest_deploycheck.resolution.page import MergedPages, ProjectPage
from pytest_deploycheck.resolution.places import Places
from pytest_deploycheck.resolution.versions import Release


class Indexes:
    """Where one source's distributions come from.

    pip knows no priority among indexes: all their files are candidates. Only among files that are alike in all that
    counts, the one found last is taken.
    """

    def __init__(self, client: IndexClient, places: Places) -> None:
        self.client = client
        self.places = places
        self._find_links = FindLinks(places.find_links)
        self._pages: dict[tuple[str, str, Release], Future[ProjectPage]] = {}
        self._lock = threading.Lock()

    def page(self, project: str, machine: str, release: Release = ()) -> Future[ProjectPage]:
        """All files of a project.

        pip skips any index that it cannot read, with a warning. One that refuses (401 or 403) is skipped here too, if
        there are files of the project elsewhere: that is how some say that they have no such project, as
        download.pytorch.org does (2026). Any other fault stays one: the index might have offered a newer file, and may
        do so when pip asks, so what pip would pick is not known.

        :param project: the normalised name
        :param machine: :attr:`.Target.machine`
        :param release: all that is wanted of it; empty: everything
        :raises Unreachable: (in the future) one of the indexes did not answer, or one refuses and no other has files
        """
        with self._lock:
            key = (project, machine, release)
            if key not in self._pages:
                self._pages[key] = self._merged(project, machine, release)
            return self._pages[key]

    def forget(self) -> None:
        """Keep no page any longer: what waited for it would keep this, and only garbage collection would find out."""
        with self._lock:
            self._pages.clear()

    def _merged(self, project: str, machine: str, release: Release) -> Future[ProjectPage]:
        files = self._find_links.files(project)
        futures = [self.client.links(link, project, machine) for link in self._find_links.remote_pages]
        futures += map(_read, self._find_links.pages(project, machine))
        futures += [self.client.page(url, project, machine, release) for url in self.places.urls]
        if len(futures) == 1 and not list(files.versions):
            return futures[0]
        return _joined(project, files, futures)


def _read(page: ProjectPage) -> Future[ProjectPage]:
    future: Future[ProjectPage] = Future()
    future.set_result(page)
    return future


def _joined(project: str, local: ProjectPage, futures: list[Future[ProjectPage]]) -> Future[ProjectPage]:
    """The merged page, once all are there; the first fault among them, if there is one that counts."""
    joined: Future[ProjectPage] = Future()
    waiting = len(futures)
    lock = threading.Lock()

    def arrived(_: Future[ProjectPage]) -> None:
        nonlocal waiting
        with lock:
            waiting -= 1
            if waiting > 0:
                return
        if any(future.cancelled() for future in futures):
            joined.cancel()
            return
        faults = [fault for future in futures if (fault := future.exception()) is not None]
        pages = [local, *(future.result() for future in futures if future.exception() is None)]
        # They keep this function, which should not keep them.
        futures.clear()
        if any(map(_has_files, pages)):
            faults = [fault for fault in faults if not isinstance(fault, Refused)]
        if faults:
            joined.set_exception(_together(faults))
        else:
            joined.set_result(MergedPages(project, pages))

    if not futures:
        joined.set_result(local)
    for future in tuple(futures):
        future.add_done_callback(arrived)
    return joined


def _has_files(page: ProjectPage) -> bool:
    return next(iter(page.versions), None) is not None


def _together(faults: list[BaseException]) -> BaseException:
    """What an offline run lacks is named as a whole; of other faults the first will do."""
    missing = [each for fault in faults if isinstance(fault, NotCached) for each in fault.missing]
    return NotCached(*missing) if missing else faults[0]
