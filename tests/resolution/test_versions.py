"""Versions parsed as late as possible are those, and in that order, that parsing them all gives."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from threading import Barrier, Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import InvalidVersion, Version

from pytest_deploycheck.resolution.versions import Remembered, Versions

numbers = st.sampled_from(["0", "1", "01", "2", "10", "2020"])
releases = st.lists(numbers, min_size=1, max_size=4).map(".".join)
texts = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["", "", "", "", "v", "V", "1!", "0!"]),
    releases,
    st.sampled_from(["", "", "", "rc1", "a2", ".dev3", ".post1", "-1", ".post1.dev2"]),
    st.sampled_from(["", "", "", "+local.1", "-py3.9", "-nonsense", "x"]),
)


def parse(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None


@given(st.lists(texts, max_size=20))
def test_they_are_all_there_the_newest_first(spelled: list[str]) -> None:
    versions = Versions(spelled, parse)
    expected = sorted({found for text in spelled if (found := parse(text)) is not None}, reverse=True)
    assert [version for group in versions.groups() for version in group] == expected
    for version in expected:
        assert versions.spellings(version) == [text for text in spelled if parse(text) == version]
        assert version in versions.like(version)


@given(st.lists(texts, max_size=20), texts)
def test_those_like_another_are_all_that_can_equal_it(spelled: list[str], other: str) -> None:
    wanted = parse(other)
    if wanted is None:
        return
    like = Versions(spelled, parse).like(wanted)
    same = [found for text in spelled if (found := parse(text)) is not None and found.public == wanted.public]
    assert set(same) <= set(like)


def test_only_what_is_asked_for_is_parsed() -> None:
    parsed: Counter[str] = Counter()

    def count(text: str) -> Version:
        parsed[text] += 1
        return Version(text)

    versions = Versions([f"1.{minor}" for minor in range(500)], count)
    assert [version for group in islice(versions.groups(), 2) for version in group] == [
        Version("1.499"),
        Version("1.498"),
    ]
    assert versions.like(Version("1.7.0")) == [Version("1.7")]
    assert versions.spellings(Version("3.0")) == []
    assert parsed == {"1.499": 1, "1.498": 1, "1.7": 1}


def test_an_iterator_is_remembered_for_many_readers() -> None:
    asked: list[int] = []
    barrier = Barrier(8)
    remembered = Remembered(asked.append(number) or number for number in range(300))  # type: ignore[func-returns-value]
    read: list[list[int]] = []

    def reader() -> None:
        barrier.wait()
        read.append(list(remembered))

    threads = [Thread(target=reader) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert read == [list(range(300))] * 8
    assert asked == list(range(300))


@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_reader_takes_no_more_than_it_needs(count: int) -> None:
    asked: list[int] = []
    remembered = Remembered(asked.append(number) or number for number in range(10))  # type: ignore[func-returns-value]
    assert list(islice(remembered, count)) == list(range(count))
    assert len(asked) == count
