"""What is seen of appliances on Nomad."""

from __future__ import annotations

import json
import socket
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from case import Case
from engines.base import Running
from engines.nomad import Nomad, NomadDeployment

CASE = Case(0, {"id": "p", "containers": [{"id": "a", "type": "service"}]})


def agent() -> Nomad:
    """An engine that knows nothing yet, and has no agent."""
    engine = Nomad(Path(), Path())
    engine.blind, engine.deployments, engine.allocations, engine.events = "", {}, {}, {}
    engine._lock, engine._opened, engine._ended = threading.Lock(), [], threading.Event()
    engine.watch = SimpleNamespace(seen={})  # type: ignore[assignment]
    return engine


def allocation(*events: tuple[str, float]) -> dict[str, Any]:
    """An allocation with the events of its task, each with its time in seconds since 1970."""
    told = [{"Type": kind, "Time": int(at * 1e9), "Details": {"exit_code": "137"}} for kind, at in events]
    return {"ID": "1", "JobID": "p", "TaskGroup": "a", "ModifyIndex": len(events), "TaskStates": {"a": {"Events": told}}}


def chunk(text: str) -> bytes:
    """A part of a response whose length nobody knows."""
    return f"{len(text):x}\r\n{text}\r\n".encode()


def test_allocations_are_followed_after_an_agent_ended_in_the_middle_of_an_event(tmp_path: Path) -> None:
    engine = agent()
    deployment = NomadDeployment(engine, CASE, tmp_path)
    event = json.dumps({"Index": 1, "Events": [{"Payload": {"Allocation": allocation(("Started", 1))}}]})
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            for answer in (chunk(event)[:20], chunk(f"{event}\n") + b"0\r\n\r\n"):
                connection, _ = server.accept()
                with connection:
                    connection.recv(10000)
                    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + answer)
            engine._ended.set()

        address = f"http://127.0.0.1:{server.getsockname()[1]}"
        engine.agent = SimpleNamespace(address=address, token="", get=lambda _: [])  # type: ignore[assignment]
        answering = threading.Thread(target=serve)
        answering.start()
        engine._watch()
        answering.join()
    assert list(deployment.running()) == ["1"]


def test_an_end_is_when_the_container_ended_and_not_when_the_agent_said_so(tmp_path: Path) -> None:
    engine = agent()
    deployment = NomadDeployment(engine, CASE, tmp_path)
    engine._take(allocation(("Started", 1), ("Terminated", 9)))
    run = Running(1)
    run.ended = 3.0
    engine.watch.seen["key"] = SimpleNamespace(labels={"name": "a-1"}, runs=[run])  # type: ignore[assignment]
    ((_, (seen,), _),) = deployment.running().values()
    assert (seen.ended, seen.code) == (3.0, 137)


def test_what_an_observer_says_runs_before_the_agent_does(tmp_path: Path) -> None:
    engine = agent()
    deployment = NomadDeployment(engine, CASE, tmp_path)
    engine._take(allocation())
    start = {"observer": 1, "event": "start", "nonce": "n", "t": 2.0}
    deployment.journal.add(json.dumps(start).encode(), "a", "1")
    (row,) = deployment.instances()
    assert (row["name"], row["nonce"], row["ended"], row["labels"]) == ("a", "n", None, None)


def test_the_runs_of_a_periodic_job_are_removed_after_it_and_one_that_stays_hinders_no_other(tmp_path: Path) -> None:
    engine = agent()
    deployment = NomadDeployment(engine, CASE, tmp_path)
    removed: list[str] = []

    def remove(job: str) -> None:
        removed.append(job)
        assert job != "p", "it stays"

    jobs = [{"ID": name} for name in ("p.a/periodic-60", "other", "p", "p.a")]
    engine.agent = SimpleNamespace(get=lambda path: jobs if path == "/v1/jobs" else [], remove=remove)  # type: ignore[assignment]
    deployment.clean()
    assert removed == ["p", "p.a", "p.a/periodic-60"]
