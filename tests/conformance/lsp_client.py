"""A client of the language server with nothing of its own: it says what a test tells it, and keeps what it is told."""

from __future__ import annotations

import json
import queue
import subprocess
import threading
from pathlib import Path
from types import TracebackType
from typing import Any


class Client:
    """A running `applc lsp`, with UTF-16 positions."""

    def __init__(self, binary: Path, folder: Path) -> None:
        self.process = subprocess.Popen([binary, "lsp"], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.told: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self.last = 0
        # The findings of each document, by its URI.
        self.findings: dict[str, list[dict[str, Any]]] = {}
        threading.Thread(target=self._read, daemon=True).start()
        self.request("initialize", processId=None, rootUri=folder.as_uri(), capabilities={
            "general": {"positionEncodings": ["utf-16"]},
            "textDocument": {
                "codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["quickfix"]}}},
                "documentSymbol": {"hierarchicalDocumentSymbolSupport": True},
            },
            "workspace": {"workspaceEdit": {"documentChanges": True}, "textDocumentContent": {}},
        })
        self.send({"method": "initialized", "params": {}})

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if kind is None:
            self.request("shutdown")
            self.notify("exit")
            assert self.process.wait(timeout=10) == 0
        self.process.kill()

    def notify(self, method: str, **params: Any) -> None:
        """Sends a notification."""
        self.send({"method": method, **({"params": params} if params else {})})

    def request(self, method: str, **params: Any) -> Any:
        """Sends a request, without `params` if there are none, and returns the result."""
        self.last += 1
        self.send({"id": self.last, "method": method, **({"params": params} if params else {})})
        while True:
            message = self.take(method)
            if message.get("id") == self.last and "method" not in message:
                assert "error" not in message, message
                return message["result"]

    def found(self, uri: str, errors: bool) -> list[dict[str, Any]]:
        """The errors of a document, as soon as there are some, or none."""
        while True:
            if uri in self.findings:
                found = [finding for finding in self.findings[uri] if finding["severity"] == 1]
                if bool(found) == errors:
                    return found
            self.take(f"errors: {errors}")

    def take(self, awaited: str) -> dict[str, Any]:
        """The next message of the server. A request of it is answered with nothing."""
        message = self.told.get(timeout=20)
        assert message is not None, f"the server ended before: {awaited}"
        if message.get("method") == "textDocument/publishDiagnostics":
            self.findings[message["params"]["uri"]] = message["params"]["diagnostics"]
        elif "method" in message and "id" in message:
            self.send({"id": message["id"], "result": None})
        return message

    def send(self, message: dict[str, Any]) -> None:
        """Sends a message as it is."""
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self.process.stdin.flush()

    def _read(self) -> None:
        assert self.process.stdout
        while header := self.process.stdout.readline():
            length = int(header.removeprefix(b"Content-Length:"))
            assert self.process.stdout.readline() == b"\r\n"
            self.told.put(json.loads(self.process.stdout.read(length)))
        self.told.put(None)


def offset(text: str, position: dict[str, int]) -> int:
    """The index in `text` of a position in UTF-16."""
    # A position can be behind the last line break.
    lines = [*text.splitlines(keepends=True), ""]
    line = lines[position["line"]].encode("utf-16-le")[: 2 * position["character"]].decode("utf-16-le")
    return sum(map(len, lines[: position["line"]])) + len(line)


def position(text: str, index: int) -> dict[str, int]:
    """The position in UTF-16 of an index in `text`."""
    line = text[:index].rpartition("\n")[2]
    return {"line": text.count("\n", 0, index), "character": len(line.encode("utf-16-le")) // 2}


def edited(text: str, edits: list[dict[str, Any]]) -> str:
    """`text` after edits, which do not overlap."""
    for edit in sorted(edits, key=lambda edit: offset(text, edit["range"]["start"]), reverse=True):
        start, end = (offset(text, edit["range"][side]) for side in ("start", "end"))
        text = text[:start] + edit["newText"] + text[end:]
    return text
