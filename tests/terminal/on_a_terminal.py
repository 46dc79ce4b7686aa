"""A command on a terminal of its own: what somebody who sits in front of it sees."""

from __future__ import annotations

import os
import select
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pyte


def screens(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], columns: int = 80
) -> Iterator[list[str]]:
    """What stands on the screen each time that something was written, and at the end."""
    controller, terminal = os.openpty()
    screen = pyte.Screen(columns, 200)
    stream = pyte.ByteStream(screen)
    environment = {**environment, "COLUMNS": str(columns), "TERM": environment.get("TERM", "xterm")}
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=terminal, stderr=terminal) as process:
        os.close(terminal)
        while True:
            ready, _, _ = select.select([controller], [], [], 60)
            assert ready, "nothing was written for a minute"
            try:
                written = os.read(controller, 65_536)
            except OSError:
                break  # Linux's way to say that the other side is closed.
            if not written:
                break
            # A terminal starts a line anew where programs write a line feed alone; the driver adds the return.
            stream.feed(written)
            yield [line.rstrip() for line in screen.display]
        process.wait(timeout=60)
    os.close(controller)
