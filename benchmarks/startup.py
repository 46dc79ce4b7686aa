#!/usr/bin/env python3
"""What the plugin costs everyone who has it installed and does not use it: pytest's start, with it and without.

    python benchmarks/startup.py [--pairs 40] [--limit 5]

Both commands run in turn, the order changing with each pair, in a project with one test. The median of the differences
within pairs is printed, with the middle half of them; exits 1 where the median is above the limit, in milliseconds.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def main() -> None:
    """Measure and judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=40)
    parser.add_argument("--limit", type=float, default=5.0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "pytest.ini").write_text("[pytest]\n")
        Path(folder, "test_one.py").write_text("def test_one():\n    pass\n")
        differences, without = measure(folder, arguments.pairs)
    low, middle, high = statistics.quantiles(differences, n=4)
    print(f"pytest without the plugin: {without:.0f} ms")
    print(f"the plugin adds {middle:+.1f} ms (middle half {low:+.1f} to {high:+.1f}, {arguments.pairs} pairs)")
    sys.exit(middle > arguments.limit)


def measure(folder: str, pairs: int) -> tuple[list[float], float]:
    """Milliseconds: the difference within each pair, and the median without the plugin."""
    start = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    commands = {"with": start, "without": [*start, "-p", "no:deploycheck"]}
    for command in commands.values():
        _milliseconds(command, folder)  # Fills the caches of the disk.
    times: dict[str, list[float]] = {name: [] for name in commands}
    for number in range(pairs):
        for name in sorted(commands, reverse=bool(number % 2)):
            times[name].append(_milliseconds(commands[name], folder))
    return [a - b for a, b in zip(times["with"], times["without"], strict=True)], statistics.median(times["without"])


def _milliseconds(command: list[str], folder: str) -> float:
    # Without bytecode files each module would be compiled anew in each run, pytest's own included.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    started = time.perf_counter()
    subprocess.run(command, cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)
    return (time.perf_counter() - started) * 1000


if __name__ == "__main__":
    main()
