"""Work that asks indexes on its way, without a thread that waits for each answer.

Such work is written as a generator: it yields what it wants to have, and goes on with that.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from pytest_deploycheck.resolution.http.answer import Answer, is_final
from pytest_deploycheck.resolution.http.multiplexer import Exchange, Multiplexer
from pytest_deploycheck.resolution.http.transport import WORKERS, Transport

Value = TypeVar("Value")


@dataclass(frozen=True)
class Wanted:
    """An answer that is wanted.

    :param what: that is, in words
    """

    url: str
    what: str
    headers: Mapping[str, str] = field(default_factory=dict)


Step = Wanted | Callable[[], Any]
"""An answer that is wanted, or what takes a thread of its own, since it waits or takes long."""

Steps = Generator[Step, Any, Value]
"""Work: it yields steps, is sent what comes of each, and returns its value."""


class Fetching:
    """Runs such work: as far as it can in the thread that reads the answers, so that nothing is handed from thread to
    thread; the rest, and whatever goes wrong, in a thread that waits for it.

    :param threads: those that wait
    :param name: of the thread that reads
    """

    def __init__(self, transport: Transport, threads: ThreadPoolExecutor, name: str) -> None:
        self._transport = transport
        self._threads = threads
        self._multiplexer = Multiplexer(transport.line, threads, transport.brief, WORKERS, name, self._end)
        self._futures: set[Future[Any]] = set()
        self._fault: BaseException | None = None

    def run(self, steps: Steps[Value]) -> Future[Value]:
        """Begin it; returns at once."""
        future: Future[Value] = Future()
        self._futures.add(future)
        future.add_done_callback(self._futures.discard)
        self._multiplexer.call(lambda: self._go_on(steps, future, partial(next, steps)))
        if self._fault is not None:
            self._end(self._fault)
        return future

    def close(self) -> None:
        """Ask for nothing more."""
        self._multiplexer.close()

    def _end(self, fault: BaseException) -> None:
        """Of the thread that reads, by a fault of its own: who waits for something is told, and not left to wait."""
        self._fault = fault
        for future in list(self._futures):
            if future.set_running_or_notify_cancel():
                future.set_exception(fault)

    def _go_on(self, steps: Steps[Value], future: Future[Value], step: Callable[[], Step]) -> None:
        """
        :param step: goes on to the next thing that is wanted
        """
        try:
            wanted = step()
        except StopIteration as end:
            if future.set_running_or_notify_cancel():
                future.set_result(end.value)
        except BaseException as error:  # Whose it is will be told when the result is asked for.
            if future.set_running_or_notify_cancel():
                future.set_exception(error)
        else:
            if isinstance(wanted, Wanted):
                self._ask(steps, future, wanted)
            else:
                self._wait_for(steps, future, wanted)

    def _ask(self, steps: Steps[Value], future: Future[Value], wanted: Wanted) -> None:
        def then(answer: Answer | None) -> None:
            if answer is None:
                self._wait_for(steps, future, partial(self._asked, wanted))
            else:
                self._go_on(steps, future, partial(steps.send, answer))

        headers = self._transport.direct_headers(wanted.url, wanted.headers)
        if headers is None:
            then(None)
        else:
            self._multiplexer.ask(Exchange(wanted.url, headers, then))

    def _asked(self, wanted: Wanted) -> Answer:
        is_ordinary = False
        try:
            answer = self._transport.get(wanted.url, wanted.headers)
            is_ordinary = answer.url == wanted.url and is_final(answer.status)
            return answer
        finally:
            self._multiplexer.judge(wanted.url, answers=is_ordinary)

    def _wait_for(self, steps: Steps[Value], future: Future[Value], value: Callable[[], Any]) -> None:
        try:
            self._threads.submit(self._wait, steps, future, value)
        except RuntimeError:  # They are shut down.
            future.cancel()

    def _wait(self, steps: Steps[Value], future: Future[Value], value: Callable[[], Any]) -> None:
        try:
            found = value()
        except BaseException as error:  # It is for the work to say what that means.
            step: Callable[[], Any] = partial(steps.throw, error)
        else:
            step = partial(steps.send, found)
        self._go_on(steps, future, step)


def waited_for(steps: Steps[Value], get: Callable[[Wanted], Answer]) -> Value:
    """The same with one thread, which waits for each answer."""
    step: Callable[[], Any] = partial(next, steps)
    while True:
        try:
            wanted = step()
        except StopIteration as end:
            value: Value = end.value
            return value
        try:
            step = partial(steps.send, get(wanted) if isinstance(wanted, Wanted) else wanted())
        except Exception as error:
            step = partial(steps.throw, error)
