"""Random small indexes: no repair changes more lines than the smallest one that trying all of them finds.

``REPAIR_EXAMPLES=500`` looks longer, and elsewhere each time.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from differential.generated import Case
from differential.generated_repairs import TARGETS, broken, fewest
from differential.served import served
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pytest_deploycheck.asking import asked_of
from pytest_deploycheck.resolution.repair.proven import Broken, find_repair
from pytest_deploycheck.resolution.repair.repair import NoRepair, Repair
from pytest_deploycheck.resolutions import Resolutions
from pytest_deploycheck.settings import Settings
from pytest_deploycheck.sources.requirements import read_requirements
from pytest_deploycheck.subjects import Source

EXAMPLES = int(os.environ.get("REPAIR_EXAMPLES", "40"))


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="REPAIR_EXAMPLES" not in os.environ,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate, Phase.shrink],
)
@given(case=broken(), count=st.integers(1, len(TARGETS)))
def test_no_repair_is_larger_than_the_smallest(
    case: Case, count: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("case")
    with served(case, folder) as (place, file):
        environ = {
            "PIP_INDEX_URL": place.index.url,
            "PIP_CONFIG_FILE": os.devnull,
            "PYTEST_DEPLOYCHECK_CACHE": str(folder / "cache"),
        }
        resolutions = Resolutions(Settings(root=Path(folder)), environ)
        source = Source(read_requirements(file, folder, environ), ())
        asked, views = asked_of(source), [resolutions.view(source, each) for each in TARGETS[:count]]
        found = find_repair(Broken("requirements.txt", asked, views, [False] * len(asked)), 60)
        least = fewest(case, asked, views)
        resolutions.close()
    _judge(found, least, count)


def _judge(found: Repair | NoRepair, least: int | None, count: int) -> None:
    if isinstance(found, Repair) and not found.left:
        assert all(each.has_wheels_only for each in found.proof)
        assert least is not None
        assert found.is_fewest
        assert len(found.changes) == least
    elif isinstance(found, NoRepair) and not found.reasons:
        assert least == 0
    else:
        assert least is None
        # What each of several targets has, and all of them together have not, is not proven to be missing.
        assert isinstance(found, Repair) or found.is_certain or count > 1
