"""The checks: one module a family. Importing this package registers them, in the order in which items are collected."""

# isort: off - the order of the imports is that of the items.
from pytest_deploycheck.checks import blueprint, repository  # noqa: F401
from pytest_deploycheck.checks import python_version, build_command, build_home, health_check  # noqa: F401
from pytest_deploycheck.checks import resolution, wheels  # noqa: F401
