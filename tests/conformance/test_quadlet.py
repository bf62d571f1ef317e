"""The target examples/targets/quadlet: the arguments that a real systemd passes to Podman, with services
from Quadlet's generator."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import appliance_text
import podman_line
import quadlet_machine
import support
import systemd_line
from quadlet_machine import Machine

TARGET = support.ROOT / "examples" / "targets" / "quadlet"

# Expected messages. Quadlet does not quote the path of a host volume in `RequiresMountsFor=`, which makes a
# unit wait for the mount that contains the path; systemd ignores the parts that are not absolute.
EXPECTED = re.compile(r".*Loading source unit file .*|.*RequiresMountsFor= path is not absolute, ignoring.*")


def unexpected(lines: list[str]) -> list[str]:
    return [line for line in lines if not EXPECTED.fullmatch(line)]


def compiled(applc: support.Applc, appliance: Path, folder: Path) -> Path:
    """Compiles an appliance and returns the folder of the units."""
    units = folder / "units"
    outcome = applc.compile(appliance, str(TARGET), "-o", units)
    assert outcome.code == 0, outcome.stderr
    return units


def load(appliance: Path) -> dict[str, Any]:
    """Parses an appliance; scalars of YAML stay text, because YAML 1.1 parses numbers and booleans differently."""
    if appliance.suffix == ".json":
        return appliance_text.load(appliance)
    document: dict[str, Any] = yaml.load(appliance.read_text(), yaml.BaseLoader)
    return document


def normalized(id: str) -> str:
    return re.sub(r"^-+|-+$", "", id.lower())


def expected_arguments(container: dict[str, Any]) -> tuple[list[str], dict[str, str]]:
    """The expected arguments and environment of a container."""
    address = lambda id, port: normalized(id) + (f":{port}" if port else "")  # noqa: E731
    if "cmd" in container:
        arguments = ["-c", appliance_text.spelled(container["cmd"], address)]
    else:
        words = [*container.get("entrypoint", [])[1:], *container.get("args", [])]
        arguments = [appliance_text.value(word, address) for word in words]
    env = container.get("env", {})
    return arguments, {name: appliance_text.value(value, address) for name, value in env.items()}


def full_name(image: str) -> str:
    first, slash, _ = image.partition("/")
    if slash and (set(".:") & set(first) or first == "localhost"):
        return image
    return f"docker.io/{image}" if slash else f"docker.io/library/{image}"


def environment(run: podman_line.Run) -> dict[str, str]:
    return dict(variable.split("=", 1) for variable in run.all("--env"))


@pytest.mark.accepted_by("quadlet")
def test_systemd_runs_the_expected_commands(applc: support.Applc, appliance: Path, tmp_path: Path) -> None:
    units = compiled(applc, appliance, tmp_path)
    document = load(appliance)
    name = normalized(document["id"])
    volumes = document.get("data_persistence", {}).get("volumes", [])
    exist = [volume["id"] for volume in volumes if volume.get("scope", "").lower() == "global"]
    services = tmp_path / "services"
    said = quadlet_machine.generate(units, services).splitlines()
    assert unexpected(said) == []
    with Machine(tmp_path, units, {"": {"volumes": exist}}) as machine:
        concrete = [file.name.replace("@.", "@1.") for file in services.glob("*.service")]
        assert unexpected(machine.verify(*concrete)) == []
        machine.start()
        for container in document["containers"]:
            unit = f"{name}_{normalized(container['id'])}"
            instances = int(container.get("instances", 1))
            for instance in range(1, instances + 1):
                own = f"{unit}_{instance}" if instances > 1 else unit
                machine.time("run", own)
                [event] = [e for e in machine.events() if (e.kind, e.name) == ("run", own)]
                check(event.more["argv"], container)
                # systemd_line parses the service as systemd does.
                instantiated = f"{unit}@{instance}" if instances > 1 else unit
                specifiers = {"t": "/run/user/0", "N": instantiated, "i": str(instance), "n": "-"}
                service = machine.service(f"{unit}@.service" if instances > 1 else f"{unit}.service")
                words = systemd_line.command(service, specifiers)
                assert [word.decode() for word in words[1:]] == event.more["argv"]
            assert instances or machine.count("run", unit) == 0


def check(argv: list[str], container: dict[str, Any]) -> None:
    """Checks a `podman run` command against its container."""
    run = podman_line.parse(argv)
    arguments, variables = expected_arguments(container)
    assert run.arguments == arguments
    assert environment(run) == variables
    assert run.image == full_name(container["image"])
    entrypoint = container.get("entrypoint", ["/bin/sh" if "cmd" in container else None])
    assert run.one("--entrypoint") == entrypoint[0]
    memory = f"{container['resources']['mem']}m"
    assert run.one("--memory") == run.one("--memory-swap") == memory
    check = container.get("health_check") or {}
    if check.get("protocol") == "COMMAND":
        address = lambda id, port: normalized(id) + (f":{port}" if port else "")  # noqa: E731
        command = appliance_text.spelled(check["command"], address)
        assert json.loads(run.one("--health-cmd") or "") == ["/bin/sh", "-c", command]


# Without NUL and surrogates, which neither an argument nor an appliance can contain.
ANY = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)
TRICKY = st.text(st.sampled_from(" $%{}\"'\\;@\n\t\r\x01\x7f\x80\x85\xa0\u2028nNx0~#="), max_size=8)
STRINGS = st.lists(st.one_of(ANY, TRICKY), max_size=6)


@settings(max_examples=150, deadline=None)
@given(arguments=STRINGS, values=STRINGS, command=st.one_of(ANY, TRICKY))
def test_any_string_arrives(
    applc: support.Applc, arguments: list[str], values: list[str], command: str
) -> None:
    written = lambda text: text.replace("@", "\\@")  # noqa: E731
    common = {"type": "service", "image": "localhost/a", "resources": {"cpus": 1, "mem": 64}}
    check = {"protocol": "COMMAND", "command": "x" + written(command)}
    env = {f"V{at}": written(value) for at, value in enumerate(values)}
    document = {
        "id": "s",
        "containers": [
            {"id": "a", **common, "args": [written(text) for text in arguments], "env": env},
            {"id": "b", **common, "cmd": "x" + written(command), "health_check": check},
        ],
    }
    with tempfile.TemporaryDirectory() as folder:
        units, services = Path(folder) / "units", Path(folder) / "services"
        outcome = applc.compile("-", str(TARGET), "-o", units, stdin=json.dumps(document))
        assert outcome.code == 0, outcome.stderr
        quadlet_machine.generate(units, services)
        runs = []
        for name in ("s_a", "s_b"):
            specifiers = {"t": "/run", "N": name, "n": f"{name}.service"}
            service = (services / f"{name}.service").read_bytes()
            words = systemd_line.command(service, specifiers)
            runs.append(podman_line.parse([word.decode() for word in words[1:]]))
    assert runs[0].arguments == arguments
    assert environment(runs[0]) == {f"V{at}": value for at, value in enumerate(values)}
    assert runs[1].arguments == ["-c", "x" + command]
    assert json.loads(runs[1].one("--health-cmd") or "") == ["/bin/sh", "-c", "x" + command]


def container(id: str, **more: Any) -> dict[str, Any]:
    common = {"type": "service", "image": "localhost/a", "network_mode": "bridge"}
    return {"id": id, **common, "resources": {"cpus": 0.5, "mem": 64}, **more}


def run_of(applc: support.Applc, folder: Path, id: str, *containers: dict[str, Any], **more: Any) -> podman_line.Run:
    """The `podman run` command of one container."""
    document = {"id": "app", "containers": containers, **more}
    outcome = applc.compile("-", str(TARGET), "-o", folder / "units", stdin=json.dumps(document))
    assert outcome.code == 0, outcome.stderr
    quadlet_machine.generate(folder / "units", folder / "services")
    service = (folder / "services" / f"app_{id}.service").read_bytes()
    words = systemd_line.command(service, {"t": "/run", "N": f"app_{id}", "n": "-"})
    return podman_line.parse([word.decode() for word in words[1:]])


def test_networks_ports_and_names(applc: support.Applc, tmp_path: Path) -> None:
    ports = [{"container_port": 80}, {"container_port": 53, "host_port": 5353, "protocol": "udp"}]
    seen = container("host", network_mode="host", ports=[{"container_port": 9000}])
    web = container("Web", ports=ports, args=["@host:9000", "@Web"], is_privileged=True)
    run = run_of(applc, tmp_path, "web", web, seen)
    assert run.all("--publish") == ["80/tcp", "5353:53/udp"]
    assert (run.one("--network"), run.one("--network-alias"), run.one("--name")) == ("app", "web", "app_web")
    assert run.all("--add-host") == ["host:host-gateway"]
    assert run.arguments == ["host:9000", "web"]
    assert ("--privileged", "") in run.options
    assert (run.one("--pull"), run.one("--cpu-shares")) == ("always", "512")


def test_a_fixed_port_is_reachable_from_the_host_network(applc: support.Applc, tmp_path: Path) -> None:
    store = container("store", ports=[{"container_port": 6379, "host_port": 6379}])
    run = run_of(applc, tmp_path, "a", container("a", network_mode="host", args=["@store:6379"]), store)
    assert run.one("--network") == "host" and run.all("--publish") == []
    assert run.all("--add-host") == ["store:127.0.0.1"]


def test_volumes(applc: support.Applc, tmp_path: Path) -> None:
    volumes = [
        {"src": "data", "dest": "/data"},
        {"src": "shared", "dest": "/with space/$x %y"},
        {"src": "/srv/é \"q\" \\ 'x' ;", "dest": "/host", "type": "host", "mode": "RO"},
    ]
    persistence = {"volumes": [{"id": "data"}, {"id": "shared", "scope": "global"}]}
    run = run_of(applc, tmp_path, "a", container("a", volumes=volumes), data_persistence=persistence)
    assert run.all("-v") == [
        "app_data:/data:rw",
        "shared:/with space/$x %y:rw",
        "/srv/é \"q\" \\ 'x' ;:/host:ro",
    ]


@pytest.mark.parametrize(
    ("protocol", "path", "healthy"),
    [("TCP", "/", True), ("HTTP", "/", True), ("HTTP", "/it's?$(exit)&x=100%25", False)],
)
def test_health_checks_run_in_a_shell(
    applc: support.Applc, tmp_path: Path, protocol: str, path: str, healthy: bool
) -> None:
    """The check passes while a server responds with 200, and fails otherwise."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200 if self.path == "/" else 404)
            self.end_headers()

        def log_message(self, format: str, *arguments: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        check = {"protocol": protocol} | ({"path": path} if protocol == "HTTP" else {})
        ports = [{"container_port": server.server_port}]
        run = run_of(applc, tmp_path, "a", container("a", ports=ports, health_check=check))
        command = json.loads(run.one("--health-cmd") or "")
        assert (subprocess.run(command, capture_output=True, timeout=30).returncode == 0) == healthy
        assert asked == ([path] if protocol == "HTTP" else [])
        server.shutdown()
    assert subprocess.run(command, capture_output=True, timeout=30).returncode != 0
    assert (run.one("--health-interval"), run.one("--health-retries")) == ("60s", "3")
    assert (run.one("--health-on-failure"), run.one("--sdnotify")) == ("kill", "healthy")


@pytest.mark.parametrize(
    ("why", "containers"),
    [
        ("the same host port", [container("a", instances=2, ports=[{"container_port": 1, "host_port": 1}])]),
        ("does not support the path", [container("a", volumes=[{"src": "/a", "dest": "/b:c", "type": "host"}])]),
        ("Podman drops", [container("a", env={" A": "b"})]),
        ("as the name of a unit", [container("a", image="localhost/a.build")]),
        ("is unreachable from the host network", [container("a", network_mode="host", args=["@b:1"]), container("b")]),
    ],
)  # fmt: skip
def test_unsupported_appliances_are_rejected(applc: support.Applc, why: str, containers: list[dict[str, Any]]) -> None:
    document = json.dumps({"id": "app", "containers": containers})
    outcome = applc.compile("-", str(TARGET), "-o", "/nonexistent", stdin=document)
    assert outcome.code == 1
    assert "error[E0401]: quadlet: " in outcome.stderr and why in outcome.stderr
