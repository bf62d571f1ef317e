"""VS Code in a browser: code-server with the packaged extension, and what its windows show."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, FrameLocator, Locator, Page, expect

import support

# The extension, which `npm run package` in editors/vscode makes.
PACKAGE = support.ROOT / "editors" / "vscode" / "dist" / "applc.vsix"
# Where pictures of the documentation are written to if APPLC_PICTURES is set.
PICTURES = support.ROOT / "editors" / "vscode" / "media"

# Milliseconds until something must be seen. The first window of a server takes longest.
SOON = 60_000
START = 90_000

# The colors of pieces of a line, or nothing while it is drawn anew.
COLORS = """(line, texts) => {
  const pieces = [...line.querySelectorAll("span > span")];
  const colors = texts.map((text) => {
    const piece = pieces.find((piece) => piece.textContent.includes(text));
    return piece && getComputedStyle(piece).color;
  });
  return colors.every((color) => color) ? colors : null;
}"""

SETTINGS = {
    "workbench.startupEditor": "none",
    "workbench.colorTheme": "Default Light Modern",
    "workbench.tips.enabled": False,
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "security.workspace.trust.enabled": False,
    "telemetry.telemetryLevel": "off",
    "extensions.autoCheckUpdates": False,
    "chat.disableAIFeatures": True,
    "editor.minimap.enabled": False,
    "editor.accessibilitySupport": "off",
    # A caret that blinks makes pictures differ.
    "editor.cursorBlinking": "solid",
    "files.autoSave": "off",
    # Draws the text of terminals as text.
    "terminal.integrated.gpuAcceleration": "off",
    "window.restoreWindows": "none",
    "git.enabled": False,
}


def package() -> Path:
    """The packaged extension."""
    if not PACKAGE.exists():
        support.missing("the packaged extension", "run `npm ci && npm run package` in editors/vscode")
    return PACKAGE


class CodeServer:
    """A server with the extension and its own settings; a context manager."""

    def __init__(self, folder: Path, programs: Path, settings: dict[str, Any]) -> None:
        """`folder` is for the state of the server, and `programs` the only folder on its PATH besides the system's."""
        self.folder = folder
        self.code = support.require_tool("code-server")
        (folder / "data" / "User").mkdir(parents=True)
        (folder / "data" / "User" / "settings.json").write_text(json.dumps(SETTINGS | settings))
        (folder / "home").mkdir()
        path = os.pathsep.join([str(programs), "/usr/bin", "/bin"])
        # The server takes the environment of its extensions from a login shell.
        (folder / "home" / ".profile").write_text(f"export PATH='{path}'\n")
        self.environment = {"HOME": str(folder / "home"), "PATH": path, "LANG": "C.UTF-8", "SHELL": "/bin/sh"}
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]

    def command(self, *more: str) -> list[str]:
        """The command line of the server."""
        folders = ["--user-data-dir", str(self.folder / "data"), "--extensions-dir", str(self.folder / "extensions")]
        quiet = ["--disable-telemetry", "--disable-update-check", "--config", str(self.folder / "config.yaml")]
        return [str(self.code), *folders, *quiet, *more]

    def __enter__(self) -> CodeServer:
        (self.folder / "config.yaml").write_text("auth: none\ncert: false\n")
        install = self.command("--install-extension", str(package()))
        subprocess.run(install, env=self.environment, check=True, capture_output=True, timeout=120)
        # It gives up after ten seconds if a busy machine does not start its own parts.
        for _ in range(5):
            if self._started():
                return self
        raise AssertionError((self.folder / "log").read_text())

    def _started(self) -> bool:
        """Starts the server, and returns whether it answers."""
        with open(self.folder / "log", "wb") as log:
            self.process = subprocess.Popen(
                self.command("--bind-addr", f"127.0.0.1:{self.port}"),
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        while self.process.poll() is None:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=5)
                return True
            except OSError:
                time.sleep(0.2)
        return False

    def __exit__(self, *_: object) -> None:
        # Its children are in its session.
        os.killpg(self.process.pid, 15)
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, 9)


