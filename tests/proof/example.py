#!/usr/bin/env python3
"""A worked example for those who judge another tool: one that starts each container with `docker run`, and knows no more.

    example.py --seeds 1-3
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import compare
from case import Case
from difference import KINDS
from expectations import Expectations, Expected
from follow import Journal, boot_offset
from generate import Hints, generate
from masks import Mask
from meaning import expect

# Fields that the tool does not read. Judge it with them as soon as it does.
LEFT_OUT = frozenset(f"containers[].{name}" for name in (
    "start_time", "repeats", "interval", "schedule", "secret_env", "secret_files", "files", "volumes", "build", "health_check",
    "schedule_hints", "user_schedule_hints", "instances",
))  # fmt: skip


def waits(_: object, expected: Expected, __: Expectations) -> bool:
    """At a container with dependencies."""
    return bool(expected.needs)


# What the tool's documentation announces: here, that nothing waits. `when` says at which containers this excuses a difference.
MASKS = [Mask("docker run", "containers[].dependencies", "all start at once", frozenset({"order"}), waits)]


def commands(docker: str | Path, case: Case) -> dict[str, list[str]]:
    """The tool that is judged: a command for each container, by its id."""
    found = {}
    for each in case.appliance["containers"]:
        network = "host" if str(each.get("network_mode", "host")).lower() == "host" else "bridge"
        words = [str(docker), "run", "--detach", "--network", network]
        words += ["--memory", f"{each['resources']['mem']}m"]
        words += [word for name, value in each.get("env", {}).items() for word in ("--env", f"{name}={value}")]
        words += [word for name, value in each.get("labels", {}).items() for word in ("--label", f"{name}={value}")]
        words += ["--user", each["user"]] if each.get("user") else []
        entrypoint, arguments = each.get("entrypoint") or [], each.get("args") or []
        if "cmd" in each:
            entrypoint, arguments = ["/bin/sh"], ["-c", each["cmd"]]
        if entrypoint:
            words += ["--entrypoint", str(entrypoint[0])]
        found[each["id"]] = [*words, each["image"], *map(str, [*entrypoint[1:], *arguments])]
    return found


def observe(docker: str | Path, keys: dict[str, str], begin: float) -> dict[str, Any]:
    """What there is to see of running containers, whose ids the engine gave: the observations of a single phase `up`."""
    # What an observer writes is one JSON object a line; a long one comes in parts. The journal puts them together.
    journal = Journal()
    for container, key in keys.items():
        for line in output(docker, "logs", key).splitlines():
            journal.add(line.encode(), container, key)
    host = os.readlink("/proc/self/ns/net")
    instances = []
    for container, key in keys.items():
        about = json.loads(output(docker, "inspect", key))[0]
        for start in journal.starts().get(key, []):
            start["net"] = "host" if start["netns"] == host else "own"
            # An observer has a nonce for each of its starts, and the engine a key for each container.
            row = {"name": container, "key": key, "nonce": start["nonce"], "labels": about["Config"]["Labels"]}
            exits = [event["t"] for event in journal.events() if event["event"] == "exit" and event["nonce"] == start["nonce"]]
            instances.append({**row, "started": start["t"], "ended": exits[0] if exits else None, "code": about["State"]["ExitCode"]})
    end = time.clock_gettime(time.CLOCK_BOOTTIME)
    # Of a tool that publishes ports, each with who answers there, as `ask.ask` asks.
    up = {"name": "up", "from": begin, "to": end, "events": journal.events(begin), "instances": instances, "published": []}
    return {"boot": boot_offset(), "phases": [up]}


def judge(docker: Path, seed: int, image: str, patience: float) -> compare.Result:
    """Runs the appliance of a seed, and says what differs from the language."""
    # At least 64 ports that nothing else on the host uses.
    case = generate(seed, range(31000, 31100), image, Hints(plain=True, leave_out=LEFT_OUT))
    expectations = expect(case)
    begin = time.clock_gettime(time.CLOCK_BOOTTIME)
    with ExitStack() as held:
        keys = {}
        for container, words in commands(docker, case).items():
            keys[container] = output(*words).strip()
            held.callback(output, docker, "rm", "--force", keys[container])
        while True:
            time.sleep(1)
            observations = observe(docker, keys, begin)
            late = observations["phases"][0]["to"] > begin + patience
            # Some differences may go away by waiting, as long as others start.
            if late or not compare.unmet(expectations, observations, MASKS):
                return compare.compare(expectations, observations, MASKS)


def output(*words: str | Path) -> str:
    """What a command writes."""
    from compose_engine import checked

    return checked(*words)


def main() -> int:
    """The program."""
    import image
    from compose_engine import Engine
    from run import seeds

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=seeds, default=[1], help="such as 1-20,25 (default: 1)")
    parser.add_argument("--patience", type=float, default=10, metavar="SECONDS", help="until everything must be right (default: 10)")
    chosen = parser.parse_args()
    docker = Engine().docker
    # The image of the observer, which all containers run. `image.files` is the archive to make it of elsewhere.
    name = image.make(docker)
    for seed in chosen.seeds:
        result = judge(docker, seed, name, chosen.patience)
        print(f"seed {seed}: {len(result.differences)} differences, {len(result.masked)} masked")
        for difference in result.differences:
            assert difference.kind in KINDS
            print(f"    {difference}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
