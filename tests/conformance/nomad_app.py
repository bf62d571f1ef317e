"""Appliances that are compiled for Nomad and submitted to an agent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from compose_engine import Behaviour
from nomad_agent import Agent
from support import Applc

WAIT_IMAGE = "applc-test/nomad:wait"
RECORD_IMAGE = "applc-test/nomad:record"


class Compiler:
    """Compiles appliances and submits the output to an agent."""

    def __init__(self, applc: Applc, agent: Agent, folder: Path) -> None:
        self.applc = applc
        self.agent = agent
        self.folder = folder
        agent.engine.image(WAIT_IMAGE)
        agent.engine.image(RECORD_IMAGE, Behaviour(programs=("/usr/bin/curl",)))

    def image(self, name: str, behaviour: Behaviour = Behaviour()) -> str:
        return self.agent.engine.image(f"applc-test/nomad-{name}:1", behaviour)

    def compile(self, appliance: dict[str, Any], *options: str) -> list[Path]:
        """The output files of an appliance, volumes first."""
        source = self.folder / "appliance.json"
        source.write_text(json.dumps(appliance))
        chosen = [f"wait-image={WAIT_IMAGE}", f"record-image={RECORD_IMAGE}", *options]
        words = [word for option in chosen for word in ("--option", f"nomad.{option}")]
        outcome = self.applc.compile(source, "nomad", "-o", f"{self.folder}/out/", *words)
        assert outcome.code == 0, outcome.stderr
        files = sorted((self.folder / "out").rglob("*.hcl"))
        return sorted(files, key=lambda file: not file.name.endswith(".volume.hcl"))

    def submit(self, appliance: dict[str, Any], *options: str) -> None:
        for file in self.compile(appliance, *options):
            if file.name.endswith(".volume.hcl"):
                self.agent.create_volume(file)
            else:
                self.agent.submit(file)


def container(name: str, image: str, **fields: Any) -> dict[str, Any]:
    """A small container with a local image."""
    return {
        "id": name,
        "type": "service",
        "image": image,
        "resources": {"cpus": 0.05, "mem": 32},
        "network_mode": "bridge",
        "force_pull_image": False,
        **fields,
    }
