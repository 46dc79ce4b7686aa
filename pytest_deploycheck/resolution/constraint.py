"""What constraint lines say of one project."""

from __future__ import annotations

from dataclasses import dataclass, field

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from pytest_deploycheck.resolution.direct import link_key
from pytest_deploycheck.resolution.hash_checking import NO_HASHES, Hashes, allowed_by_both


@dataclass(frozen=True)
class Constraint:
    """All constraint lines for a project together; pip's ``Constraint``.

    :param links: the files that lines name; only a file that is all of them will do
    """

    specifier: SpecifierSet = field(default_factory=SpecifierSet)
    hashes: Hashes = field(default_factory=lambda: NO_HASHES)
    links: tuple[str, ...] = ()

    def with_line(self, specifier: SpecifierSet, hashes: Hashes, link: str) -> Constraint:
        """With one more line."""
        links = (*self.links, link) if link else self.links
        return Constraint(self.specifier & specifier, allowed_by_both(self.hashes, hashes), links)

    def allows(self, version: Version | None, link: str) -> bool:
        """Whether a file that is named itself will do.

        :param version: None where it is not known, and so taken for one that will do
        :param link: what names it
        """
        if any(link_key(each) != link_key(link) for each in self.links):
            return False
        return version is None or self.specifier.contains(version, prereleases=True)
