"""The extension of VS Code as users see it: what is asserted is on the screen."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

import support
from code_server import CodeServer, Window

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.vscode

SHOP = """{
  "id": "shop",
  // What customers see.
  "containers": [
    {
      "id": "web",
      "type": "service",
      "image": "registry.example.org/shop/web:1.4",
      "resources": { "cpus": 0.5, "mem": 256 },
      "network_mode": "bridge",
      "ports": [{ "container_port": 8080 }],
      "env": { "STORE": "redis://@store:6379/0", "MAIL": "shop\\\\@example.org" },
      "dependencies": ["store"]
    },
    {
      "id": "store",
      "type": "service",
      "image": "redis:7.4",
      "resources": { "cpus": 0.25, "mem": 128 },
      "network_mode": "bridge",
      "ports": [{ "container_port": 6379 }]
    }
  ]
}
"""

LAB = """id: lab
containers:
  - id: notebook
    type: service
    image: jupyter:7
    resources: { cpus: 1, mem: 512 }
    env: { TABLES: "@tables:5432" }   # a comment with @tables
    dependencies: [tables]
  - id: tables
    type: service
    image: postgres:17
    resources: { cpus: 1, mem: 512 }
    ports: [{ container_port: 5432 }]
"""

Opened = Callable[..., Window]


@pytest.fixture
def programs(applc: support.Applc, tmp_path: Path) -> Path:
    """A folder with nothing but the program."""
    folder = tmp_path / "programs"
    folder.mkdir()
    (folder / "applc").symlink_to(applc.binary)
    return folder


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A folder with two appliances."""
    folder = tmp_path / "workspace"
    folder.mkdir()
    (folder / "shop.appliance.json").write_text(SHOP)
    (folder / "lab.appliance.yaml").write_text(LAB)
    return folder


@pytest.fixture
def opened(browser: Browser, workspace: Path, programs: Path, tmp_path: Path) -> Iterator[Opened]:
    """`opened(FILE, settings...)` opens a file of the workspace in a window."""
    with ExitStack() as all:

        def open(file: str, programs: Path = programs, **settings: Any) -> Window:
            server = all.enter_context(CodeServer(tmp_path / "server", programs, settings))
            window = Window(browser, server, workspace, tmp_path)
            all.callback(window.close)
            window.open(file)
            return window

        yield open


def test_colors_and_the_picture(opened: Opened, workspace: Path) -> None:
    window = opened("shop.appliance.json")
    page = window.page
    expect(window.status("Appliance")).to_be_visible()

    # A reference has a color of its own, one with a backslash has not.
    colors = ("STORE", "STORE", "redis://", "@store", ":6379")
    window.wait("three colors", lambda: len(set(window.colors(*colors))) == 3)
    _, plain, reference, port = window.colors(*colors)
    assert port == plain
    assert window.colors("MAIL", "@example") == [plain]
    assert window.colors("What", "What") != [plain]

    window.run("applc: Show Start Order")
    picture = window.webview()
    expect(picture.locator('[data-id="web"]')).to_be_visible()
    expect(picture.locator('[data-id="store"]')).to_be_visible()
    window.documented("graph")
    picture.locator('[data-id="store"]').click()
    expect(window.status("Ln 16, ")).to_be_visible()
    # It follows what is typed, saved or not.
    window.focus("shop.appliance.json")
    window.go_to(6, 14)
    page.keyboard.type("front-")
    expect(picture.locator('[data-id="front-web"]')).to_be_visible()
    # With errors, the last picture stays.
    page.keyboard.type('"')
    expect(picture.locator("body")).to_contain_text("The appliance has errors")
    expect(picture.locator('[data-id="front-web"]')).to_be_visible()
    window.press("Backspace")
    expect(picture.locator("body")).not_to_contain_text("The appliance has errors")
    # Its policy lets nothing else in.
    policy = picture.locator("meta[http-equiv=Content-Security-Policy]").get_attribute("content")
    assert policy is not None and policy.startswith("default-src 'none'; "), policy
    assert "unsafe" not in policy, policy

    # A terminal shows what the program finds in the folder.
    window.run("applc: Check Workspace")
    expect(page.locator(".xterm-rows", has_text="shop.appliance.json: 1 warning").first).to_be_attached()

    window.open("lab.appliance.yaml")
    window.wait("two colors", lambda: window.colors("TABLES", "@tables", ":5432") == [reference, plain])
    assert window.colors("TABLES", "comment") != [plain]


def test_a_preview_follows_the_appliance(opened: Opened) -> None:
    window = opened("shop.appliance.json", **{"applc.targets": ["compose"]})
    expect(window.page.locator(".codelens-decoration").first).to_be_visible()
    window.run("applc: Preview Output")
    image = window.line("registry.example.org", editor=1)
    expect(image).to_contain_text("web:1.4")
    # It follows what is typed, and what is at the caret is marked in it.
    window.focus("shop.appliance.json")
    window.go_to(8, 50)
    window.page.keyboard.type("1")
    expect(image).to_contain_text("web:1.41")
    window.press("Home")
    window.go_to(8, 18)
    marks = window.page.locator(".editor-instance").nth(1).locator("[class*=TextEditorDecorationType]")
    expect(marks.first).to_be_visible()
    window.documented("preview")
    # There, and back again.
    window.run("applc: Go to Output")
    expect(window.page.locator(".tab.active.selected", has_text="compose.yaml").first).to_be_visible()
    window.press("F12")
    expect(window.status("Ln 8, ")).to_be_visible()


