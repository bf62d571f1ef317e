"""`applc serve` on a real Docker engine."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

import support
from compose_engine import Behaviour, Engine, command, wait_until
from run_compose import IMAGE, STAY, container, job
from run_serve import Service

# The requests of PIVOT's users, as they wrote them.
POST = "curl -X POST -d @appliance.json http://<pivot-url>:<pivot-port>/appliance"
GET = "curl -X GET http://<pivot-url>:<pivot-port>/appliance/spark-livy"
DELETE = "curl -X DELETE http://<pivot-url>:<pivot-port>/appliance/spark-livy"

# Answers as Docker does that has no container and starts none.
DOCKER = """#!/bin/sh
case "$*" in
version*) echo 27.0.0 ;;
"compose version"*) echo 2.30.0 ;;
"context inspect"*) echo unix:///var/run/docker.sock ;;
"info "*) echo '{"Name": "node", "NCPU": 4, "MemTotal": 8589934592}' ;;
"compose "*" config --"*) echo "not today" >&2; exit 1 ;;
esac
"""


def appliance(id: str, *containers: dict, **top: object) -> str:
    """An appliance as JSON, in several lines."""
    return json.dumps({"id": id, "containers": containers, **top}, indent=1)


@pytest.fixture
def serve(applc: support.Applc, engine: Engine, tmp_path: Path) -> Iterator[Callable[..., Service]]:
    """`serve(ID, ARGUMENT...)` starts a service, and removes what runs of the appliance with this id at the end."""
    engine.image(IMAGE, Behaviour())
    with ExitStack() as all:

        def start(id: str, *arguments: str) -> Service:
            project = id.replace("-", "_")
            down = ("-p", project, "down", "--volumes", "--timeout", "1", "--remove-orphans")
            all.callback(lambda: command(engine.compose, *down))
            return all.enter_context(Service(applc, engine, tmp_path, *arguments))

        yield start


def settled(service: Service, id: str, **wanted: str) -> None:
    """Waits until containers have these states."""
    wait_until(f"{wanted}", lambda: wanted.items() <= service.states(id).items())


def spark() -> str:
    """A stand-in for the Spark cluster of PIVOT's users: the same ids, ports and dependencies."""
    ports = {"sparkmagic": [8888], "livy": [8998], "spark-master": [8080, 7077], "spark-worker": []}
    before = {"sparkmagic": ["livy"], "livy": ["spark-master"]}
    containers = [
        container(id, ports=[{"container_port": port} for port in of], dependencies=before.get(id, []),
                  **({"is_privileged": True} if id == "sparkmagic" else {}))
        for id, of in ports.items()
    ]  # fmt: skip
    return appliance("spark-livy", *containers)


def test_the_requests_of_pivots_users_work_as_they_stand(serve: Callable[..., Service], tmp_path: Path) -> None:
    service = serve("spark-livy", "--allow", "privileged")
    (tmp_path / "appliance.json").write_text(spark())

    def run(line: str) -> dict:
        line = line.replace("<pivot-url>:<pivot-port>", f"127.0.0.1:{service.port}")
        answer = subprocess.run(line.split(), cwd=tmp_path, capture_output=True, text=True, timeout=120)
        assert answer.returncode == 0, answer.stderr
        return json.loads(answer.stdout)

    posted = run(POST)
    assert {each["state"] for each in posted["containers"]} == {"submitted"}
    settled(service, "spark-livy", sparkmagic="running", **{"spark-worker": "running"})
    shown = {each["id"]: each for each in run(GET)["containers"]}
    assert [each["container_port"] for each in shown["spark-master"]["endpoints"]] == [8080, 7077]
    assert shown["sparkmagic"]["is_privileged"] is True
    assert "error" in run(POST), "it exists"
    assert "message" in run(DELETE)
    assert "error" in run(GET)


def test_privileged_containers_are_refused_by_default(serve: Callable[..., Service]) -> None:
    service = serve("spark-livy")
    status, answer = service.ask("POST", "/appliance", spark())
    found = next(found for found in answer["findings"] if found["code"] == "E0911")
    line = spark().splitlines()[found["span"]["start"]["line"] - 1]
    assert status == 403 and "is_privileged" in line
    assert service.states("spark-livy") == {}


