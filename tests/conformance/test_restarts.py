"""Engines replace the containers that `applc compile --diff --base` says they replace, and no others.

Each container of an appliance is changed in a way of its own. All changes are applied at once, there and back.
"""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import quote

import pytest

from compose_engine import Behaviour, Engine, Project, wait_until
from nomad_agent import Agent
from nomad_app import RECORD_IMAGE, WAIT_IMAGE
from restart_cases import DIRECTIONS, IMAGE, JOBS, OTHER, SERVICES, document, lost
from support import Applc
from told_effects import replaced, told

@pytest.fixture(scope="module")
def engine() -> Engine:
    engine = Engine()
    engine.image(IMAGE, Behaviour())
    engine.image(OTHER, Behaviour())
    return engine


def test_compose_recreates_the_containers_that_are_told(applc: Applc, engine: Engine, tmp_path: Path) -> None:
    texts = []
    for version in (0, 1):
        outcome = applc.compile("-", "compose", stdin=json.dumps(document(version)))
        assert outcome.code == 0, outcome.stderr
        texts.append(outcome.stdout)
    with Project(engine, tmp_path, texts[0]) as project:
        ids = compose_ids(project)
        for before, after in DIRECTIONS:
            (folder := tmp_path / str(before)).mkdir()
            effects = told(applc, folder, "compose", document(before), document(after))
            project.file.write_text(texts[after])
            old, ids = ids, compose_ids(project)
            assert lost(old, ids) == replaced(effects)


def compose_ids(project: Project) -> dict[str, set[str]]:
    """The containers of each service after an update."""
    up = project.up("--remove-orphans", "--timeout", "1", "--quiet-pull")
    assert up.returncode == 0, up.stderr
    found: dict[str, set[str]] = {}
    for line in project.compose("ps", "--all", "--no-trunc", "--format", "json").stdout.splitlines():
        entry = json.loads(line)
        labels = dict(label.split("=", 1) for label in entry["Labels"].split(",") if "=" in label)
        found.setdefault(labels["applc.container"], set()).add(entry["ID"])
    return found


NOMAD = f'wait-image = "{WAIT_IMAGE}"\nrecord-image = "{RECORD_IMAGE}"\n'


def test_nomad_replaces_the_allocations_that_are_told(applc: Applc, engine: Engine, tmp_path: Path) -> None:
    engine.image(WAIT_IMAGE)
    engine.image(RECORD_IMAGE, Behaviour(programs=("/usr/bin/curl",)))
    with Agent(engine) as agent:
        folders = []
        for version in (0, 1):
            (folder := tmp_path / f"version-{version}").mkdir()
            options = ("--option", f"nomad.wait-image={WAIT_IMAGE}", "--option", f"nomad.record-image={RECORD_IMAGE}")
            outcome = applc.compile("-", "nomad", *options, "--output", folder, stdin=json.dumps(document(version)))
            assert outcome.code == 0, outcome.stderr
            folders.append(folder)
        for volume in folders[0].glob("*.volume.hcl"):
            agent.create_volume(volume)
        nomad_apply(agent, folders[0])
        ids = allocations(agent)
        for before, after in DIRECTIONS:
            (folder := tmp_path / str(before)).mkdir()
            effects = told(applc, folder, "nomad", document(before), document(after), NOMAD)
            nomad_apply(agent, folders[after])
            old, ids = ids, allocations(agent)
            services = {id for id in lost(old, ids) if id in SERVICES}
            # The allocations of a job stay when it has ended, so that a new one is another run.
            again = {id for id in JOBS if ids[id] - old[id]}
            assert services | again == replaced(effects)
        agent.remove_all()


def nomad_apply(agent: Agent, folder: Path) -> None:
    """Submits all jobs, and waits until the scheduler has decided, and what is to run has started."""
    for file in sorted(folder.glob("*.nomad.hcl")):
        agent.submit(file)

    def decided() -> bool:
        for job in agent.get("/v1/jobs"):
            evaluations = agent.get(f"/v1/job/{quote(job['ID'], safe='')}/evaluations")
            if any(each["Status"] == "pending" for each in evaluations):
                return False
            for each in agent.allocations(job["ID"]):
                if each["DesiredStatus"] == "run" and each["ClientStatus"] == "pending":
                    return False
        return True

    wait_until("the decisions of the scheduler", decided, seconds=120)


def allocations(agent: Agent) -> dict[str, set[str]]:
    """The allocations of each container that are to run, or have run to their end."""
    found: dict[str, set[str]] = {id: set() for id in SERVICES | JOBS}
    for job in agent.get("/v1/jobs"):
        for each in agent.allocations(job["ID"]):
            if each["DesiredStatus"] == "run" or each["TaskGroup"] in JOBS:
                found[each["TaskGroup"]].add(each["ID"])
    return found


def test_what_is_told_is_neither_all_nor_nothing(applc: Applc, tmp_path: Path) -> None:
    # Otherwise, the tests above could pass without telling anything apart.
    for target, options in {"compose": "", "nomad": NOMAD}.items():
        (folder := tmp_path / target).mkdir()
        effects = told(applc, folder, target, document(0), document(1), options)
        found = replaced(effects)
        assert {"image", "env", "job-image"} <= found
        assert not found & {"kept", "more", "none", "job-kept"}
        assert {"more", "none"} <= effects["scaled"]
