"""Why the system does not let a file be read or written, in words for the middle of a sentence."""

from __future__ import annotations


def reason_of(error: OSError | ValueError) -> str:
    """``permission denied``; of a path that is none, what is wrong with it."""
    return (getattr(error, "strerror", None) or str(error)).lower()
