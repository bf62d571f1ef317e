"""Pasted `docker run` lines: what the engine makes of a line, and what Compose makes of its import, are the same.

Each line of tests/docker-run is run by a shell, with `docker` replaced by a program that creates the container
and does not start it. A difference between the two containers must be told by a finding of the import.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from compose_engine import Behaviour, Engine, Project, checked, command, wait_until
from support import ROOT, Applc

LINES = ROOT / "tests" / "docker-run"
CASES = sorted(path.stem for path in LINES.glob("*.txt"))

# An image with a digest cannot be built here.
WITHOUT_IMAGE = {"without_name"}

# Lines whose containers are started too.
STARTED = ["arguments_of_the_program", "env_before", "env_file", "env_without_value", "job", "quotes", "typesetter_quotes"]

# Where the engine tells of a part of a container, and the words of the finding if it may differ.
PARTS: dict[str, str] = {
    "Config.Cmd": "",
    "Config.Entrypoint": "the entrypoint of the image cannot be removed",
    "Config.Env": "has no value",
    "Config.Hostname": "the host name is the one",
    "Config.Labels": "",
    "Config.OpenStdin": "standard input is closed",
    "Config.StopSignal": "the signal of the image",
    "Config.StopTimeout": "",
    "Config.Tty": "there is no terminal",
    "Config.User": "",
    "Config.WorkingDir": "",
    "Config.Healthcheck": "",
    "HostConfig.AutoRemove": "a job: it runs in the foreground",
    "HostConfig.CapAdd": "the capabilities are not added",
    "HostConfig.Devices": "the devices are not there",
    "HostConfig.DeviceRequests": "GPU",
    "HostConfig.Dns": "names are resolved by the target",
    "HostConfig.ExtraHosts": "the names are not known",
    "HostConfig.Init": "no init process",
    "HostConfig.IpcMode": "the IPC namespace",
    "HostConfig.LogConfig": "logs go where",
    "HostConfig.Memory": "has no limits",
    "HostConfig.MemorySwap": "there is no swap",
    "HostConfig.NanoCpus": "a share of the CPUs",
    "HostConfig.PidMode": "the processes are its own",
    "HostConfig.PidsLimit": "the number of processes",
    "HostConfig.PortBindings": "the port is published at all addresses",
    "HostConfig.Privileged": "",
    "HostConfig.ReadonlyRootfs": "may write to its own disk",
    "HostConfig.RestartPolicy": "is started again",
    "HostConfig.SecurityOpt": "the security options",
    "HostConfig.ShmSize": "`/dev/shm`",
    "HostConfig.Tmpfs": "the folders are on the disk",
    "HostConfig.Ulimits": "the limits are those",
    "Mounts": "not mounted",
    "NetworkMode": "",
}


@pytest.fixture
def pasted(engine: Engine, tmp_path: Path) -> Iterator[Any]:
    """`pasted(case, images)` runs a line, and returns the ids of its containers; all is removed at the end."""
    noted = tmp_path / "ids"
    noted.write_text("")
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("docker", "podman", "sudo"):
        (programs / name).symlink_to(Path(__file__).parent / "pasted_docker.py")

    def run(case: str, images: set[str]) -> list[str]:
        own = LINES / f"{case}.sh"
        script = own if own.exists() else LINES / f"{case}.txt"
        environment = {
            "PATH": f"{programs}:/usr/bin:/bin",
            "HOME": "/nowhere",
            "PASTED_DOCKER": str(engine.docker),
            "PASTED_IDS": str(noted),
            "PASTED_IMAGES": " ".join(images),
        }
        shell = subprocess.run(
            ["bash", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert shell.returncode == 0, shell.stderr
        return [line.split()[1] for line in noted.read_text().splitlines() if line.startswith("container")]

    yield run
    kinds: dict[str, list[str]] = {"container": [], "network": [], "volume": []}
    for line in noted.read_text().splitlines():
        kind, name = line.split()
        kinds[kind].append(name)
    command(engine.docker, "rm", "--force", "--volumes", *kinds["container"])
    for kind in ("network", "volume"):
        for name in kinds[kind]:
            command(engine.docker, kind, "rm", name)


def imported(applc: Applc, case: str, folder: Path) -> tuple[str, dict[str, Any], str]:
    """The Compose file for a line, the appliance, and the findings of the import."""
    for name in ("html", "conf", "config", "backup"):
        (folder / name).mkdir(exist_ok=True)
    shutil.copy(LINES / "web.env", folder)
    shutil.copy(LINES / f"{case}.txt", folder / "pasted.txt")
    file = folder / "pasted.yaml"
    outcome = applc("import", "--from", "docker-run", folder / "pasted.txt", "--id", "pasted", "-o", file)
    assert outcome.code == 0, outcome.stderr
    compiled = applc.compile(file, "compose")
    assert compiled.code == 0, compiled.stderr
    return compiled.stdout, yaml.safe_load(file.read_text()), outcome.stderr


def parts(inspected: dict[str, Any], volumes: dict[str, str]) -> dict[str, Any]:
    """What the engine says of a container, in one form for both ways."""
    config, host = inspected["Config"], inspected["HostConfig"]
    found: dict[str, Any] = {}
    for part in PARTS:
        where, _, name = part.partition(".")
        if name:
            found[part] = inspected[where].get(name) or None
    # The last one of a name counts.
    found["Config.Env"] = dict((*entry.split("=", 1), None)[:2] for entry in config["Env"] or [])
    own = ("applc.", "com.docker.compose.")
    labels = {key: value for key, value in (config["Labels"] or {}).items() if not key.startswith(own)}
    found["Config.Labels"] = labels
    if re.fullmatch("[0-9a-f]{12}", config["Hostname"] or "") or host["NetworkMode"] == "host":
        found["Config.Hostname"] = None
    check = config.get("Healthcheck")
    if check:
        # As a shell gets it, in either form.
        test = check["Test"]
        check = {**check, "Test": test[-1]}
    found["Config.Healthcheck"] = check
    policy = host["RestartPolicy"]["Name"]
    found["HostConfig.RestartPolicy"] = {"unless-stopped": "always", "": "no"}.get(policy, policy)
    # Added by the engine for namespaces of the host.
    options = [one for one in host["SecurityOpt"] or [] if one != "label=disable"]
    found["HostConfig.SecurityOpt"] = options or None
    found["HostConfig.PidsLimit"] = host.get("PidsLimit") or None
    bindings = {} if host["NetworkMode"] == "host" else host.get("PortBindings") or {}
    found["HostConfig.PortBindings"] = {
        port: sorted((one["HostIp"].replace("0.0.0.0", ""), one["HostPort"].replace("0", "", int(one["HostPort"] == "0"))) for one in all_of or [])
        for port, all_of in bindings.items()
    }
    requests = host.get("DeviceRequests") or []
    found["HostConfig.DeviceRequests"] = [
        len(one["DeviceIDs"] or []) or one["Count"] for one in requests
    ] or None
    swap = host.get("MemorySwap") or None
    found["HostConfig.MemorySwap"] = None if swap == host["Memory"] else swap
    # Names of volumes are those of the target; one without a name has one of its own.
    def source(mount: dict[str, Any]) -> str:
        if mount["Type"] != "volume":
            return str(mount["Source"])
        name = re.sub("^pasted_", "", mount["Name"]).replace("_", "-")
        return "none" if re.fullmatch("[0-9a-f]{64}", name) or name in volumes else name
    found["Mounts"] = sorted((mount["Destination"], source(mount), mount["RW"]) for mount in inspected["Mounts"])
    mode = host["NetworkMode"]
    found["NetworkMode"] = mode if mode in ("host", "none") else "its own"
    return found


@pytest.mark.parametrize("case", [case for case in CASES if case not in WITHOUT_IMAGE])
def test_a_line_and_its_import_are_the_same_container(
    applc: Applc, engine: Engine, pasted: Any, case: str, tmp_path: Path
) -> None:
    text, appliance, findings = imported(applc, case, tmp_path)
    images = {str(one["image"]) for one in appliance["containers"]}
    for image in images:
        engine.ensure_image(image)
    lines = pasted(case, images)
    # A volume that has no name in the line.
    unnamed = {"web-data": "/data"} if "the volume at `/data` is kept" in findings else {}
    with Project(engine, tmp_path, text) as project:
        assert project.config()["name"]
        made = project.up("--no-start")
        assert made.returncode == 0, made.stderr
        ids = [str(one["id"]) for one in appliance["containers"]]
        assert len(ids) == len(lines)
        for line, own in zip(lines, ids, strict=True):
            meant = parts(engine.inspect(line), unnamed)
            found = parts(project.inspect(own), unnamed)
            # References are the names of services.
            for name, told in PARTS.items():
                if meant[name] == found[name] or is_renamed(name, meant[name], found[name]):
                    continue
                assert told and told in findings, f"{name}: {meant[name]} became {found[name]}\n{findings}"


def is_renamed(part: str, meant: Any, found: Any) -> bool:
    """Whether the only differences are names by which a container is reached: its own for its other one."""
    if part != "Config.Env" or meant.keys() != found.keys():
        return False
    return all(value == meant[name] or (value, meant[name]) == ("shop-db", "database") for name, value in found.items())


@pytest.mark.usefixtures("host_ports")
@pytest.mark.parametrize("case", STARTED)
def test_a_line_and_its_import_start_the_same_program(
    applc: Applc, engine: Engine, pasted: Any, case: str, tmp_path: Path
) -> None:
    text, appliance, _ = imported(applc, case, tmp_path)
    images = {str(one["image"]) for one in appliance["containers"]}
    for image in images:
        engine.image(image, Behaviour())
    [line] = pasted(case, images)
    with Project(engine, tmp_path, text) as project:
        assert project.up("--no-start").returncode == 0
        service = str(appliance["containers"][0]["id"])
        starts = []
        for container in (line, project.container(service)):
            checked(engine.docker, "start", container)
            started = wait_until("a start", partial(engine.starts, container), 30)[0]
            environ = {name: value for name, value in started.environ.items() if name != "HOSTNAME"}
            starts.append((started.argv, environ))
            # The other one has the same host ports.
            checked(engine.docker, "stop", "--time", "0", container)
        assert starts[0] == starts[1]


def test_every_option_of_the_engine_is_known(applc: Applc, engine: Engine) -> None:
    options = re.findall(r"^  .{4}--([a-z0-9-]+)( [a-z]\S*)?", checked(engine.docker, "run", "--help"), re.MULTILINE)
    assert len(options) > 90
    for name, kind in options:
        value = "=1" if kind.strip() else ""
        outcome = applc("import", "--from", "docker-run", "--", "docker", "run", f"--{name}{value}", "example/web:1")
        assert "unknown option" not in outcome.stderr, name
