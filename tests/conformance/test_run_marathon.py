"""`applc up`, `status`, `logs`, `down` and `ls` with Marathon and Chronos, of which stand-ins are run."""

from __future__ import annotations

import json
import os
import re
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import support
from marathon_server import Agent, Cluster

# Maximum time from when Marathon knows that a container fails to the end of `up`, in seconds: 5, and as much again
# for the tests that run beside.
SOON = 10


@dataclass(frozen=True)
class Ended:
    """One run of the program, and how long it took."""

    code: int
    stdout: str
    stderr: str
    seconds: float


def service(id: str, image: str = "ok", **more: Any) -> dict[str, Any]:
    """A service whose tasks behave as the image says."""
    return {
        "id": id, "type": "service", "image": f"test/{image}:1", "force_pull_image": False, "network_mode": "bridge",
        "resources": {"cpus": 0.1, "mem": 32}, **more,
    }  # fmt: skip


def checked(id: str, image: str = "ok", grace: int = 0, **more: Any) -> dict[str, Any]:
    """A service whose health is checked, after a time in seconds."""
    check = {
        "protocol": "COMMAND", "command": "true", "interval_seconds": 1, "timeout_seconds": 1,
        "grace_period_seconds": grace, "max_consecutive_failures": 3,
    }  # fmt: skip
    return service(id, image, health_check=check, **more)


def job(id: str, image: str = "ok", **more: Any) -> dict[str, Any]:
    """A job without retries."""
    return {**service(id, image), "type": "job", "cmd": "work", "retries": 0, **more}


