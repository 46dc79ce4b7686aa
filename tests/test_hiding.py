"""Values that may be secret are not shown, and it takes no longer for many of them."""

from __future__ import annotations

import time

from hypothesis import example, given
from hypothesis import strategies as st

from pytest_deploycheck.hiding import Hiding

values = st.text("abc", min_size=1, max_size=5)
secrets = st.lists(st.tuples(st.sampled_from(["X", "Y", "Z"]), values), max_size=12)


def one_after_the_other(pairs: list[tuple[str, str]], text: str) -> str:
    for name, value in sorted(pairs, key=lambda each: (-len(each[1]), each)):
        text = text.replace(value, f"${name}")
    return text


@given(pairs=secrets, text=st.text("abc ", max_size=30))
@example(pairs=[("X", "cabc"), ("Y", "bbca"), ("Z", "bb")], text="bbcabc")
@example(pairs=[("X", "a"), ("Y", "a")], text="aba")
@example(pairs=[("X", "a" * number) for number in range(1, 200)], text="a" * 500)
def test_all_values_at_once_are_hidden_as_one_after_the_other(pairs: list[tuple[str, str]], text: str) -> None:
    assert Hiding(pairs).hidden(text) == one_after_the_other(pairs, text)


def test_the_longest_value_is_hidden_and_special_characters_are_none() -> None:
    hiding = Hiding([("PASSWORD", "a.b|c"), ("URL", "postgres://me:a.b|c@host"), ("LINE", "one\ntwo")])
    assert hiding.hidden("a.b|c axb postgres://me:a.b|c@host one\ntwo") == "$PASSWORD axb $URL $LINE"


def seconds(count: int) -> float:
    """Of this process, to hide some values in as many texts as ever."""
    hiding = Hiding(
        (f"TOKEN_{number}", f"postgres://user:{number:08}-{number * 7919 % 997}@host") for number in range(count)
    )
    texts = [f"render.yaml:{number}: api-{number} of postgres://user listens on no port" for number in range(4000)]
    assert hiding.hidden(f"x postgres://user:{0:08}-0@host") == "x $TOKEN_0"
    start = time.process_time()
    for text in texts:
        hiding.hidden(text)
    return time.process_time() - start


def test_a_thousand_values_take_no_longer_than_ten() -> None:
    assert min(seconds(1000) for _ in range(3)) < 3 * min(seconds(10) for _ in range(3))
