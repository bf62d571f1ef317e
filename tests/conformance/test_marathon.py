"""Validates the output for Marathon and Chronos with the rules of their APIs.

Neither server is run: `marathon_rules` and `chronos_rules` contain the rules that their sources check,
and rules for what they silently drop or change.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import appliance_text
import support
from chronos_rules import check_jobs
from marathon_rules import check_group

# The features that DC/OS enables in its Marathon (`--enable_features`).
FEATURES = {"external_volumes", "gpu_resources"}
APP_NAME = re.compile(r"([A-Za-z0-9.-]+)\.marathon\.(containerip|agentip)\.dcos\.thisdcos\.directory")
VIRTUAL_NAME = re.compile(r"([A-Za-z0-9.-]+)\.marathon\.l4lb\.thisdcos\.directory(?::(\d+))?")


class Written:
    """The output files of one appliance."""

    def __init__(self, folder: Path) -> None:
        group = folder / "marathon.json"
        self.group: Any = json.loads(group.read_text("utf-8")) if group.exists() else None
        # File names sort in the order in which the jobs must be posted.
        files = sorted((folder / "chronos").glob("*.json"))
        self.jobs: list[Any] = [json.loads(path.read_text("utf-8")) for path in files]
        self.endpoints = [path.name.split(".")[-2] for path in files]
        self.names = {path.relative_to(folder).as_posix() for path in folder.rglob("*.json")}

    @property
    def apps(self) -> list[Any]:
        return self.group["apps"] if self.group else []

    def app(self, name: str) -> Any:
        return next(app for app in self.apps if app["id"].endswith("/" + name))


def compiled(applc: support.Applc, source: Path, folder: Path, *options: str) -> Written:
    """Compiles an appliance and returns the output files."""
    outcome = applc.compile(source, "marathon", "-o", f"{folder}/", *options)
    assert outcome.code == 0, outcome.stderr
    return Written(folder)


def strings(value: Any) -> Iterator[str]:
    """All strings in a document."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)


def check_names(written: Written) -> None:
    """Checks that every DNS name belongs to an app or to the virtual address of a port."""
    modes = {}
    virtual = set()
    for app in written.apps:
        label = "-".join(reversed(app["id"].strip("/").split("/")))
        modes[label] = app["networks"][0]["mode"]
        for port in app["container"].get("portMappings", ()):
            virtual.update(port.get("labels", {}).values())
    def known(label: str) -> str:
        """The label of the app; other text can directly precede it."""
        return next((name for name in modes if label.endswith(name)), "")

    for text in strings([written.apps, written.jobs]):
        for label, record in APP_NAME.findall(text):
            mode = {"containerip": "container", "agentip": "host"}[record]
            assert modes.get(known(label)) == mode, text
            assert len(known(label)) <= 63
        for label, port in VIRTUAL_NAME.findall(text):
            label = known(label)
            assert modes.get(label) == "container/bridge", text
            if port:
                assert f"/{label}:{port}" in virtual, text
            else:
                assert any(value.startswith(f"/{label}:") for value in virtual), text


@pytest.mark.accepted_by("marathon")
def test_the_output_is_valid(
    applc: support.Applc, appliance: Path, tmp_path: Path
) -> None:
    written = compiled(applc, appliance, tmp_path)
    if written.group is not None:
        assert check_group(written.group, FEATURES) == []
    assert check_jobs(written.jobs) == []
    for job, endpoint in zip(written.jobs, written.endpoints, strict=True):
        assert endpoint == ("dependency" if "parents" in job else "iso8601")
    check_names(written)
    source = appliance_text.load(appliance)
    assert len(written.apps) == sum(one["type"] == "service" for one in source["containers"])
    jobs = sum(one.get("instances", 1) for one in source["containers"] if one["type"] == "job")
    assert len(written.jobs) == jobs


