"""Where lines pin everything nothing is searched for: real pip, and the resolver, find the same there.

Random cases are resolved, and what was picked is pinned, in front of the lines that there were or by constraints; now
and then a pin is left out, is another version's, or comes too late.
"""

from __future__ import annotations

import sys

import pytest
from differential.generated import VERSIONS, Case, cases
from differential.pip_process import Pip, random_examples
from differential.served import assert_same, ours, served
from hypothesis import assume, event, given
from hypothesis import strategies as st

from pytest_deploycheck.resolution import resolver
from pytest_deploycheck.resolution.pinned import picked_as_pinned
from pytest_deploycheck.resolution.result import Distribution, Kind, Outcome

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="describes this machine as a Linux target")


def pin(each: Distribution, version: str, *, hashed: bool) -> str:
    hashes = "".join(f" --hash={digest.replace('=', ':')}" for digest in each.file.hashes) if hashed else ""
    return f"{each.name}=={version}{hashes}"


@random_examples(60)
@given(case=cases(), data=st.data())
def test_what_is_pinned_is_what_pip_and_the_resolver_pick(
    case: Case, data: st.DataObject, pip: Pip, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("case")
    searched: list[bool] = []

    def noted(*arguments: object) -> object:
        found = picked_as_pinned(*arguments)  # type: ignore[arg-type]
        searched.append(found is None)
        return found

    with served(case, folder) as (place, file), pytest.MonkeyPatch.context() as patch:
        before = ours(place.index.url, file, folder / "cache")
        assume(before.outcome is Outcome.OK)
        odd = data.draw(st.sampled_from([*[""] * 6, *["constraints"] * 3, "missing", "other", "late"]))
        text = file.read_text()
        picked = [each for each in before.distributions if each.kind is not Kind.DIRECT and each.version != "unknown"]
        pins = [pin(each, each.version, hashed="--hash" in text or "--require-h" in text) for each in picked]
        if pins and odd in ("missing", "other"):
            at = data.draw(st.integers(0, len(pins) - 1))
            pins[at] = "" if odd == "missing" else pin(picked[at], data.draw(st.sampled_from(VERSIONS)), hashed=False)
        lines = {"late": (text, *pins), "constraints": (text,)}.get(odd, (*pins, text))
        file.write_text("\n".join(lines))
        if odd == "constraints":
            with (folder / "constraints.txt").open("a") as stream:
                stream.write("\n".join(["", *pins]))
        patch.setattr(resolver, "picked_as_pinned", noted)
        found = ours(place.index.url, file, folder / "pinned")
        event("searched" if all(searched) else "not searched")
        assert_same(place, found, pip.ask(place.index.url, file), file.read_text())
        patch.setattr(resolver, "picked_as_pinned", lambda *_: None)
        assert ours(place.index.url, file, folder / "searched") == found
