"""Container images made here, and a registry that serves them: a node can run containers without an engine.

The registry has only what a pull needs of the API of registries, and one layer in each image. The runtime
of the node asks it for every image, whichever registry the name of the image names.
"""

from __future__ import annotations

import hashlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from compose_engine import BUSYBOX, applets, archive, with_libraries

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIGURATION = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"


def digest_of(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def plain(name: str) -> str:
    """The name of an image without its registry, with its tag: `shop/api:2`, `nginx:latest`."""
    first, _, rest = name.partition("/")
    if rest and (first == "localhost" or "." in first or ":" in first):
        name = rest
    name = name.removeprefix("library/")
    return name if ":" in name else f"{name}:latest"


def files_of(*programs: Path, with_busybox: bool = True) -> bytes:
    """The files of an image with busybox and other programs of this machine, all in /bin."""
    files = {"bin/busybox": BUSYBOX.read_bytes()} if with_busybox else {}
    for program in programs:
        _, *libraries = with_libraries(program)
        files[f"bin/{program.name}"] = program.read_bytes()
        files |= {str(library).lstrip("/"): library.read_bytes() for library in libraries}
    return archive(files, applets() if with_busybox else {})


class Registry:
    """A read-only registry on an address of this machine; `put` adds and replaces images while it runs."""

    def __init__(self, address: str) -> None:
        self.blobs: dict[str, bytes] = {}
        self.names: dict[str, str] = {}
        registry = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                registry.answer(self)

            do_HEAD = do_GET

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer((address, 0), Handler)
        self.url = f"http://{address}:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def _add(self, data: bytes) -> dict[str, Any]:
        digest = digest_of(data)
        self.blobs[digest] = data
        return {"digest": digest, "size": len(data)}

    def put(self, name: str, files: bytes, configuration: dict[str, Any]) -> None:
        """Adds an image of the files of a tar archive; its name has no digest."""
        image = {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Env": ["PATH=/bin:/usr/bin"], **configuration},
            "rootfs": {"type": "layers", "diff_ids": [digest_of(files)]},
        }
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {"mediaType": CONFIGURATION, **self._add(json.dumps(image).encode())},
            "layers": [{"mediaType": LAYER, **self._add(files)}],
        }
        self.names[plain(name)] = self._add(json.dumps(manifest).encode())["digest"]

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Responds to `GET /v2/NAME/manifests/TAG-OR-DIGEST` and `GET /v2/NAME/blobs/DIGEST`."""
        status, digest, kind, data = 404, "", "application/octet-stream", b""
        parts = urlsplit(request.path).path.strip("/").split("/")
        if parts == ["v2"]:
            status = 200
        elif len(parts) >= 4 and parts[-2] in ("manifests", "blobs"):
            *name, what, reference = parts[1:]
            digest = reference if ":" in reference else self.names.get(plain(f"{'/'.join(name)}:{reference}"), "")
            if digest in self.blobs:
                status, data = 200, self.blobs[digest]
                kind = MANIFEST if what == "manifests" else kind
        request.send_response(status)
        request.send_header("Content-Type", kind)
        request.send_header("Content-Length", str(len(data)))
        if digest:
            request.send_header("Docker-Content-Digest", digest)
        request.end_headers()
        if request.command == "GET":
            request.wfile.write(data)