def test_a_schedule_is_a_repeating_interval(applc: support.Applc, tmp_path: Path) -> None:
    schedules = {
        "nightly": ({"schedule": "0 4 * * *", "time_zone": "Europe/Berlin"}, "R/2026-11-26T04:00:00Z/P1D"),
        "often": ({"schedule": "*/15 * * * *"}, "R/2026-11-26T00:00:00Z/PT15M"),
        "weekly": ({"schedule": "30 4 * * MON"}, "R/2026-11-30T04:30:00Z/P7D"),
        "quarterly": ({"schedule": "0 0 1 */3 *"}, "R/2027-01-01T00:00:00Z/P3M"),
    }
    base = {"type": "job", "image": "i:1", "cmd": "date; true", "resources": {"cpus": 1, "mem": 64, "disk": 1}}
    jobs = [{"id": id, **base, **fields} for id, (fields, _) in schedules.items()]
    source = tmp_path / "scheduled.json"
    source.write_text(json.dumps({"id": "scheduled", "containers": jobs}))
    written = compiled(applc, source, tmp_path / "out", "--option", "marathon.schedule-from=2026-11-26")
    assert check_jobs(written.jobs) == []
    found = {job["name"].split(".")[-1]: job for job in written.jobs}
    assert {id: job["schedule"] for id, job in found.items()} == {id: text for id, (_, text) in schedules.items()}
    assert {id: job.get("scheduleTimeZone") for id, job in found.items()} == {
        id: fields.get("time_zone") for id, (fields, _) in schedules.items()
    }


def test_strings_are_unchanged(applc: support.Applc, tmp_path: Path) -> None:
    source = support.ROOT / "examples" / "quoting.json"
    written = compiled(applc, source, tmp_path)
    containers = {one["id"]: one for one in json.loads(source.read_text("utf-8"))["containers"]}

    def plain(value: Any) -> str | None:
        """The expected string of a value; None if the value contains references."""
        if not isinstance(value, str):
            value = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
        text = value.replace("\\@", "\0")
        return None if "@" in text else text.replace("\0", "@")

    checked = 0
    strings_app = written.app("strings")
    for source_text, text in zip(containers["strings"]["args"], strings_app["args"], strict=True):
        wanted = plain(source_text)
        assert wanted is None or text == wanted
        checked += wanted is not None
    for name, value in containers["strings"]["env"].items():
        wanted = plain(value)
        # applc keeps the text of numbers, which Python does not.
        if wanted is not None and not isinstance(value, (float, dict)):
            assert strings_app["env"][name] == wanted
            checked += 1
    assert written.app("shell")["cmd"] == plain(containers["shell"]["cmd"])
    assert checked > 100


def test_spark_livy(applc: support.Applc, tmp_path: Path) -> None:
    written = compiled(applc, support.ROOT / "examples" / "spark-livy.json", tmp_path)
    assert written.names == {"marathon.json"}
    livy = written.app("livy")
    # Hyphens of the appliance are doubled: `livy` and `spark-master` are also names of appliances.
    master = "spark-master-spark--livy.marathon.containerip.dcos.thisdcos.directory"
    assert livy["args"] == [f"spark://{master}:7077"]
    assert livy["dependencies"] == ["/spark--livy/spark-master"]
    assert livy["container"]["portMappings"] == [
        {"containerPort": 8998, "hostPort": 0, "protocol": "tcp"}
    ]
    magic = written.app("sparkmagic")
    assert magic["args"] == ['--NotebookApp.token=""']
    assert magic["networks"] == [{"mode": "container/bridge"}]
    assert magic["container"]["docker"]["privileged"] is True


@pytest.mark.parametrize("mode", ["host", "bridge", "container"])
def test_references_depend_on_the_network_mode_of_the_referenced_container(
    applc: support.Applc, tmp_path: Path, mode: str
) -> None:
    suffix = {
        "host": "marathon.agentip.dcos.thisdcos.directory",
        "bridge": "marathon.l4lb.thisdcos.directory",
        "container": "marathon.containerip.dcos.thisdcos.directory",
    }[mode]
    for other in ("host", "bridge", "container"):
        for port in ("with-port", "without-port"):
            name = f"modes-{other}-refers-to-{mode}-{port}"
            source = support.ROOT / "tests" / "corpus" / f"{name}.json"
            written = compiled(applc, source, tmp_path / name)
            client = written.app("client")
            found = client["args"][0] if port == "with-port" else client["env"]["SERVER"]
            ending = ":5432" if port == "with-port" else ""
            label = "-".join(reversed(client["id"].strip("/").split("/"))).replace("client", "server", 1)
            assert found == f"{label}.{suffix}{ending}"
