"""Measures `applc compile` beside kustomize and jrsonnet that make the same Kubernetes objects, for docs/performance.md.

    APPLC=target/release/applc python tests/conformance/beside_configs.py [COUNT]

Each program makes the objects of COUNT appliances in one process; all are compared as values. `kustomize` and `jrsonnet`
are searched on PATH, and left out if they are missing. The figures are CPU time, user and system, and the time by the
clock: medians of runs in turns.

- kustomize has a base with the objects of one appliance, and for each appliance a kustomization with patches of what differs.
- jrsonnet has a function with the objects of one appliance, whose argument is put into all texts that differ.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import yaml

RUNS = 3

# In place of the number of an appliance, in the objects that the others are made of.
MARK = "31337"

PROJECT = """\
default-targets = ["kubernetes"]
output = "out/{id}/{target}"
"""


def appliance(number: str) -> dict[str, Any]:
    """An appliance of two containers, as those of the benchmark of projects."""

    def container(name: str, memory: int, **more: Any) -> dict[str, Any]:
        return {
            "id": name, "type": "service", "image": f"registry.example.org/shop/{name}:1.{number}",
            "network_mode": "container", "ports": [{"container_port": 8080}],
            "resources": {"cpus": 0.5, "mem": memory}, **more,
        }

    env = {"API": "http://@api:8080", "N": number}
    web = container("web", 128, env=env, dependencies=["api"])
    return {"id": f"app{number}", "containers": [web, container("api", 256, env={"LOG_LEVEL": "info"})]}


def project(root: Path, numbers: list[str]) -> None:
    """Writes a project of applc."""
    root.mkdir()
    (root / "applc.toml").write_text(PROJECT)
    for number in numbers:
        (root / f"app{number}.appliance.json").write_text(json.dumps(appliance(number), indent=1))


def objects(folder: Path) -> list[Any]:
    """The objects in all files below a folder, or in a file."""
    files = [folder] if folder.is_file() else [path for path in folder.rglob("*") if path.suffix in (".yaml", ".json")]
    found: list[Any] = []
    for path in files:
        for document in yaml.load_all(path.read_text(), Loader=yaml.CSafeLoader):
            found.extend(document if isinstance(document, list) else [document])
    return sorted(found, key=lambda one: json.dumps(one, sort_keys=True))


def marked(value: Any, path: str = "") -> list[tuple[str, str]]:
    """The texts with the mark, by their JSON pointers."""
    if isinstance(value, str):
        return [(path, value)] if MARK in value else []
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else []
    escaped = ((str(key).replace("~", "~0").replace("/", "~1"), one) for key, one in members)
    return [found for key, one in escaped for found in marked(one, f"{path}/{key}")]


def kustomizations(root: Path, base: list[Any], numbers: list[str]) -> None:
    """Writes the base, a kustomization for each appliance, and one with all of them."""
    (root / "base").mkdir(parents=True)
    (root / "base/objects.yaml").write_text(yaml.safe_dump_all(base))
    (root / "base/kustomization.yaml").write_text("resources: [objects.yaml]\n")
    for number in numbers:
        patches = []
        for one in base:
            operations = [
                {"op": "replace", "path": path, "value": text.replace(MARK, number)} for path, text in marked(one)
            ]
            patches.append({
                "target": {"kind": one["kind"], "name": one["metadata"]["name"]},
                "patch": json.dumps(operations), "options": {"allowNameChange": True},
            })
        folder = root / f"app{number}"
        folder.mkdir()
        (folder / "kustomization.yaml").write_text(json.dumps({"resources": ["../base"], "patches": patches}))
    (root / "kustomization.yaml").write_text(json.dumps({"resources": [f"app{number}" for number in numbers]}))


def jsonnet(root: Path, base: list[Any], count: int) -> None:
    """Writes a function with the objects, and a file that calls it for each appliance."""
    root.mkdir()
    text = json.dumps(base, indent=1).replace(MARK, '" + n + "')
    (root / "app.libsonnet").write_text(f"function(n) {text}\n")
    calls = f'{{ ["app" + n + ".json"]: app(std.toString(n)) for n in std.range(0, {count - 1}) }}'
    (root / "all.jsonnet").write_text(f'local app = import "app.libsonnet";\n{calls}\n')


def run(command: list[str], folder: Path, out: Path | None) -> tuple[float, float]:
    """Runs a command: seconds of CPU time, and by the clock."""
    with open(out or os.devnull, "w") as file:
        start = time.monotonic()
        child = subprocess.Popen(command, cwd=folder, stdout=file, stderr=subprocess.PIPE)
        assert child.stderr
        told = child.stderr.read()
        _, status, used = os.wait4(child.pid, 0)
        clock = time.monotonic() - start
    if status:
        sys.exit(f"{command}: {told.decode()}")
    return used.ru_utime + used.ru_stime, clock


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    numbers = [str(number) for number in range(count)]
    program = str(Path(os.environ["APPLC"]).resolve())
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        project(root / "mark", [MARK])
        run([program, "compile", "--no-cache"], root / "mark", None)
        base = objects(root / "mark/out")
        project(root / "applc", numbers)
        kustomizations(root / "kustomize", base, numbers)
        jsonnet(root / "jsonnet", base, count)
        commands = {
            "applc": ([program, "compile", "--no-cache"], root / "applc", None, root / "applc/out"),
            "kustomize": (["kustomize", "build", "."], root / "kustomize", root / "all.yaml", root / "all.yaml"),
            "jrsonnet": (["jrsonnet", "-m", "out", "-c", "all.jsonnet"], root / "jsonnet", None, root / "jsonnet/out"),
        }
        commands = {name: it for name, it in commands.items() if shutil.which(it[0][0])}
        figures: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
        for _ in range(RUNS):
            for name, (command, folder, out, made) in commands.items():
                shutil.rmtree(made, ignore_errors=True)
                figures[name].append(run(command, folder, out))
        wanted = objects(root / "applc/out")
        print(f"{len(wanted)} objects of {count} appliances; load {os.getloadavg()[0]:.1f}")
        for name, (*_, made) in commands.items():
            if objects(made) != wanted:
                sys.exit(f"{name} makes other objects")
            cpu, clock = (statistics.median(column) for column in zip(*figures[name], strict=True))
            ratio = cpu / statistics.median(one for one, _ in figures["applc"])
            print(f"{name}: {cpu:.2f} s of CPU time ({ratio:.1f} times applc), {clock:.2f} s by the clock")


if __name__ == "__main__":
    main()
