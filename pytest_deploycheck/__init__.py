"""Deploy checks as ordinary pytest items: ``pytest --deploycheck``.

This module is imported at every start of pytest, so it imports nothing.
"""

__all__ = ["DeploycheckAdvice", "__version__"]

__version__ = "0.1.0"


class DeploycheckAdvice(UserWarning):
    """A finding that does not fail its item.

    It is an ordinary warning: ``-W error::pytest_deploycheck.DeploycheckAdvice`` makes advice fail,
    ``-W ignore::...`` hides it, and ini ``filterwarnings`` works on it as usual.
    """
