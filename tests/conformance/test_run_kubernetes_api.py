"""`applc up --detach`, `--dry-run` and `down` on a Kubernetes API server with its controllers, without a node."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

import support
from kube_api import Cluster, wait_for
from run_compose import container, job
from run_kubernetes import KubeAppliance, show

DATA = {"volumes": [{"src": "data", "dest": "/data"}]}
KEPT = {"data_persistence": {"volumes": [{"id": "data"}]}}

Brought = Callable[..., KubeAppliance]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A control plane without nodes."""
    with Cluster() as running:
        yield running


@pytest.fixture
def brought(applc: support.Applc, cluster: Cluster, tmp_path: Path) -> Iterator[Brought]:
    """`brought(ID)` returns an appliance of this id, which is removed at the end."""
    with ExitStack() as all:
        yield lambda id: all.enter_context(KubeAppliance(applc, cluster, tmp_path, id))


def versions(app: KubeAppliance) -> dict[str, tuple[str, str]]:
    """The UID and the version of each object that applc has written."""
    kinds = "deployments,jobs,cronjobs,services,serviceaccounts,roles,rolebindings,pvc,configmaps"
    found = app.get(kinds, "-l", "app.kubernetes.io/managed-by=applc")["items"]
    metas = [(each["kind"], each["metadata"]) for each in found]
    return {f"{kind} {meta['name']}": (meta["uid"], meta.get("generation", meta["resourceVersion"])) for kind, meta in metas}


def test_what_is_handed_over_again_changes_nothing(brought: Brought) -> None:
    app = brought("kapi-again")
    web = container("Web", dependencies=["db", "made"], ports=[{"container_port": 80}], **DATA)
    app.write(web, container("db"), job("made", "true"), job("often", "true", repeats=-1, interval="T1H"), **KEPT)
    assert set(app.planned().values()) == {"created"}
    up = app.up("--detach")
    assert up.code == 0, show(app, up)
    before = versions(app)
    assert {"Deployment web", "Deployment db", "Job made", "CronJob often", "PersistentVolumeClaim data"} < set(before)
    assert set(app.planned().values()) == {"kept"}
    assert app.up("--detach").code == 0
    assert versions(app) == before
    # The namespace is found by the labels, and the id as it is written in the ConfigMap.
    states = app.states()
    assert set(states) == {"Web", "db", "made", "often"} and states["often"] == "submitted"
    ids = json.loads(app.get("configmap", f"applc.{app.namespace}")["data"]["containers"])
    assert ids == {"web": "Web", "db": "db", "made": "made", "often": "often"}


def test_only_what_changed_is_touched_and_what_is_gone_is_deleted(brought: Brought) -> None:
    app = brought("kapi-change")
    app.write(container("same"), container("other"), container("gone"), job("done", "true"), container("many"), container("kind"))
    assert app.up("--detach").code == 0
    before = versions(app)
    app.write(
        container("same"), container("other", env={"A": "1"}), job("done", "false"), container("many", instances=2),
        job("kind", "true"), container("new"),
    )  # fmt: skip
    dry = app.up("--dry-run")
    assert app.planned() == {
        "same": "kept", "other": "replaced", "done": "replaced", "many": "changed in place", "kind": "replaced",
        "new": "created", "gone": "removed",
    }  # fmt: skip
    assert "2 instances instead of 1" in dry.stdout and "`env` is added" in dry.stdout
    assert "a Job instead of a Deployment" in dry.stdout and "not in the appliance" in dry.stdout
    assert versions(app) == before, "a dry run changes nothing"
    up = app.up("--detach")
    assert up.code == 0, show(app, up)
    after = versions(app)
    assert "Deployment gone" not in after and "Deployment kind" not in after and "Job kind" in after
    assert after["Deployment same"] == before["Deployment same"]
    assert after["Deployment many"][0] == before["Deployment many"][0]
    assert after["Job done"][0] != before["Job done"][0]
    assert set(app.planned().values()) == {"kept"}


def test_what_was_changed_by_hand_is_named_and_set_back(brought: Brought) -> None:
    app = brought("kapi-hand")
    app.write(container("web", instances=2), container("api"), container("db"), job("made", "true"))
    assert app.up("--detach").code == 0
    assert app.drift() == {}
    here = ("-n", app.namespace)
    app.cluster.checked("scale", "deployment", "web", "--replicas=5", *here)
    app.cluster.checked("set", "image", "deployment/api", "api=other:1", *here)
    app.cluster.checked("delete", "job", "made", *here, "--wait=false")
    app.cluster.checked("label", "deployment", "db", "theirs=1", *here)
    app.cluster.checked("set", "env", "deployment/db", "B=2", *here)
    assert app.drift() == {
        "web": ("changed", "5 instances instead of 2"),
        "api": ("replaced", "`image` is `other:1` instead of `applc-test/run:1`"),
        "made": ("created", "was removed"),
        "db": (None, "`env.B` was set by `kubectl-set`"),
    }
    dry = app.up("--dry-run").stdout
    assert app.planned() == {"web": "changed in place", "api": "replaced", "db": "kept", "made": "created"}
    assert "2 instances instead of 5" in dry and "`image` is `applc-test/run:1` instead of `other:1`" in dry
    assert app.up("--detach").code == 0
    assert app.get("deployment", "web")["spec"]["replicas"] == 2
    assert app.get("deployment", "db")["metadata"]["labels"]["theirs"] == "1"
    assert set(app.planned().values()) == {"kept"} and set(app.drift()) == {"db"}


