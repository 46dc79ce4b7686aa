"""The checks: one module a family. Importing this package registers them, in the order in which items are collected."""

# isort: off
from pytest_deploycheck.checks import blueprint  # noqa: F401
from pytest_deploycheck.checks import python_version  # noqa: F401
from pytest_deploycheck.checks import build_command  # noqa: F401
from pytest_deploycheck.checks import build_home  # noqa: F401
from pytest_deploycheck.checks import start_command  # noqa: F401
from pytest_deploycheck.checks import start_program  # noqa: F401
from pytest_deploycheck.checks import port  # noqa: F401
from pytest_deploycheck.checks import health_check  # noqa: F401
from pytest_deploycheck.checks import plan  # noqa: F401
from pytest_deploycheck.checks import disk  # noqa: F401
from pytest_deploycheck.checks import scaling  # noqa: F401
from pytest_deploycheck.checks import variables  # noqa: F401
from pytest_deploycheck.checks import cron  # noqa: F401
from pytest_deploycheck.checks import static  # noqa: F401
from pytest_deploycheck.checks import docker  # noqa: F401
from pytest_deploycheck.checks import environment  # noqa: F401
from pytest_deploycheck.checks import sqlite  # noqa: F401
from pytest_deploycheck.checks import repository  # noqa: F401
from pytest_deploycheck.checks import tracked  # noqa: F401
from pytest_deploycheck.checks import resolution  # noqa: F401
from pytest_deploycheck.checks import wheels  # noqa: F401
