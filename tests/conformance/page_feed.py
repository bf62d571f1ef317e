"""A server that shows appliances that do not run, for what an engine is too slow for or cannot do on demand.

It serves the files of the page with the policy of `applc serve`, one appliance, its picture, and its events.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, Queue
from typing import Any

import support

PAGE = support.ROOT / "crates" / "applc-run" / "src" / "http" / "page"

TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)

ID = "feed"


class Feed:
    """The server; a context manager. `show` sends a state of the appliance to all pages."""

    def __init__(self, appliance: dict[str, Any], log: str = "") -> None:
        self.appliance = appliance
        self.log = log
        self.deleted: list[str] = []
        self.followers: list[Queue[str | None]] = []
        feed = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                feed.get(self)

            def do_DELETE(self) -> None:
                feed.deleted.append(self.path)
                self.answer(200, "application/json", json.dumps({"message": f"Deleted {ID}"}))
                feed.send("gone", {})

            def answer(self, status: int, kind: str, text: str) -> None:
                body = text.encode()
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Security-Policy", POLICY)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                # A page that is closed.
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.ui = f"{self.address}/appliance/{ID}/ui"

    def __enter__(self) -> Feed:
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.disconnect()
        self.server.shutdown()
        self.server.server_close()

    def get(self, request: Any) -> None:
        path = request.path.split("?")[0]
        if path.startswith("/page/"):
            file = PAGE / path.removeprefix("/page/")
            request.answer(200, TYPES[file.suffix], file.read_text(encoding="utf-8"))
        elif path == f"/appliance/{ID}/ui":
            request.answer(200, TYPES[".html"], (PAGE / "appliance.html").read_text(encoding="utf-8"))
        elif path == f"/appliance/{ID}/graph":
            request.answer(200, "image/svg+xml", picture(self.appliance))
        elif path == f"/appliance/{ID}/events":
            self.events(request)
        elif path.endswith("/log"):
            request.answer(200, "text/plain; charset=utf-8", self.log)
        else:
            request.answer(404, "application/json", '{"error": "not found"}')

    def events(self, request: Any) -> None:
        """Sends events as long as the page listens."""
        queue: Queue[str | None] = Queue()
        queue.put(event("appliance", self.appliance))
        self.followers.append(queue)
        request.send_response(200)
        request.send_header("Content-Type", "text/event-stream")
        request.send_header("Connection", "close")
        request.end_headers()
        request.close_connection = True
        while True:
            try:
                text = queue.get(timeout=1)
            except Empty:
                text = ":\n\n"
            if text is None:
                return
            request.wfile.write(text.encode())

    def send(self, name: str, data: dict[str, Any]) -> None:
        """Sends an event to all pages."""
        for queue in self.followers:
            queue.put(event(name, data))

    def show(self, appliance: dict[str, Any]) -> None:
        """Sends another state of the appliance to all pages."""
        self.appliance = appliance
        self.send("appliance", appliance)

    def disconnect(self) -> None:
        """Ends all streams of events."""
        followers, self.followers = self.followers, []
        for queue in followers:
            queue.put(None)


def event(name: str, data: dict[str, Any]) -> str:
    """An event of a stream."""
    return f"event: {name}\ndata: {json.dumps(data)}\n\n"


def container(id: str, state: str = "running", *, type: str = "service", needs: list[str] | None = None,
              why: str | None = None, begin: float = 0, **more: Any) -> dict[str, Any]:  # fmt: skip
    """A container as the server shows it. `begin` is when it was accepted, in seconds."""
    start = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC) + timedelta(seconds=begin)
    times = {name: (start + timedelta(seconds=at)).isoformat().replace("+00:00", "Z")
             for name, at in (("created", 0), ("pulling", 1), ("starting", 3), ("started", 3.5), ("ready", 5))}  # fmt: skip
    known = {"running": 5, "success": 5, "failed": 4, "killed": 4, "staging": 3, "pending": 1, "submitted": 0}[state]
    ended = {"ended": (start + timedelta(seconds=9)).isoformat()} if state in ("success", "failed", "killed") else {}
    return {
        "id": id, "appliance": ID, "type": type, "image": f"registry.example.org/{id}:1.0",
        "resources": {"cpus": 1, "mem": 64, "disk": 0, "gpu": 0}, "network_mode": "bridge", "instances": 1,
        "dependencies": needs or [], "env": {"A": "1"}, "ports": [{"container_port": 80, "name": "http"}],
        "state": state, "why": why, "times": dict(list(times.items())[:known]) | ended,
        "endpoints": [{"host": "localhost", "host_port": 32768, "container_port": 80, "protocol": "tcp", "name": "http"}]
        if state == "running" else [],
        "tasks": [{"name": f"{ID}-{id}-1", "state": state, "why": why, "restarts": 0, "times": {}}],
    } | more  # fmt: skip


def many(number: int, state: str = "running") -> list[dict[str, Any]]:
    """Containers in layers of 20, each of which waits for one of the layer before."""
    ids = [f"c{at:04}" for at in range(number)]
    return [container(id, state, needs=ids[at - 20:at - 19] if at >= 20 else [], begin=at // 20)
            for at, id in enumerate(ids)]  # fmt: skip


def appliance(*containers: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An appliance as the server shows it."""
    data = {"volumes": [{"id": "data", "scope": "local"}, {"id": "shared", "scope": "global"}]}
    return {"id": ID, "containers": list(containers), "data_persistence": data, "scheduler": {}} | more


