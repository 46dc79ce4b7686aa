"""Random small indexes, served over HTTP with real wheels and sdists: real pip and this resolution pick the same files.

The target is the machine that the test runs on, since pip can only be asked about that one. The number of examples is
bounded here; ``DIFFERENTIAL_EXAMPLES=1000`` looks longer, and elsewhere each time.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from differential.generated import Case, cases
from differential.pip_process import Pip, random_examples
from differential.served import assert_same, ours, served
from hypothesis import given

from index_server import Index, wheel

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="describes this machine as a Linux target")


@random_examples(100)
@given(case=cases())
def test_the_same_files_and_the_same_outcome_as_pip(
    case: Case, pip: Pip, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("case")
    with served(case, folder) as (place, file):
        theirs = pip.ask(place.index.url, file)
        assert_same(place, ours(place.index.url, file, folder / "cache"), theirs, case)


def test_where_pip_goes_round_in_a_circle_nothing_is_known(pip: Pip, tmp_path: Path) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text("alpha\n")
    with Index() as index:
        index.add(
            wheel("alpha", "0.9", requires_dist=["beta"]),
            wheel("beta", "0.9", requires_dist=["alpha", "delta"], provides_extra=["fast"]),
            wheel("beta", "1.0", requires_dist=["gamma~=1.0; extra == 'fast'", "delta"], provides_extra=["fast"]),
            wheel("gamma", "0.9"),
            wheel("delta", "0.9", requires_dist=["beta[fast]"]),
        )
        theirs = pip.ask(index.url, file)
        resolution = ours(index.url, file, tmp_path / "cache")
    assert (resolution.outcome.value, theirs["outcome"]) == ("unreachable", "unreachable"), theirs["message"]
    assert resolution.message == (
        "pip breaks off with a RecursionError here: it goes round in a circle of projects that require each other; "
        "tried over and over: beta (3 times); pin these to the versions that shall be installed"
    )
