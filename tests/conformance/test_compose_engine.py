"""Behavior of Compose and the engine that the Compose target relies on, and tests of the probe images."""

from __future__ import annotations

import json
from pathlib import Path

from compose_engine import Behaviour, Engine, Project, wait_until

AWKWARD = ["", "a b", "-e", "it's \"so\"", "$HOME ${HOME} $$", "a\nb\tc\\", "#c", "é\u2028\U0001f600\x01", "no"]


def in_compose(value: str) -> str:
    """A string for a Compose file; not escaped as ASCII, because YAML does not allow surrogate pairs."""
    return json.dumps(value.replace("$", "$$"), ensure_ascii=False)


def test_the_probe_prints_its_exact_arguments_and_environment(engine: Engine, tmp_path: Path) -> None:
    image = engine.image("applc-test/probe:exact")
    arguments = ", ".join(map(in_compose, AWKWARD))
    names = [f"V{index}" for index in range(len(AWKWARD))]
    environment = ", ".join(
        in_compose(f"{name}={value}") for name, value in zip(names, AWKWARD, strict=True)
    )
    with Project(
        engine,
        tmp_path,
        f"name: applc-exact\nservices: {{a: {{image: {image}, command: [{arguments}], environment: [{environment}]}}}}",
    ) as project:
        assert project.up().returncode == 0
        (start,) = wait_until("the probe's line", lambda: project.starts("a"))
        assert start.argv == ["/probe/run", *AWKWARD]
        assert [start.environ[name] for name in names] == AWKWARD


def test_a_map_drops_variables_that_start_with_x_and_a_list_keeps_them(engine: Engine, tmp_path: Path) -> None:
    image = engine.image("applc-test/probe:exact")
    with Project(
        engine,
        tmp_path,
        "name: applc-names\n"
        f"services: {{map: {{image: {image}, environment: {{x-a: '1'}}}}, list: {{image: {image}, environment: [x-a=1]}}}}",
    ) as project:
        assert project.up().returncode == 0
        (as_map,) = wait_until("the probe's line", lambda: project.starts("map"))
        (as_list,) = wait_until("the probe's line", lambda: project.starts("list"))
        assert "x-a" not in as_map.environ
        assert as_list.environ["x-a"] == "1"


def test_the_probe_responds_at_the_name_of_its_service(engine: Engine, tmp_path: Path) -> None:
    image = engine.image("applc-test/probe:serve", Behaviour(serve=(("http", 8998),)))
    with Project(
        engine,
        tmp_path,
        f"name: applc-serve\nservices: {{Livy: {{image: {image}, ports: [{{target: 8998}}]}}, other: {{image: {image}}}}}",
    ) as project:
        assert project.up().returncode == 0
        assert wait_until("an answer", lambda: project.service_at("other", "http://Livy:8998/")) == "Livy"
        assert project.port("Livy", 8998).startswith("0.0.0.0:")
