"""The target examples/targets/swarm on a swarm: all appliances, arbitrary strings, and its capabilities."""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import rejections
import swarm_engine
from appliance_text import load, references
from compose_engine import Behaviour, checked, command, wait_until
from support import ROOT, Applc, corpus, examples
from swarm_engine import Stack, Swarm
from test_compose import DIGEST
from test_compose_data import PARTS
from test_compose_examples import containers, expected_argv, make_images, on_host, with_quick_checks
from test_compose_order import container

TARGET = ROOT / "examples" / "targets" / "swarm"

# Publishes ports on the node, because the routing mesh requires IPVS in the kernel.
ON_NODE = ("--option", "swarm.routing=host")
UNORDERED = ("--option", "swarm.ignore-order=true")


@pytest.fixture(scope="module")
def swarm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Swarm]:
    with swarm_engine.started(tmp_path_factory.mktemp("swarm")) as started:
        yield started


@pytest.fixture
def stack(applc: Applc, swarm: Swarm, tmp_path: Path) -> Callable[..., Stack]:
    """`stack(container(...), ..., options=(...))` returns the stack of an appliance."""

    def make(
        *containers: dict[str, Any], options: tuple[str, ...] = ON_NODE, id: str = "data", **top: Any
    ) -> Stack:
        document = json.dumps({"id": id, "containers": containers, **top}, ensure_ascii=False)
        outcome = applc.compile("-", str(TARGET), *options, stdin=document)
        assert outcome.code == 0, outcome.stderr
        return Stack(swarm, tmp_path, outcome.stdout)

    return make


def test_the_target_is_valid(applc: Applc) -> None:
    outcome = applc("target", "check", TARGET)
    assert outcome.code == 0, outcome.stderr


@pytest.mark.parametrize("target", ["swarm", "swarm-host"])
def test_the_swarm_accepts_every_appliance(applc: Applc, swarm: Swarm, tmp_path: Path, target: str) -> None:
    appliances = rejections.accepted(target, examples() + corpus())
    assert len(appliances) > 100
    with swarm.idle():
        for appliance in appliances:
            outcome = applc.compile(appliance, *rejections.TARGETS[target])
            assert outcome.code == 0, outcome.stderr
            written = yaml.safe_load(outcome.stdout)
            with Stack(swarm, tmp_path, outcome.stdout) as up:
                assert swarm.stack_config(up.file)["services"].keys() == written["services"].keys()
                up.up()


def test_strings_are_passed_unchanged(swarm: Swarm, stack: Callable[..., Stack]) -> None:
    image = swarm.image("applc-test/plain:1")
    chance = random.Random(21)
    # Strings with a meaning in Swarm's templates, which nodes expand.
    parts = [*PARTS, "{", "}", "{{.Node.Hostname}}", "{{- ", " -}}", "{{/*", "{{\"{{\"}}", "{{end}}"]
    written = ["".join(chance.choices(parts, k=chance.randrange(8))) for _ in range(400)]
    # The name of a variable cannot contain `=` or references.
    in_names = [part for part in parts if "=" not in part and "@" not in part]
    names = [f"{''.join(chance.choices(in_names, k=2))}_{n}" for n in range(len(written))]
    expected = [text.replace("\\@", "@") for text in written]
    scripts = [f"sleep 600 # {text}" for text in written[:4]]
    shells = [container(f"shell{n}", image, cmd=script) for n, script in enumerate(scripts)]
    everything = container("list", image, args=written, env=dict(zip(names, written, strict=True)))
    with stack(everything, *shells) as up:
        up.up()
        start = up.start("list")
        assert start.argv[1:] == expected
        assert [start.environ[name] for name in names] == expected
        for n, script in enumerate(scripts):
            assert up.start(f"shell{n}").argv == ["/bin/sh", "-c", script.replace("\\@", "@")]
        own = {"PATH", "HOSTNAME", "HOME"}
        assert set(start.environ) - set(names) <= own