def test_yaml_errors_put_logs_volumes_and_containers(serve: Callable[..., Service], tmp_path: Path) -> None:
    id = "applc-serve-parts"
    service = serve(id)
    yaml = f"""# a comment
id: {id}
data_persistence: {{volumes: [{{id: data}}]}}
containers:
- id: web
  type: service
  image: {IMAGE}
  force_pull_image: false
  network_mode: bridge
  resources: {{cpus: 0.1, mem: 32}}
  cmd: echo one; echo two; {STAY}
  volumes: [{{src: data, dest: /data}}]
"""
    (tmp_path / "app.yaml").write_text(yaml)
    broken = json.loads(service.curl("-d", "@app.yaml", f"{service.url}/appliance"))
    assert "--data-binary" in broken["error"]
    accepted = json.loads(service.curl("--data-binary", "@app.yaml", f"{service.url}/appliance"))
    assert accepted["id"] == id
    settled(service, id, web="running")
    path = f"/appliance/{id}"
    assert service.ask("GET", f"{path}/container/web/log?tail=1") == (200, "two\n")
    assert service.ask("GET", f"{path}/graph")[1].startswith("<svg")
    status, volumes = service.ask("GET", f"{path}/volume")
    assert status == 200 and [each["id"] for each in volumes] == ["data"] and volumes[0]["used_by"]
    assert service.ask("DELETE", f"{path}/volume/data")[0] == 400, "it is in use"
    (host,) = service.ask("GET", "/cluster")[1]
    assert host["resources"]["cpus"] > 0

    again = yaml.replace("  cmd:", "  instances: 2\n  cmd:") + (
        f"- {{id: job, type: job, image: '{IMAGE}', force_pull_image: false, network_mode: bridge, cmd: 'true',"
        " resources: {cpus: 0.1, mem: 32}}\n"
    )
    assert service.ask("PUT", path, again, "application/yaml")[0] == 200
    settled(service, id, web="running", job="success")
    wait_until("two instances", lambda: len(service.ask("GET", f"{path}/container/web")[1]["tasks"]) == 2, 30)
    # The run that has changed it ends a little after everything runs.
    wait_until("the job is removed", lambda: service.ask("DELETE", f"{path}/container/job")[0] == 200, 30)
    assert service.ask("GET", f"{path}/service")[1][0]["id"] == "web"

    assert service.ask("DELETE", path)[0] == 200
    assert service.ask("GET", path)[0] == 404
    assert service.ask("DELETE", f"{path}/volume/data")[0] == 200
    assert service.ask("GET", f"{path}/volume/data")[0] == 404


def test_events_tell_what_happens_within_a_second(serve: Callable[..., Service], engine: Engine) -> None:
    id = "applc-serve-events"
    service = serve(id)
    body = appliance(id, container("web", f"sleep 1; {STAY}", dependencies=["made"]), job("made", "sleep 1"))
    assert service.ask("POST", "/appliance", body)[0] == 201
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=60)
    connection.request("GET", f"/appliance/{id}/events")
    stream = connection.getresponse()
    told: list[tuple[float, str, dict]] = []

    def read() -> None:
        event = ""
        for line in stream:
            if line.startswith(b"event: "):
                event = line[7:].strip().decode()
            elif line.startswith(b"data: "):
                told.append((time.time(), event, json.loads(line[6:])))

    reader = threading.Thread(target=read)
    reader.start()
    settled(service, id, web="running", made="success")

    def states() -> list[tuple[float, str]]:
        return [(at, data["containers"][0]["state"]) for at, event, data in told if event == "appliance"]

    wait_until("the event", lambda: states()[-1][1] == "running", 10)
    assert "pending" in [state for _, state in states()]
    assert told[-1][2]["containers"][1]["times"]["ended"]
    before = time.time()
    command(engine.docker, "kill", f"{id.replace('-', '_')}-web-1")
    wait_until("the event", lambda: states()[-1][1] != "running", 10)
    late = states()[-1][0] - before
    print(f"\nan event is told {late:.2f} s after `docker kill` was called")
    assert late < 3
    assert service.ask("DELETE", f"/appliance/{id}")[0] == 200
    reader.join(10)
    assert told[-1][1] == "gone" and not reader.is_alive()