def picture(appliance: dict[str, Any]) -> str:
    """The containers in layers, with the elements of the real picture."""
    containers = appliance["containers"]
    layer: dict[str, int] = {}
    places: dict[str, tuple[int, int]] = {}
    for one in containers:
        layer[one["id"]] = max((layer[id] + 1 for id in one["dependencies"]), default=0)
        row = sum(1 for level in layer.values() if level == layer[one["id"]]) - 1
        places[one["id"]] = (95 + 180 * row, 40 + 110 * layer[one["id"]])
    parts = [*edges(containers, places), *nodes(containers, places)]
    width, height = (max(at[axis] for at in places.values()) + 95 for axis in (0, 1))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="applc-graph" viewBox="0 0 {width} {height}">'
        f"<title>The appliance {ID}</title><g>{''.join(parts)}</g></svg>"
    )


def edges(containers: list[dict[str, Any]], places: dict[str, tuple[int, int]]) -> Iterator[str]:
    """A line for each dependency."""
    for one in containers:
        for id in one["dependencies"]:
            (x, y), (to_x, to_y) = places[id], places[one["id"]]
            yield (
                f'<g class="edge dependency" data-from="{id}" data-to="{one["id"]}"><title>edge</title>'
                f'<path class="line" d="M{x} {y + 32}L{to_x} {to_y - 40}"/>'
                f'<path class="head" d="M{to_x - 4} {to_y - 40}L{to_x} {to_y - 32}L{to_x + 4} {to_y - 40}z"/></g>'
            )


def nodes(containers: list[dict[str, Any]], places: dict[str, tuple[int, int]]) -> Iterator[str]:
    """A box for each service, an ellipse for each job."""
    for one in containers:
        x, y = places[one["id"]]
        shape = (
            f'<rect class="shape" x="{x - 80}" y="{y - 32}" width="160" height="64" rx="4"/>'
            if one["type"] == "service"
            else f'<ellipse class="shape" cx="{x}" cy="{y}" rx="85" ry="36"/>'
        )
        yield (
            f'<g class="node {one["type"]}" data-id="{one["id"]}"><title>{one["id"]}</title>{shape}'
            f'<text class="id middle" x="{x}" y="{y - 10}">{one["id"]}</text>'
            f'<text class="kind middle" x="{x}" y="{y + 6}">{one["type"]}</text>'
            f'<text class="state middle" x="{x}" y="{y + 22}"></text></g>'
        )
