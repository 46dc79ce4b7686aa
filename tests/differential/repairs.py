"""Repairs of real requirements files, and real pip on each: how many there are, and whether they hold.

``tests/differential/repairs.py`` prints a line for each file that pip cannot install on a Python, or would build
something for: which lines change, what pip then says with ``--only-binary=:all:``, or why there is no repair.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from differential_corpus import FILES, Interpreter, ask_pip, find_python, interpreter, pip_environment
