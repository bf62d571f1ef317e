"""The published schemas of Kubernetes objects, in versions that kubernetes-validate and kubectl-validate contain."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from kubernetes_validate.utils import all_versions, schema_contents
from referencing import Registry, Resource

import support
from kube_api import Object


def versions() -> tuple[str, str]:
    """The oldest and the newest version whose schemas the package contains."""
    known = all_versions()
    return known[0], known[-1]


@cache
def validator(version: str, kind: str, api_version: str) -> Draft202012Validator:
    """The validator of the strict schema of a kind; cached."""
    group = re.sub(r"^([^./]*)(?:\.[^/]*)?/", r"\1-", api_version)
    folder = f"kubernetes-json-schema/v{version}-local-strict"
    schema = schema_contents(f"{folder}/{kind.lower()}-{group}.json", version)
    definitions = schema_contents(f"{folder}/_definitions.json", version)
    registry = Resource.from_contents(definitions) @ (Resource.from_contents(schema) @ Registry())
    return Draft202012Validator(schema, registry=registry)


def problems(objects: list[Object]) -> list[str]:
    """Violations of the strict schemas of the oldest and the newest version."""
    return [
        f"{version}: {item['kind']} {item['metadata']['name']}: {error.json_path}: {error.message}"
        for version in versions()
        for item in objects
        for error in validator(version, item["kind"], item["apiVersion"]).iter_errors(item)
    ]


def kubectl_validate(file: Path, version: str) -> str:
    """The errors that `kubectl-validate` reports for a file; versions 1.23 to 1.30."""
    run = subprocess.run(
        [support.require_tool("kubectl-validate"), "--version", version, file],
        text=True,
        capture_output=True,
        timeout=60,
    )
    return "" if run.returncode == 0 else run.stdout + run.stderr


def write_policy(folder: Path, limit: Callable[[dict[str, Any]], None]) -> None:
    """Writes the newest schemas of what applc generates to a folder, for kubeconform.

    `limit` changes the definitions, as an organization does that allows less than Kubernetes.
    """
    version = versions()[1]
    published = f"kubernetes-json-schema/v{version}-local-strict"
    definitions = schema_contents(f"{published}/_definitions.json", version)
    definitions = json.loads(json.dumps(definitions))["$defs"]
    limit(definitions)
    for name in ("deployment-apps-v1", "namespace-v1", "service-v1"):
        text = json.dumps(schema_contents(f"{published}/{name}.json", version))
        # Each schema contains the definitions, because the published reference is an absolute path.
        schema = json.loads(text.replace("/api/_definitions.json#", "#"))
        schema["$defs"] = definitions
        (folder / f"{name}.json").write_text(json.dumps(schema), encoding="utf-8")
