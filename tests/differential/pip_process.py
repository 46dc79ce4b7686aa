"""Real pip, asked again and again by one process, and how many random examples it is asked of."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import IO, Any

from hypothesis import HealthCheck, Phase, settings


def random_examples(usual: int) -> settings:
    """The settings of a test: so many examples, or as many as ``DIFFERENTIAL_EXAMPLES`` says, and others each time."""
    asked = os.environ.get("DIFFERENTIAL_EXAMPLES")
    return settings(
        max_examples=usual if asked is None else int(asked),
        deadline=None,
        derandomize=asked is None,
        suppress_health_check=list(HealthCheck),
        # Explaining a failure takes as long as finding it, and the example says it all.
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
    )


class Pip:
    """A process that asks pip."""

    def __init__(self) -> None:
        quiet = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("pip_worker.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**quiet, "PIP_CONFIG_FILE": os.devnull},
        )
        assert self._process.stdin
        assert self._process.stdout
        self._questions: IO[str] = self._process.stdin
        self._answers: IO[str] = self._process.stdout

    def ask(self, index_url: str, file: Path, *options: str) -> dict[str, Any]:
        """The outcome and what was picked.

        :param options: what pip is given beside, or in place of, the file
        """
        asked = [*(() if file.is_dir() else ("-r", str(file))), *options]
        folder = file if file.is_dir() else file.parent
        question = {"index_url": index_url, "requirements": asked, "folder": str(folder)}
        self._questions.write(json.dumps(question) + "\n")
        self._questions.flush()
        answer: dict[str, Any] = json.loads(self._answers.readline())
        return answer

    def close(self) -> None:
        """End the process."""
        self._questions.close()
        self._process.wait(timeout=30)
        self._answers.close()
