"""Measures `applc lsp` beside the servers that plain editors use with the schemas of applc, for docs/performance.md.

    APPLC=target/release/applc python tests/conformance/beside_editors.py

`vscode-json-language-server` (npm: vscode-langservers-extracted) is searched on PATH, and left out if it is missing.
`.ci/install/editors` installs the other two: yaml-language-server, and taplo as Even Better TOML has it. All read the same
files of about 100 KB and 1 MB: appliances in JSON and YAML, and an `applc.toml`. applc finds what all four targets find, too;
the others find what its schemas say.

- start: from the start of the process to the answer to `initialize`. Medians of 20.
- open: the CPU time from the text until the server rests.
- edit: a key becomes an unknown one, and known again. The clock stops at the findings that say so; the CPU time has
  all that the server does until it rests: applc goes on with the targets. The JSON and YAML servers wait for more
  edits before they start. Medians of 20.
- memory: the most that the process had, resident.
"""

from __future__ import annotations

import json
import os
import queue
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

STARTS = 20
EDITS = 10

# Seconds that a server has for the findings of one edit.
PATIENCE = 120

# What an edit adds to the name of a key.
MARK = "zz"

# Where the scripts in `.ci/install` put tools.
EDITORS = Path(os.environ.get("APPLC_TOOLS") or Path.home() / ".cache" / "applc-conformance") / "editors"

PROJECT = 'default-targets = ["compose", "kubernetes", "nomad", "marathon"]\n'


def container(at: int) -> dict[str, Any]:
    """A container, as those of the benchmarks of applc."""
    before = max(at - 1, 0)
    return {
        "id": f"worker-{at}", "type": "service", "image": f"registry.example/team/worker:1.{at}",
        "resources": {"cpus": 0.5, "mem": 256}, "network_mode": "container", "ports": [{"container_port": 8080}],
        "args": ["--listen", "0.0.0.0:8080", "--peer", f"http://@worker-{before}:8080/api"],
        "env": {"NAME": f"worker {at}", "RETRIES": 3, "PEERS": f"@worker-{before}:8080"},
        "dependencies": [f"worker-{before}"] if at % 10 else [],
    }


def as_json(count: int) -> str:
    """An appliance, a line for each field."""
    fields = [
        ",\n".join(f'      "{key}": {json.dumps(value)}' for key, value in container(at).items()) for at in range(count)
    ]
    return '{\n  "id": "bench",\n  "containers": [\n    {\n' + "\n    },\n    {\n".join(fields) + "\n    }\n  ]\n}\n"


def as_yaml(count: int) -> str:
    """The same appliance."""
    fields = ["\n    ".join(f"{key}: {json.dumps(value)}" for key, value in container(at).items()) for at in range(count)]
    return "id: bench\ncontainers:\n" + "".join(f"  - {one}\n" for one in fields)


def as_toml(count: int) -> str:
    """A project that sets many images."""
    images = "".join(f'"registry.example/team/worker-{at}" = "1.{at}"\n' for at in range(count * 9))
    return f"{PROJECT}[environments.prod.images]\n{images}"


@dataclass
class Program:
    """A language server, and what it reads."""

    command: list[str]
    language: str
    file: str
    text: Callable[[int], str]
    # What an edit changes: the end of this text.
    key: str
    # Its settings, and the options that it gets when it starts, for the folder of the schemas.
    settings: Callable[[Path], dict[str, Any]] = lambda folder: {}
    options: Callable[[Path], dict[str, Any]] = lambda folder: {}


