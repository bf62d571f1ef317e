"""The image that all containers of random appliances run: the observer, and busybox for `/bin/sh`."""

from __future__ import annotations

import functools
import hashlib
import io
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "conformance"))

import support  # noqa: E402
from compose_engine import BUSYBOX, applets, checked, command  # noqa: E402
from registry import Registry  # noqa: E402

REPOSITORY = "applc-proof/observer:1"

# What the image says itself; appliances replace each of them, or do not.
CONFIGURATION: dict[str, Any] = {"Entrypoint": ["/observer"], "Cmd": ["--image-cmd"], "Env": ["PATH=/bin:/usr/bin"]}

PASSWD = """root:x:0:0:root:/:/bin/sh
proof:x:1001:1001::/:/bin/sh
other:x:1002:1003::/:/bin/sh
nobody:x:65534:65534::/:/bin/sh
"""
GROUP = """root:x:0:
proof:x:1001:
other:x:1003:
extra:x:1010:
nobody:x:65534:
"""
FOLDERS = {"bin": 0o755, "dev": 0o755, "etc": 0o755, "proc": 0o755, "sys": 0o755, "run": 0o755, "tmp": 0o1777}
# The observer's socket is there, whichever user it runs as.
FOLDERS["run/observer"] = 0o1777


@functools.cache
def observer() -> Path:
    """The observer, built once for each of its versions: a static program."""
    source = HERE / "observer"
    digest = hashlib.sha256(checked("go", "version").encode())
    for path in sorted(source.glob("*")):
        digest.update(path.read_bytes())
    built = support.TOOLS / "proof" / f"observer-{digest.hexdigest()[:16]}"
    if not built.exists():
        built.parent.mkdir(parents=True, exist_ok=True)
        new = built.with_suffix(f".{os.getpid()}")
        subprocess.run(
            ["go", "build", "-trimpath", "-ldflags", "-s -w", "-o", new, "."],
            cwd=source, env={**os.environ, "CGO_ENABLED": "0"}, check=True,
        )  # fmt: skip
        new.rename(built)
    return built


@functools.cache
def files() -> bytes:
    """The files of the image, as a tar archive."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:

        def add(name: str, kind: bytes, mode: int, content: bytes = b"", link: str = "") -> None:
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode, entry.size, entry.linkname = kind, mode, len(content), link
            tar.addfile(entry, io.BytesIO(content))

        for name, mode in FOLDERS.items():
            add(name, tarfile.DIRTYPE, mode)
        add("observer", tarfile.REGTYPE, 0o755, observer().read_bytes())
        add("bin/busybox", tarfile.REGTYPE, 0o755, BUSYBOX.read_bytes())
        add("etc/passwd", tarfile.REGTYPE, 0o644, PASSWD.encode())
        add("etc/group", tarfile.REGTYPE, 0o644, GROUP.encode())
        for name, target in applets().items():
            add(name, tarfile.SYMTYPE, 0o777, link=target)
    return buffer.getvalue()


def make(docker: Path) -> str:
    """Makes the image on a Docker engine, and returns its name there."""
    made = f"applc-proof/made:{hashlib.sha256(files()).hexdigest()}"
    if command(docker, "image", "inspect", made).returncode != 0:
        changes = [
            "ENTRYPOINT " + quoted(CONFIGURATION["Entrypoint"]),
            "CMD " + quoted(CONFIGURATION["Cmd"]),
            *(f"ENV {each}" for each in CONFIGURATION["Env"]),
        ]
        options = [word for change in changes for word in ("--change", change)]
        checked(docker, "import", *options, "-", made, stdin=files())
    return made


def push(docker: Path, registry: Registry) -> str:
    """Makes the image on a Docker engine, pushes it to a registry, and returns its name there."""
    registry.push(make(docker), REPOSITORY)
    return f"{registry.name}/{REPOSITORY}"


def quoted(words: list[str]) -> str:
    """Words as a Dockerfile has them."""
    return "[" + ", ".join(f'"{word}"' for word in words) + "]"
