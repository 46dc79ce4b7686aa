"""Many requests with one thread: it sends them all, and reads each answer when it has begun to come.

Python runs one thread at a time. Sixteen that read answers of megabytes take turns after every 16 kB of them, which
costs more than to read them; to wait for one answer after the other costs a round trip each. So requests are sent on
several connections, and whichever has an answer is read next, and what is in it is worked out in the same thread.

It is only for what goes well. A host gets here once it has answered somebody in the ordinary way, and whatever is not
such an answer is left to who asked, to ask again with patience, logins, redirects and words for what is wrong; its host
is then left alone.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

from pytest_deploycheck.resolution.http.answer import Answer, is_final, origin

# A host gets no more connections than it takes for an answer to be there whenever the last one has been read.
_FIRST_CONNECTIONS = 4
# Seconds without anything to read, though something waits to be asked: then it takes another connection.
_IDLE = 0.001

# So many ask a host before it is known how it answers: of one alone the answer may be long in coming.
_TRIES = 3

# Seconds after which answers that do not come are looked for.
_LOOK = 0.25


class Line(Protocol):
    """A connection to a host; any exception of its methods means that nothing will come of it."""

    def open(self) -> None:
        """Connect, which may take a while."""

    def send(self, url: str, headers: Mapping[str, str]) -> None:
        """Send a request."""

    def begin(self) -> None:
        """Wait for the head of the answer."""

    def receive(self) -> Answer:
        """The answer, waited for as far as it has not come."""

    @property
    def is_open(self) -> bool:
        """After an answer: whether another request may be sent."""

    def fileno(self) -> int:
        """Of its socket."""

    def close(self) -> None:
        """Let nobody wait for it any longer."""


@dataclass(frozen=True)
class Exchange:
    """One request.

    :param then: gets the answer, or None where there is none: from the one thread, which it should not keep for long
    """

    url: str
    headers: Mapping[str, str]
    then: Callable[[Answer | None], None]


@dataclass(eq=False)
class _Open:
    """An open line.

    :param number: of its socket, once that is waited for; a host may close it with its first answer
    :param exchange: what is asked on it; None where it is free
    :param since: when that was sent, in seconds of the monotonic clock
    """

    line: Line
    host: _Host
    exchange: Exchange | None
    since: float
    number: int | None = None


@dataclass(eq=False)
class _Host:
    """
    :param answers: whether it does so in the ordinary way; None while that is not known
    :param tries: by how many it is asked elsewhere, who will know
    :param most: how many connections it may get now
    """

    waiting: deque[Exchange] = field(default_factory=deque)
    lines: list[_Open] = field(default_factory=list)
    answers: bool | None = None
    tries: int = 0
    opening: int = 0
    most: int = _FIRST_CONNECTIONS


class Multiplexer:
    """The thread, its connections, and what waits for one.

    :param line: gives a connection to the host of a URL, which is not open yet
    :param threads: where connections are opened
    :param patience: seconds for an answer to begin
    :param connections: to a host, at most
    :param name: of the thread
    :param ended: gets the fault that has ended the thread, which none should
    """

    def __init__(
        self,
        line: Callable[[str], Line],
        threads: Executor,
        patience: float,
        connections: int,
        name: str,
        ended: Callable[[BaseException], None],
    ) -> None:
        self._line = line
        self._threads = threads
        self._patience = patience
        self._connections = connections
        self._name = name
        self._ended = ended
        self._hosts: defaultdict[str, _Host] = defaultdict(_Host)
        # Those that are open or being opened, by whichever thread.
        self._lines: set[Line] = set()
        self._calls: deque[Callable[[], None]] = deque()
        self._lock = threading.Lock()
        self._is_started = self._is_awake = self._is_closed = False

    def call(self, what: Callable[[], None]) -> None:
        """Have it done by the one thread, after what it was told before."""
        with self._lock:
            if self._is_closed:
                return
            self._calls.append(what)
            if not self._is_started:
                self._start()
            if not self._is_awake:
                self._is_awake = True
                self._waker.send(b"\0")

    def ask(self, exchange: Exchange) -> None:
        """Send a request, as soon as its turn comes."""
        self.call(lambda: self._take(exchange))

    def judge(self, url: str, *, answers: bool) -> None:
        """Tell whether a host that was tried answers in the ordinary way; the first one to tell is believed."""
        host = self._hosts.get(origin(urlsplit(url)))
        if host is not None and host.answers is None:
            self.call(lambda: self._judged(host, answers=answers))

    def close(self) -> None:
        """Ask nothing more; who still waits is not told."""
        with self._lock:
            if self._is_closed:
                return
            if self._is_started:
                self._waker.send(b"\0")
            self._is_closed = True

    def _start(self) -> None:
        self._is_started = True
        self._selector = selectors.DefaultSelector()
        self._waker, self._woken = socket.socketpair()
        self._selector.register(self._woken, selectors.EVENT_READ)
        threading.Thread(target=self._run, name=self._name, daemon=True).start()

    # All below is done by the one thread, but for _opened_by.

    def _run(self) -> None:
        try:
            while not self._is_closed:
                self._turn()
        except BaseException as fault:
            self._ended(fault)
        finally:
            self._is_closed = True
            self._dispose()

    def _turn(self) -> None:
        growing = [host for host in self._hosts.values() if self._may_grow(host)]
        pause = 0.0 if self._calls else _IDLE if growing else _LOOK
        ready = self._selector.select(pause)
        for key, _ in ready:
            if key.data is None:
                self._wake()
            else:
                self._read(key.data)
        # Only those that are there now: each may lead to more, and there are answers to be read.
        for _ in range(len(self._calls)):
            self._calls.popleft()()
        if pause and not ready:
            self._give_up_silent()
            for host in growing:
                host.most += 1
                self._serve(host)

    def _wake(self) -> None:
        with self._lock:
            self._woken.recv(64)
            self._is_awake = False

    def _dispose(self) -> None:
        for line in list(self._lines):
            self._close(line)
        self._hosts.clear()
        self._selector.close()
        self._waker.close()
        self._woken.close()

    def _may_grow(self, host: _Host) -> bool:
        return host.answers is True and bool(host.waiting) and not host.opening and host.most < self._connections

    def _take(self, exchange: Exchange) -> None:
        host = self._hosts[origin(urlsplit(exchange.url))]
        if host.answers is None and host.tries < _TRIES:
            host.tries += 1
            exchange.then(None)
            return
        host.waiting.append(exchange)
        self._serve(host)

    def _judged(self, host: _Host, *, answers: bool) -> None:
        if host.answers is None:
            host.answers = answers
            self._serve(host)

    def _serve(self, host: _Host) -> None:
        if host.answers is None:
            return
        if not host.answers:
            while host.waiting:
                host.waiting.popleft().then(None)
            return
        for free in [each for each in host.lines if each.exchange is None]:
            if host.waiting:
                self._send(free, host.waiting.popleft())
        while host.waiting and len(host.lines) + host.opening < host.most:
            host.opening += 1
            with contextlib.suppress(RuntimeError):  # They are shut down, and so is this.
                self._threads.submit(self._opened_by, host, host.waiting.popleft())

    def _opened_by(self, host: _Host, exchange: Exchange) -> None:
        """The first answer is waited for here, too: what TLS sends before it would be taken for its beginning."""
        line = None
        try:
            line = self._line(exchange.url)
            self._lines.add(line)
            line.open()
            line.send(exchange.url, exchange.headers)
            line.begin()
        except Exception:  # Whatever it is, who asked meets it again, and has words for it.
            if line is not None:
                self._close(line)
            self.call(lambda: self._failed(host, exchange))
            return
        if self._is_closed:
            self._close(line)
        opened = _Open(line, host, exchange, time.monotonic())
        self.call(lambda: self._add(opened))

    def _failed(self, host: _Host, exchange: Exchange) -> None:
        host.opening -= 1
        host.answers = False
        exchange.then(None)
        self._serve(host)

    def _add(self, opened: _Open) -> None:
        opened.host.opening -= 1
        opened.host.lines.append(opened)
        self._read(opened)

    def _send(self, opened: _Open, exchange: Exchange) -> None:
        opened.exchange, opened.since = exchange, time.monotonic()
        try:
            opened.line.send(exchange.url, exchange.headers)
        except Exception as fault:
            self._lose(opened, fault)

    def _read(self, opened: _Open) -> None:
        if opened.line not in self._lines:
            return  # It was lost since it was found to be ready.
        exchange = opened.exchange
        if exchange is None:
            self._drop(opened)  # The host has closed it, as it may.
            return
        try:
            answer = opened.line.receive()
        except Exception as fault:
            self._lose(opened, fault)
            return
        opened.exchange = None
        if not opened.line.is_open:
            self._drop(opened)
        elif opened.number is None:
            opened.number = opened.line.fileno()
            self._selector.register(opened.number, selectors.EVENT_READ, opened)
        final = is_final(answer.status)
        if not final:
            opened.host.answers = False
        # What waits is asked before this answer is worked on.
        self._serve(opened.host)
        exchange.then(answer if final else None)

    def _lose(self, opened: _Open, fault: Exception | None) -> None:
        """
        :param fault: None where it was waited for in vain
        """
        exchange, host = opened.exchange, opened.host
        self._drop(opened)
        if exchange is not None and opened.number is not None and isinstance(fault, ConnectionError):
            # A host may close a connection that it has answered on, also while the next request is on its way.
            host.waiting.appendleft(exchange)
        else:
            host.answers = False
            if exchange is not None:
                exchange.then(None)
        self._serve(host)

    def _drop(self, opened: _Open) -> None:
        if opened.number is not None:
            self._selector.unregister(opened.number)
        opened.host.lines.remove(opened)
        self._close(opened.line)

    def _close(self, line: Line) -> None:
        self._lines.discard(line)
        line.close()

    def _give_up_silent(self) -> None:
        until = time.monotonic() - self._patience
        for host in self._hosts.values():
            for opened in [each for each in host.lines if each.exchange is not None and each.since < until]:
                self._lose(opened, None)