def test_a_failure_is_kept_with_its_finding(serve: Callable[..., Service]) -> None:
    id = "applc-serve-failure"
    service = serve(id)
    body = appliance(id, container("web"), job("sick", "echo reason; exit 3"))
    assert service.ask("POST", "/appliance", body)[0] == 201
    settled(service, id, sick="failed", web="running")
    why = service.ask("GET", f"/appliance/{id}/container/sick")[1]["why"]
    assert "3" in why
    status, log = service.ask("GET", f"/appliance/{id}/container/sick/log")
    assert status == 200 and log.endswith("reason\n")
    mended = appliance(id, container("web"), job("sick", "true"))
    assert service.ask("PUT", f"/appliance/{id}", mended)[0] == 200
    settled(service, id, sick="success")


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_service_that_ends_in_the_middle_goes_on_later(
    serve: Callable[..., Service], engine: Engine, how: signal.Signals
) -> None:
    id = "applc-serve-restart"
    service = serve(id)
    body = appliance(id, container("web", dependencies=["slow"]), job("slow", "sleep 6"), container("other"))
    assert service.ask("POST", "/appliance", body)[0] == 201
    settled(service, id, other="running", slow="running")
    started = engine.inspect(f"{id.replace('-', '_')}-other-1")["State"]["StartedAt"]
    status = service.stop(how)
    assert status == (0 if how == signal.SIGTERM else -signal.SIGKILL)
    service.start()
    settled(service, id, web="running", slow="success", other="running")
    again = engine.inspect(f"{id.replace('-', '_')}-other-1")["State"]["StartedAt"]
    assert again == started, "what ran went on running"
    status, answer = service.ask("DELETE", f"/appliance/{id}")
    assert status == 200, answer


def test_many_clients_get_true_states(serve: Callable[..., Service], engine: Engine) -> None:
    id = "applc-serve-load"
    service = serve(id)
    assert service.ask("POST", "/appliance", appliance(id, container("web"), container("db")))[0] == 201
    settled(service, id, web="running", db="running")
    clients, seconds = 50, 6.0
    seen: list[tuple[float, float, int, bytes]] = []
    end = time.time() + seconds

    def ask() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=30)
        while time.time() < end:
            began = time.time()
            connection.request("GET", f"/appliance/{id}")
            answer = connection.getresponse()
            text = answer.read()
            seen.append((began, time.time() - began, answer.status, text))
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(clients)]
    for thread in threads:
        thread.start()
    time.sleep(seconds / 2)
    command(engine.docker, "kill", f"{id.replace('-', '_')}-web-1")
    killed = time.time()
    for thread in threads:
        thread.join()
    assert {status for _, _, status, _ in seen} == {200}
    # The first state behind the id is its own, the next one that of another container.
    of_web = re.compile(rb'"id":"web".*?"state":"(\w+)"')
    told = [(began - killed, of_web.search(text)) for began, _, _, text in seen]
    states = {(after, found[1].decode()) for after, found in told if found}
    assert len(told) == len([found for _, found in told if found])
    assert {state for _, state in states} == {"running", "killed"}
    oldest = max((after for after, state in states if state == "running"), default=0.0)
    took = sorted(duration for _, duration, _, _ in seen)
    rate = len(seen) / seconds
    print(
        f"\n{clients} clients: {rate:.0f} answers a second, median {took[len(took) // 2] * 1000:.1f} ms,"
        f" 99% {took[len(took) * 99 // 100] * 1000:.1f} ms; `running` was told {oldest:.2f} s after the end at most"
    )
    # An answer is at most a second old when its request arrives.
    assert oldest < 1.2
    assert rate > 300


def test_no_request_that_the_description_allows_fails_the_service(
    applc: support.Applc, engine: Engine, tmp_path: Path
) -> None:
    """Requests of schemathesis: a few in CI, thousands with APPLC_DEEP=1. A script stands in the place of Docker:
    whatever the requests would start or remove is not that of anybody."""
    docker = tmp_path / "docker"
    docker.write_text(DOCKER)
    docker.chmod(0o755)
    service = Service(applc, engine, tmp_path)
    service.environment["PATH"] = f"{tmp_path}:{os.environ['PATH']}"
    most = "400" if os.environ.get("APPLC_DEEP") else "10"
    with service:
        run = subprocess.run(
            [
                support.require_tool("schemathesis"), "run", f"{service.url}/api", "--url", service.url,
                "--checks", "not_a_server_error,status_code_conformance,content_type_conformance,"
                "response_schema_conformance",
                "--max-examples", most, "--phases", "examples,coverage,fuzzing", "--request-timeout", "30",
                "--exclude-path-regex", "/events$|/login|/logout", "--seed", "1",
                "--suppress-health-check", "all",
            ],
            cwd=tmp_path, capture_output=True, text=True, timeout=1800,
        )  # fmt: skip
        assert service.ask("GET", "/ping") == (200, "Pong!")
    print(run.stdout[-1500:])
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-2000:]
