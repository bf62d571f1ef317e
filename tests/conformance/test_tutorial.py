"""The steps of docs/tutorial.md that need an engine, after those before them, with stand-ins for the images."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from compose_engine import Behaviour, Engine, command, wait_until
from support import ROOT, Applc

# A marker, if there is one, and the block below it.
BLOCK = re.compile(r"(?:<!-- ([^\n]*) -->\n)?```\w+\n(.*?)```\n", re.DOTALL)

# What the image of the API does, by its argument.
API = """#!/bin/busybox sh
trap 'exit 0' TERM
case $1 in
serve) busybox httpd -f -p 8000 -h /probe/www & ;;
work) sleep 1000 & ;;
report) echo "orders of yesterday: 12"; exit 0 ;;
esac
wait
"""

IMAGES = {
    "postgres:17.2": Behaviour(stubs=("pg_isready",)),
    "redis:7.4": Behaviour(),
    "registry.example.org/shop/api:2.0": Behaviour(files=(("probe/run", API.encode()),), paths=("/health",)),
    "registry.example.org/shop/web:1.4": Behaviour(serve=(("http", 80),)),
}


@pytest.fixture
def shop(applc: Applc, engine: Engine, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of the commands; what they start is removed at the end."""
    for name, behaviour in IMAGES.items():
        engine.image(name, behaviour)
    paths = (applc.binary.parent, engine.compose.parent, os.environ["PATH"])
    yield {**os.environ, "PATH": ":".join(map(str, paths)), "APPLC_STATE": str(tmp_path / "state")}
    command(engine.compose, "-p", "shop", "down", "--volumes", "--timeout", "1", "--remove-orphans")


@pytest.mark.usefixtures("host_ports")
def test_the_steps_on_an_engine_work(engine: Engine, shop: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    folder.mkdir()
    steps = 0
    for marker, text in BLOCK.findall((ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")):
        kind, _, name = marker.partition(": ")
        if name:
            before = (folder / name).read_text() + "\n" if kind == "append" else ""
            (folder / name).write_text(before + text)
            continue
        shown = ""
        for line in text.splitlines():
            if line.startswith("$ "):
                done = subprocess.run(
                    ["sh", "-c", line[2:]], cwd=folder, env=shop, capture_output=True, text=True,
                    timeout=180, check=False,
                )  # fmt: skip
                shown = done.stdout + done.stderr
                # With `--dry-run`, 4 says that something would change.
                assert done.returncode in (0, 1, 4) if kind != "engine" else done.returncode in (0, 4), (line, shown)
                steps += kind == "engine"
            elif kind == "engine" and line.strip("."):
                assert re.sub(" +", " ", line) in re.sub(" +", " ", shown), (line, shown)
    assert steps >= 5
    assert engine.run_in("shop-web-1", "/bin/busybox", "wget", "-q", "-O", "-", "http://api:8000/health").returncode == 0
    assert command("/bin/busybox", "wget", "-q", "-O", "-", "http://localhost:8080/").returncode == 0
    down = subprocess.run(["applc", "down", "shop"], env=shop, capture_output=True, text=True, check=False)
    assert down.returncode == 0, down.stderr
    wait_until("the end", lambda: not command(engine.docker, "ps", "-q", "-f", "name=shop-").stdout)
    assert "shop_db-data" in command(engine.docker, "volume", "ls").stdout