def test_a_volume_is_never_replaced(brought: Brought) -> None:
    app = brought("kapi-volume")
    app.write(container("db", **DATA), data_persistence={"volumes": [{"id": "data", "size": 1024}]})
    assert app.up("--detach").code == 0
    before = versions(app)["PersistentVolumeClaim data"]
    app.write(container("db", **DATA), data_persistence={"volumes": [{"id": "data", "size": 512}]})
    for run in (app.up("--dry-run"), app.up("--detach")):
        assert run.code == 3 and "the PersistentVolumeClaim `data` cannot be changed" in run.stderr, show(app, run)
    assert versions(app)["PersistentVolumeClaim data"] == before
    # Gone from the appliance, it stays; `down` keeps it, too, and `--purge` does not.
    app.write(container("db"))
    assert app.up("--detach").code == 0 and app.claims() == ["data"]
    down = app.run("down", app.id)
    assert down.code == 0 and "1 volume kept" in down.stderr and app.claims() == ["data"]
    purged = app.run("down", app.id, "--purge")
    assert purged.code == 0 and "1 volume removed" in purged.stderr.replace("and ", ""), purged
    assert app.cluster.kubectl("get", "namespace", app.namespace).returncode != 0


def test_two_appliances_in_one_namespace_do_not_touch_each_other(brought: Brought) -> None:
    app = brought("kapi-one")
    app.namespace = "kapi-shared"
    shared = ("--option", "kubernetes.namespace=kapi-shared")
    app.write(container("web"))
    up = app.up("--detach", *shared)
    assert up.code == 0, show(app, up)
    other = brought("kapi-two")
    other.namespace = "kapi-shared"
    other.write(container("web"))
    assert other.up("--detach", *shared).code == 0
    assert {each["id"] for each in json.loads(app.run("status", "--format", "json").stdout)} >= {"kapi-one", "kapi-two"}
    assert other.run("down", other.id, "--purge").code == 0
    assert app.exists("deployment/kapi-one--web") and not app.exists("deployment/kapi-two--web")


def test_an_object_of_something_else_is_not_touched(brought: Brought) -> None:
    app = brought("kapi-foreign")
    app.cluster.create_namespace(app.namespace)
    app.cluster.checked("create", "deployment", "web", "--image=theirs:1", "-n", app.namespace)
    app.write(container("web"))
    for run in (app.up("--dry-run"), app.up("--detach")):
        assert run.code == 3 and "the Deployment `web` in the namespace `kapi-foreign` belongs to something else" in run.stderr, run
    # Ids that differ in case have the same objects.
    app.write(container("api"))
    assert app.up("--detach").code == 0
    text = app.file.read_text().replace('"kapi-foreign"', '"Kapi-Foreign"')
    app.file.write_text(text)
    run = app.up("--detach")
    assert run.code == 3 and "belong to the appliance `kapi-foreign`" in run.stderr, run


def test_a_right_that_is_missing_is_named(brought: Brought, cluster: Cluster) -> None:
    app = brought("kapi-rights")
    cluster.create_namespace(app.namespace)
    here = ("-n", app.namespace)
    cluster.checked("create", "serviceaccount", "bob", *here)
    cluster.checked("create", "rolebinding", "bob", "--clusterrole=edit", f"--serviceaccount={app.namespace}:bob", *here)
    token = cluster.checked("create", "token", "bob", *here).strip()
    config = json.loads(cluster.kubeconfig.read_text())
    config["users"][0]["user"] = {"token": token}
    config["contexts"][0]["context"]["namespace"] = app.namespace
    own = app.file.parent / "bob"
    own.write_text(json.dumps(config))
    app.write(container("web", dependencies=["db"]), container("db"))
    bob = {"KUBECONFIG": str(own)}
    run = app.up("--detach", "--option", "kubernetes.create-namespace=false", **bob)
    user = f"`system:serviceaccount:{app.namespace}:bob`"
    assert run.code == 3 and f"Kubernetes: {user} may not get `roles.rbac.authorization.k8s.io`" in run.stderr, run
    # Without waits, the rights in the namespace suffice.
    app.write(container("web"), container("db"))
    run = app.up("--detach", "--option", "kubernetes.create-namespace=false", **bob)
    assert run.code == 0, show(app, run)
    assert app.run("status", app.id, **bob).code == 0


def test_a_namespace_that_does_not_exist(brought: Brought) -> None:
    app = brought("kapi-nowhere")
    app.write(container("web"))
    run = app.up("--detach", "--option", "kubernetes.create-namespace=false")
    assert run.code == 3 and 'Kubernetes: namespaces "kapi-nowhere" not found' in run.stderr, run
    assert "kubectl create namespace" in run.stderr


def test_an_object_that_is_refused_names_its_container(brought: Brought) -> None:
    app = brought("kapi-refused")
    app.cluster.create_namespace(app.namespace)
    spec = {"type": "NodePort", "ports": [{"port": 80, "nodePort": 30789}], "selector": {"a": "b"}}
    app.apply({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "theirs", "namespace": app.namespace}, "spec": spec})
    app.write(container("db"), container("web", ports=[{"container_port": 81, "host_port": 30789}]))
    up = app.up("--detach")
    assert up.code == 1, show(app, up)
    assert "error[E0902]: `web` cannot be started: the port *:30789 of the nodes is already allocated" in up.stderr
    assert app.place('"host_port"', '"web"') in up.stderr
    app.cluster.checked("delete", "service", "theirs", "-n", app.namespace)
    assert app.up("--detach").code == 0
    wait_for("the service", lambda: app.exists("service/web"))
