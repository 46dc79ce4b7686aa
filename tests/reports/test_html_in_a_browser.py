"""``--deploycheck-html`` in a real browser: it works, asks nobody for anything, and everyone can read it.

Where ``DEPLOYCHECK_PICTURES`` names a folder, what was seen is left there.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from reports.runs import item, large, run

from command import Deploycheck
from index_server import Index
from pytest_deploycheck.findings import Finding
from pytest_deploycheck.location import Location
from pytest_deploycheck.reports.html import render

if TYPE_CHECKING:
    from reports.browser import Browser

pytestmark = pytest.mark.browser

SHOWN = "return [...document.querySelectorAll(arguments[0])].filter((each) => each.checkVisibility()).length"
ALL = "return document.querySelectorAll(arguments[0]).length"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    from reports.browser import browser

    with browser() as opened:
        yield opened


@pytest.fixture
def before(deploycheck: Deploycheck, nexus_index: Index) -> Path:
    deploycheck.example("nexus/before")
    deploycheck("--deploycheck-html=report.html", index=nexus_index)
    return deploycheck.path / "report.html"


@pytest.fixture
def page(before: Path, chromium: Browser) -> Browser:
    chromium.open(before)
    return chromium


def search(browser: Browser, text: str) -> None:
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    field = browser.driver.find_element(By.ID, "search")
    field.send_keys(Keys.CONTROL, "a")
    field.send_keys(Keys.DELETE, text)
    browser.driver.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")


def choose(browser: Browser, control: str, value: str) -> None:
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.select import Select

    Select(browser.driver.find_element(By.ID, control)).select_by_value(value)
    browser.driver.execute_async_script("requestAnimationFrame(() => requestAnimationFrame(arguments[0]))")


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_nobody_is_kept_out_nothing_is_asked_for_and_nothing_is_complained_of(
    before: Path, chromium: Browser, width: int, dark: bool
) -> None:
    chromium.open(before, width=width, dark=dark)
    assert chromium.requests() == [before.as_uri()]
    assert chromium.violations() == []
    chromium.run("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    assert chromium.violations() == []
    assert chromium.complaints() == []
    assert chromium.run("return document.documentElement.scrollWidth <= innerWidth"), "the page moves sideways"
    if folder := os.environ.get("DEPLOYCHECK_PICTURES"):
        chromium.picture(Path(folder) / f"report-{width}-{'dark' if dark else 'light'}.png")


def test_the_tree_shows_the_way_to_each_sdist(page: Browser) -> None:
    trees = page.run(
        "return [...document.querySelectorAll('svg.tree')].map((tree) => "
        "[...tree.querySelectorAll('.blamed .name')].map((each) => each.textContent))"
    )
    assert trees == [["aiohttp"], ["orjson"], ["pydantic", "pydantic-core"]]
    assert page.run(SHOWN, "svg.tree") == 3


def test_a_node_leads_to_its_row_by_keyboard_too(page: Browser) -> None:
    from selenium.webdriver.common.keys import Keys

    row = "document.querySelector('tr[id$=\"-pydantic-core\"]')"
    assert page.run(f"return {row}.checkVisibility()") is False
    page.run("[...document.querySelectorAll('svg.tree a')].at(-1).focus()")
    page.driver.switch_to.active_element.send_keys(Keys.ENTER)
    page.driver.execute_async_script("setTimeout(arguments[0], 100)")
    assert page.run(f"return {row}.checkVisibility() && document.activeElement === {row}")


def test_the_search_leaves_what_fits(page: Browser) -> None:
    everything = page.run(SHOWN, ".card")
    search(page, "pydantic compile")
    assert 0 < page.run(SHOWN, ".card") < everything
    assert page.run(SHOWN, "svg.tree") == 1
    assert page.run("return document.getElementById('count').textContent").startswith(f"{page.run(SHOWN, '.card')} of")
    search(page, "no such word")
    assert page.run(SHOWN, ".card") == 0
    assert page.run(SHOWN, "#none") == 1
    search(page, "")
    assert page.run(SHOWN, ".card") == everything


def test_filters_by_kind_and_by_service(page: Browser) -> None:
    choose(page, "kind", "error")
    assert page.run(SHOWN, ".card.advice") == 0
    errors = page.run(ALL, ".card.error")
    assert page.run(SHOWN, ".card.error") == errors
    choose(page, "service", "nexus-bot")
    of_others = page.run(ALL, ".card.error:not([data-services~=nexus-bot])")
    assert of_others >= 1  # The health check, which only a web service has.
    assert page.run(SHOWN, ".card.error") == errors - of_others
    assert page.run(SHOWN, ".grid tbody tr") == 1
    choose(page, "service", "nexus-miniapp")
    assert page.run(SHOWN, ".card") == 0


def test_a_mark_in_the_table_leads_to_its_finding_even_where_that_is_filtered_out(page: Browser) -> None:
    choose(page, "service", "nexus-api")
    search(page, "nexus-api web")
    page.run("document.querySelector('.grid a.failed').click()")
    page.driver.execute_async_script("setTimeout(arguments[0], 100)")
    assert "CARGO_HOME" in page.run("return document.activeElement.textContent")


def test_a_slash_goes_to_the_search(page: Browser) -> None:
    from selenium.webdriver.common.by import By

    page.driver.find_element(By.TAG_NAME, "body").send_keys("/")
    assert page.run("return document.activeElement.id") == "search"


def test_the_theme_can_be_changed(page: Browser) -> None:
    ground = "return getComputedStyle(document.body).backgroundColor"
    light = page.run(ground)
    page.run("document.getElementById('theme').click()")
    assert page.run(ground) != light
    assert page.violations() == []


def test_without_its_script_it_shows_everything(before: Path, chromium: Browser) -> None:
    chromium.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        chromium.open(before)
        chromium.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
        assert chromium.run(SHOWN, ".card") == chromium.run(ALL, ".card") > 5
        assert chromium.run(SHOWN, "#toolbar") == 0
    finally:
        chromium.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_what_a_file_holds_is_never_markup(chromium: Browser, tmp_path: Path) -> None:
    evil = "<script>alert(1)</script><img src=https://host.example/x onerror=alert(2)>\"'&</style>"
    found = Finding("wheel", Location(f"{evil}.txt", 1), evil, (evil,), (evil,))
    path = tmp_path / "evil.html"
    path.write_text(render(run(item(f"requirements.txt::{evil}::{evil}", found))), encoding="utf-8")
    chromium.open(path)
    assert chromium.requests() == [path.as_uri()]
    assert chromium.complaints() == []
    assert chromium.run("return document.querySelectorAll('script, img').length") == 1
    assert evil in chromium.run("return document.querySelector('.card h3').textContent")


def test_a_large_one_is_small_and_quick(chromium: Browser, tmp_path: Path) -> None:
    path = tmp_path / "large.html"
    path.write_text(render(large(distributions=300, services=50)), encoding="utf-8")
    assert path.stat().st_size < 2_000_000
    took = []
    for _ in range(3):
        chromium.open(path)
        took.append(chromium.run("return performance.getEntriesByType('navigation')[0].loadEventEnd"))
    assert chromium.run(SHOWN, ".card") == 150
    assert min(took) < 1000, took
    assert chromium.violations() == []
    started = chromium.run("return performance.now()")
    search(chromium, "service-17")
    assert chromium.run("return performance.now()") - started < 1000
    if folder := os.environ.get("DEPLOYCHECK_PICTURES"):
        chromium.picture(Path(folder) / "large.png")
