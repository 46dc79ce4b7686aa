"""``--deploycheck-checklist`` is one that the team of the incident could have used."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from reports.runs import SERVICE, item, resolution_of, run

from command import Deploycheck
from index_server import Index
from pytest_deploycheck.checks.built_in import built_in
from pytest_deploycheck.checks.registry import Check, Subject
from pytest_deploycheck.findings import Finding, Severity
from pytest_deploycheck.location import Location
from pytest_deploycheck.render.blueprint import ValueFrom
from pytest_deploycheck.reports.after_push import to_verify
from pytest_deploycheck.reports.checklist import render
from pytest_deploycheck.reports.run import End, Variable


def sections(text: str) -> dict[str, list[str]]:
    """The lines of each section and of each part of it."""
    found: dict[str, list[str]] = {}
    for part in re.split(r"^(?=##)", text, flags=re.MULTILINE):
        title, *lines = part.splitlines()
        found[title.lstrip("#").strip()] = [line for line in lines if line]
    return found


@pytest.fixture
def after(deploycheck: Deploycheck, nexus_index: Index) -> dict[str, list[str]]:
    deploycheck.example("nexus/after")
    deploycheck("--deploycheck-checklist=list.md", index=nexus_index)
    return sections((deploycheck.path / "list.md").read_text(encoding="utf-8"))


def test_it_says_that_the_published_fix_does_not_resolve(after: dict[str, list[str]]) -> None:
    told = "\n".join(after["To mend: as it is, it will not deploy"])
    assert "- [ ] `requirements.txt:11`: nothing fits: aiohttp==3.11.10 (line 11); aiogram==3.13.1" in told
    assert "  - requirements.txt:1: aiogram 3.13.1 requires aiohttp\\<3.11,>=3.9.0" in told


def test_what_holds_is_ticked_with_what_it_holds_for(after: dict[str, list[str]]) -> None:
    homes = [each for each in after["Holds"] if "CARGO_HOME" in each]
    assert homes == [
        "- [x] CARGO_HOME and RUSTUP_HOME point to a writable place "
        "(`nexus-api`, `nexus-bot`, `nexus-worker`, `nexus-beat`)."
    ]
    assert "- [x] The blueprint can be read (`render.yaml`)." in after["Holds"]
    assert any(
        each.startswith("- [x] No secret and no placeholder stands in `value:`, and ") for each in after["Holds"]
    )
    assert all(each.startswith("- [x] ") for each in after["Holds"])


def test_what_hangs_on_the_failure_is_not_known(after: dict[str, list[str]]) -> None:
    start = "- [ ] 18 checks below `requirements.txt::3.14-manylinux_2_36_x86_64`: requirements.txt does not resolve"
    assert any(each.startswith(start) for each in after["Not known"])


def test_what_is_left_to_a_person_is_in_the_projects_own_words(after: dict[str, list[str]]) -> None:
    assert after["`nexus-api` (web)"] == [
        "- [ ] In the dashboard `DATABASE_URL` has a value.",
        "- [ ] The build log says that Python 3.14.3 is used.",
        "- [ ] What the build installs from `requirements.txt` could not be foreseen: read its log to the end.",
        "- [ ] The log shows `uvicorn app.main:app --host 0.0.0.0 --port $PORT` running, "
        "and no second start within five minutes.",
        "- [ ] `curl --fail --silent --show-error --output /dev/null https://ADDRESS/health` ends without an error, "
        "where ADDRESS is the one that the dashboard gives.",
    ]
    assert after["`nexus-miniapp` (web)"] == ["- [ ] Its address, as the dashboard gives it, shows the new state."]


def test_each_service_stands_in_the_table_with_its_commands(after: dict[str, list[str]]) -> None:
    rows = [each for each in after["2. What will be deployed"] if each.startswith("| `nexus-")]
    assert len(rows) == 5
    assert "`celery -A app.celery worker --loglevel=info`" in rows[2]


def test_the_way_back_names_the_services_and_its_source(after: dict[str, list[str]]) -> None:
    back = after["5. If it has to be taken back"]
    assert "`nexus-api`, `nexus-bot`, `nexus-worker`, `nexus-beat`, `nexus-miniapp`" in back[0]
    assert back[-1].startswith("Source: https://render.com/docs/rollbacks, read on ")


def test_what_would_be_installed_is_a_sentence(after: dict[str, list[str]]) -> None:
    told = run(services=(SERVICE,), resolved=(resolution_of(20, ("api",)),))
    installed = sections(render(told))["2. What will be deployed"][-1]
    expected = (
        "- `requirements.txt` on `3.13-manylinux_2_36_x86_64` for `api` installs 20 distributions: 18 wheels and "
    )
    assert installed.startswith(expected)
    services = "`nexus-api`, `nexus-bot`, `nexus-worker`, `nexus-beat`"
    assert after["2. What will be deployed"][-1] == (
        f"- `requirements.txt` on `3.14-manylinux_2_36_x86_64` for {services} does not resolve: "
        "what is required does not fit together."
    )


def test_the_subject_of_each_kind_of_check_is_named() -> None:
    checked = [
        replace(item(f"render.yaml::{group}::one"), subject=subject, check=subject.value)
        for group, subject in (("blueprint", Subject.BLUEPRINT), ("api", Subject.SERVICE), ("3.13", Subject.RESOLUTION))
    ]
    assert sections(render(run(*checked, item("a.txt::3.13::demo"))))["Holds"] == [
        "- [x] It is as it should be (`render.yaml`).",
        "- [x] It is as it should be (`api`).",
        "- [x] It is as it should be (`render.yaml` on `3.13`).",
        "- [x] It is as it should be (`demo`).",
    ]


def test_a_message_has_its_own_words_for_one_place_and_names_the_others() -> None:
    message = "{}: `pip install` lacks --no-cache-dir"
    evidence = ("see `pip help`",)
    found = [
        item(f"render.yaml::{name}::one", Finding("one", Location("render.yaml", line), message.format(name), evidence))
        for name, line in (("api", 3), ("bot", 9), ("job", 9))
    ]
    assert sections(render(run(*found)))["To mend: as it is, it will not deploy"] == [
        "- [ ] `render.yaml:3`: api: `pip install` lacks --no-cache-dir",
        "  - the same at `render.yaml:9`",
        "  - see `pip help`",
    ]


@pytest.mark.parametrize("check", tuple(built_in()), ids=lambda check: check.name)
def test_what_a_check_asserts_can_be_read_without_the_name_of_the_check(check: Check) -> None:
    assert check.summary.split()[0] not in ("It", "Its", "They")


def test_a_check_with_advice_is_not_ticked() -> None:
    found = Finding("wheel", Location("a.txt", 1), "it might", severity=Severity.ADVICE)
    checked = replace(item("a.txt::3.13::one", found, end=End.PASSED), failing=())
    parts = sections(render(run(checked)))
    assert parts["To decide: advice"] == ["- [ ] `a.txt:1`: it might"]
    assert "Holds" not in parts


def test_a_run_that_was_ended_ticks_nothing_that_did_not_run() -> None:
    text = render(run(item("a.txt::3.13::one", end=End.NOT_RUN, reason="the run ended before it"), interrupted=True))
    assert "[x]" not in text
    assert "**The run was ended before 1 check.**" in text
    assert "- [ ] `a.txt::3.13::one`: the run ended before it" in text


def test_what_is_built_is_named_for_the_log() -> None:
    told = run(services=(SERVICE,), resolved=(resolution_of(20, ("api",)),))
    (built,) = [each for each in to_verify(SERVICE, told) if "Successfully installed" in each]
    assert built.endswith(
        "with the 20 distributions of `requirements.txt`, and builds `project-9 9.0`, `project-19 19.0`."
    )


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"type": "cron", "health_check_path": ""}, "Its next run ended without an error."),
        ({"pre_deploy_command": "alembic upgrade head"}, "`alembic upgrade head` ran before the deploy, *"),
        ({"health_check_path": ""}, "Its address answers: there is no health check *"),
        ({"variables": (Variable("A", ValueFrom.DASHBOARD), Variable("B", ValueFrom.LITERAL))}, "* `A` has a value."),
    ],
)
def test_what_a_service_has_decides_what_is_looked_at(changes: dict[str, object], expected: str) -> None:
    service = replace(SERVICE, **changes)
    pattern = re.compile(re.escape(expected).replace(r"\*", ".*"))
    assert any(pattern.fullmatch(each) for each in to_verify(service, run(services=(service,))))


def test_what_a_migration_did_stays() -> None:
    service = replace(SERVICE, pre_deploy_command="alembic upgrade head")
    back = sections(render(run(services=(service,))))["5. If it has to be taken back"]
    assert any("does not roll back what a command did to a database. `api` runs" in each for each in back)
