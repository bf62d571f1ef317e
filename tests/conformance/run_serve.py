"""`applc serve` as a process, and requests to it."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import support
from compose_engine import Engine


class Service:
    """A service on a free port; a context manager that ends it."""

    def __init__(self, applc: support.Applc, engine: Engine, folder: Path, *arguments: str) -> None:
        self.binary = applc.binary.resolve()
        self.folder = folder
        self.arguments = arguments
        self.environment = {
            **os.environ,
            "PATH": f"{engine.compose.parent}:{os.environ['PATH']}",
            "APPLC_STATE": str(folder / "state"),
        }
        self.process: subprocess.Popen[str] | None = None
        self.port = 0

    def __enter__(self) -> Service:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Starts it, and waits until it listens."""
        self.process = subprocess.Popen(
            [self.binary, "serve", "--engine", "compose", "--listen", f"127.0.0.1:{self.port}", *self.arguments],
            cwd=self.folder, env=self.environment, text=True, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert self.process.stderr is not None
        line = self.process.stderr.readline()
        assert " on http://127.0.0.1:" in line, line
        self.port = int(line.rsplit(":", 1)[1])

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Ends it. Returns the exit status."""
        if self.process is None:
            return 0
        self.process.send_signal(how)
        status = self.process.wait(timeout=30)
        self.process = None
        return status

    @property
    def url(self) -> str:
        """The address of the service."""
        return f"http://127.0.0.1:{self.port}"

    def ask(self, method: str, path: str, body: str | None = None, kind: str | None = None) -> tuple[int, Any]:
        """Sends a request. Returns the status, and the JSON or text of the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            connection.request(method, path, body, {"Content-Type": kind} if kind else {})
            answer = connection.getresponse()
            text = answer.read().decode()
            is_json = answer.getheader("content-type") == "application/json"
            return answer.status, json.loads(text) if is_json else text
        finally:
            connection.close()

    def states(self, id: str) -> dict[str, str]:
        """The state of each container; empty if there is no such appliance."""
        status, found = self.ask("GET", f"/appliance/{id}")
        return {each["id"]: each["state"] for each in found["containers"]} if status == 200 else {}

    def curl(self, *arguments: str) -> str:
        """Runs `curl` in the folder. Returns what it prints."""
        run = subprocess.run(
            [support.require_tool("curl"), "-sS", *arguments],
            cwd=self.folder, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert run.returncode == 0, run.stderr
        return run.stdout
