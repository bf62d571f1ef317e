"""Behavior of Nomad that the Nomad target relies on, tested on a real agent with the Docker engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from compose_engine import Behaviour, Engine, wait_until
from nomad_agent import Agent, formatted, pause, validate

IMAGE = "applc-test/nomad:probe"
RESOURCES = "resources {\n cpu = 50\n memory = 32\n }"


@pytest.fixture(scope="module")
def agent() -> Iterator[Agent]:
    engine = Engine()
    engine.image(IMAGE, Behaviour(serve=(("http", 80),)))
    with Agent(engine) as running:
        yield running


@pytest.fixture
def run(agent: Agent, tmp_path: Path) -> Iterator[Agent]:
    """The agent; jobs are removed after each test."""
    yield agent
    for job in agent.get("/v1/jobs"):
        if not job["ParentID"]:
            agent.remove(job["ID"])


def submit(agent: Agent, folder: Path, job: str, body: str) -> None:
    file = folder / f"{job}.nomad.hcl"
    file.write_text(f'job "{job}" {{\n{body}\n}}\n')
    agent.submit(file)


def referring_group(name: str, other: str) -> str:
    """A group that registers its port before its task starts, and waits until another group is registered."""
    return f"""
      group "{name}" {{
        network {{
          port "http" {{
            to = 80
          }}
        }}
        service {{
          provider = "nomad"
          name = "{name}-http"
          port = "http"
        }}
        task "main" {{
          driver = "docker"
          config {{
            image = "{IMAGE}"
            ports = ["http"]
            args = ["http://${{other}}/"]
          }}
          template {{
            destination = "secrets/references.env"
            env = true
            data = <<-EOT
              {{{{- range nomadService 1 (env "NOMAD_ALLOC_ID") "{other}-http" }}}}
              other={{{{ print .Address ":" .Port | toJSON }}}}
              {{{{- else }}}}{{{{ with nomadVar "nomad/jobs/circle/{name}/main" }}}}{{{{ end }}}}
              {{{{- end }}}}
              EOT
          }}
          {RESOURCES}
        }}
      }}"""


def test_references_in_a_cycle_are_resolved(run: Agent, tmp_path: Path) -> None:
    submit(run, tmp_path, "circle", referring_group("a", "b") + referring_group("b", "a"))
    run.wait_for_deployment("circle")
    for name, other in (("a", "b"), ("b", "a")):
        (start,) = run.starts("circle", name, "main")
        assert run.group_at(run.allocation("circle", name), "main", start.argv[1]) == other


def test_a_template_blocks_until_a_task_has_started(run: Agent, tmp_path: Path) -> None:
    def group(name: str, first: str) -> str:
        return f"""
          group "{name}" {{
            {first}
            task "main" {{
              driver = "docker"
              service {{
                provider = "nomad"
                name = "order-{name}"
              }}
              config {{
                image = "{IMAGE}"
              }}
              template {{
                destination = "local/after"
                data = <<-EOT
                  {{{{- if not (nomadService "order-first") }}}}{{{{ with nomadVar "nomad/jobs/order/{name}/main" }}}}{{{{ end }}}}{{{{ end }}}}
                  EOT
              }}
              {RESOURCES}
            }}
          }}"""

    slow = f"""
      task "before" {{
        driver = "docker"
        lifecycle {{
          hook = "prestart"
        }}
        config {{
          image = "{IMAGE}"
          entrypoint = ["/bin/busybox", "sleep", "4"]
        }}
        {RESOURCES}
      }}"""
    first = group("first", slow).replace('if not (nomadService "order-first")', "if false")
    submit(run, tmp_path, "order", first + group("second", ""))
    run.wait_for_task("order", "second", "main", "running")
    assert run.started_at("order", "first", "main") < run.started_at("order", "second", "main")


def test_a_missing_service_blocks_a_task_indefinitely(run: Agent, tmp_path: Path) -> None:
    submit(run, tmp_path, "circle", referring_group("a", "nobody"))
    wait_until("the blocked template", lambda: "Missing: nomad.var" in run.event_log("circle"))
    pause(3)
    assert run.task("circle", "a", "main")["State"] == "pending"


def test_a_reference_is_updated_when_the_address_changes(run: Agent, tmp_path: Path) -> None:
    submit(run, tmp_path, "circle", referring_group("a", "b") + referring_group("b", "a"))
    run.wait_for_deployment("circle")
    old = run.allocation("circle", "b")
    assert run.run_command("alloc", "stop", "-detach", old["ID"]).returncode == 0
    wait_until("a second start of a", lambda: len(run.starts("circle", "a", "main")) == 2)
    first, second = run.starts("circle", "a", "main")
    assert first.argv != second.argv
    assert run.group_at(run.allocation("circle", "a"), "main", second.argv[1]) == "b"


def test_the_service_of_a_task_is_registered_after_the_prestart_task_was_retried_and_succeeded(
    run: Agent, tmp_path: Path
) -> None:
    def job(name: str, attempts: int) -> str:
        return f"""
          type = "batch"
          group "{name}" {{
            restart {{
              attempts = {attempts}
              interval = "8760h"
              delay = "0s"
              mode = "fail"
            }}
            reschedule {{
              attempts = 0
              unlimited = false
            }}
            task "main" {{
              driver = "docker"
              lifecycle {{
                hook = "prestart"
              }}
              config {{
                image = "{IMAGE}"
                entrypoint = ["/bin/busybox", "sh", "-c"]
                args = ["echo >>/alloc/tries; [ $(/bin/busybox wc -l </alloc/tries) = 3 ]"]
              }}
              {RESOURCES}
            }}
            task "done" {{
              driver = "docker"
              service {{
                provider = "nomad"
                name = "{name}-done"
              }}
              config {{
                image = "{IMAGE}"
              }}
              {RESOURCES}
            }}
          }}"""

    submit(run, tmp_path, "few", job("few", 1))
    submit(run, tmp_path, "enough", job("enough", 2))
    wait_until("success of the third run", lambda: "enough-done" in run.services())
    run.wait_for_allocations("few", "failed")
    # The agent reports the state of a task to the server slightly later than its service.
    wait_until("one restart", lambda: run.task("few", "few", "main")["Restarts"] == 1)
    wait_until("two restarts", lambda: run.task("enough", "enough", "main")["Restarts"] == 2)
    assert "few-done" not in run.services()


def test_jobs_are_validated_without_an_agent() -> None:
    good = f'job "a" {{\n  group "g" {{\n    task "t" {{\n      driver = "docker"\n    }}\n  }}\n}}\n'
    assert validate(good).returncode == 0
    assert validate(good.replace("docker", "")).returncode != 0
    assert validate(good.replace("group", "grup")).returncode != 0


def test_the_formatter_aligns_adjacent_attributes() -> None:
    assert formatted('a = 1\nlong = 2\n') == 'a    = 1\nlong = 2\n'
