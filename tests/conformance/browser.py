"""A real browser, Debian's Chromium, and what its pages must never do."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Error, Page, Request, sync_playwright

import support

# Chromium ends all requests when a network of the machine changes, as engines do when they start containers.
NETWORK_CHANGED = "net::ERR_NETWORK_CHANGED"

# Reports what the policy of a page forbids as an error.
REPORT = "addEventListener('securitypolicyviolation', (e) => console.error('policy: ' + e.violatedDirective + e.blockedURI))"

# Elements with text of their own, with the colors of the text and of what is behind it.
COLORS = """() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  // Any color that CSS has, as numbers.
  const rgba = (color) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const behind = (element) => {
    const layers = [];
    const node = element.closest(".node");
    if (node) return rgba(getComputedStyle(node.querySelector(".shape")).fill);
    for (let at = element; at; at = at.parentElement) {
      const color = rgba(getComputedStyle(at).backgroundColor);
      layers.push(color);
      if (color[3] === 255) break;
    }
    return layers.reduceRight((under, [r, g, b, a]) =>
      [r, g, b].map((value, at) => value * a / 255 + under[at] * (1 - a / 255)), [255, 255, 255]);
  };
  const found = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own || !element.checkVisibility({ visibilityProperty: true }) || element.closest(":disabled, title, .marks")) continue;
    const style = getComputedStyle(element);
    const isDrawn = element instanceof SVGElement;
    found.push([element.textContent.trim().slice(0, 40), rgba(isDrawn ? style.fill : style.color), behind(element)]);
  }
  return found;
}"""


def luminance(color: list[float]) -> float:
    """The relative luminance of WCAG 2."""
    channels = [value / 255 for value in color[:3]]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: list[float], other: list[float]) -> float:
    """The contrast ratio of WCAG 2 of two colors, from 1 to 21."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


class Tab:
    """A page that is watched. `check` must be called at the end."""

    def __init__(self, browser: Browser, **options: Any) -> None:
        self.context = browser.new_context(**options)
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(10_000)
        self.faults: list[str] = []
        self.requests: list[str] = []
        # Whether a part of the page was not loaded, as a network has changed.
        self.broken = False
        self.page.add_init_script(REPORT)
        self.page.on("console", self._said)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("request", self._requested)
        self.page.on("requestfailed", self._failed)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and NETWORK_CHANGED not in message.text:
            self.faults.append(message.text)

    def _requested(self, request: Request) -> None:
        self.requests.append(request.url)

    def _failed(self, request: Request) -> None:
        if request.resource_type in ("script", "stylesheet") and NETWORK_CHANGED in (request.failure or ""):
            self.broken = True

    def open(self, address: str) -> Page:
        """Opens a page, and waits until it shows something."""
        for _ in range(10):
            self.broken = False
            try:
                self.page.goto(address)
                ready = self.page.locator("body[data-ready]")
                self.wait("the page", lambda: self.broken or ready.count())
            except Error as error:
                self.broken = NETWORK_CHANGED in str(error)
                if not self.broken:
                    raise
            if not self.broken:
                break
        return self.page

    def wait(self, what: str, condition: Callable[[], Any], seconds: float = 20) -> Any:
        """Waits for a true value. The policy of the pages forbids that Playwright does it there."""
        end = time.monotonic() + seconds
        while not (value := condition()):
            assert time.monotonic() < end, f"{what}: not after {seconds} s; {self.faults}"
            self.page.wait_for_timeout(100)
        return value

    def is_as_wide_as_its_window(self) -> bool:
        """Whether nothing must be scrolled to the side."""
        script = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        return bool(self.page.evaluate(script))

    def faint_texts(self) -> list[str]:
        """Texts with a contrast of less than 4.5 to what is behind them."""
        found = self.page.evaluate(COLORS)
        assert found, "no text"
        ratios = [(text, contrast(color, behind)) for text, color, behind in found]
        return [f"{text}: {ratio:.2f}" for text, ratio in ratios if ratio < 4.5]

    def check(self) -> None:
        """Fails if the page said an error, broke its policy, or asked another server."""
        assert not self.faults, self.faults
        own = urlsplit(self.page.url).netloc
        others = [url for url in self.requests if urlsplit(url).netloc not in (own, "")]
        assert not others, others
        assert self.requests

    def close(self) -> None:
        """Closes the page."""
        self.context.close()


def chromium() -> Path:
    """The browser."""
    return support.require_tool("chromium")


class Chromium:
    """The running browser; a context manager."""

    def __enter__(self) -> Browser:
        self.playwright = sync_playwright().start()
        # Nothing but the pages of these tests is opened, and root has no sandbox.
        self.browser = self.playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        return self.browser

    def __exit__(self, *_: object) -> None:
        self.browser.close()
        self.playwright.stop()
