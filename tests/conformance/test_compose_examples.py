"""Every example runs on the engine, with images that print their arguments and environment and serve their ports."""

from __future__ import annotations

import json
import re
import shlex
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import appliance_text
from compose_engine import Behaviour, Engine, Project, checked, wait_until
from support import ROOT, Applc
from test_compose import DIGEST, NO_GPU_DRIVER

pytestmark = pytest.mark.usefixtures("host_ports")

# Programs that the health checks of the examples run.
STUBS = ("rabbitmq-diagnostics", "pg_isready")


def containers(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {container["id"]: container for container in document["containers"]}


def on_host(container: dict[str, Any]) -> bool:
    return str(container.get("network_mode", "host")).lower() == "host"


def with_quick_checks(document: dict[str, Any]) -> dict[str, Any]:
    """The appliance with health checks every second, to keep the tests short."""
    for container in document["containers"]:
        if container.pop("default_health_check", False):
            container["health_check"] = {"protocol": "MESOS_TCP"}
        if "health_check" in container:
            container["health_check"] |= {"interval_seconds": 1, "timeout_seconds": 10}
    return document


def make_images(engine: Engine, document: dict[str, Any]) -> None:
    """Builds each image that the appliance uses: a service serves its ports, a job exits with 0."""
    serve: dict[str, set[tuple[str, int]]] = defaultdict(set)
    paths: dict[str, set[str]] = defaultdict(set)
    programs: dict[str, set[str]] = defaultdict(set)
    then: dict[str, dict[str, str]] = defaultdict(dict)
    for container in document["containers"]:
        image = DIGEST.sub("", container["image"])
        ports = container.get("ports", [])
        for port in ports:
            if port.get("protocol", "tcp") == "tcp":
                serve[image].add(("http", port["container_port"]))
        check = container.get("health_check", {})
        path = check.get("path", "/").partition("?")[0]
        if path != "/":
            paths[image].add(path)
        if check.get("protocol", "").endswith("HTTPS"):
            number = ports[check.get("port_index", 0)]["container_port"]
            serve[image].discard(("http", number))
            serve[image].add(("https", number))
        entrypoint = container.get("entrypoint", ["/bin/sh" if "cmd" in container else "/probe/run"])
        programs[image].add(entrypoint[0])
        then[image][" ".join(entrypoint)] = "exit 0" if container["type"] == "job" else "stay"
    for image, by_words in then.items():
        engine.image(
            image,
            Behaviour(
                serve=tuple(sorted(serve[image])),
                then=exit_command(by_words),
                shell="mimic",
                stubs=STUBS,
                paths=tuple(sorted(paths[image])),
                entrypoints=tuple(sorted(programs[image])),
            ),
        )


def exit_command(by_words: dict[str, str]) -> str:
    """The `then` of an image whose containers start with different words."""
    cases = (f"{shlex.quote(words)}*) {then} ;;" for words, then in by_words.items())
    return f'case "$0 $*" in {" ".join(cases)} esac'


def services_of(document: dict[str, Any], id: str) -> list[tuple[str, int]]:
    """The service and index of each instance. Each instance of a job with dependents is its own service."""
    container = containers(document)[id]
    count = container.get("instances", 1)
    awaited = any(id in other.get("dependencies", []) for other in document["containers"])
    if container["type"] == "job" and awaited and count > 1:
        return [(f"{id}-{index}", 1) for index in range(1, count + 1)]
    return [(id, index) for index in range(1, count + 1)]


def address_seen_by(document: dict[str, Any], id: str) -> appliance_text.Address:
    """The expected address of references in a container: the service name, with the host port on the host network."""
    by_id = containers(document)

    def address(to: str, port: int | None) -> str:
        if port is not None and on_host(by_id[id]) and not on_host(by_id[to]):
            for listed in by_id[to]["ports"]:
                if listed["container_port"] == port:
                    port = listed.get("host_port") or port
        return to if port is None else f"{to}:{port}"

    return address


def expected_argv(
    document: dict[str, Any], id: str, address: appliance_text.Address | None = None
) -> list[str]:
    """The arguments of a container's process; by default with the addresses of Compose."""
    container = containers(document)[id]
    address = address or address_seen_by(document, id)
    if "cmd" in container:
        return ["/bin/sh", "-c", appliance_text.spelled(container["cmd"], address)]
    args = [appliance_text.value(arg, address) for arg in container.get("args", [])]
    if "entrypoint" in container:
        return [*container["entrypoint"], *args]
    return ["/probe/run", *(args or ["the-image's-own-argument"])]


@pytest.fixture
def volumes(engine: Engine, example: Path) -> Iterator[None]:
    """Creates the external volumes of the example, and removes them at the end."""
    document = appliance_text.load(example)
    names = [
        volume["id"]
        for volume in document.get("data_persistence", {}).get("volumes", [])
        if volume.get("scope") == "global"
    ]
    for name in names:
        engine.ensure_volume(name)
    yield
    for name in names:
        engine.remove_volume(name)


@pytest.mark.usefixtures("volumes")
def test_the_example_runs_as_written(
    applc: Applc, engine: Engine, example: Path, tmp_path: Path
) -> None:
    document = with_quick_checks(appliance_text.load(example))
    make_images(engine, document)
    outcome = applc.compile("-", "compose", stdin=json.dumps(document, ensure_ascii=False))
    assert outcome.code == 0, outcome.stderr
    by_id = containers(document)
    with Project(engine, tmp_path, DIGEST.sub("", outcome.stdout)) as project:
        up = project.up(timeout=300)
        if any(c["resources"].get("gpu") for c in by_id.values()):
            # A machine without a GPU can check only the containers without GPUs.
            assert NO_GPU_DRIVER in up.stderr
            by_id = {id: c for id, c in by_id.items() if not c["resources"].get("gpu")}
        else:
            assert up.returncode == 0, up.stderr
        for id, container in by_id.items():
            assert_arguments_and_environment_are_as_written(project, document, id)
            assert_started_after_dependencies(project, by_id, container, document)
        for id, container in by_id.items():
            if container["type"] == "service":
                assert_references_reach_their_containers(project, by_id, container, document)
                assert_ports_respond_on_the_host(project, container)


def assert_arguments_and_environment_are_as_written(project: Project, document: dict[str, Any], id: str) -> None:
    container = containers(document)[id]
    address = address_seen_by(document, id)
    for service, index in services_of(document, id):
        start = wait_until(f"{id} starts", lambda: project.starts(service, index))[0]
        assert start.argv == expected_argv(document, id)
        for name, written in container.get("env", {}).items():
            assert start.environ[name] == appliance_text.value(written, address), f"{id}: {name}"
        for name, value in container.get("secret_env", {}).items():
            assert start.environ[name] == secret(value), f"{id}: {name}"
        for file in container.get("secret_files", []):
            found = project.engine.run_in(project.container(service, index), "cat", file["dest"])
            assert found.stdout == secret(file), f"{id}: {file['dest']}"
        own = {"PATH", "HOSTNAME", "HOME", *container.get("env", {}), *container.get("secret_env", {})}
        assert set(start.environ) <= own, "unexpected variable"


def secret(value: dict[str, str]) -> str:
    """The value that a project gives to a key of a secret."""
    name = re.sub(r"\W", "_", f"SECRET_{value['secret']}_{value['key']}").upper()
    return f"the value of {name}"


def assert_started_after_dependencies(
    project: Project, by_id: dict[str, dict[str, Any]], container: dict[str, Any], document: dict[str, Any]
) -> None:
    started = project.started(services_of(document, container["id"])[0][0])
    awaited = [
        (dependency, *instance)
        for dependency in container.get("dependencies", [])
        if dependency in by_id
        for instance in services_of(document, dependency)
    ]
    for dependency, service, index in awaited:
        state = project.inspect(service, index)["State"]
        ready = state["StartedAt"]
        if by_id[dependency]["type"] == "job":
            assert state["ExitCode"] == 0
            ready = state["FinishedAt"]
        elif "health_check" in by_id[dependency]:
            passed = [check for check in state["Health"]["Log"] if check["ExitCode"] == 0]
            assert passed, f"{dependency}: {state['Health']}"
            # The engine keeps only the last five checks, so the first success may be lost.
            ready = state["StartedAt"]
        assert ready < started, f"{container['id']} after {dependency}"


def answered_references(
    by_id: dict[str, dict[str, Any]], container: dict[str, Any]
) -> Iterator[tuple[str, int | None, int]]:
    """The references in a container to ports that respond to HTTP: the id, the port as written, and the port.

    A reference without a port refers to each such port.
    """
    for to, port in appliance_text.references(container):
        if to not in by_id:
            continue
        tcp = [p["container_port"] for p in by_id[to].get("ports", []) if p.get("protocol", "tcp") == "tcp"]
        https = by_id[to].get("health_check", {}).get("protocol", "").endswith("HTTPS")
        for number in tcp if port is None else [port]:
            if number in tcp and not https:
                yield to, port, number


def assert_references_reach_their_containers(
    project: Project, by_id: dict[str, dict[str, Any]], container: dict[str, Any], document: dict[str, Any]
) -> None:
    id = container["id"]
    for to, _, number in answered_references(by_id, container):
        url = f"http://{address_seen_by(document, id)(to, number)}/"
        found = wait_until(f"{id} reaches {url}", lambda: project.service_at(id, url))
        assert found == to


def assert_ports_respond_on_the_host(project: Project, container: dict[str, Any]) -> None:
    if container.get("health_check", {}).get("protocol", "").endswith("HTTPS"):
        return
    for port in container.get("ports", []):
        if port.get("internal"):
            continue
        number, protocol = port["container_port"], port.get("protocol", "tcp")
        if on_host(container):
            published = f"127.0.0.1:{number}"
        else:
            published = project.port(container["id"], number, protocol=protocol)
            assert not published.endswith(":0"), f"{container['id']}: {number} is not published"
            if port.get("host_port"):
                assert published.endswith(f":{port['host_port']}")
        if protocol == "tcp":
            wait_until(
                f"{published} answers",
                lambda: project.answer_on_host(published) == project.inspect(container["id"])["Id"],
            )


def test_spark_livy_runs_as_documented(applc: Applc, engine: Engine, tmp_path: Path) -> None:
    """Runs the output for the example without changes and checks what its documentation states."""
    source = ROOT / "examples" / "spark-livy.json"
    document = appliance_text.load(source)
    make_images(engine, document)
    outcome = applc.compile(source, "compose")
    assert (outcome.code, outcome.stderr) == (0, "")
    with Project(engine, tmp_path, outcome.stdout) as project:
        assert project.up().returncode == 0
        order = sorted(containers(document), key=lambda id: project.started(id))
        assert order.index("spark-master") < order.index("livy") < order.index("sparkmagic")
        assert project.starts("livy")[0].argv == ["/probe/run", "spark://spark-master:7077"]
        assert project.starts("sparkmagic")[0].argv == ["/probe/run", '--NotebookApp.token=""']
        assert project.starts("sparkmagic")[0].environ["LIVY_HOST"] == "livy"
        assert wait_until("an answer", lambda: project.service_at("sparkmagic", "http://livy:8998/")) == "livy"
        published = checked(
            engine.compose, "-f", project.file, "port", "livy", "8998"
        ).strip()
        assert published.startswith("0.0.0.0:")
        assert project.answer_on_host(published) == project.inspect("livy")["Id"]
