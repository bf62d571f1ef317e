"""What is counted of other tools, without any of them."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import peer_units
import peers
import pytest
import simulate
import yaml
from case import Case
from compare import compare
from difference import KINDS, Difference
from engines.base import Running
from engines.peer import PeerDeployment, Tool, containers_of, friendlier, namespace_of
from generate import Hints, generate
from peers import SUBJECTS, Verdict, expressible, judge, table, tried

from meaning import expect

PORTS = range(30000, 30100)
IMAGE = "registry.example.org/proof:1"
HINTS = Hints(leave_out=peers.LEFT_OUT, plain=True)


def service(name: str, **fields: Any) -> dict[str, Any]:
    """A small container."""
    found = {"id": name, "type": "service", "image": IMAGE, "resources": {"cpus": 0.05, "mem": 16}, **fields}
    return {"args": [f"--name={name}"], "network_mode": "bridge", **found}


def case(*containers: dict[str, Any]) -> Case:
    """A case of these containers."""
    return Case(0, {"id": "proof", "containers": list(containers)})


def test_appliances_have_what_compose_expresses() -> None:
    for seed in range(1, 100):
        plain = expressible(generate(seed, PORTS, IMAGE, HINTS), plain=True)
        as_made = expressible(generate(seed, PORTS, IMAGE, Hints(leave_out=peers.LEFT_OUT)), plain=False)
        for container in [*plain.appliance["containers"], *as_made.appliance["containers"]]:
            assert container["network_mode"] == "bridge"
            assert not {"schedule", "start_time", "secret_env", "secret_files", "build"} & container.keys()
        checks = [c["health_check"] for c in plain.appliance["containers"] if "health_check" in c]
        assert all(check["protocol"] == "COMMAND" for check in checks)


def test_every_kind_of_an_appliance_that_comes_up_belongs_to_one_promise() -> None:
    of = [each for one in SUBJECTS for each in one.kinds]
    assert len(of) == len(set(of)) and set(of) <= KINDS.keys()
    # Those of changes and disturbances, and of what is left out.
    assert KINDS.keys() - set(of) == {"not-new", "data-lost", "not-kept", "gone-runs", "late-run", "early"}


def test_all_promises_are_kept_where_all_holds() -> None:
    used: set[str] = set()
    for seed in range(1, 80):
        wanted = expect(expressible(generate(seed, PORTS, IMAGE, HINTS), plain=True))
        differences = compare(wanted, simulate.observations(wanted), []).differences
        verdict = judge(seed, wanted, set(wanted.containers), differences)
        assert set().union(*verdict.states.values()) == {"kept"}, seed
        used |= verdict.states.keys()
    assert used == {each.name for each in SUBJECTS}


def test_a_difference_breaks_its_promise_alone() -> None:
    wanted = expect(case(service("a", env={"X": "1"}), service("b")))
    verdict = judge(1, wanted, {"a", "b"}, [Difference("env", "a", "missing", "X")])
    assert {name for name, state in verdict.states.items() if set(state) != {"kept"}} == {"variables"}
    assert (verdict.kinds, verdict.differences) == (["env"], ["env: a[X]: missing"])


def test_a_wrong_answer_is_behind_a_reference_or_at_a_port() -> None:
    ports = [{"container_port": 80}]
    wanted = expect(case(service("a", args=["--name=a", "--open=tcp:@b:80"]), service("b", ports=ports)))
    places: list[tuple[str, int | str, str]] = [("a", 2, "references"), ("b", "80/tcp", "published ports")]
    for container, at, name in places:
        verdict = judge(1, wanted, {"a", "b"}, [Difference("wrong-answer", container, "c answers", at)])
        assert {each for each, state in verdict.states.items() if set(state) != {"kept"}} == {name}


def test_nothing_is_said_of_a_container_that_never_ran() -> None:
    wanted = expect(case(service("a", env={"X": "1"}), service("b")))
    verdict = judge(1, wanted, {"b"}, [Difference("not-started", "a", "0 of 1"), Difference("unchecked", "a", "no request")])
    assert verdict.states["everything starts, as often as it should"] == {"differ": 1, "kept": 1}
    assert verdict.states["words"] == {"kept": 1, "never ran": 1}
    assert verdict.states["variables"] == {"never ran": 1}
    assert verdict.kinds == ["not-started"]
    job = expect(case({**service("j", args=["--name=j", "--exit=0:1"]), "type": "job"}))
    verdict = judge(1, job, set(), [Difference("too-few-runs", "j", "0 runs have ended")])
    assert verdict.states["everything starts, as often as it should"] == {"never ran": 1}
    assert verdict.states["jobs"] == {"differ": 1}


@pytest.mark.parametrize("phases", [[], [{"name": "up", "from": 1.0, "to": 2.0}]])
def test_what_is_not_converted_keeps_nothing(phases: list[dict[str, Any]], tmp_path: Path) -> None:
    def run(case: Case, changed: None, own: Path) -> SimpleNamespace:
        own.mkdir()
        (own / "observations.json").write_text(json.dumps({"phases": phases}))
        return SimpleNamespace(differences=["rejected: no", "unanswered: a: no answer"])

    trial: Any = SimpleNamespace(run=run, masks=[])
    verdict = tried(trial, case(service("a")), tmp_path / "a")
    assert not verdict.converted and verdict.refusals == ["rejected: no"]
    assert set().union(*verdict.states.values()) == {"never ran"}


def test_the_table_counts_containers_and_appliances() -> None:
    verdicts = [
        Verdict(1, states={"words": {"kept": 2}, "variables": {"differ": 1}}, kinds=["env"]),
        Verdict(2, states={"words": {"kept": 1, "differ": 1}}, kinds=["argv"], refusals=["refused: no"]),
        Verdict(3, states={"words": {"never ran": 1}}, converted=False, refusals=["rejected: no"]),
        Verdict(4, states={"words": {"kept": 1}}),
    ]
    text = table([{"title": "tool", "verdicts": [vars(each) for each in verdicts]}])
    assert "| words | 4 of 6, 1 differ, 1 never ran |" in text
    assert "| variables | 0 of 1, 1 differ |" in text
    assert "| converted | 3 |" in text and "| of those, objects refused | 1 |" in text and "| everything kept | 1 |" in text
    assert "| files |  |" in text and "| `env` | 1 |" in text
    assert "| everything kept |  |" in table([{"title": "tool", "verdicts": [vars(Verdict(1))]}])


def test_a_plain_file_says_the_same_in_other_words() -> None:
    document = {
        "services": {
            "a": {"restart": "unless-stopped", "scale": 2, "configs": [{"source": "a_0_ab", "target": "/f"}]},
            "b": {"command": ["yes", "1e3"]},
        },
        "configs": {"a_0_ab": {"content": "x"}},
    }
    read = yaml.safe_load(friendlier(document, knows_no_restart=True))
    a, b = read["services"]["a"], read["services"]["b"]
    assert (a["restart"], a["scale"], a["deploy"], a["configs"][0]["source"]) == ("always", 2, {"replicas": 2}, "a-0-ab")
    assert b == {"command": ["yes", "1e3"], "restart": "no"} and list(read["configs"]) == ["a-0-ab"]


def test_services_are_found_by_the_label_that_the_compiler_writes() -> None:
    services = {"a": {"labels": {"applc.container": "A"}}, "b": {"labels": ["x=y", "applc.container=b-"]}}
    assert containers_of({"services": services}) == {"a": "A", "b": "b-"}


def test_the_namespace_is_that_of_the_objects_or_of_the_project() -> None:
    named = "kind: Service\nmetadata: {name: a, namespace: shop}\n---\nkind: ConfigMap\nmetadata: {name: b}\n"
    assert namespace_of(named, "other") == "shop"
    assert namespace_of("---\nkind: Service\nmetadata: {name: a}\n", "proof_1__x") == "proof-1--x"


def test_ports_are_those_of_services_that_select_the_pod(tmp_path: Path) -> None:
    ports = [{"name": "web-80", "containerPort": 80}, {"containerPort": 81}]
    pod = {"metadata": {"labels": {"tool": "a-1"}}, "spec": {"containers": [{"ports": ports}]}}
    node = SimpleNamespace(address="192.0.2.1")
    engine: Any = SimpleNamespace(node=node, pods={"uid": pod}, tool=SimpleNamespace(label="tool"))
    deployment = PeerDeployment(engine, case(service("A")), tmp_path)
    deployment.services = {"a-1": "A"}
    deployment.runs["uid"] = {0: Running(1.0)}

    def selecting(name: str, target: str | int, port: int) -> dict[str, Any]:
        offered = {"port": 9, "targetPort": target, "nodePort": port, "protocol": "TCP"}
        return {"spec": {"selector": {"tool": name}, "ports": [offered, {"port": 10, "targetPort": 80, "protocol": "TCP"}]}}

    services = [selecting("a-1", "web-80", 30001), selecting("a-1", 81, 30002), selecting("b", 80, 30003)]
    deployment._services = lambda: services  # type: ignore[method-assign]
    assert deployment.container_of(pod) == "A"
    assert [each.port for each in deployment.places("A", 80, "tcp")] == [30001]
    assert [each.port for each in deployment.places("A", 81, "tcp")] == [30002]
    assert deployment.places("A", 80, "udp") == deployment.places("B", 80, "tcp") == []
    # At a load balancer, it is the port of the Service.
    services[0]["spec"]["externalIPs"] = ["192.0.2.1"]
    assert [each.port for each in deployment.places("A", 80, "tcp")] == [9, 10]


class Named(Tool):
    """A tool that is a shell."""

    name = "named"

    def version(self) -> str:
        return "1"

    def convert(self, file: Path, out: Path) -> str:
        return self.run("/bin/sh", "-c", file.read_text(), folder=out)


def test_what_a_tool_says_when_it_fails_is_kept(tmp_path: Path) -> None:
    (tmp_path / "good").write_text("echo out; echo note >&2")
    (tmp_path / "bad").write_text("echo 'no  such' >&2; exit 1")
    assert Named().convert(tmp_path / "good", tmp_path) == "out\n"
    assert (tmp_path / "named.txt").read_text() == "note\n"
    with pytest.raises(Exception, match="^no such$"):
        Named().convert(tmp_path / "bad", tmp_path)


SERVICE = """[Unit]
After=network-online.target
After=b.service
[Service]
Restart=always
ExecStart=/usr/bin/podman run --name systemd-%N --replace --rm -d --sdnotify=healthy --user 1001 --workdir /tmp \\
--memory 16mb --stop-timeout 5 -v data:/mnt/v:ro --publish 30002:80 --publish 90/udp --env "X={\\"a\\":1}" --label team=x \\
--health-cmd "[\\"/bin/sh\\",\\"-c\\",\\"/observer check\\"]" --privileged image:1 --name=a "b c"
""".replace("\\\n", "")


def judged(service_of_a: str) -> list[str]:
    """The kinds of differences of a container whose service is this one."""
    check = {"protocol": "COMMAND", "command": "/observer check"}
    ports = [{"container_port": 80, "host_port": 30002}, {"container_port": 90, "protocol": "udp"}]
    a = service(
        "a", args=["--name=a", "b c"], user=1001, working_dir="/tmp", stop_timeout=5, ports=ports, env={"X": {"a": 1}},
        labels={"team": "x"}, health_check=check, is_privileged=True, dependencies=["b"],
        volumes=[{"src": "data", "dest": "/mnt/v", "mode": "RO"}],
    )  # fmt: skip
    wanted = expect(case(a, service("b", health_check=check)))
    b = SERVICE.replace("--name=a", "--name=b")
    found = {"a": peer_units.read(service_of_a.encode()), "b": peer_units.read(b.encode())}
    return sorted({each.kind for each in peer_units.differences(wanted, found, {"a": "a", "b": "b"}) if each.container == "a"})


def test_a_unit_that_carries_everything_has_no_difference() -> None:
    assert judged(SERVICE) == []


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ('"b c"', "b c", "argv"),
        ('"X={\\"a\\":1}"', "X={a:1}", "env"),
        ("team=x", "team=y", "label"),
        ("--user 1001", "--user 1002", "uid"),
        ("--workdir /tmp", "", "cwd"),
        ("--memory 16mb", "--memory 17mb", "memory"),
        ("--privileged", "", "privileged"),
        ("data:/mnt/v:ro", "data:/mnt/v", "mount-mode"),
        ("data:/mnt/v:ro", "other:/mnt/v:ro", "mount"),
        ("30002:80", "30003:80", "port"),
        ("90/udp", "90", "unpublished"),
        ("/observer check", "/observer check x", "check"),
        ("--stop-timeout 5", "", "stopped-late"),
        ("After=b.service\n", "", "order"),
    ],
)
def test_a_unit_that_lost_something_is_found(old: str, new: str, kind: str) -> None:
    assert old in SERVICE
    assert judged(SERVICE.replace(old, new)) == [kind]


def test_a_unit_waits_for_health_only_with_its_notification() -> None:
    check = {"protocol": "COMMAND", "command": "/observer check"}
    wanted = expect(case(service("a", dependencies=["b"]), service("b", health_check=check)))
    for text, kinds in [(SERVICE, []), (SERVICE.replace("--sdnotify=healthy", "--sdnotify=conmon"), ["order"])]:
        found = {name: peer_units.read(text.encode()) for name in "ab"}
        told = peer_units.differences(wanted, found, {"a": "a", "b": "b"})
        assert [each.kind for each in told if each.container == "a" and each.kind == "order"] == kinds


def test_what_podlet_refuses_is_taken_out() -> None:
    job = {**service("j"), "type": "job"}
    a = service("a", dependencies=["j", "b", "c"], instances=2, files=[])
    checked = service("c", health_check={"protocol": "COMMAND", "command": "/observer check"})
    found = peer_units.convertible(case(a, service("b"), checked, job)).appliance["containers"][0]
    assert found["dependencies"] == ["b"]
    assert not {"instances", "files"} & found.keys()
