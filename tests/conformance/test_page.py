"""The page of an appliance in a real browser, with appliances that do not run."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from browser import Tab
from page_feed import Feed, appliance, container, many

pytestmark = pytest.mark.browser

STATES = ("failed", "killed", "staging", "pending", "submitted", "running", "success")

# What a program may write: colors, markup, a bell, a carriage return, a change of direction.
LOG = "\x1b[31mred\x1b[0m <b onclick=x>bold</b> \x07\n10 %\r50 %\r100 %\r\nabc\u202edef\n\x1b]0;title\x07end\n"


def everything(**more: Any) -> dict[str, Any]:
    """An appliance with a container in each state."""
    return appliance(
        container("store"),
        container("queue", "staging", instances=3, why="one instance is not healthy yet",
                  tasks=[{"state": "running"}, {"state": "running"}, {"state": "staging"}]),
        container("migrate", "success", type="job", needs=["store"], begin=5),
        container("api", needs=["migrate", "queue"], begin=9),
        container("web", "failed", needs=["api"], begin=14, why="exit status 1: no <config>"),
        container("report", "pending", type="job", needs=["web"], begin=15),
        container("cron", "submitted", type="job"),
        container("old", "killed"),
        **more,
    )  # fmt: skip


Opened = Callable[..., tuple[Feed, Tab, Page]]


@pytest.fixture
def opened(browser: Browser) -> Iterator[Opened]:
    """`opened(appliance, hash)` shows it on a page, which must be without faults at the end."""
    with ExitStack() as all:

        def open(shown: dict[str, Any], hash: str = "", **options: Any) -> tuple[Feed, Tab, Page]:
            feed = all.enter_context(Feed(shown, LOG))
            tab = Tab(browser, **options)
            all.callback(tab.close)
            all.callback(tab.check)
            page = tab.open(feed.ui + hash)
            page.locator("#graph svg").wait_for()
            return feed, tab, page

        yield open


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_states_are_words_in_colors_with_contrast(opened: Opened, scheme: str) -> None:
    _, tab, page = opened(everything(), "#queue/facts", color_scheme=scheme)
    for state in STATES:
        expect(page.locator(f"#summary .state-{state}")).to_contain_text(state)
        expect(page.locator(f"#rows .state-{state}").first).to_contain_text(state)
        expect(page.locator(f"#graph .node.state-{state} .state").first).to_contain_text(state)
    expect(page.locator('#graph [data-id="queue"] .state')).to_have_text("◐ staging 2/3")
    assert tab.faint_texts() == []
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (dark == "rgb(15, 19, 24)") == (scheme == "dark"), dark


@pytest.mark.parametrize("hash", ["", "#web/facts", "#web/log", "#web/json", "#web/times"])
def test_a_narrow_window_is_not_scrolled_to_the_side(opened: Opened, hash: str) -> None:
    _, tab, page = opened(everything(), hash, viewport={"width": 360, "height": 740})
    expect(page.locator("#rows tr")).to_have_count(8)
    assert tab.is_as_wide_as_its_window()
    assert tab.faint_texts() == []


def test_the_keyboard_moves_along_the_lines(opened: Opened) -> None:
    _, _, page = opened(everything())
    page.locator("#skip").focus()
    focused = page.locator(":focus")
    # The order of the keyboard is that of the starts.
    page.locator('#graph [data-id="store"]').focus()
    expect(focused).to_have_attribute("aria-label", "store, service, running")
    page.keyboard.press("Tab")
    expect(focused).to_have_attribute("data-id", "queue")
    page.keyboard.press("ArrowDown")
    expect(focused).to_have_attribute("data-id", "api")
    page.keyboard.press("ArrowUp")
    expect(focused).to_have_attribute("data-id", "migrate")
    page.keyboard.press("ArrowUp")
    expect(focused).to_have_attribute("data-id", "store")
    page.keyboard.press("ArrowLeft")
    expect(focused).to_have_attribute("data-id", "store")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.locator("#details h2")).to_be_focused()
    assert page.url.endswith("#queue/facts")
    expect(page.locator('#graph [data-id="queue"]')).to_have_attribute("aria-current", "true")
    # The edge to `api` is marked.
    expect(page.locator("#graph .edge.near")).to_have_count(1)
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="JSON")).to_be_focused()
    assert page.url.endswith("#queue/json")
    shown = json.loads(page.locator("#panel-json pre").inner_text())
    assert (shown["id"], shown["instances"]) == ("queue", 3)


def test_the_picture_is_scaled(opened: Opened) -> None:
    _, _, page = opened(appliance(*many(40)))
    width = lambda: page.locator("#graph svg").bounding_box()["width"]  # type: ignore[index]  # noqa: E731
    fitted = width()
    assert fitted <= page.locator("#graph").bounding_box()["width"]  # type: ignore[index]
    page.get_by_role("button", name="Zoom in").click()
    assert width() == pytest.approx(fitted * 1.25, abs=2)
    page.locator("#graph .node").first.focus()
    page.keyboard.press("-")
    assert width() == pytest.approx(fitted, abs=2)
    page.keyboard.press("+")
    page.keyboard.press("0")
    assert width() == pytest.approx(fitted, abs=2)
    page.locator("#graph").hover()
    page.keyboard.down("Control")
    page.mouse.wheel(0, -300)
    page.keyboard.up("Control")
    page.wait_for_timeout(300)
    assert width() > fitted * 1.5


def test_what_programs_write_is_text(opened: Opened) -> None:
    _, _, page = opened(everything(), "#web/log")
    lines = page.locator(".log > div")
    expect(lines).to_have_text(["red <b onclick=x>bold</b> ␇", "100 %", "abc\ufffddef", "end"])
    expect(page.locator(".log b")).to_have_count(0)
    expect(page.locator("#details .why")).to_have_text("exit status 1: no <config>")


def test_the_cause_of_a_failure_is_first(opened: Opened) -> None:
    finding = {
        "code": "E0903", "level": "error", "message": "`web` does not stay up: exit status 1", "file": "request.jsonc",
        "span": {"start": {"offset": 9, "line": 17, "column": 4}}, "help": ["not started, because of it: `report`"],
    }  # fmt: skip
    feed, _, page = opened(everything(failure={"error": "exit status 1", "container": "web", "findings": [finding]}))
    cause = page.locator("#cause")
    for text in (
        "E0903", finding["message"], "request.jsonc, line 17, column 4", "not started, because of it: `report`", "100 %",
    ):  # fmt: skip
        expect(cause).to_contain_text(str(text))
    cause.get_by_role("button", name="Show web").click()
    expect(page.locator("#details h2")).to_have_text("web")
    mended = everything()
    mended["containers"][4]["state"] = "running"
    feed.show(mended)
    expect(cause).to_be_hidden()


def test_a_lost_connection_is_said_and_made_again(opened: Opened) -> None:
    feed, tab, page = opened(everything())
    connection = page.locator("#connection")
    expect(connection).to_have_text("Live")
    feed.disconnect()
    expect(connection).to_contain_text("Connection lost, last seen at ")
    expect(connection).to_have_text("Live", timeout=15_000)
    feed.send("problem", {"error": "the engine does not answer"})
    expect(connection).to_have_text("the engine does not answer")
    tab.faults.clear()


def test_times_are_a_line(opened: Opened) -> None:
    _, _, page = opened(appliance(container("a"), container("b", "success", type="job", begin=5)))
    expect(page.locator("#timeline li .words").first).to_have_text("waited 1.0 s, pulled 2.0 s, started 2.0 s")
    bar = page.locator("#timeline .bar").first.bounding_box()
    starting = page.locator("#timeline .starting").first.bounding_box()
    assert bar and starting
    # From 3 to 5 of 14 seconds.
    assert (starting["x"] - bar["x"]) / bar["width"] == pytest.approx(3 / 14, abs=0.01)
    assert starting["width"] / bar["width"] == pytest.approx(2 / 14, abs=0.01)


def test_a_question_comes_before_a_deletion(opened: Opened) -> None:
    feed, _, page = opened(everything())
    page.get_by_role("button", name="Delete…").focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("removes 8 containers")
    expect(dialog).to_contain_text("1 volume is kept: data")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    assert feed.deleted == []
    expect(page.get_by_role("button", name="Delete…")).to_be_focused()
    page.keyboard.press("Enter")
    dialog.get_by_role("checkbox").check()
    expect(dialog).to_contain_text("1 volume is deleted with all data: data")
    dialog.get_by_role("button", name="Delete", exact=True).click()
    expect(dialog).to_contain_text("Deleted feed")
    assert feed.deleted == ["/appliance/feed?purge=true"]
    page.keyboard.press("Enter")
    expect(page.locator("#gone")).to_be_visible()


# Longest time of the script for a change of one container, and of all, in milliseconds: many times what was
# measured, as other tests run at the same time.
@pytest.mark.parametrize(("number", "one", "all"), [(200, 100, 1000), (1000, 400, 4000)])
def test_many_containers_are_fluent(opened: Opened, number: int, one: int, all: int) -> None:
    first = appliance(*many(number))
    feed, tab, page = opened(first, "#c0003/facts")
    expect(page.locator("#rows tr")).to_have_count(number)
    expect(page.locator("#graph .node.state-running")).to_have_count(number)

    def update(shown: dict[str, Any]) -> float:
        script = "performance.getEntriesByName('update').map((e) => [e.startTime, e.duration])"
        (before,) = page.evaluate(script)
        feed.show(shown)
        tab.wait("an update", lambda: page.evaluate(script)[0][0] > before[0])
        return float(page.evaluate(script)[0][1])

    page.evaluate("""() => {
      window.touched = new Set();
      new MutationObserver((all) => all.forEach(({ target }) => {
        const part = target.parentElement?.closest("[data-id]") ?? target.closest?.("[data-id]");
        if (part) window.touched.add(part.dataset.id);
      })).observe(document.querySelector(".columns"), { subtree: true, childList: true, characterData: true, attributes: true });
    }""")
    changed = copy.deepcopy(first)
    times = []
    for state in ("staging", "running", "staging", "running", "failed"):
        changed["containers"][7]["state"] = state
        times.append(update(copy.deepcopy(changed)))
    assert page.evaluate("[...window.touched]") == ["c0007"], "only what has changed"
    expect(page.locator("#rows tr").nth(7)).to_contain_text("failed")
    everything = update(appliance(*many(number, "staging")))
    expect(page.locator("#graph .node.state-staging")).to_have_count(number)
    print(f"{number} containers: one changed {sorted(times)[2]:.1f} ms, all {everything:.1f} ms")
    assert sorted(times)[2] < one and everything < all, (times, everything)
    page.locator("#filter").fill("c0007")
    expect(page.locator("#rows tr:visible")).to_have_count(1)
    page.locator("#graph .node").nth(number - 1).focus()
    page.keyboard.press("ArrowUp")
    expect(page.locator(":focus")).to_have_attribute("data-id", f"c{number - 21:04}")
