"""What source distributions of a lock say of themselves: fetched by the lock's URL, else found on an index by name.

A lock of uv has the URL of each file. One of Poetry has names and hashes only: Poetry asks the source that the lock
names, or PyPI, and knows nothing of pip's configuration. Here pip's index stands in for PyPI, as it does for everything
else in a run, so that it works behind a mirror: it is the hash in the lock that says which file it is.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass

from packaging.utils import NormalizedName

from pytest_deploycheck.resolution.direct import local_folder
from pytest_deploycheck.resolution.file import File
from pytest_deploycheck.resolution.http.transport import Unreachable
from pytest_deploycheck.resolution.index import IndexClient
from pytest_deploycheck.resolution.integrity import BrokenDistribution
from pytest_deploycheck.resolution.locked.lock import Package
from pytest_deploycheck.resolution.locked.resolve import Facts, Stops, Wanted
from pytest_deploycheck.resolution.page import ProjectPage
from pytest_deploycheck.resolution.sdist import UNKNOWN, Sdist
from pytest_deploycheck.resolution.target import Target


@dataclass(frozen=True)
class Fetched:
    """Asks the indexes.

    :param target: only files for it are looked for
    :param default: gives the page of a project on the index that stands in for PyPI
    """

    client: IndexClient
    target: Target
    default: Callable[[NormalizedName], Future[ProjectPage]]

    def __call__(self, wanted: Wanted) -> dict[str, Facts]:
        """What each of these files says.

        :raises Stops: one is another file than the lock has, or is not there
        """
        pages = {name: self._page(package) for name, (package, file) in wanted.items() if not file.url}
        files = {name: self._found(package, file, pages.get(name)) for name, (package, file) in wanted.items()}
        asked = {name: self.client.sdist(file) for name, file in files.items() if isinstance(file, File)}
        found: dict[str, Facts] = {}
        for name, (package, locked) in wanted.items():
            file = files[name]
            if isinstance(file, File):
                is_certain = bool(locked.url or package.index)
                found[name] = _read(asked[name], package, file, is_certain=is_certain)
            else:
                found[name] = Facts(UNKNOWN, file)
        return found

    def _page(self, package: Package) -> Future[ProjectPage]:
        if package.index:
            index = self.client.without_credentials(package.index)
            return self.client.page(index, package.name, self.target.machine)
        try:
            return self.default(package.name)
        except Unreachable as fault:
            refused: Future[ProjectPage] = Future()
            refused.set_exception(fault)
            return refused

    def _found(self, package: Package, file: File, page: Future[ProjectPage] | None) -> File | str:
        """The file with its URL, or why there is none."""
        if page is None:
            if file.url.startswith("file:") and package.link.endswith("/") and local_folder(file) is None:
                raise Stops(package, f"{package} is a folder that is not there ({package.location})")
            return file._replace(url=self.client.without_credentials(file.url))
        try:
            offered = page.result()
            urls = [each.url for v in offered.versions for each in offered.files(v) if each.filename == file.filename]
        except Unreachable as fault:
            return str(fault)
        except CancelledError:
            return "the run was ended"
        return file._replace(url=urls[0]) if urls else f"the index has no {file.filename}"


def _read(asked: Future[Sdist], package: Package, file: File, *, is_certain: bool) -> Facts:
    try:
        return Facts(asked.result())
    except BrokenDistribution as fault:
        if fault.is_other and is_certain:
            reason = f"{file.filename} of the index has not the hash that the lock has for it ({package.location})"
            raise Stops(package, reason) from fault
        return Facts(UNKNOWN, str(fault))
    except Unreachable as fault:
        return Facts(UNKNOWN, str(fault))
    except CancelledError:
        return Facts(UNKNOWN, "the run was ended")
