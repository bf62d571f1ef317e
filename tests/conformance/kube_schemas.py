"""The published schemas of Kubernetes objects, over the versions that its tools carry."""

from __future__ import annotations

import subprocess
from pathlib import Path

import kubernetes_validate
from kubernetes_validate.utils import all_versions

import support
from kube_api import Object


def versions() -> tuple[str, str]:
    """The oldest and the newest version that the package has schemas of."""
    known = all_versions()
    return known[0], known[-1]


def problems(objects: list[Object]) -> list[str]:
    """What the strict schemas of the oldest and the newest version say against the objects."""
    found = []
    for version in versions():
        for item in objects:
            try:
                kubernetes_validate.validate(item, version, strict=True)
            except kubernetes_validate.ValidationError as error:
                path = ".".join(map(str, error.path))
                found.append(f"{version}: {item['kind']} {item['metadata']['name']}: {path}: {error.message}")
    return found


def kubectl_validate(file: Path, version: str) -> str:
    """What `kubectl-validate` says against a file; empty where it passes. It carries 1.23 to 1.30."""
    run = subprocess.run(
        [support.require_tool("kubectl-validate"), "--version", version, file],
        text=True,
        capture_output=True,
        timeout=60,
    )
    return "" if run.returncode == 0 else run.stdout + run.stderr