def programs(applc: str) -> dict[str, Program]:
    """All that can be compared."""
    taplo = {
        "schema": {"enabled": True, "associations": {}, "catalogs": [], "links": False},
        "completion": {"maxKeys": 5},
    }

    def of_taplo(folder: Path) -> dict[str, Any]:
        rules = {r".*/applc\.toml$": (folder / "project.json").as_uri()}
        return {"evenBetterToml": taplo | {"schema": {**taplo["schema"], "associations": rules}}}

    def of_json(folder: Path) -> dict[str, Any]:
        schema = {"fileMatch": ["*.appliance.json"], "url": (folder / "appliance.json").as_uri()}
        return {"json": {"schemas": [schema], "validate": {"enable": True}}, "http": {}}

    def of_yaml(folder: Path) -> dict[str, Any]:
        schemas = {(folder / "appliance.json").as_uri(): ["*.appliance.yaml"]}
        return {"yaml": {"schemas": schemas, "schemaStore": {"enable": False}, "validate": True, "yamlVersion": "1.2"}}

    of_json_options: dict[str, Any] = {"provideFormatter": False, "handledSchemaProtocols": ["file"]}
    image = ('"image', "image")
    return {
        "applc, JSON": Program([applc, "lsp"], "json", "bench.appliance.json", as_json, image[0]),
        "vscode-json-language-server": Program(
            ["vscode-json-language-server", "--stdio"], "json", "bench.appliance.json", as_json, image[0],
            of_json, lambda _: of_json_options,
        ),
        "applc, YAML": Program([applc, "lsp"], "yaml", "bench.appliance.yaml", as_yaml, image[1]),
        "yaml-language-server": Program(
            ["node", str(EDITORS / "node_modules/yaml-language-server/bin/yaml-language-server"), "--stdio"], "yaml",
            "bench.appliance.yaml", as_yaml, image[1], of_yaml,
        ),
        "applc, TOML": Program([applc, "lsp"], "toml", "applc.toml", as_toml, "default-targets"),
        "taplo": Program(
            ["node", str(Path(__file__).parent / "editors/taplo.mjs"), str(EDITORS)], "toml", "applc.toml", as_toml,
            "default-targets", of_taplo, lambda _: {"configurationSection": "evenBetterToml"},
        ),
    }


