"""Jobs on a Kubernetes node: retries, instances, schedules, and the containers that wait for them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from compose_engine import Behaviour, wait_until
from kube_api import Object
from kube_app import Deployed, has, since, started
from kube_node import Node
from test_compose_order import container
from test_kube_node_order import moment, stays_waiting

pytestmark = pytest.mark.node

SHARED = {"data_persistence": {"volumes": [{"id": "shared"}]}}
MOUNT = [{"src": "shared", "dest": "/shared"}]


def finished(pod: Object) -> str:
    """The end of the container of a pod."""
    return str(pod["status"]["containerStatuses"][0]["state"]["terminated"]["finishedAt"])


def test_a_failed_job_is_retried_and_its_dependents_wait(node: Node, deployed: Deployed) -> None:
    plain = node.image("applc-test/plain:1")
    # The first run fails; each run is a pod of its own.
    once = "echo >>/shared/tries; [ $(wc -l </shared/tries) -gt 1 ]"
    with deployed(
        container("job", plain, type="job", retries=1, cmd=once, volumes=MOUNT),
        container("after", plain, dependencies=["job"]),
        id="retried",
        **SHARED,
    ) as app:
        app.up()
        job = app.wait_for_job("job")
        assert (job["status"]["failed"], job["status"]["succeeded"]) == (1, 1)
        (after,) = app.wait_for_pods("after")
        assert job["status"]["completionTime"] <= started(after)


@pytest.mark.parametrize("retries", [0, 1])
def test_dependents_of_a_failed_job_do_not_start(node: Node, deployed: Deployed, retries: int) -> None:
    never = node.image("applc-test/never:1", Behaviour(then="exit 3"))
    plain = node.image("applc-test/plain:1")
    with deployed(
        container("job", never, type="job", retries=retries),
        container("after", plain, dependencies=["job"]),
        container("later", plain, type="job", dependencies=["after"]),
        container("beside", plain),
        id=f"failed-{retries}",
    ) as app:
        app.up()
        app.wait_for_pods("beside")
        app.wait_for_job("job", "Failed")
        assert len(app.pods("job")) == retries + 1
        assert stays_waiting(app, "after") and stays_waiting(app, "later", 0)


def test_a_wait_for_a_failed_job_fails(node: Node, deployed: Deployed) -> None:
    never = node.image("applc-test/never:1", Behaviour(then="exit 3"))
    plain = node.image("applc-test/plain:1")
    with deployed(
        container("job", never, type="job", retries=0),
        container("after", plain, dependencies=["job"]),
        id="failed-for-good",
    ) as app:
        app.up()
        app.wait_for_job("job", "Failed")

        def failed() -> bool:
            (status,) = app.pod("after")["status"]["initContainerStatuses"]
            states = [*status["state"].values(), *status.get("lastState", {}).values()]
            return any(state.get("exitCode", 0) != 0 for state in states)

        wait_until("the wait fails", failed, 20)


def test_jobs_and_services_wait_for_each_other(node: Node, deployed: Deployed) -> None:
    done = node.image("applc-test/done:1", Behaviour(then="/bin/busybox sleep 2; exit 0"))
    plain = node.image("applc-test/plain:1")
    with deployed(
        container("third", plain, dependencies=["second"]),
        container("second", done, type="job", dependencies=["first"]),
        container("first", plain),
        container("beside", plain, network_mode="host", dependencies=["second"]),
        id="both",
    ) as app:
        app.up()
        job = app.wait_for_job("second")
        (first,), (third,), (beside,) = (app.wait_for_pods(id) for id in ("first", "third", "beside"))
        second = app.pod("second")
        assert since(first, "Ready") <= started(second)
        assert finished(second) <= job["status"]["completionTime"] <= min(started(third), started(beside))


def test_a_dependent_waits_for_every_instance_of_a_job(node: Node, deployed: Deployed) -> None:
    # The instance that creates the folder runs longer than the others.
    then = "/bin/busybox mkdir /shared/first && /bin/busybox sleep 6; exit 0"
    job = node.image("applc-test/shards:1", Behaviour(then=then))
    plain = node.image("applc-test/plain:1")
    with deployed(
        container("shards", job, type="job", instances=3, volumes=MOUNT),
        container("after", plain, dependencies=["shards"]),
        id="shards",
        **SHARED,
    ) as app:
        app.up()
        (after,) = app.wait_for_pods("after")
        ends = [finished(pod) for pod in app.pods("shards")]
        assert len(ends) == 3
        assert max(ends) > min(ends)
        assert max(ends) <= started(after)


def test_instances_of_a_job_run_at_the_same_time(node: Node, deployed: Deployed) -> None:
    # Each instance ends when all have begun.
    together = "echo >>/shared/begun; until [ $(wc -l </shared/begun) = 3 ]; do sleep 0.2; done"
    plain = node.image("applc-test/plain:1")
    with deployed(
        container("job", plain, type="job", instances=3, retries=0, cmd=together, volumes=MOUNT),
        id="parallel",
        **SHARED,
    ) as app:
        app.up()
        assert app.wait_for_job("job")["status"]["succeeded"] == 3
        assert {app.start(pod).environ["JOB_COMPLETION_INDEX"] for pod in app.pods("job")} == {"0", "1", "2"}


def test_each_instance_of_a_job_has_its_own_retries(node: Node, deployed: Deployed) -> None:
    plain = node.image("applc-test/plain:1")
    # Each instance fails once: more failures than one instance may have.
    once = 'echo >>/shared/$JOB_COMPLETION_INDEX; [ $(wc -l </shared/$JOB_COMPLETION_INDEX) -gt 1 ]'
    with deployed(
        container("job", plain, type="job", instances=3, retries=1, cmd=once, volumes=MOUNT), id="retries", **SHARED
    ) as app:
        app.up()
        status = app.wait_for_job("job", seconds=90)["status"]
        assert (status["succeeded"], status["failed"]) == (3, 3)


def test_dependents_of_a_job_with_a_failed_instance_do_not_start(node: Node, deployed: Deployed) -> None:
    then = "/bin/busybox mkdir /shared/first || exit 0; exit 3"
    job = node.image("applc-test/one-fails:1", Behaviour(then=then))
    plain = node.image("applc-test/plain:1")
    with deployed(
        container("shards", job, type="job", instances=2, retries=0, volumes=MOUNT),
        container("after", plain, dependencies=["shards"]),
        id="one-fails",
        **SHARED,
    ) as app:
        app.up()
        app.wait_for_job("shards", "Failed")
        assert stays_waiting(app, "after")


def test_a_job_starts_at_its_time(node: Node, deployed: Deployed) -> None:
    plain = node.image("applc-test/plain:1")
    start = datetime.now(timezone.utc) + timedelta(seconds=15)
    text = start.strftime("%Y-%m-%dT%H:%M:%SZ")
    with deployed(container("job", plain, type="job", cmd="true", start_time=text), id="starts") as app:
        app.up()
        app.wait_for_job("job")
        began = moment(started(app.pod("job")))
        assert timedelta(0) <= began - moment(text) < timedelta(seconds=10)


def test_a_repeating_job_runs_at_its_interval_and_dependents_wait_for_its_first_success(
    node: Node, deployed: Deployed
) -> None:
    plain = node.image("applc-test/plain:1")
    with deployed(
        container("job", plain, type="job", cmd="sleep 2", repeats=-1, interval="T1M"),
        container("after", plain, dependencies=["job"]),
        id="repeats",
    ) as app:
        app.up()

        def runs() -> list[Object]:
            return sorted(
                (job for job in app.get("jobs")["items"] if has(job, "Complete")),
                key=lambda job: str(job["status"]["startTime"]),
            )

        first = wait_until("the first run", runs, 90)[0]
        assert moment(first["status"]["startTime"]).second < 10, "a run starts with the minute"
        (after,) = app.wait_for_pods("after")
        assert first["status"]["completionTime"] <= started(after)
        second = wait_until("the second run", lambda: runs()[1:], 90)[0]
        apart = moment(second["status"]["startTime"]) - moment(first["status"]["startTime"])
        assert abs(apart - timedelta(minutes=1)) < timedelta(seconds=5)


@pytest.mark.parametrize("what", ["a job", "a time"])
def test_a_pod_that_waits_ends_when_it_is_deleted(node: Node, deployed: Deployed, what: str) -> None:
    plain = node.image("applc-test/plain:1")
    late = container("late", plain, type="job", start_time="2099-01-01T00:00:00Z")
    with deployed(late, container("after", plain, dependencies=["late"]), id=f"stops-{what[2:]}") as app:
        app.up()
        id = {"a job": "after", "a time": "late"}[what]
        wait_until("the pod waits", lambda: app.is_waiting(id))
        app.delete_pod(app.pods(id)[0], 15)
