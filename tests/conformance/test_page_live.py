"""The pages of `applc serve` in a real browser, over a Docker engine: from pasting a file to deleting it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

import support
from browser import Tab
from compose_engine import Behaviour, Engine, command
from run_compose import IMAGE, STAY, Appliance, checked, container, job

# Longest time from a change on the engine to its picture, in milliseconds.
SOON = 15_000

PORT = {"ports": [{"container_port": 80, "name": "http"}]}
WEB = "mkdir -p /tmp/w; echo hello > /tmp/w/index.html; httpd -f -p 80 -h /tmp/w"


class Serving(Appliance):
    """An appliance that is brought up over HTTP, and the service that does it."""

    def __enter__(self) -> Serving:
        self.process = self.start("serve", "--engine", "compose", "--listen", "127.0.0.1:0")
        assert self.process.stderr
        line = self.process.stderr.readline()
        found = re.search(r"http://[0-9.:]+", line)
        assert found, line
        self.address = found[0]
        return self

    def __exit__(self, *exception: object) -> None:
        # As on a terminal: also the programs that it started.
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.communicate(timeout=15)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
        super().__exit__(*exception)

    @property
    def ui(self) -> str:
        return f"{self.address}/appliance/{self.id}/ui"

    def text(self, *containers: dict[str, Any], **top: Any) -> str:
        """The appliance file."""
        self.write(*containers, **top)
        return self.file.read_text()


Served = Callable[[str], tuple[Serving, Tab]]


@pytest.fixture
def served(applc: support.Applc, engine: Engine, browser: Browser, tmp_path: Path) -> Iterator[Served]:
    """`served(ID)` starts a service, and opens its list of appliances. Pages must be without faults."""
    engine.image(IMAGE, Behaviour())
    with ExitStack() as all:

        def serve(id: str) -> tuple[Serving, Tab]:
            app = all.enter_context(Serving(applc, engine, tmp_path, id))
            tab = Tab(browser)
            all.callback(tab.close)
            all.callback(tab.check)
            tab.open(app.address)
            return app, tab

        yield serve


def submit(page: Page, text: str) -> None:
    """Writes a file, and submits it when it was checked."""
    page.get_by_label("Appliance as JSON or YAML").fill(text)
    expect(page.locator("#verdict")).to_contain_text("No errors")
    page.get_by_role("button", name="Submit").click()


def picture(page: Page, container: str, text: str) -> None:
    """Waits for the state of a container, in the picture and in the table."""
    expect(page.locator(f'#graph [data-id="{container}"] .state')).to_contain_text(text, timeout=SOON * 2)
    expect(page.locator(f'#rows [data-id="{container}"] td').nth(1)).to_contain_text(text, timeout=SOON)


def test_an_appliance_is_run_watched_and_deleted(served: Served) -> None:
    app, tab = served("applc-page-all")
    page = tab.page
    expect(page.locator("#appliances")).not_to_contain_text(app.id)
    good = app.text(container("web", WEB, dependencies=["db"], **PORT),
                    container("db", f"for i in 1 2 3; do echo line $i; done; {STAY}"))  # fmt: skip
    # The findings of a faulty text are at their places.
    faulty = good.replace('"type": "service"', '"type": "sevice"', 1)
    page.get_by_label("Appliance as JSON or YAML").fill(faulty)
    finding = page.locator("#findings button").first
    expect(finding).to_contain_text("sevice")
    expect(page.locator("#editor mark.error").first).to_have_text('"sevice"')
    expect(page.get_by_role("button", name="Submit")).to_be_disabled()
    line = faulty[: faulty.index("sevice")].count("\n") + 1
    expect(finding.locator(".place")).to_contain_text(f"{line}:")
    expect(page.locator("#editor .numbers b.error").first).to_have_text(str(line))
    finding.click()
    area = page.locator("#text")
    expect(area).to_be_focused()
    selection = area.evaluate("(area) => area.value.slice(area.selectionStart, area.selectionEnd)")
    assert selection == '"sevice"'
    assert app.run("status", app.id).code == 1, "nothing runs before it is submitted"

    submit(page, good)
    page.wait_for_url(app.ui)
    picture(page, "web", "running")
    # An endpoint is a link that leads there.
    with page.context.expect_page() as opened:
        page.locator('#rows [data-id="web"] a').click()
    opened.value.wait_for_load_state()
    assert "hello" in opened.value.content()
    opened.value.close()

    # The log goes on while it is followed.
    page.locator('#graph [data-id="db"]').click()
    page.get_by_role("tab", name="Log").click()
    log = page.locator(".log")
    expect(log).to_contain_text("line 3", timeout=SOON)
    command(app.engine.docker, "exec", f"{app.project}-db-1", "/bin/busybox", "sh", "-c", "echo later > /proc/1/fd/1")
    expect(log).to_contain_text("later", timeout=SOON)

    # What happens on the engine is seen at once.
    command(app.engine.docker, "stop", "--time", "1", f"{app.project}-web-1")
    picture(page, "web", "killed")

    page.get_by_role("button", name="Delete…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("removes 2 containers")
    dialog.get_by_role("button", name="Delete", exact=True).click()
    expect(page.locator("#delete-result")).to_contain_text("was removed", timeout=SOON)
    expect(page.locator("#connection")).to_have_text("Deleted", timeout=SOON)
    assert not app.exists("db")


@pytest.mark.browser
def test_the_keyboard_alone_leads_from_the_list_to_a_deletion(served: Served) -> None:
    app, tab = served("applc-page-keys")
    text = app.text(container("db", volumes=[{"src": "data", "dest": "/data"}]), job("made", "true", dependencies=["db"]),
                    data_persistence={"volumes": [{"id": "data"}]})  # fmt: skip
    app.up()
    assert text
    page = tab.open(app.address)
    keys = page.keyboard
    focused = page.locator(":focus")

    def tab_to(what: str, back: bool = False) -> None:
        for _ in range(30):
            keys.press("Shift+Tab" if back else "Tab")
            label = focused.evaluate("(e) => e.ariaLabel ?? e.textContent")
            if what in label:
                return
        raise AssertionError(f"{what} was not reached")

    tab_to(app.id)
    keys.press("Enter")
    page.wait_for_url(app.ui)
    page.locator("body[data-ready]").wait_for()
    picture(page, "made", "success")
    tab_to("db, service, running")
    keys.press("ArrowDown")
    expect(focused).to_have_attribute("data-id", "made")
    keys.press("Enter")
    expect(page.locator("#details h2")).to_be_focused()
    expect(page.locator("#details")).to_contain_text("a job that ended well")
    tab_to("Delete…", back=True)
    keys.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("1 volume is kept: data")
    keys.press("Shift+Tab")
    keys.press("Space")
    expect(dialog).to_contain_text("1 volume is deleted with all data: data")
    expect(dialog.get_by_role("checkbox")).to_be_checked()
    keys.press("Tab")
    keys.press("Tab")
    keys.press("Enter")
    expect(page.locator("#delete-result")).to_contain_text("was removed with its volumes", timeout=SOON)
    expect(page.locator("#connection")).to_have_text("Deleted", timeout=SOON)
    assert app.volumes() == []


@pytest.mark.browser
def test_a_file_is_dropped_and_changes_what_runs(served: Served) -> None:
    app, tab = served("applc-page-drop")
    page = tab.page
    app.text(container("same"), container("other"))
    app.up()
    started = app.started("same")
    changed = app.text(container("same"), container("other", env={"A": "ä"}), container("new"))
    page.evaluate(
        """(text) => {
          const data = new DataTransfer();
          data.items.add(new File([text], "app.json"));
          for (const type of ["dragover", "drop"]) {
            document.querySelector("#editor").dispatchEvent(
              new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
          }
        }""",
        changed,
    )
    expect(page.locator("#verdict")).to_contain_text("No errors")
    page.get_by_role("button", name="Submit").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(app.id)
    dialog.get_by_role("button", name="Change it").click()
    page.wait_for_url(app.ui)
    picture(page, "new", "running")
    picture(page, "other", "running")
    assert app.started("same") == started
    page.goto(f"{app.ui}#other/json")
    expect(page.locator("#panel-json pre")).to_contain_text('"A": "ä"', timeout=SOON)
    # A conflict is not an error of the page.
    tab.faults = [fault for fault in tab.faults if "409" not in fault]


@pytest.mark.browser
def test_what_does_not_come_up_says_why_at_the_top(served: Served) -> None:
    app, tab = served("applc-page-cause")
    page = tab.page
    text = app.text(checked("db", "false", f"echo FATAL: wrong ownership; {STAY}"), container("web", dependencies=["db"]))
    submit(page, text)
    page.wait_for_url(app.ui)
    cause = page.locator("#cause")
    expect(cause).to_contain_text("E0904", timeout=SOON * 2)
    line = text[: text.index('"health_check"')].count("\n") + 1
    expect(cause).to_contain_text(f"line {line}")
    expect(cause).to_contain_text("FATAL: wrong ownership", timeout=SOON)
    picture(page, "db", "failed")
    picture(page, "web", "pending")
    assert json.loads(text)["id"] == app.id


@pytest.mark.browser
def test_the_list_is_narrow_and_readable(served: Served) -> None:
    app, tab = served("applc-page-list")
    page = tab.page
    page.set_viewport_size({"width": 360, "height": 740})
    page.get_by_label("Appliance as JSON or YAML").fill('{"id": "a", "containers": [{"id": "b", "ü": 1}]}\n')
    expect(page.locator("#findings button").first).to_be_visible()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        assert tab.is_as_wide_as_its_window()
        assert tab.faint_texts() == []
    # Places are those of characters, also behind those of two bytes.
    marked = page.locator("#editor mark").all_inner_texts()
    assert '"ü"' in marked, marked
    assert app.id
