"""Why lines do not resolve: the few of them that suffice for it, and which sets of lines meet each such few."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytest_deploycheck.resolution.repair.line import State, States, with_state
from pytest_deploycheck.resolution.repair.trials import Trials


def core(trials: Trials, target: int, states: States) -> States:
    """The part of failing states that fails by itself: no line of it can be left out.

    Whatever is changed elsewhere, one of the lines that it keeps has to change; if it keeps none that may, no change
    of versions helps.

    :param states: what fails on the target
    :raises OutOfTime: the time for all trials is up
    """
    few = _enough(trials, target, states)
    for position in [at for at, state in enumerate(few) if state is not State.LEFT_OUT]:
        without = with_state(few, (position,), State.LEFT_OUT)
        if trials.fails(target, without):
            few = without
    return few


def _enough(trials: Trials, target: int, states: States) -> States:
    """Lines that fail by themselves: those that the conflict names and, where these do not suffice, further ones."""
    nothing: States = tuple(State.LEFT_OUT for _ in states)
    named = [at for at in trials.attempt(target, states).lines if states[at] is not State.LEFT_OUT]
    others = [at for at, state in enumerate(states) if state is not State.LEFT_OUT and at not in named]

    def fails(positions: Sequence[int]) -> bool:
        chosen = set(positions)
        few = tuple(state if at in chosen else nothing[at] for at, state in enumerate(states))
        return trials.fails(target, few)

    chosen = named
    while not fails(chosen):
        # The more lines, the less resolves: so the first one with which the others fail is found by halving.
        low, high = 0, len(others)
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if fails([*chosen, *others[:middle]]) else (middle + 1, high)
        if not low or low > len(others):
            return states  # Not every trial was answered.
        chosen, others = [*chosen, others[low - 1]], others[: low - 1]
    return tuple(state if at in set(chosen) else nothing[at] for at, state in enumerate(states))


def hitting_sets(cores: Sequence[frozenset[int]], size: int) -> Iterator[frozenset[int]]:
    """Each set of at most so many lines that has a line of every core, none twice."""
    seen: set[frozenset[int]] = set()

    def extended(chosen: frozenset[int]) -> Iterator[frozenset[int]]:
        if chosen in seen:
            return
        seen.add(chosen)
        missed: list[frozenset[int]] = [each for each in cores if chosen.isdisjoint(each)]
        if not missed:
            yield chosen
        elif len(chosen) < size:
            fewest: frozenset[int] = min(missed, key=len)
            for line in sorted(fewest):
                yield from extended(chosen | {line})

    yield from extended(frozenset())