class Window:
    """A window of the editor on a folder."""

    def __init__(self, browser: Browser, server: CodeServer, folder: Path, pictures: Path) -> None:
        self.pictures = pictures
        self.context = browser.new_context(viewport={"width": 1100, "height": 700})
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(SOON)
        expect.set_options(timeout=SOON)
        self.page.goto(f"http://127.0.0.1:{server.port}/?folder={folder}", timeout=START)
        expect(self.page.locator(".monaco-workbench")).to_be_visible(timeout=START)
        expect(self.page.locator(".explorer-folders-view .monaco-list-row").first).to_be_visible(timeout=START)

    def close(self) -> None:
        """Closes the window."""
        self.context.close()

    def picture(self, name: str) -> None:
        """Takes a picture for those who look into the folder of a test."""
        self.page.screenshot(path=self.pictures / f"{name}.png")

    def documented(self, name: str) -> None:
        """Takes a picture of the editors, and also for the documentation, if it is asked for."""
        picture = self.page.locator(".part.editor").screenshot(path=self.pictures / f"{name}.png")
        if os.environ.get("APPLC_PICTURES"):
            (PICTURES / f"{name}.png").write_bytes(picture)

    def press(self, *keys: str) -> None:
        """Presses keys, one after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def open(self, name: str) -> None:
        """Opens a file at the top of the folder in the editor."""
        self.page.locator(".explorer-folders-view .monaco-list-row", has_text=name).dblclick()
        expect(self.page.locator(f'.tab.active[data-resource-name="{name}"]')).to_be_visible()
        expect(self.page.locator(".monaco-editor .view-line").first).to_be_visible()

    def focus(self, name: str) -> None:
        """Goes to the editor of a file that is open."""
        self.page.locator(f'.tab[data-resource-name="{name}"]').first.click()

    def run(self, command: str) -> None:
        """Runs a command of the palette."""
        box = self.page.locator(".quick-input-widget")

        def found() -> bool:
            # A list that was opened before the extension was loaded lacks its commands.
            self.press("Escape", "F1")
            expect(box).to_be_visible()
            self.page.keyboard.type(command)
            self.page.wait_for_timeout(1000)
            return command in box.locator(".monaco-list-row").first.inner_text()

        self.wait(command, found)
        self.press("Enter")

    def choose(self, entry: str) -> None:
        """Chooses an entry of the list that a command shows."""
        box = self.page.locator(".quick-input-widget")
        expect(box.locator(".monaco-list-row", has_text=entry).first).to_be_visible()
        self.page.keyboard.type(entry)
        self.press("Enter")

    def go_to(self, line: int, column: int) -> None:
        """Puts the caret to a place. Both count from 1."""
        self.press("Control+g")
        expect(self.page.locator(".quick-input-widget")).to_be_visible()
        self.page.keyboard.type(f"{line}:{column}")
        self.press("Enter")
        expect(self.status("Ln ")).to_contain_text(f"Ln {line}, Col {column}")

    def hover(self) -> Locator:
        """What the editor says of the place of the caret."""
        self.press("Control+k", "Control+i")
        hover = self.page.locator(".monaco-hover:visible").last
        expect(hover).to_be_visible()
        return hover

    def status(self, text: str) -> Locator:
        """An entry of the status bar."""
        return self.page.locator(".statusbar-item", has_text=text)

    def lines(self, editor: int = 0) -> Locator:
        """The lines of an editor that are seen, the leftmost editor first."""
        return self.page.locator(".editor-instance").nth(editor).locator(".view-line")

    def line(self, text: str, editor: int = 0) -> Locator:
        """The line of an editor with a text; spaces are those of the editor, which do not break."""
        return self.lines(editor).filter(has_text=text.replace(" ", "\u00a0")).first

    def colors(self, line: str, *texts: str) -> list[str]:
        """The colors of the first pieces of a line that contain these texts."""
        return self.wait(f"the colors of {texts}", lambda: self.line(line).evaluate(COLORS, texts))

    def webview(self) -> FrameLocator:
        """The page of the extension that is shown."""
        return self.page.frame_locator("iframe.webview.ready").frame_locator("iframe#active-frame")

    def wait(self, what: str, condition: Callable[[], Any], seconds: float = SOON / 1000) -> Any:
        """Waits for a true value."""
        end = time.monotonic() + seconds
        while not (value := condition()):
            assert time.monotonic() < end, f"{what}: not after {seconds} s"
            self.page.wait_for_timeout(100)
        return value