def test_without_the_program_the_schema_judges(opened: Opened, workspace: Path, tmp_path: Path) -> None:
    (workspace / "shop.appliance.json").write_text(SHOP.replace('"service"', '"sevice"', 1))
    empty = tmp_path / "empty"
    empty.mkdir()
    window = opened("shop.appliance.json", programs=empty)
    page = window.page
    toast = page.locator(".notification-toast", has_text="applc")
    expect(toast).to_contain_text("neither in an environment of the workspace nor on the PATH")
    expect(page.locator(".squiggly-warning, .squiggly-error").first).to_be_visible()
    window.picture("without")
    toast.get_by_role("button", name="How to Install").click()
    expect(window.webview().get_by_role("heading", name="Install")).to_be_visible()
    window.picture("install")
    window.focus("shop.appliance.json")
    # When it is there, its server takes over.
    (workspace / ".venv" / "bin").mkdir(parents=True)
    (workspace / ".venv" / "bin" / "applc").symlink_to(support.find_applc().binary)
    window.run("applc: Restart Server")
    expect(window.status("Appliance")).to_be_visible()


def test_nothing_is_started_from_a_folder_that_is_not_trusted(opened: Opened, workspace: Path, tmp_path: Path) -> None:
    started = tmp_path / "started"
    (workspace / ".venv" / "bin").mkdir(parents=True)
    program = workspace / ".venv" / "bin" / "applc"
    program.write_text(f"#!/bin/sh\necho >> '{started}'\nexec '{support.find_applc().binary}' \"$@\"\n")
    program.chmod(0o755)
    (workspace / ".vscode").mkdir()
    shutil.copy(program, workspace / "other")
    (workspace / ".vscode" / "settings.json").write_text('{ "applc.path": "./other" }')
    trust = {"security.workspace.trust.enabled": True, "security.workspace.trust.startupPrompt": "never"}
    window = opened("shop.appliance.json", **trust)
    expect(window.status("Restricted Mode")).to_be_visible()
    # The program on the PATH serves.
    window.run("applc: Show Start Order")
    expect(window.webview().locator('[data-id="web"]')).to_be_visible()
    assert not started.exists()

    window.run("Workspaces: Manage Workspace Trust")
    window.page.get_by_role("button", name="Trust", exact=True).click()
    window.wait("the program of the folder", started.exists)


def test_findings_and_the_way_to_places(opened: Opened, workspace: Path) -> None:
    project = 'default-targets = ["compose"]\n[environments.prod]\noverlay = "{name}.prod.yaml"\n'
    (workspace / "applc.toml").write_text(project)
    (workspace / "shop.appliance.json").write_text(SHOP.replace('["store"]', '["stor"]'))
    # The name of an overlay says nothing: the project does.
    (workspace / "shop.prod.yaml").write_text("containers:\n  wep:\n    instances: 2\n")
    window = opened("shop.appliance.json")
    page = window.page

    expect(page.locator(".squiggly-error").first).to_be_visible()
    window.go_to(13, 26)
    hover = window.hover()
    expect(hover).to_contain_text("stor")
    expect(hover).to_contain_text("E0302")
    window.picture("finding")
    # The code leads to its page.
    hover.get_by_text("E0302").click()
    expect(page.locator('.tab.active[data-resource-name="E0302.md"]')).to_be_visible()
    expect(window.line("E0302: dependency on an unknown container")).to_be_visible()

    window.focus("shop.appliance.json")
    window.go_to(13, 29)
    page.keyboard.type("e")
    expect(page.locator(".squiggly-error")).to_have_count(0)

    # From a reference to the container.
    window.go_to(12, 36)
    window.press("F12")
    expect(window.status("Ln 16, Col 13")).to_be_visible()

    window.open("shop.prod.yaml")
    expect(page.locator(".squiggly-error").first).to_be_visible()
    window.go_to(2, 4)
    expect(window.hover()).to_contain_text("E1101")


def test_fixes_addresses_and_names(opened: Opened, workspace: Path) -> None:
    (workspace / "applc.toml").write_text('default-targets = ["compose", "kubernetes"]\n')
    file = workspace / "shop.appliance.json"
    file.write_text(SHOP.replace('"image"', '"imge"'))
    on_save = {"editor.codeActionsOnSave": {"source.fixAll.applc": "explicit"}}
    window = opened("shop.appliance.json", **{"[appliance][appliance-yaml]": on_save})
    page = window.page

    # One fix by hand, the other one when the file is saved.
    expect(page.locator(".squiggly-error")).to_have_count(2)
    window.go_to(8, 9)
    fixes = page.locator(".action-widget", has_text="Quick Fix")

    def offered() -> bool:
        # The list goes away when findings are published while it is shown.
        window.press("Escape", "Control+.")
        page.wait_for_timeout(2000)
        return fixes.is_visible()

    window.wait("the fixes", offered)
    expect(fixes).to_contain_text("image")
    window.picture("fix")
    window.press("Enter")
    expect(window.line("registry.example.org")).to_contain_text('"image"')
    expect(page.locator(".squiggly-error")).to_have_count(1)
    window.press("Control+s")
    expect(page.locator(".squiggly-error")).to_have_count(0)
    window.wait("the fixed file", lambda: file.read_text() == SHOP)

    # What becomes of a reference and of a field.
    line = window.line("STORE")
    window.wait("the address", lambda: line.inner_text().count("store:6379") == 2)
    window.go_to(10, 10)
    hover = window.hover()
    expect(hover).to_contain_text("containers[].network_mode")
    for target in ("compose", "kubernetes"):
        expect(hover).to_contain_text(target)
    window.picture("hover")
    window.press("Escape")

    window.go_to(16, 16)
    window.press("F2")
    name = page.locator(".rename-box input")
    expect(name).to_be_focused()
    expect(name).to_have_value("store")
    name.fill("cache")
    window.press("Enter")
    expect(window.line("redis://")).to_contain_text("@cache:6379")
    expect(window.line("dependencies")).to_contain_text('["cache"]')
    window.picture("renamed")