# All that JSON can express except NUL, which arguments cannot contain, and `@`, which starts a reference.
STRINGS = st.lists(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0@"), max_size=12), min_size=1, max_size=30
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(strings=STRINGS)
def test_the_swarm_is_told_any_string(swarm: Swarm, stack: Callable[..., Stack], strings: list[str]) -> None:
    names = [f"V{n}" for n in range(len(strings))]
    args = container("args", "image", args=strings, env=dict(zip(names, strings, strict=True)))
    cmd = container("cmd", "image", cmd="x" + "".join(strings))
    with swarm.idle(), stack(args, cmd) as up:
        up.up()
        told = up.spec("args")["TaskTemplate"]["ContainerSpec"]
        assert told["Args"] == strings
        # The nodes expand it; see the test above.
        variables = dict(each.replace('{{"{{"}}', "{{").split("=", 1) for each in told["Env"])
        assert [variables[name] for name in names] == strings
        told = up.spec("cmd")["TaskTemplate"]["ContainerSpec"]
        assert (told["Command"], told["Args"]) == (["/bin/sh", "-c"], ["x" + "".join(strings)])


def test_paths_and_health_checks_are_passed_unchanged(
    swarm: Swarm, stack: Callable[..., Stack], tmp_path: Path
) -> None:
    image = swarm.image("applc-test/plain:1")
    odd = "a: $b ${c} {{.Node.Hostname}} #'\\"
    (tmp_path / odd).mkdir()
    with stack(
        container(
            "a", image,
            volumes=[
                {"type": "host", "src": str(tmp_path / odd), "dest": f"/host {odd}"},
                {"src": "data", "dest": f"/data {odd}", "mode": "RO"},
            ],
            health_check={"protocol": "COMMAND", "command": "test \"$HOME {{x}}\" = '/ {{x}}'", "interval_seconds": 1},
        ),
        data_persistence={"volumes": [{"id": "data"}]},
    ) as up:
        up.up()
        mounts = {mount["Destination"]: mount for mount in swarm.inspect(up.container("a"))["Mounts"]}
        assert mounts[f"/host {odd}"]["Source"] == str(tmp_path / odd)
        assert mounts[f"/data {odd}"]["Name"] == "data_data"
        assert not mounts[f"/data {odd}"]["RW"]
        # A task is in the state `Running` after its check has passed.
        wait_until("the check passes", lambda: up.states("a") == ["Running"])


def with_small_resources(document: dict[str, Any]) -> dict[str, Any]:
    """The appliance with small resources and without placement, to fit on this node."""
    for each in document["containers"]:
        each["resources"] |= {"cpus": 0.01, "mem": 16}
        each.pop("schedule_hints", None)
    return document


@pytest.fixture
def host_paths(example: Path) -> Iterator[None]:
    """Creates the missing host paths that the example mounts, and removes them at the end."""
    made = []
    for each in load(example)["containers"]:
        for volume in each.get("volumes", []):
            path = Path(volume["src"])
            if volume.get("type", "").lower() == "host" and not path.exists():
                path.mkdir(parents=True)
                made.append(path)
    yield
    for path in made:
        path.rmdir()


@pytest.mark.accepted_by("swarm-host")
@pytest.mark.usefixtures("host_paths")
def test_the_example_runs_as_written(applc: Applc, swarm: Swarm, example: Path, tmp_path: Path) -> None:
    document = with_small_resources(with_quick_checks(load(example)))
    by_id = containers(document)
    for each in by_id.values():
        each["resources"].pop("gpu", None)
    make_images(swarm, document)
    options = (*ON_NODE, *UNORDERED)
    outcome = applc.compile("-", str(TARGET), *options, stdin=json.dumps(document, ensure_ascii=False))
    assert outcome.code == 0, outcome.stderr
    with Stack(swarm, tmp_path, DIGEST.sub("", outcome.stdout)) as up:
        up.up()
        for id, each in by_id.items():
            state = "Running" if each["type"] == "service" else "Complete"
            for service in services_of(each):
                wait_until(f"{service}: {state}", lambda: states_now(up, service) == {state})
                for made in up.containers(service):
                    assert_arguments_and_environment_are_as_written(up, made, document, id)
        for id, each in by_id.items():
            if each["type"] == "service":
                assert_references_reach_their_containers(up, each, by_id)
                assert_ports_respond_on_the_node(up, each)


def services_of(container: dict[str, Any]) -> list[str]:
    """The services of a container; a job with several instances has one for each instance."""
    id, count = container["id"], container.get("instances", 1)
    if container["type"] == "job" and count > 1:
        return [f"{id}_{number}" for number in range(1, count + 1)]
    return [id]


def states_now(up: Stack, service: str) -> set[str]:
    """The states of the newest task of each instance."""
    newest = {task["Name"]: task for task in reversed(up.tasks(service)) if not task["Name"].startswith(" ")}
    return {str(task["CurrentState"]).split(" ")[0] for task in newest.values()}


def assert_arguments_and_environment_are_as_written(up: Stack, made: str, document: dict[str, Any], id: str) -> None:
    start = wait_until(f"{id} starts", lambda: up.swarm.starts(made))[0]
    assert start.argv == expected_argv(document, id)
    own = {"PATH", "HOSTNAME", "HOME", *containers(document)[id].get("env", {})}
    assert set(start.environ) <= own, "unexpected variable"


def assert_references_reach_their_containers(
    up: Stack, asking: dict[str, Any], by_id: dict[str, dict[str, Any]]
) -> None:
    for to, port in references(asking):
        if by_id[to].get("health_check", {}).get("protocol", "").endswith("HTTPS"):
            continue
        for listed in by_id[to].get("ports", []):
            number = listed["container_port"]
            if listed.get("protocol", "tcp") == "tcp" and port in (None, number):
                url = f"http://{to}:{number}/"
                assert wait_until(url, lambda: up.service_at(asking["id"], url)) == to


def assert_ports_respond_on_the_node(up: Stack, container: dict[str, Any]) -> None:
    if container.get("instances", 1) != 1 or "health_check" in container:
        return
    for port in container.get("ports", []):
        if port.get("protocol", "tcp") == "tcp":
            number = port["container_port"]
            at = number if on_host(container) else up.published(container["id"], number)
            if port.get("host_port") and not on_host(container):
                assert at == port["host_port"]
            answer = wait_until(f"port {at} answers", lambda: up.swarm.answer_on_node(at))
            assert up.service_of(str(answer)) == container["id"]


def test_a_failed_job_is_retried_the_given_number_of_times(swarm: Swarm, stack: Callable[..., Stack]) -> None:
    fails = swarm.image("applc-test/fails:1", Behaviour(then="exit 3"))
    with stack(
        container("none", fails, type="job", retries=0),
        container("two", fails, type="job", retries=2, instances=2),
    ) as up:
        up.up()
        for service in ("two_1", "two_2"):
            wait_until("three runs", lambda: up.states(service) == ["Failed"] * 3)
        assert up.states("none") == ["Failed"]
        # Retries are five seconds apart.
        time.sleep(12)
        assert [len(up.tasks(service)) for service in ("none", "two_1", "two_2")] == [1, 3, 3]


def test_an_unhealthy_instance_is_replaced(swarm: Swarm, stack: Callable[..., Stack]) -> None:
    serves = Behaviour(serve=(("http", 80), ("tcp", 81)), paths=("/a b",))
    good = swarm.image("applc-test/good:1", serves)
    check = {"interval_seconds": 1, "timeout_seconds": 5, "max_consecutive_failures": 1, "grace_period_seconds": 0}
    ports = [{"container_port": 80}, {"container_port": 81}, {"container_port": 82}]

    def checked_by(id: str, **more: Any) -> dict[str, Any]:
        return container(id, good, ports=ports, health_check={**check, **more})

    good_checks = {
        "http": {"protocol": "HTTP"}, "space": {"protocol": "HTTP", "path": "/a b"},
        "tcp": {"protocol": "TCP", "port_index": 1},
    }
    bad_checks = {
        "path": {"protocol": "HTTP", "path": "/missing"}, "silent": {"protocol": "HTTP", "port_index": 2},
        "closed": {"protocol": "TCP", "port_index": 2}, "false": {"protocol": "COMMAND", "command": "false"},
    }
    with stack(*(checked_by(id, **more) for id, more in {**good_checks, **bad_checks}.items())) as up:
        up.up()
        for id in bad_checks:
            wait_until(f"{id} is replaced", lambda: len(up.tasks(id)) > 1)
        for id in good_checks:
            wait_until(f"{id} is healthy", lambda: up.states(id) == ["Running"])


def test_an_update_respects_the_minimum_capacity(swarm: Swarm, stack: Callable[..., Stack]) -> None:
    image = swarm.image("applc-test/plain:1")
    with stack(
        container("half", image, instances=4, minimum_capacity=0.5),
        container("all", image, minimum_capacity=1),
        container("most", image, instances=3, minimum_capacity=0.34),
    ) as up:
        up.up()
        assert up.spec("half")["UpdateConfig"]["Parallelism"] == 2
        assert up.spec("most")["UpdateConfig"]["Parallelism"] == 1
        assert up.spec("all")["UpdateConfig"]["Order"] == "start-first"
        wait_until("it runs", lambda: states_now(up, "all") == {"Running"})
        old = up.container("all")
        checked(swarm.docker, "service", "update", "--force", "--detach", f"{up.name}_all")
        wait_until("the old one has stopped", lambda: not swarm.inspect(old)["State"]["Running"])
        (new,) = (made for made in up.containers("all") if made != old)
        stopped, began = (swarm.inspect(made)["State"][key] for made, key in ((old, "FinishedAt"), (new, "StartedAt")))
        assert began < stopped


def test_containers_run_where_they_are_placed(swarm: Swarm, stack: Callable[..., Stack]) -> None:
    image = swarm.image("applc-test/plain:1")
    (host,) = checked(swarm.docker, "node", "ls", "--format", "{{.Hostname}}").split()
    swarm.update_node("--label-add", "zone=b 1", "--label-add", "spot=true")

    def placed(id: str, **hints: Any) -> dict[str, Any]:
        return container(id, image, schedule_hints=hints)

    with stack(
        placed("zone", placement={"zone": "b 1"}),
        placed("host", placement={"host": host}),
        placed("elsewhere", placement={"zone": "b 2"}),
        placed("region", placement={"region": "b 1"}),
        placed("lasting", preemptible=False),
        placed("spot", preemptible=True),
        container("gpu", image, resources={"cpus": 0.1, "mem": 32, "gpu": 1}),
        container("large", image, resources={"cpus": 100, "mem": 32}),
        options=(*ON_NODE, "--option", "swarm.preemptible-label=spot"),
    ) as up:
        up.up()
        for id in ("zone", "host", "spot"):
            wait_until(f"{id} runs", lambda: states_now(up, id) == {"Running"})
        for id in ("elsewhere", "region", "lasting"):
            assert "scheduling constraints not satisfied" in up.tasks(id)[0]["Error"]
        for id in ("gpu", "large"):
            assert "insufficient resources" in up.tasks(id)[0]["Error"]


def test_the_host_network_is_reachable_at_the_host_address(swarm: Swarm, stack: Callable[..., Stack]) -> None:
    web = swarm.image("applc-test/web:1", Behaviour(serve=(("http", 7821),)))
    plain = swarm.image("applc-test/plain:1")
    with stack(
        container("web", web, network_mode="host", ports=[{"container_port": 7821}]),
        container("inside", plain, args=["@web:7821"]),
        container("beside", plain, network_mode="host", args=["@web:7821"]),
        options=(*ON_NODE, "--option", f"swarm.host-address={swarm_engine.ADDRESS}"),
    ) as up:
        up.up()
        for asking in ("inside", "beside"):
            url = f"http://{up.start(asking).argv[1]}/"
            assert wait_until(f"{asking} reaches {url}", lambda: up.service_at(asking, url)) == "web"


def test_a_port_on_the_host_network_limits_a_node_to_one_instance(
    swarm: Swarm, stack: Callable[..., Stack]
) -> None:
    web = swarm.image("applc-test/web:1", Behaviour(serve=(("http", 7821),)))
    with stack(container("web", web, network_mode="host", instances=2, ports=[{"container_port": 7821}])) as up:
        up.up()
        wait_until("one runs", lambda: sorted(up.states("web")) == ["Pending", "Running"])


def test_volumes_belong_to_the_stack_or_exist_already(swarm: Swarm, stack: Callable[..., Stack]) -> None:
    image = swarm.image("applc-test/plain:1", Behaviour(then="exit 0"))
    swarm.ensure_volume("applc-test-Global")
    volumes = [{"src": "own", "dest": "/own"}, {"src": "applc-test-Global", "dest": "/global"}]
    with stack(
        container("job", image, type="job", volumes=volumes, cmd="touch /own/x /global/x"),
        data_persistence={"volumes": [{"id": "own"}, {"id": "applc-test-Global", "scope": "global"}]},
    ) as up:
        up.up()
        wait_until("the job is done", lambda: up.states("job") == ["Complete"])
        mounts = {mount["Destination"]: mount["Name"] for mount in swarm.inspect(up.container("job"))["Mounts"]}
        assert mounts == {"/own": "data_own", "/global": "applc-test-Global"}
    swarm.remove_volume("applc-test-Global")


def test_the_routing_mesh_publishes_ports(swarm: Swarm, stack: Callable[..., Stack]) -> None:
    if not swarm_engine.has_ipvs():
        pytest.skip("the kernel has no IPVS, which virtual addresses and the routing mesh require")
    web = swarm.image("applc-test/web:1", Behaviour(serve=(("http", 7821),)))
    plain = swarm.image("applc-test/plain:1")
    with stack(
        container("web", web, instances=2, ports=[{"container_port": 7821, "host_port": 7822}]),
        container("asks", plain),
        options=(),
    ) as up:
        up.up()
        assert wait_until("an answer", lambda: up.service_at("asks", "http://web:7821/")) == "web"
        assert wait_until("an answer", lambda: swarm.answer_on_node(7822))


def test_a_port_of_the_routing_mesh_is_unique(applc: Applc) -> None:
    ports = [{"container_port": 80, "host_port": 8080}]
    hints = [{"placement": {"host": host}} for host in ("one", "two")]
    document = {
        "id": "ports",
        "containers": [container(f"c{n}", "image", ports=ports, schedule_hints=h) for n, h in enumerate(hints)],
    }
    refused = applc.compile("-", str(TARGET), stdin=json.dumps(document))
    assert refused.code == 1
    assert set(rejections.ERROR.findall(refused.stderr)) == {"E0401"}
    assert "8080" in refused.stderr and "`c1`" in refused.stderr
    assert applc.compile("-", str(TARGET), *ON_NODE, stdin=json.dumps(document)).code == 0


def test_applc_brings_a_stack_up_and_takes_it_down(
    applc: Applc, swarm: Swarm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # `[run]` names `docker`, which is that of the swarm here.
    monkeypatch.setenv("PATH", f"{swarm.docker.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("APPLC_STATE", str(tmp_path / "state"))
    image = swarm.image("applc-test/web:1", Behaviour(serve=(("http", 80),)))
    file = tmp_path / "app.json"

    def write(**more: Any) -> None:
        # Swarm's names are in lower case.
        web = container("Web", image, ports=[{"container_port": 80, "host_port": 7823}], **more)
        file.write_text(json.dumps({"id": "Run-1", "containers": [web]}))

    write(env={"A": "1"})
    refused = applc("up", file, "--target", TARGET, "--dry-run")
    assert refused.code == 2 and "`swarm`" in refused.stderr
    outcome = applc("up", file, "--target", TARGET, *ON_NODE)
    assert outcome.code == 0, outcome.stderr
    assert "Creating service run-1_web" in outcome.stderr
    assert "run-1_web" in outcome.stdout, "the table of `docker stack services`"
    stack = Stack(swarm, tmp_path, "# run-1")
    with stack as up:
        wait_until("an answer", lambda: swarm.answer_on_node(7823))
        status = applc("status", "Run-1")
        assert status.code == 0 and " 1/1 " in status.stdout, status
        logs = applc("logs", "Run-1", "Web")
        assert logs.code == 0 and "run-1_web.1" in logs.stdout, logs
        write(env={"A": "2"})
        assert applc("up", file, "--target", TARGET, *ON_NODE).code == 0
        assert up.spec("web")["TaskTemplate"]["ContainerSpec"]["Env"] == ["A=2"]
        down = applc("down", "Run-1")
        assert down.code == 0, down.stderr
        assert not checked(swarm.docker, "service", "ls", "--quiet").split()
        assert applc("status", "Run-1", "--target", "swarm").code == 1


def test_the_client_of_debian_deploys_the_output(applc: Applc, swarm: Swarm, tmp_path: Path) -> None:
    """Debian's client supports at most version 3.9 of the file format."""
    client = Path("/usr/bin/docker")
    if not client.exists():
        pytest.skip(f"{client} is missing")
    outcome = applc.compile(ROOT / "examples" / "quoting.json", str(TARGET))
    with swarm.idle(), Stack(swarm, tmp_path, outcome.stdout) as up:
        host = f"unix://{swarm.docker.parent}/sock"
        run = command(client, "--host", host, *up.command[1:3], "--resolve-image=never", *up.command[3:], cwd=tmp_path)
        assert run.returncode == 0, run.stderr
        assert up.spec("strings")["TaskTemplate"]["ContainerSpec"]["Args"][8:13] == ["$", "$$", "$$$", "$HOME", "${HOME}"]
