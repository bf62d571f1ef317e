"""Imports public Compose files and measures what is lost: against Compose itself, and on each target.

`compose_cases` finds the files.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import import_compare
import kube_schemas
import nomad_agent
import support
from chronos_rules import check_jobs
from compose_cases import Case
from import_places import Path as Place
from import_places import Places
from kube_api import documents
from marathon_rules import check_group

TARGETS = ("compose", "kubernetes", "nomad", "marathon")

# Facts that findings at other places name, by the words of the finding: fields of the same service.
NAMED = (
    (r"has no limits: what it may use was chosen", {"cpu_shares", "mem_limit"}),
    (r"is started again if it ends", {"restart"}),
    (r"a share of the CPUs, where it was a limit", {"cpu_shares", "cpus", "deploy"}),
    (r"the reservation is left out", {"cpu_shares", "mem_reservation"}),
    (r"the memory is a limit of", {"mem_limit", "mem_reservation"}),
    (r"a job ", {"restart"}),
    (r"`volumes_from` is left out", {"depends_on"}),
    (r"is a copy: a change of", {"configs"}),
    (r"lists are mounted, not those that only its image declares", {"volumes", "depends_on"}),
    (r"has a network of its own, not that of", {"networks", "depends_on"}),
    (r"reaches the other containers of the appliance|has a network", {"networks"}),
)

# The features that DC/OS enables in its Marathon.
FEATURES = {"external_volumes", "gpu_resources"}

# The output takes values of secrets from variables.
MISSING_SECRET = re.compile(r"required variable (SECRET_\w+) is missing")

MISSING_ENV = re.compile(r"env file (\S+) not found")


@dataclass
class Finding:
    """A finding of the import."""

    code: str
    message: str
    # The way out.
    help: str
    places: set[Place]

    def names(self, difference: import_compare.Difference) -> bool:
        """Whether the finding is about a difference."""
        path = difference.path
        for place in self.places:
            if place[:2] == path[:2] and len(place) > 2 and place[2] == path[2]:
                # Only the part of the field that both name must be the same.
                if all(a == b for a, b in zip(place[3:], path[3:], strict=False)) or isinstance(
                    difference.source, list
                ):
                    return True
            same_service = place[:2] == path[:2] and path[0] == "services"
            if same_service and any(re.search(words, self.message) and path[2] in fields for words, fields in NAMED):
                return True
            # Networks that keep services apart are told once, for all of them.
            if path[0] == "services" and path[2:] == ("networks",) and "on one network" in self.message:
                return True
            # A service that has no network on its own joins that of the others.
            if path[2:] == ("networks",) and place[2:] == ("network_mode",):
                return True
            if path[0] != "services" and place[:2] == path[:2]:
                return True
        return False


@dataclass
class Result:
    """What became of one file."""

    name: str
    refused_by_compose: str = ""
    import_errors: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    # How many facts of the source are the same afterwards, others, and not there.
    carried: int = 0
    changed: int = 0
    lost: int = 0
    silent: list[import_compare.Difference] = field(default_factory=list)
    # The errors of the compiler, by target.
    refused: dict[str, list[str]] = field(default_factory=dict)
    # What the tools of the targets say about the output.
    faulty: list[str] = field(default_factory=list)

    @property
    def is_imported(self) -> bool:
        return not self.import_errors

    @property
    def lost_in_silence(self) -> list[import_compare.Difference]:
        return [one for one in self.silent if one.source is not None]

    @property
    def is_equal(self) -> bool:
        return self.is_imported and not self.silent and not self.refused.get("compose")


def profile_options(profiles: Iterable[str]) -> list[str]:
    return [f"--profile={name}" for name in profiles]


class Compose:
    """`docker compose config`, with an environment that does not depend on the machine."""

    def __init__(self) -> None:
        self.binary = support.require_tool("docker-compose")

    def config(self, file: Path, *profiles: str) -> tuple[dict[str, Any] | None, str]:
        """What Compose makes of a file, or its error. Files with variables that are missing are made, empty."""
        environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}
        for _ in range(40):
            run = subprocess.run(
                [self.binary, *profile_options(profiles), "-f", file, "config", "--format", "json"],
                capture_output=True, text=True, timeout=60, env=environment,
            )
            if run.returncode == 0:
                return json.loads(run.stdout), ""
            error = (run.stderr.strip().splitlines() or [""])[-1]
            if unset := MISSING_SECRET.search(error):
                environment[unset[1]] = "secret"
                continue
            missing = MISSING_ENV.search(error)
            if not missing or not missing[1].startswith(f"{file.parent}/"):
                break
            path = Path(missing[1])
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        return None, error


def make_files(config: dict[str, Any], folder: Path) -> None:
    """Makes the files of configs and secrets, and those that are mounted, whose content is not part of the cases."""
    for kind in ("configs", "secrets"):
        for name, one in config.get(kind, {}).items():
            if (path := Path(one.get("file", "/"))).is_relative_to(folder):
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(f"content of {name}\n")
    for service in config["services"].values():
        for mount in service.get("volumes") or []:
            path = Path(mount.get("source") or "/")
            # Whether a mount is of a file is not known without it: by its name, it is one.
            is_file = mount["type"] == "bind" and path.suffix not in ("", ".d") and not path.name.startswith(".")
            if is_file and path.is_relative_to(folder) and not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(f"content of {path.name}\n")


def findings(text: str, places: Places) -> tuple[list[Finding], list[str]]:
    """The findings of an import, and its errors."""
    found, errors = [], []
    for one in json.loads(text)["diagnostics"]:
        if one["level"] == "error":
            errors.append(f"{one['code']} {one['message']}")
            continue
        found.append(Finding(one["code"], one["message"], "; ".join(one["help"]), places.of(one["span"])))
    return found, errors


def named(differences: list[import_compare.Difference], all: list[Finding]) -> list[import_compare.Difference]:
    """The differences that no finding names."""
    silent = []
    for one in differences:
        about = [finding for finding in all if finding.names(one)]
        # Each item of a list that is lost needs a finding of its own.
        items = len(one.source) if isinstance(one.source, list) and one.path[2] in ("ports", "volumes", "configs") else 1
        if len({place for finding in about for place in finding.places}) < items and not any(
            len(place) == 3 for finding in about for place in finding.places
        ) or not about:
            silent.append(one)
    return silent


def measure(applc: support.Applc, compose: Compose, case: Case, folder: Path) -> Result:
    """Imports a file in a folder of its own, compiles the result for Compose and compares the two."""
    result = Result(str(case))
    file = case.copy(folder)
    folder = file.parent
    # Some files have profiles that Compose does not take together.
    for profiles in (("*",), ()):
        config, result.refused_by_compose = compose.config(file, *profiles)
        if config is not None:
            break
    else:
        return result
    make_files(config, folder)
    appliance = folder / "appliance.yaml"
    outcome = applc("import", file, *profile_options(profiles), "-o", appliance, "--format", "json")
    result.findings, result.import_errors = findings(outcome.stderr, Places(file.read_text("utf-8")))
    if result.import_errors:
        return result
    assert appliance.exists(), outcome.stderr
    for target in TARGETS:
        out = folder / "compose.applc.yaml" if target == "compose" else f"{folder / target}/"
        compiled = applc.compile(appliance, target, "-o", out, "--format", "json")
        if compiled.code:
            result.refused[target] = [
                f"{one['code']} {one['message']}"
                for one in json.loads(compiled.stderr)["diagnostics"] if one["level"] == "error"
            ]
    result.faulty = [problem for target in TARGETS if target not in result.refused for problem in JUDGES[target](folder)]
    if "compose" in result.refused:
        return result
    made, error = compose.config(folder / "compose.applc.yaml")
    if made is None:
        result.faulty.append(f"Compose: {error}")
        return result
    differences = import_compare.differences(config, made)
    of_source = [one for one in differences if one.source is not None]
    result.lost = sum(one.result in (None, [], {}) for one in of_source)
    result.changed = len(of_source) - result.lost
    result.carried = len(import_compare.facts_of(config)) - len(of_source)
    result.silent = named(differences, result.findings)
    return result


def judge_kubernetes(folder: Path) -> list[str]:
    objects = documents("\n---\n".join(path.read_text("utf-8") for path in sorted((folder / "kubernetes").rglob("*.yaml"))))
    return [f"Kubernetes: {problem}" for problem in kube_schemas.problems(objects)]


def judge_nomad(folder: Path) -> list[str]:
    found = []
    for path in sorted((folder / "nomad").rglob("*.hcl")):
        if not path.name.endswith(".volume.hcl"):
            judged = nomad_agent.validate(path.read_text("utf-8"))
            found += [f"Nomad: {judged.stdout}{judged.stderr}"] if judged.returncode else []
    return found


def judge_marathon(folder: Path) -> list[str]:
    group = folder / "marathon" / "marathon.json"
    found = [str(one) for one in check_group(json.loads(group.read_text("utf-8")), FEATURES)] if group.exists() else []
    jobs = [json.loads(path.read_text("utf-8")) for path in sorted((folder / "marathon" / "chronos").glob("*.json"))]
    return [f"Marathon: {problem}" for problem in found] + [f"Chronos: {problem}" for problem in check_jobs(jobs)]


# What judges the output of each target; `docker compose config` reads that for Compose when it is compared.
JUDGES: dict[str, Callable[[Path], list[str]]] = {
    "compose": lambda _: [],
    "kubernetes": judge_kubernetes,
    "nomad": judge_nomad,
    "marathon": judge_marathon,
}