class Appliance:
    """An appliance with a state folder of its own."""

    def __init__(self, applc: support.Applc, cluster: Cluster, folder: Path, id: str) -> None:
        self.binary = applc.binary.resolve()
        self.cluster = cluster
        self.id = id
        self.file = folder / f"{id}.json"
        # Docker is not reached: only Marathon knows anything.
        self.environment = {
            **{name: value for name, value in os.environ.items() if "proxy" not in name.lower()},
            "APPLC_STATE": str(folder / "state"), "MARATHON_URL": cluster.url, "CHRONOS_URL": cluster.url,
            "PATH": "/nowhere",
        }  # fmt: skip

    def write(self, *containers: dict[str, Any], **top: Any) -> None:
        """Writes the appliance file."""
        self.file.write_text(json.dumps({"id": self.id, "containers": containers, **top}, indent=1))

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Starts `applc ARGUMENTS...`."""
        return subprocess.Popen(
            [self.binary, *arguments], cwd=self.file.parent, env=self.environment, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def run(self, *arguments: str) -> Ended:
        """Runs `applc ARGUMENTS...`."""
        begin = time.monotonic()
        running = self.start(*arguments)
        stdout, stderr = running.communicate(timeout=60)
        return Ended(running.returncode, stdout, stderr, time.monotonic() - begin)

    def up(self, *arguments: str) -> Ended:
        """Runs `applc up`."""
        return self.run("up", self.file.name, "--target", "marathon", *arguments)

    def planned(self) -> dict[str, str]:
        """What `applc up --dry-run` says becomes of each container."""
        run = self.up("--dry-run")
        rows = [re.split(r"  +", line) for line in run.stdout.splitlines()]
        actions = {row[0]: row[1] for row in rows}
        assert run.code == (0 if set(actions.values()) == {"kept"} else 4), run
        return actions

    def status(self) -> dict[str, Any]:
        """The output of `applc status --format json`."""
        run = self.run("status", self.id, "--format", "json")
        assert run.code == 0, run.stderr
        return json.loads(run.stdout)

    def states(self) -> dict[str, str]:
        """The state of each container."""
        return {each["id"]: each["state"] for each in self.status()["containers"]}

    def tasks(self, container: str) -> list[str]:
        """The ids of the tasks of a container."""
        return [task.id for task in self.cluster.marathon.of(f"/{self.id}/{container}")]


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """Marathon, Chronos and Mesos."""
    with Cluster() as running:
        yield running


@pytest.fixture
def brought(applc: support.Applc, cluster: Cluster, tmp_path: Path) -> Callable[[str], Appliance]:
    """`brought(ID)` returns an appliance of this id."""
    return lambda id: Appliance(applc, cluster, tmp_path, id)


def later(seconds: float, change: Callable[[], Any]) -> None:
    """Does something while a program runs."""
    timer = threading.Timer(seconds, change)
    timer.daemon = True
    timer.start()


def wait_until(condition: Callable[[], bool]) -> None:
    """Waits at most ten seconds."""
    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def test_up_starts_an_appliance_in_order_and_tells_where_it_is_reached(brought: Callable[[str], Appliance]) -> None:
    app = brought("shop")
    app.write(
        checked("web", dependencies=["db"], ports=[{"container_port": 80, "name": "http"}]),
        checked("db", "slow", grace=9, instances=2, network_mode="host", ports=[{"container_port": 5432}]),
        job("made"), job("after", dependencies=["made"]),
    )  # fmt: skip
    assert app.planned() == {"web": "created", "db": "created", "made": "created", "after": "created"}
    assert app.run("status", app.id).code == 1, "a dry run leaves nothing"
    up = app.up()
    assert up.code == 0, up.stderr
    assert "web: pending: waits for `db`" in up.stderr
    shown = app.status()
    assert {each["id"]: each["state"] for each in shown["containers"]} == {
        "web": "running", "db": "running", "made": "success", "after": "success",
    }  # fmt: skip
    web, db = shown["containers"][:2]
    (endpoint,) = web["endpoints"]
    assert endpoint == {**endpoint, "host": "127.0.0.1", "container_port": 80, "protocol": "tcp", "name": "http"}
    assert endpoint["host_port"] >= 31000
    assert [each["host_port"] for each in db["endpoints"]] == [5432, 5432]
    # Defaults are filled in.
    assert (web["minimum_capacity"], web["appliance"], shown["scheduler"]) == (0, "shop", {})
    assert f"{endpoint['host']}:{endpoint['host_port']} -> 80 http" in up.stdout
    listed = app.run("ls")
    assert listed.code == 0 and re.search(r"^shop +marathon +4/4 ready +shop.json$", listed.stdout, re.M), listed


def test_up_again_changes_only_what_changed(brought: Callable[[str], Appliance]) -> None:
    app = brought("again")
    app.write(service("same"), checked("other"), service("gone"), service("many"), job("done"), job("old"))
    assert app.up().code == 0
    before = {name: app.tasks(name) for name in ("same", "other", "many")}
    assert set(app.planned().values()) == {"kept"}
    app.cluster.requests.clear()
    again = app.up()
    assert again.code == 0 and "nothing changed" in again.stderr
    assert [each for each in app.cluster.requests if "GET" not in each] == ["PUT /v2/groups?dryRun=true"]

    app.write(
        service("same"), checked("other", env={"A": "1"}), service("many", instances=3), service("new"),
        job("done"), job("old", cmd="other work"), job("next", dependencies=["done"]),
    )  # fmt: skip
    assert app.planned() == {
        "same": "kept", "other": "replaced", "gone": "removed", "many": "changed in place", "new": "created",
        "done": "kept", "old": "replaced", "next": "created",
    }  # fmt: skip
    dry = app.up("--dry-run").stdout
    assert "its definition has changed: env" in dry and "3 instances instead of 1" in dry
    assert "its definition has changed: command" in dry
    changed = app.up()
    assert changed.code == 0 and "nothing changed" not in changed.stderr, changed
    assert app.tasks("same") == before["same"]
    assert before["many"][0] in app.tasks("many") and len(app.tasks("many")) == 3
    assert app.tasks("other") != before["other"]
    # A job that waits for one that has succeeded already runs, and that one does not run again.
    assert app.cluster.chronos.starts == {"again.done": 1, "again.old": 2, "again.next": 1}
    assert set(app.states()) == {"same", "other", "many", "new", "done", "old", "next"}
    wait_until(lambda: not app.tasks("gone"))

    # A comment is no change, and neither is another order.
    app.file.write_text("// a comment\n" + app.file.read_text())
    assert set(app.planned().values()) == {"kept"}


def test_services_that_are_all_gone_are_removed(brought: Callable[[str], Appliance]) -> None:
    app = brought("jobs-only")
    app.write(service("web"), job("work"))
    assert app.up().code == 0
    app.write(job("work"))
    assert app.planned() == {"work": "kept", "web": "removed"}
    assert app.up().code == 0
    assert app.states() == {"work": "success"}


def test_what_others_changed_is_told_and_set_right(brought: Callable[[str], Appliance]) -> None:
    app = brought("drift")
    app.write(service("web"), service("db", env={"A": "1"}))
    assert app.up().code == 0
    with app.cluster.marathon.lock:
        app.cluster.marathon.patch("/drift/web", {"instances": 2})
        app.cluster.marathon.patch("/drift/db", {"env": {"A": "1", "B": "2"}})
    wait_until(lambda: not app.cluster.marathon.deployments)
    dry = app.up("--dry-run")
    assert dry.code == 4
    assert re.search(r"^web +changed in place +1 instances instead of 2$", dry.stdout, re.M), dry.stdout
    assert re.search(r"^db +replaced +its definition has changed: env$", dry.stdout, re.M), dry.stdout
    assert app.up().code == 0
    assert set(app.planned().values()) == {"kept"}
    wait_until(lambda: len(app.tasks("web")) == 1)


def test_down_removes_the_group_and_the_jobs(brought: Callable[[str], Appliance]) -> None:
    app, other = brought("shop"), brought("shop-2")
    for each in (app, other):
        each.write(service("web"), job("made"), job("after", dependencies=["made"]))
        assert each.up().code == 0
    down = app.run("down", app.id)
    assert down.code == 0 and "3 containers removed" in down.stderr, down
    assert list(app.cluster.marathon.apps) == ["/shop--2/web"]
    assert set(app.cluster.chronos.jobs) == {"shop-2.made", "shop-2.after"}
    assert app.run("status", app.id).code == 1 and app.run("down", app.id).code == 1
    assert other.states() == {"web": "running", "made": "success", "after": "success"}


def test_volumes_are_kept_and_said_to_be(brought: Callable[[str], Appliance]) -> None:
    app = brought("kept")
    app.write(
        service("db", volumes=[{"src": "data", "dest": "/data"}]),
        data_persistence={"volume_type": "rexray", "volumes": [{"id": "data"}]},
    )
    assert app.up().code == 0
    purged = app.run("down", app.id, "--purge")
    assert purged.code == 2 and "`kept.data`" in purged.stderr, purged
    assert app.states() == {"db": "running"}, "nothing was removed"
    down = app.run("down", app.id)
    assert down.code == 0 and "1 volume kept" in down.stderr


def test_another_machine_knows_ids_states_and_endpoints(brought: Callable[[str], Appliance], tmp_path: Path) -> None:
    app = brought("Upper")
    app.write(service("Web", ports=[{"container_port": 80}]), job("Done", instances=2))
    assert app.up().code == 0
    app.environment["APPLC_STATE"] = str(tmp_path / "elsewhere")
    assert app.states() == {"Done": "success", "Web": "running"}
    assert app.status()["containers"][1]["endpoints"][0]["container_port"] == 80
    assert "Upper" in app.run("ls").stdout
    assert app.run("down", app.id).code == 0
    assert app.run("status", app.id).code == 1


FAILURES = {
    "absent": ("E0901", "`absent` cannot be pulled: manifest for test/absent:1 not found"),
    "unbound": ("E0902", "`unbound` cannot be started: invalid mount: bind source path does not exist: /srv/none"),
    "crash": ("E0903", "`crash` does not stay up: ended with exit status 3"),
    "nocmd": ("E0903", "`nocmd` does not stay up: ended with exit status 127: its program cannot be run"),
    "oom": ("E0903", "`oom` ran out of memory: ended by Mesos at its memory limit"),
    "sick": ("E0904", "`sick` is not healthy: its health check fails: Connection refused"),
}


@pytest.mark.parametrize("image", FAILURES)
def test_the_container_that_fails_is_named_with_the_reason(brought: Callable[[str], Appliance], image: str) -> None:
    app = brought("broken")
    code, message = FAILURES[image]
    failing = checked(image, image) if image == "sick" else service(image, image)
    app.write(service("fine"), failing, service("web", dependencies=[image]))
    up = app.up()
    assert up.code == 1, up
    assert f"error[{code}]: {message}" in up.stderr
    # For Marathon, a service without a check is ready as soon as it runs.
    if image in {"absent", "unbound", "sick"}:
        assert "not started, because of it: `web`" in up.stderr
        assert app.states() == {"fine": "running", image: "failed", "web": "pending"}
    assert "ready: fine" in up.stderr
    # A service that ends is started three times more, a second and more apart; one that is not healthy fails thrice.
    assert up.seconds < (10 if image in {"crash", "sick"} else SOON), up.seconds
    if image == "crash":
        assert "applc:   cannot read its settings" in up.stderr, "the log"
    # Mended, the same appliance comes up: the deployment that is stuck is cancelled.
    mended = {**failing, "image": "test/ok:1"}
    app.write(service("fine"), mended, service("web", dependencies=[image]))
    up = app.up()
    assert up.code == 0, up.stderr
    assert set(app.states().values()) == {"running"}


def test_a_container_without_a_place_is_told(brought: Callable[[str], Appliance]) -> None:
    app = brought("large")
    app.write(service("large", resources={"cpus": 1, "mem": 64000}), service("fine"))
    up = app.up()
    assert up.code == 1
    assert "error[E0906]: `large` cannot be placed: 2 agents offered too little memory" in up.stderr
    assert '"mem": 64000' in up.stderr
    assert app.planned() == {"large": "cannot be placed", "fine": "kept"}
    status = app.run("status", app.id).stdout
    assert re.search(r"^large +staging +2 agents offered too little memory$", status, re.M), status


def test_a_job_that_fails_is_told_and_runs_again(brought: Callable[[str], Appliance]) -> None:
    app = brought("jobs")
    app.write(job("first"), job("bad", "fail", retries=2, dependencies=["first"]), job("last", dependencies=["bad"]))
    up = app.up()
    assert up.code == 1 and "error[E0905]: `bad` failed: all 3 runs failed" in up.stderr, up
    assert "not started, because of it: `last`" in up.stderr
    assert app.cluster.chronos.starts == {"jobs.first": 1, "jobs.bad": 3}
    assert app.planned() == {"first": "kept", "bad": "restarted", "last": "kept"}
    app.write(job("first"), job("bad", retries=2, dependencies=["first"]), job("last", dependencies=["bad"]))
    up = app.up()
    assert up.code == 0, up.stderr
    assert app.cluster.chronos.starts == {"jobs.first": 1, "jobs.bad": 4, "jobs.last": 1}


def test_up_again_waits_for_a_deployment_that_gets_on(brought: Callable[[str], Appliance]) -> None:
    app = brought("slow")
    app.write(checked("db", "slow", grace=9), service("web", dependencies=["db"]))
    detached = app.up("--detach")
    assert detached.code == 0 and app.states()["web"] == "pending", detached
    app.write(checked("db", "slow", grace=9), service("web", dependencies=["db"], env={"A": "1"}))
    app.cluster.requests.clear()
    up = app.up()
    assert up.code == 0, up.stderr
    assert not any("force" in each for each in app.cluster.requests), "it was waited for"
    assert app.cluster.marathon.apps["/slow/web"]["env"] == {"A": "1"}


def test_the_deployments_of_others_are_left_alone(brought: Callable[[str], Appliance]) -> None:
    app = brought("locked")
    app.write(service("web"))
    assert app.up().code == 0
    marathon = app.cluster.marathon
    with marathon.lock:
        # A change of the root group, of two appliances at once, that does not end.
        other = {**marathon.apps["/locked/web"], "id": "/other", "labels": {}, "mem": 9e9}
        web = marathon.versioned({**marathon.apps["/locked/web"], "instances": 2}, "2999-01-01T00:00:00.000Z")
        marathon.deploy({"/locked/web": web, "/other": other}, "2999-01-01T00:00:00.000Z", force=False)
    app.write(service("web", env={"A": "1"}))
    up = app.up()
    assert up.code == 3 and "changes apps of `locked` and `/other`" in up.stderr, up
    assert marathon.deployments, "it goes on"


def test_what_is_not_of_the_appliance_is_left_alone(brought: Callable[[str], Appliance]) -> None:
    app, upper = brought("taken"), brought("Taken")
    upper.write(service("db"))
    assert upper.up().code == 0
    app.write(service("web"))
    up = app.up()
    assert up.code == 3 and "the app `/taken/db` of the appliance `Taken`" in up.stderr, up
    assert "applc down Taken" in up.stderr
    assert list(app.cluster.marathon.apps) == ["/taken/db"]
    assert app.run("down", app.id).code == 3 and upper.states() == {"db": "running"}


@pytest.mark.parametrize("change", ["remove", "cancel"])
def test_what_others_remove_while_it_comes_up_is_told(brought: Callable[[str], Appliance], change: str) -> None:
    app = brought("gone")
    app.write(checked("db", "sick", grace=60), service("web"))
    marathon = app.cluster.marathon

    def interfere() -> None:
        with marathon.lock:
            if change == "remove":
                marathon.delete("/gone", force=True)
            else:
                marathon.cancel(marathon.deployments[0].id)

    later(2, interfere)
    up = app.up()
    assert up.code == 1 and "its app was removed by someone else while it came up" in up.stderr, up
    assert up.seconds < 2 + SOON


def test_a_server_that_goes_away_is_named(brought: Callable[[str], Appliance]) -> None:
    app = brought("away")
    app.write(checked("db", "sick", grace=60))
    later(1.5, app.cluster.stop)
    up = app.up()
    assert up.code == 3 and f"Marathon at `{app.cluster.url}` does not answer" in up.stderr, up
    assert "what was started goes on running" in up.stderr


def test_logs_are_read_from_the_agents(brought: Callable[[str], Appliance]) -> None:
    app = brought("logged")
    app.write(service("web"), service("db"), job("made"))
    assert app.up().code == 0
    one = app.run("logs", app.id, "web")
    assert (one.code, one.stdout) == (0, "listening\n"), one
    both = app.run("logs", app.id)
    assert both.code == 0 and len(re.findall(r"\| listening$", both.stdout, re.M)) == 2, both
    job_log = app.run("logs", app.id, "made")
    assert job_log.code == 2 and "the log of the job `logged.made` is not known to Chronos" in job_log.stderr


def test_addresses_and_tokens_are_checked(applc: support.Applc, tmp_path: Path) -> None:
    with ExitStack() as all:
        cluster = all.enter_context(Cluster([Agent("S0", "127.0.0.1")], token="secret"))
        app = Appliance(applc, cluster, tmp_path, "safe")
        app.write(service("web"), job("work"))
        refused = app.up()
        assert refused.code == 3 and "MARATHON_TOKEN" in refused.stderr, refused
        app.environment["MARATHON_TOKEN"] = "secret"
        assert app.up().code == 0
        del app.environment["CHRONOS_URL"]
        without = app.up()
        assert without.code == 3 and "CHRONOS_URL" in without.stderr
        for url, words in (("", "set `MARATHON_URL`"), ("ftp://x", "does not begin with `http://`"), ("https://x", "HTTPS")):
            app.environment["MARATHON_URL"] = url
            wrong = app.up()
            assert wrong.code == 3 and words in wrong.stderr, wrong
            assert "secret" not in wrong.stderr