class Server:
    """A running server."""

    def __init__(self, program: Program, folder: Path) -> None:
        self.settings = program.settings(folder)
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            program.command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self.sending = threading.Lock()
        self.told: queue.Queue[tuple[float, dict[str, Any]]] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        self.send({"id": 1, "method": "initialize", "params": {
            "processId": os.getpid(), "rootUri": folder.as_uri(),
            "workspaceFolders": [{"uri": folder.as_uri(), "name": folder.name}],
            "capabilities": {
                "workspace": {"configuration": True, "workspaceFolders": True},
                "textDocument": {"publishDiagnostics": {}},
            },
            "initializationOptions": program.options(folder),
        }})
        self.ready, _ = self.wait(lambda message: message.get("id") == 1 and "method" not in message)
        self.ready -= self.started
        self.cpu_of_start = self.cpu()
        self.send({"method": "initialized", "params": {}})
        self.send({"method": "workspace/didChangeConfiguration", "params": {"settings": self.settings}})

    def cpu(self) -> float:
        """The CPU time of the process so far, with threads that have ended, in seconds."""
        return time.clock_gettime((~self.process.pid << 3) | 2)

    def memory(self) -> float:
        """The most resident memory so far, in MB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmHWM:")[2].split()[0]) / 1024

    def rest(self) -> float:
        """Waits until nothing is done for half a second. Returns the CPU time so far."""
        before, since = self.cpu(), time.monotonic()
        while time.monotonic() < since + 0.5:
            time.sleep(0.05)
            # A runtime looks at its timers now and then.
            if (now := self.cpu()) > before + 0.003:
                before, since = now, time.monotonic()
        return self.cpu()

    def wait(self, awaited: Callable[[dict[str, Any]], bool]) -> tuple[float, dict[str, Any]]:
        """The next message of a kind, and when it came."""
        end = time.monotonic() + PATIENCE
        while True:
            at, message = self.told.get(timeout=max(end - time.monotonic(), 0.001))
            if awaited(message):
                return at, message

    def section(self, name: str) -> Any:
        """A section of the settings, by its path."""
        value: Any = self.settings
        for part in name.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        return value

    def findings(self, uri: str, is_told: Callable[[str], bool]) -> float:
        """When findings came of which all together satisfy a condition."""

        def are_they(message: dict[str, Any]) -> bool:
            if message.get("method") != "textDocument/publishDiagnostics" or message["params"]["uri"] != uri:
                return False
            return is_told(json.dumps(message["params"]["diagnostics"]))

        return self.wait(are_they)[0]

    def send(self, message: dict[str, Any]) -> None:
        """Sends a message."""
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin
        with self.sending:
            self.process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
            self.process.stdin.flush()

    def end(self) -> None:
        """Ends the process."""
        self.process.kill()
        self.process.wait()

    def _read(self) -> None:
        assert self.process.stdout
        while header := self.process.stdout.readline():
            length = 0
            while header.strip():
                name, _, value = header.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
                header = self.process.stdout.readline()
            message = json.loads(self.process.stdout.read(length))
            self.told.put((time.monotonic(), message))
            if "method" in message and "id" in message:
                items = message["params"].get("items", []) if message["method"] == "workspace/configuration" else []
                found = [self.section(item.get("section", "")) for item in items]
                self.send({"id": message["id"], "result": found or None})


def session(program: Program, folder: Path, text: str) -> str:
    """Opens a document, and edits it. A row of the table."""
    server = Server(program, folder)
    uri = (folder / program.file).as_uri()
    server.rest()
    before = server.cpu()
    document = {"uri": uri, "languageId": program.language, "version": 0, "text": text}
    server.send({"method": "textDocument/didOpen", "params": {"textDocument": document}})
    cpu_open = server.rest() - before
    index = text.index(program.key) + len(program.key)
    line, column = text.count("\n", 0, index), index - text.rfind("\n", 0, index) - 1
    clocks, cpus = [], []
    for version in range(1, 2 * EDITS + 1):
        is_wrong = version % 2 == 1
        end = column if is_wrong else column + len(MARK)
        edit = {
            "range": {"start": {"line": line, "character": column}, "end": {"line": line, "character": end}},
            "text": MARK if is_wrong else "",
        }
        before, start = server.cpu(), time.monotonic()
        server.send({"method": "textDocument/didChange", "params": {
            "textDocument": {"uri": uri, "version": version}, "contentChanges": [edit],
        }})
        clocks.append(server.findings(uri, lambda told, wrong=is_wrong: (MARK in told) == wrong) - start)
        cpus.append(server.rest() - before)
    memory = server.memory()
    server.end()
    return (
        f"open {cpu_open * 1000:.0f} ms of CPU time; edit {statistics.median(clocks) * 1000:.1f} ms by the clock, "
        f"{statistics.median(cpus) * 1000:.1f} ms of CPU time; {memory:.0f} MB"
    )


def main() -> None:
    applc = str(Path(os.environ["APPLC"]).resolve())
    print(f"load {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        for name, program in programs(applc).items():
            if not shutil.which(program.command[0]) or (program.command[0] == "node" and not EDITORS.is_dir()):
                print(f"{name}: missing")
                continue
            for count in (240, 2400):
                folder = root / f"{name}-{count}"
                folder.mkdir()
                for schema in ("appliance", "project"):
                    printed = subprocess.run([applc, "schema", schema], check=True, capture_output=True).stdout
                    (folder / f"{schema}.json").write_bytes(printed)
                (folder / "applc.toml").write_text(PROJECT)
                text = program.text(count)
                if count == 240:
                    starts = []
                    for _ in range(STARTS):
                        server = Server(program, folder)
                        starts.append((server.ready, server.cpu_of_start))
                        server.end()
                    clock, cpu = (statistics.median(column) * 1000 for column in zip(*starts, strict=True))
                    print(f"{name}: start {clock:.0f} ms by the clock, {cpu:.0f} ms of CPU time", flush=True)
                try:
                    row = session(program, folder, text)
                except queue.Empty:
                    row = f"no findings within {PATIENCE} s"
                print(f"{name}, {len(text) // 1000} KB: {row}; load {os.getloadavg()[0]:.1f}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
