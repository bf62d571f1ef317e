"""`applc up`, `status`, `logs`, `down` and `ls` on a Kubernetes node."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

import support
from compose_engine import Behaviour, wait_until
from kube_node import Node
from run_compose import IMAGE, STAY, checked, container, job
from run_kubernetes import KubeAppliance, show

pytestmark = pytest.mark.node

# Maximum time from when the engine knows that a container fails to the end of `up`, in seconds: 5, and as much again
# for the tests that run beside.
SOON = 10

DATA = {"volumes": [{"src": "data", "dest": "/data"}]}
KEPT = {"data_persistence": {"volumes": [{"id": "data"}]}}

Brought = Callable[[str], KubeAppliance]


@pytest.fixture
def brought(applc: support.Applc, node: Node, tmp_path: Path) -> Iterator[Brought]:
    """`brought(ID)` returns an appliance of this id, which is removed at the end."""
    node.image(IMAGE, Behaviour())
    with ExitStack() as all:
        yield lambda id: all.enter_context(KubeAppliance(applc, node, tmp_path, id))


def test_up_starts_an_appliance_in_order_and_prints_where_it_is_reached(brought: Brought) -> None:
    app = brought("krun-up")
    app.write(
        container("Web", "mkdir -p /tmp/w; httpd -f -p 80 -h /tmp/w", dependencies=["made", "db"],
                  ports=[{"container_port": 80, "name": "http"}]),
        job("made", "true"),
        checked("db", "test -e /tmp/ok", f"sleep 2; touch /tmp/ok; {STAY}", failures=9, instances=2),
    )  # fmt: skip
    assert app.planned() == {"Web": "created", "made": "created", "db": "created"}
    assert app.run("status", app.id).code == 1, "a dry run leaves nothing"
    up = app.up()
    assert up.code == 0, show(app, up)
    assert "Web: pending: waits for `made`, `db`" in up.stderr
    assert "nothing changed" not in up.stderr
    web, made, db = app.status()["containers"]
    assert (web["state"], made["state"], db["state"]) == ("running", "success", "running")
    (endpoint,) = web["endpoints"]
    assert (endpoint["container_port"], endpoint["name"], endpoint["protocol"]) == (80, "http", "tcp")
    assert f"{endpoint['host']}:{endpoint['host_port']} -> 80 http" in up.stdout
    with socket.create_connection((endpoint["host"], endpoint["host_port"]), timeout=5):
        pass
    assert (web["minimum_capacity"], made["repeats"], made["appliance"]) == (0, 1, app.id)
    assert len(app.pods("db")) == 2
    assert app.id in app.run("ls").stdout


def test_up_again_changes_only_what_changed(brought: Brought) -> None:
    app = brought("krun-again")
    app.write(container("same"), container("other"), container("gone"), job("done", "true"), job("new-job", "true"), container("many"))
    assert app.up().code == 0
    names = ("same", "other", "done", "many")
    before = {name: app.starts(name) for name in names}
    assert set(app.planned().values()) == {"kept"}
    again = app.up()
    assert again.code == 0 and "nothing changed" in again.stderr, show(app, again)
    assert {name: app.starts(name) for name in names} == before, "the job did not run again"

    app.write(
        container("same"), container("other", env={"A": "1"}), job("done", "true"), job("new-job", "echo again"),
        container("many", instances=3), container("new"),
    )  # fmt: skip
    assert app.planned() == {
        "same": "kept", "other": "replaced", "done": "kept", "new-job": "replaced", "many": "changed in place",
        "new": "created", "gone": "removed",
    }  # fmt: skip
    changed = app.up()
    assert changed.code == 0 and "nothing changed" not in changed.stderr, show(app, changed)
    assert app.starts("same") == before["same"] and app.starts("done") == before["done"]
    assert app.starts("many") > before["many"] and len(app.starts("many")) == 3, "the first goes on running"
    assert not app.starts("other") & before["other"]
    assert set(app.states()) == {"same", "other", "done", "new-job", "many", "new"}
    assert not app.exists("deployment/gone")
    assert "again" in app.run("logs", app.id, "new-job").stdout
    # Fewer again, and a comment is no change.
    app.write(
        container("same"), container("other", env={"A": "1"}), job("done", "true"), job("new-job", "echo again"),
        container("many"), container("new"),
    )  # fmt: skip
    assert app.up().code == 0 and len(app.pods("many")) == 1
    app.file.write_text("// a comment\n" + app.file.read_text())
    assert set(app.planned().values()) == {"kept"}


def test_a_service_that_becomes_a_job_is_replaced(brought: Brought) -> None:
    app = brought("krun-kind")
    app.write(container("web"))
    assert app.up().code == 0
    app.write(job("web", "true"))
    assert app.planned() == {"web": "replaced"}
    up = app.up()
    assert up.code == 0, show(app, up)
    assert app.states() == {"web": "success"} and not app.exists("deployment/web")


def test_a_port_of_the_nodes_moves_from_one_container_to_another(brought: Brought) -> None:
    app = brought("krun-move")
    fixed, free = {"container_port": 80, "host_port": 30123}, {"container_port": 80}
    app.write(container("one", ports=[fixed]), container("two", ports=[free]))
    assert app.up().code == 0
    app.write(container("one", ports=[free]), container("two", ports=[fixed]))
    up = app.up()
    assert up.code == 0, show(app, up)
    ports = {each["id"]: each["endpoints"][0]["host_port"] for each in app.status()["containers"]}
    assert ports["two"] == 30123 != ports["one"]


def test_down_keeps_volumes_unless_they_are_purged(brought: Brought) -> None:
    app = brought("krun-down")
    app.volume("data")
    app.write(container("db", f"echo 1 >> /data/starts; {STAY}", **DATA), **KEPT)
    up = app.up()
    assert up.code == 0, show(app, up)
    down = app.run("down", app.id)
    assert down.code == 0 and "1 container removed, 1 volume kept" in down.stderr, down
    assert app.claims() == ["data"] and app.pods("db") == []
    assert app.run("status", app.id).code == 1
    assert "down" in app.run("ls").stdout
    assert app.up().code == 0
    name = app.pod("db")["metadata"]["name"]
    found = app.cluster.checked("exec", name, "-n", app.namespace, "--", "/bin/busybox", "cat", "/data/starts")
    assert found.split() == ["1", "1"]
    purged = app.run("down", app.id, "--purge")
    assert purged.code == 0 and "1 container and 1 volume removed" in purged.stderr, purged
    assert app.cluster.kubectl("get", "namespace", app.namespace).returncode != 0
    assert app.id not in app.run("ls").stdout
    assert app.run("down", app.id).code == 1


def test_a_namespace_with_something_of_others_stays(brought: Brought) -> None:
    app = brought("krun-foreign")
    app.write(container("web"))
    assert app.up().code == 0
    other = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "theirs", "namespace": app.namespace}}
    app.apply(other)
    assert app.run("down", app.id, "--purge").code == 0
    assert app.exists("configmap/theirs") and not app.exists("deployment/web")
    app.cluster.checked("delete", "configmap", "theirs", "-n", app.namespace)
    # An object of someone else with the same name is not touched.
    theirs = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "wait-for-dependencies", "namespace": app.namespace}}
    app.apply(theirs)
    app.write(container("web", dependencies=["db"]), container("db"))
    for run in (app.up(), app.up("--dry-run")):
        assert run.code == 3 and "the ServiceAccount `wait-for-dependencies`" in run.stderr, run


def test_another_machine_knows_ids_and_states(brought: Brought, tmp_path: Path) -> None:
    app = brought("krun-elsewhere")
    app.write(container("Web"), job("done", "true"))
    assert app.up().code == 0
    app.environment["APPLC_STATE"] = str(tmp_path / "elsewhere")
    assert app.states() == {"Web": "running", "done": "success"}
    assert app.id in app.run("ls").stdout
    assert app.run("down", app.id).code == 0
    assert app.run("status", app.id).code == 1


def test_logs_are_those_of_a_container_or_of_all(brought: Brought) -> None:
    app = brought("krun-logs")
    app.write(container("web", f"echo one; echo two >&2; echo three; {STAY}"), job("done", "echo done"))
    assert app.up().code == 0
    # First, the probe prints a line.
    assert sorted(app.run("logs", app.id, "web").stdout.splitlines()[-3:]) == ["one", "three", "two"]
    assert app.run("logs", app.id, "web", "-n", "1").stdout in ("three\n", "two\n")
    lines = app.run("logs", app.id).stdout.splitlines()
    assert any(line.startswith("done-") and line.endswith(" | done") for line in lines)
    assert any(line.startswith("web-") and line.endswith(" | one") for line in lines)
    assert app.run("logs", app.id, "none").code == 1
    assert app.run("logs", app.id, "done", "--follow").stdout.endswith("\ndone\n")


def test_logs_and_states_of_instances_that_are_started_later(brought: Brought) -> None:
    app = brought("krun-later")
    app.write(container("web", f"echo hello; {STAY}"), container("other", f"echo other; {STAY}"))
    assert app.up().code == 0
    following = app.start("logs", app.id, "web", "--follow", "--tail", "1")
    watching = app.start("status", app.id, "--watch", "--format", "json")
    try:
        assert following.stdout and following.stdout.readline() == "hello\n"
        assert watching.stdout and watching.stdout.readline()
        (first,) = [pod["metadata"]["name"] for pod in app.pods("web")]
        scaled = app.cluster.kubectl("scale", "deployment/web", "-n", app.namespace, "--replicas=2")
        assert scaled.returncode == 0, scaled.stderr
        lines = [following.stdout.readline(), following.stdout.readline()]
        later = lines[1].split(" | ")[0].strip()
        assert later.startswith("web-") and later != first, lines
        assert "APPLC-PROBE" in lines[0] and lines[1].endswith(" | hello\n"), lines
        # By now, the cluster tells what happens.
        began = time.monotonic()
        scaled = app.cluster.kubectl("scale", "deployment/web", "-n", app.namespace, "--replicas=0")
        assert scaled.returncode == 0, scaled.stderr
        line = watching.stdout.readline()
        while line and '"state":"killed"' not in line:
            line = watching.stdout.readline()
        took = time.monotonic() - began
        print(f"the end of all pods was told after {took:.2f} s")
        assert line and took < 5
    finally:
        for each in (following, watching):
            each.terminate()
            each.communicate(timeout=10)


def test_what_was_changed_by_hand_is_set_back(brought: Brought) -> None:
    app = brought("krun-hand")
    app.write(container("web", instances=2), container("api"), container("db"), job("made", "true"))
    assert app.up().code == 0
    before = app.starts("db")
    here = ("-n", app.namespace)
    app.cluster.checked("scale", "deployment", "web", "--replicas=0", *here)
    app.cluster.checked("set", "image", "deployment/api", "api=applc-test/other:1", *here)
    app.cluster.checked("delete", "job", "made", *here)
    assert app.planned() == {"web": "changed in place", "api": "replaced", "db": "kept", "made": "created"}
    up = app.up()
    assert up.code == 0, show(app, up)
    assert len(app.pods("web")) == 2 and app.starts("db") == before
    assert set(app.planned().values()) == {"kept"}


def test_a_repeating_job_is_not_waited_for(brought: Brought) -> None:
    app = brought("krun-cron")
    app.write(container("web"), job("often", "true", repeats=-1, interval="T1H"))
    up = app.up()
    assert up.code == 0, show(app, up)
    assert app.states() == {"web": "running", "often": "submitted"}
    assert set(app.planned().values()) == {"kept"}


# Failures: each names the right container, its reason and its place, soon after the engine knows.


def test_an_image_that_cannot_be_pulled(brought: Brought) -> None:
    app = brought("krun-missing")
    app.write(container("db"), container("web", image="applc-test/none:1", dependencies=["db"]))
    up = app.up()
    assert up.code == 1, show(app, up)
    assert "error[E0901]: `web` cannot be pulled: `applc-test/none:1`:" in up.stderr
    assert "not found" in up.stderr and app.place('"image"', '"web"') in up.stderr and "ready: db" in up.stderr
    assert up.after(app.event_at("Failed", "applc-test/none:1")) < SOON
    # The same again, and not a success.
    assert "error[E0901]: `web`" in app.up().stderr
    before = app.starts("db")
    app.write(container("db"), container("web", dependencies=["db"]))
    assert app.up().code == 0
    assert app.starts("db") == before


def test_a_name_of_an_image_that_is_invalid_for_the_node(brought: Brought) -> None:
    app = brought("krun-program")
    bare = container("web", image="applc-test/bare:1")
    del bare["cmd"]
    registry = app.cluster.registry  # type: ignore[attr-defined]
    from kube_images import files_of

    registry.put("applc-test/bare:1", files_of(), {"Entrypoint": ["/bin/no-such-program"]})
    app.write(container("db"), bare, container("after", dependencies=["web"]))
    up = app.up()
    assert up.code == 1, show(app, up)
    assert 'error[E0902]: `web` cannot be started: exec: "/bin/no-such-program"' in up.stderr
    assert app.place('"image"', '"web"') in up.stderr
    assert "not started, because of it: `after`" in up.stderr
    assert up.after(app.event_at("Failed", "no-such-program")) < SOON


def test_a_port_that_another_service_has(brought: Brought) -> None:
    app = brought("krun-port")
    app.cluster.checked("create", "namespace", app.namespace)
    spec = {"type": "NodePort", "ports": [{"port": 80, "nodePort": 30456}], "selector": {"a": "b"}}
    theirs = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "theirs", "namespace": app.namespace}, "spec": spec}
    app.apply(theirs)
    app.write(container("db"), container("web", ports=[{"container_port": 80}, {"container_port": 81, "host_port": 30456}]))
    began = time.time()
    up = app.up()
    assert up.code == 1 and up.at - began < 2 * SOON, show(app, up)
    assert "error[E0902]: `web` cannot be started: the port *:30456 of the nodes is already allocated" in up.stderr
    assert app.place('"host_port"', '"web"') in up.stderr
    app.cluster.checked("delete", "service", "theirs", "-n", app.namespace)
    up = app.up()
    assert up.code == 0, show(app, up)
    # Someone else's namespace stays.
    assert app.run("down", app.id, "--purge").code == 0
    assert app.cluster.kubectl("get", "namespace", app.namespace).returncode == 0


def test_a_port_of_the_node_that_is_taken(brought: Brought) -> None:
    app = brought("krun-host")
    app.cluster.create_namespace(app.namespace)
    ports = [{"containerPort": 8123, "hostPort": 8123}]
    spec = {"containers": [{"name": "a", "image": IMAGE, "ports": ports}], "terminationGracePeriodSeconds": 0}
    app.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "theirs", "namespace": app.namespace}, "spec": spec})
    wait_until("the other pod", lambda: app.get("pod", "theirs")["status"]["phase"] == "Running")
    app.write(container("db"), container("web", ports=[{"container_port": 8123, "host_port": 8123}]))
    up = app.up()
    assert up.code == 1, show(app, up)
    taken = "a port that is already allocated (*:8123)"
    assert f"error[E0906]: `web` cannot be placed: the only node has {taken}" in up.stderr
    assert app.place('"host_port"', '"web"') in up.stderr
    assert up.after(app.event_at("FailedScheduling")) < SOON
    app.cluster.checked("delete", "pod", "theirs", "-n", app.namespace)
    up = app.up()
    assert up.code == 0, show(app, up)
    assert [each["host_port"] for each in app.status()["containers"][1]["endpoints"]] == [8123]


def test_a_service_that_crashes(brought: Brought) -> None:
    app = brought("krun-crash")
    app.write(container("db", "echo starting; echo no license >&2; exit 3"), container("web"))
    up = app.up()
    assert up.code == 1, show(app, up)
    assert "error[E0903]: `db` does not stay up: ended with exit status 3, 3 starts so far" in up.stderr
    assert "no license" in up.stderr and app.place('"id"', '"db"') in up.stderr and "ready: web" in up.stderr
    assert up.after(app.ended_at("db")) < SOON
    app.write(container("db"), container("web"))
    assert app.up().code == 0


def test_a_service_that_ends_once_comes_up(brought: Brought) -> None:
    app = brought("krun-once")
    # Its volume outlives its first end.
    app.volume("data")
    app.write(container("db", f"test -e /data/1 || {{ touch /data/1; exit 3; }}; {STAY}", **DATA), **KEPT)
    up = app.up()
    assert up.code == 0, show(app, up)


def test_a_program_that_does_not_exist(brought: Brought) -> None:
    app = brought("krun-nothing")
    app.write(container("db", "no-such-program"), container("web", dependencies=["db"]))
    up = app.up()
    assert up.code == 1, show(app, up)
    assert "error[E0903]: `db` does not stay up: exit status 127: its program cannot be run" in up.stderr
    assert "no-such-program: not found" in up.stderr
    assert up.after(app.pod("db")["metadata"]["creationTimestamp"]) < 2 * SOON


def test_a_service_that_runs_out_of_memory(brought: Brought) -> None:
    app = brought("krun-memory")
    hungry = container("db", "x=a; while true; do x=$x$x; done", resources={"cpus": 0.1, "mem": 16})
    app.write(hungry, container("web"))
    up = app.up()
    assert up.code == 1, show(app, up)
    assert "error[E0903]: `db` ran out of memory: ended by the engine at its memory limit" in up.stderr
    assert app.place('"mem"', '"db"') in up.stderr
    assert up.after(app.pod("db")["metadata"]["creationTimestamp"]) < 3 * SOON


def test_a_service_that_is_never_healthy(brought: Brought) -> None:
    app = brought("krun-sick")
    app.write(checked("db", "echo not yet; exit 1"), container("web", dependencies=["db"]), container("other"))
    up = app.up()
    assert up.code == 1, show(app, up)
    assert "error[E0904]: `db` is not healthy: its health check fails: not yet" in up.stderr
    assert app.place('"health_check"', '"db"') in up.stderr
    assert "not started, because of it: `web`" in up.stderr and "ready: other" in up.stderr
    assert up.after(app.event_at("Killing", "failed startup probe")) < SOON
    assert app.states()["db"] == "failed"
    assert app.planned()["db"] == "restarted"
    assert "error[E0904]: `db`" in app.up().stderr


@pytest.mark.parametrize(
    ("id", "resources", "word", "field"),
    [
        ("krun-mem", {"cpus": 0.1, "mem": 99_000_000}, "memory", '"mem"'),
        ("krun-cpu", {"cpus": 5000, "mem": 32}, "cpu", '"cpus"'),
        ("krun-gpu", {"cpus": 0.1, "mem": 32, "gpu": 1}, "nvidia.com/gpu", '"gpu"'),
    ],
)
def test_a_service_for_which_no_node_has_enough(
    brought: Brought, id: str, resources: dict[str, float], word: str, field: str
) -> None:
    app = brought(id)
    app.write(container("db", resources=resources), container("web", dependencies=["db"]), container("other"))
    up = app.up()
    assert up.code == 1, show(app, up)
    assert f"error[E0906]: `db` cannot be placed: the only node has not enough {word}" in up.stderr
    assert app.place(field, '"db"') in up.stderr and "because of it: `web`" in up.stderr
    assert up.after(app.event_at("FailedScheduling")) < SOON


def test_a_volume_that_no_one_provides(brought: Brought) -> None:
    app = brought("krun-unbound")
    app.write(container("db", **DATA), container("web"), **KEPT)
    up = app.up()
    assert up.code == 1, show(app, up)
    assert "error[E0906]: `db` cannot be placed: the volume `data` is not there: no persistent volumes available" in up.stderr
    assert up.after(app.event_at("FailedBinding")) < SOON
    # Someone provides it.
    time.sleep(3)
    app.volume("data")
    up = app.up()
    assert up.code == 0, show(app, up)


def test_a_job_that_fails(brought: Brought) -> None:
    app = brought("krun-job")
    app.write(job("made", "echo no space; exit 4", retries=1), container("web", dependencies=["made"]))
    up = app.run("up", app.file.name, "--target", "kubernetes", timeout=120)
    assert up.code == 1, show(app, up)
    assert "error[E0905]: `made` failed: exit status 4, 2 runs" in up.stderr and "no space" in up.stderr
    assert "not started, because of it: `web`" in up.stderr
    (failed,) = [each for each in app.get("job", "made")["status"]["conditions"] if each["type"] == "Failed"]
    assert up.after(failed["lastTransitionTime"]) < SOON
    app.write(job("made", "true"), container("web", dependencies=["made"]))
    up = app.up()
    assert up.code == 0, show(app, up)
    assert app.states() == {"made": "success", "web": "running"}


def test_pods_that_are_not_admitted(brought: Brought) -> None:
    app = brought("krun-quota")
    app.cluster.create_namespace(app.namespace)
    app.cluster.checked("create", "quota", "small", "--hard=requests.memory=48Mi", "-n", app.namespace)
    app.write(container("db"), container("web", resources={"cpus": 0.1, "mem": 64}))
    up = app.up()
    assert up.code == 1, show(app, up)
    assert "error[E0906]: `web` cannot be placed: exceeded quota: small" in up.stderr
    assert app.place('"mem"', '"web"') in up.stderr
    assert up.after(app.event_at("FailedCreate")) < SOON
    app.cluster.checked("delete", "quota", "small", "-n", app.namespace)
    up = app.up()
    assert up.code == 0, show(app, up)
    app.cluster.checked("label", "namespace", app.namespace, "pod-security.kubernetes.io/enforce=restricted")
    app.write(container("db"), container("web", env={"A": "1"}))
    up = app.up()
    assert up.code == 1, show(app, up)
    assert 'error[E0902]: `web` cannot be started: violates PodSecurity "restricted' in up.stderr


def test_one_cause_is_named_with_all_that_it_blocks(brought: Brought) -> None:
    app = brought("krun-chain")
    app.write(job("db", "exit 1"), job("api", "true", dependencies=["db"]), container("web", dependencies=["api"]))
    up = app.up()
    assert up.code == 1, show(app, up)
    assert "error[E0905]: `db` failed" in up.stderr and "not started, because of it: `api`, `web`" in up.stderr
    assert up.stderr.count("error[") == 1


def test_an_api_server_that_is_gone(brought: Brought) -> None:
    app = brought("krun-gone")
    app.write(container("web"))
    assert app.up().code == 0
    config = json.loads(Path(app.environment["KUBECONFIG"]).read_text())
    config["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:9"
    (app.file.parent / "nowhere").write_text(json.dumps(config))
    nowhere = {"KUBECONFIG": str(app.file.parent / "nowhere")}
    for arguments in (("up", app.file.name, "-t", "kubernetes"), ("status", app.id), ("down", app.id), ("ls",)):
        began = time.time()
        run = app.run(*arguments, **nowhere)
        assert run.code == 3 and run.at - began < SOON, run
        assert "the Kubernetes API server does not answer: the connection to the server 127.0.0.1:9 was refused" in run.stderr


def test_an_api_server_that_goes_away_in_the_middle(brought: Brought) -> None:
    app = brought("krun-cable")
    db = checked("db", "test -e /tmp/ok", f"sleep 8; touch /tmp/ok; {STAY}", failures=30)
    app.write(db, container("web", dependencies=["db"]))
    config = json.loads(Path(app.environment["KUBECONFIG"]).read_text())
    own = app.file.parent / "own"
    own.write_text(json.dumps(config))
    running = app.start("up", app.file.name, "-t", "kubernetes", KUBECONFIG=str(own))
    wait_until("the pod", lambda: app.pods("db"), 30)
    cut = time.time()
    # The way to the server, and not the server itself, which others use.
    config["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:9"
    own.write_text(json.dumps(config))
    _, stderr = running.communicate(timeout=30)
    assert running.returncode == 3 and time.time() - cut < SOON, stderr
    assert "the Kubernetes API server does not answer" in stderr and "what was started goes on running" in stderr
    before = app.starts("db")
    up = app.up()
    assert up.code == 0, show(app, up)
    assert app.states() == {"db": "running", "web": "running"}
    assert {start.split()[0] for start in app.starts("db")} == {start.split()[0] for start in before}
