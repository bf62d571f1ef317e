#!/usr/bin/env python3
"""Counts which promises of the language other tools keep, when they convert what `applc` compiles to Compose.

    peers.py --tool kompose podlet --seeds 1-20 --plain --write DIR
    peers.py --table DIR/kompose-plain.json ...

`README.md` says more.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "conformance")]

import masks  # noqa: E402
import support  # noqa: E402
import yaml  # noqa: E402
from case import Case  # noqa: E402
from compare import compare  # noqa: E402
from difference import Difference  # noqa: E402
from directives import PROGRAM  # noqa: E402
from engines.base import Engine, Rejected  # noqa: E402
from expectations import Expectations, Expected  # noqa: E402
from generate import Hints, generate  # noqa: E402
from meaning import expect  # noqa: E402
from run import seeds  # noqa: E402
from seen import seen  # noqa: E402
from slots import Slots, alone  # noqa: E402
from tame import tame  # noqa: E402
from trial import Outcome, Trial  # noqa: E402

# Of appliances that no engine runs.
IMAGE = "registry.example.org/proof/observer:1"

# Seconds until everything must be right: most of the time, it never is.
PATIENCE = 90

# What no Compose file expresses, or only together with what is outside of it: times at which jobs run, secrets of a store,
# places, volumes that exist before, images that are built, ports that are not published, which need not be written down. Networks
# are made the same for all containers.
LEFT_OUT = frozenset(
    {f"containers[].{name}" for name in (
        "start_time", "repeats", "interval", "schedule", "time_zone", "secret_env", "secret_files", "build",
        "schedule_hints", "user_schedule_hints", "resources.disk", "ports[].internal",
    )}
    | {f"data_persistence.volumes[].{name}" for name in ("scope", "schedule_hints")}
)  # fmt: skip

# The targets whose rows in the table of capabilities excuse every tool: what Compose does not do is not in its file, and
# what Kubernetes cannot do no tool can.
TARGETS = ("compose", "kubernetes")


@dataclass(frozen=True)
class Subject:
    """One promise of the language."""

    name: str
    # The kinds of differences that break it.
    kinds: frozenset[str]
    # Whether a container has anything of it.
    used: Callable[[Expected], Any]
    # Whether a container that never ran breaks it, too.
    absence_counts: bool = False


def subject(name: str, kinds: str, used: Callable[[Expected], Any], absence_counts: bool = False) -> Subject:
    """A subject with the kinds in one string."""
    return Subject(name, frozenset(kinds.split()), used, absence_counts)


SUBJECTS = [
    subject("everything starts, as often as it should", "not-started too-few too-many started restarted", lambda e: True, True),
    subject("words", "argv", lambda e: e.argv),
    subject("variables", "env", lambda e: e.env),
    subject("labels", "label", lambda e: e.labels),
    subject("files", "file file-mode file-owner not-read", lambda e: e.files),
    subject("user, group, directory, network, privileges", "uid gid cwd network privileged", lambda e: True),
    subject("memory", "memory", lambda e: True),
    subject("volumes", "mount mount-mode no-mark not-shared shared", lambda e: e.mounts),
    subject("references", "unanswered wrong-answer", lambda e: e.opens),
    subject("published ports", "unpublished port internal-published", lambda e: e.service and (e.published or e.internal)),
    subject("order of starts", "order", lambda e: e.needs),
    subject("jobs", "too-few-runs too-many-runs result", lambda e: e.runs, True),
    subject("health", "unchecked not-replaced replaced check", lambda e: e.health),
    subject("the time to stop", "killed stopped-late stop-order left-behind", lambda e: e.service and e.stop_timeout is not None),
]


@dataclass
class Verdict:
    """What became of the promises in one appliance."""

    seed: int
    # Why the tool or the cluster refused something.
    refusals: list[str] = field(default_factory=list)
    converted: bool = True
    # By subject that the appliance has: how many of its containers "kept" it, "differ", or "never ran".
    states: dict[str, dict[str, int]] = field(default_factory=dict)
    # The kinds of differences, of containers that ran.
    kinds: list[str] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)


def belongs(difference: Difference, of: Subject) -> bool:
    """Whether a difference breaks a promise; a wrong answer can be one behind a reference, or at a published port."""
    if difference.kind == "wrong-answer":
        published = re.fullmatch(r"\d+/(tcp|udp)", str(difference.at)) is not None
        return of.name == ("published ports" if published else "references")
    return difference.kind in of.kinds


def judge(seed: int, expectations: Expectations, ran: set[str], differences: list[Difference]) -> Verdict:
    """Divides the differences by subject; `ran` are the containers of which anything was seen."""
    verdict = Verdict(seed)
    counted: set[Difference] = set()
    for each in SUBJECTS:
        states: Counter[str] = Counter()
        for expected in expectations.containers.values():
            due = expected.starts and expected.instances > 0
            if not each.used(expected) or not (due or each.absence_counts):
                continue
            broken = [d for d in differences if d.container == expected.id and belongs(d, each)]
            absent = due and expected.id not in ran
            if absent and not (broken and each.absence_counts):
                states["never ran"] += 1
            elif broken:
                counted.update(broken)
                states["differ"] += 1
            else:
                states["kept"] += 1
        if states:
            verdict.states[each.name] = dict(states)
    verdict.kinds = sorted({each.kind for each in counted})
    verdict.differences = [str(each) for each in differences if each in counted]
    return verdict


def expressible(case: Case, plain: bool) -> Case:
    """The case with all containers on one network, where a Compose file names each address. If it is `plain`, failed jobs are
    not tried again, ports have no names, and all checks are commands, as checks of Compose are: a tool that cannot read one of
    these may refuse the whole file."""
    containers = [{**each, "network_mode": "bridge"} for each in case.appliance["containers"]]
    for each in containers if plain else []:
        if each["type"] == "job":
            each["retries"] = 0
        if "ports" in each:
            each["ports"] = [{name: value for name, value in port.items() if name != "name"} for port in each["ports"]]
        each.pop("default_health_check", None)
        if "health_check" in each:
            kept = {name: value for name, value in each["health_check"].items() if name not in ("path", "port_index")}
            each["health_check"] = {**kept, "protocol": "COMMAND", "command": f"{PROGRAM} check"}
    return case.with_appliance({**case.appliance, "containers": containers})


class PeerTrial(Trial):
    """A trial of cases that both targets accept already."""

    def _tame(self, case: Case, outcome: Outcome) -> Case | None:
        return case


def tried(trial: PeerTrial, case: Case, own: Path) -> Verdict:
    """Runs a case and judges it."""
    outcome = trial.run(case, None, own)
    expectations = expect(case)
    document = json.loads((own / "observations.json").read_text())
    document["phases"] = [phase for phase in document["phases"] if "handed" in phase]
    refusals = [each for each in outcome.differences if each.startswith(("rejected: ", "refused: ", "the harness failed: "))]
    if not document["phases"]:
        verdict = never_ran(case.seed, expectations)
    else:
        ran = {process.name for process in seen(document).processes.values()}
        verdict = judge(case.seed, expectations, ran, compare(expectations, document, trial.masks).differences)
    verdict.refusals = refusals
    return verdict


def never_ran(seed: int, expectations: Expectations) -> Verdict:
    """What there is to say of an appliance that the tool refuses."""
    verdict = judge(seed, expectations, set(), [])
    verdict.states = {name: {"never ran": sum(states.values())} for name, states in verdict.states.items()}
    verdict.converted = False
    return verdict


def tamed(case: Case, applc: Path, rows: dict[str, list[masks.Row]]) -> Case | None:
    """What both targets accept of a case."""
    found: Case | None = case
    for target in TARGETS:
        found = found and tame(found, target, applc, rows[target]).case
    return found


def engine_of(tool: str, applc: Path, folder: Path, plain: bool) -> Engine:
    """The node with the output of a tool, or, to compare with, of `applc` itself."""
    from engines.node import Node
    from engines.peer import TOOLS, Peer

    return Node(applc, folder) if tool == "applc" else Peer(applc, folder, TOOLS[tool](), plain)


def version(tool: str, applc: Path) -> str:
    """What is measured."""
    import peer_units
    from engines.peer import TOOLS

    if tool in TOOLS:
        return TOOLS[tool]().version()
    program = applc if tool == "applc" else peer_units.podlet()
    return subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout.strip()


def run(tool: str, chosen: list[int], applc: Path, plain: bool, side_by_side: int, keep: Path | None) -> list[Verdict]:
    """Tries all seeds on the node, which nothing else may use."""
    rows = {target: masks.rows(applc, target) for target in TARGETS}
    excuses = [mask for target in TARGETS for mask in masks.for_target(target, rows[target])]
    with ExitStack() as held:
        folder = keep or Path(held.enter_context(tempfile.TemporaryDirectory(prefix="peers-")))
        engine = held.enter_context(engine_of(tool, applc, folder, plain))
        trial = PeerTrial(engine, rows[engine.target], excuses, PATIENCE)
        slots = Slots("node", side_by_side)
        hints = Hints(leave_out=LEFT_OUT, host_dir="/var/tmp/proof/peers", plain=plain)

        def one(seed: int) -> Verdict | None:
            own = folder / f"{tool}-{seed}"
            with slots.one() as ports:
                case = tamed(expressible(generate(seed, ports, engine.image, hints), plain), applc, rows)
                verdict = tried(trial, case, own) if case else None
            if verdict:
                show(verdict)
            if keep is None:
                shutil.rmtree(own, ignore_errors=True)
            return verdict

        with ThreadPoolExecutor(side_by_side) as pool:
            return [verdict for verdict in pool.map(one, chosen) if verdict]


def read(tool: str, chosen: list[int], applc: Path, plain: bool, keep: Path | None) -> list[Verdict]:
    """Whether a tool converts the files, without an engine; of podlet, what the units say."""
    import peer_units
    from engines.peer import TOOLS, containers_of, friendlier

    rows = {target: masks.rows(applc, target) for target in TARGETS}
    hints = Hints(leave_out=LEFT_OUT, host_dir="/var/tmp/proof/peers", plain=plain)
    converter = TOOLS[tool]() if tool in TOOLS else None
    found = []
    with ExitStack() as held:
        if converter:
            converter.start(IMAGE)
            held.callback(converter.stop, IMAGE)
        folder = keep or Path(held.enter_context(tempfile.TemporaryDirectory(prefix="peers-")))
        for seed in chosen:
            made = expressible(generate(seed, range(30000, 30064), IMAGE, hints), plain)
            case = tamed(peer_units.convertible(made) if plain and tool == "podlet" else made, applc, rows)
            if case is None:
                continue
            out = folder / f"{tool}-{seed}"
            source = case.save(out)
            words: list[str | Path] = [applc, "compile", source, "-t", "compose", "-o", f"{out}/"]
            subprocess.run(words, capture_output=True, check=True)
            document = yaml.safe_load((out / "compose.yaml").read_text())
            if plain:
                (out / "compose.yaml").write_text(friendlier(document, converter is None or converter.knows_no_restart))
            expectations = expect(case)
            services = {container: service for service, container in containers_of(document).items()}
            verdict = Verdict(seed)
            try:
                if converter:
                    converter.convert(out / "compose.yaml", out / "converted")
                else:
                    units = peer_units.units(out / "compose.yaml", out)
                    ran = {container for container, service in services.items() if service in units}
                    verdict = judge(seed, expectations, ran, list(peer_units.differences(expectations, units, services)))
            except Rejected as error:
                verdict = never_ran(seed, expectations)
                verdict.refusals = [f"rejected: {error}"]
            judged = set() if converter else peer_units.JUDGED
            verdict.states = {name: states for name, states in verdict.states.items() if name in judged}
            show(verdict)
            found.append(verdict)
    return found


def show(verdict: Verdict) -> None:
    """Prints what became of an appliance."""
    print(f"seed {verdict.seed}: {'; '.join(f'{name}: {shares(states)}' for name, states in verdict.states.items())}", flush=True)
    for text in [*verdict.refusals, *verdict.differences]:
        # What a tool says last is why it gave up.
        print(f"    {text if len(text) < 300 else f'{text[:40]} ... {text[-250:]}'}", flush=True)


def table(results: list[dict[str, Any]]) -> str:
    """The results of several runs: a table with the containers that keep promises, and one with the appliances that differ."""
    head = ["promise", *(result["title"] for result in results)]
    lines = [line(head), line(["---"] * len(head))]
    verdicts = [[Verdict(**each) for each in result["verdicts"]] for result in results]
    lines.append(line(["appliances", *(str(len(each)) for each in verdicts)]))
    lines.append(line(["converted", *(str(sum(v.converted for v in each)) for each in verdicts)]))
    refused = [sum(v.converted and bool(v.refusals) for v in each) for each in verdicts]
    lines.append(line(["of those, objects refused", *map(str, refused)]))
    whole = [sum(v.converted and set().union(*v.states.values()) == {"kept"} for v in each) for each in verdicts]
    # What was only converted says nothing of it.
    shown = [str(n) if any(v.states for v in each) else "" for n, each in zip(whole, verdicts, strict=True)]
    lines.append(line(["everything kept", *shown]))
    for one in SUBJECTS:
        lines.append(line([one.name, *(shares(total(one.name, each)) for each in verdicts)]))
    kinds = [Counter(kind for v in each for kind in v.kinds) for each in verdicts]
    lines += ["", line(["difference", *head[1:]]), line(["---"] * len(head))]
    for kind in sorted(set().union(*kinds)):
        lines.append(line([f"`{kind}`", *(str(each[kind] or "") for each in kinds)]))
    return "\n".join(lines)


def total(name: str, verdicts: list[Verdict]) -> dict[str, int]:
    """What became of a promise in all appliances."""
    found: Counter[str] = Counter()
    for verdict in verdicts:
        found.update(verdict.states.get(name, {}))
    return found


def shares(states: dict[str, int]) -> str:
    """How many containers keep a promise, of those that have it."""
    more = "".join(f", {states[state]} {state}" for state in ("differ", "never ran") if states.get(state))
    return f"{states.get('kept', 0)} of {sum(states.values())}{more}" if states else ""


def line(cells: list[str]) -> str:
    """A row of a table."""
    return f"| {' | '.join(cells)} |"


def main() -> int:
    """The program."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tool", choices=("applc", "kompose", "compose-bridge", "podlet"), nargs="+")
    parser.add_argument("--seeds", type=seeds, default=seeds("1-20"), help="such as 1-20,25 (default: 1-20)")
    parser.add_argument("--plain", action="store_true", help="without hostile names and strings")
    parser.add_argument("--convert", action="store_true", help="only convert, and start nothing")
    parser.add_argument("--side-by-side", type=int, default=8, metavar="N", help="appliances at a time (default: 8)")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="where to keep what there was to see")
    parser.add_argument("--write", type=Path, metavar="DIR", help="where to write the results, one JSON file a tool")
    parser.add_argument("--table", type=Path, nargs="+", metavar="FILE", help="print the tables of these results instead")
    parser.add_argument("--applc", type=Path, metavar="PATH", help="the compiler (default: what APPLC names, or the release or debug build)")
    words = parser.parse_args()
    if words.table:
        try:
            print(table([json.loads(file.read_text()) for file in words.table]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            parser.error(f"--table: no results of --write: {error!r}")
        return 0
    if not words.tool:
        parser.error("--tool or --table is needed")
    if words.convert and "applc" in words.tool:
        parser.error("--convert is for other tools: what is tried is what applc accepts")
    # What is on the node is removed then, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    applc = (words.applc or support.find_applc().binary).resolve()
    results = []
    with ExitStack() as held:
        reads = {"podlet"} if not words.convert else {*words.tool}
        if {*words.tool} - reads:
            held.enter_context(alone(support.TOOLS / "proof" / "node.lock"))
        for tool in words.tool:
            if tool in reads:
                verdicts = read(tool, words.seeds, applc, words.plain, words.keep)
            else:
                verdicts = run(tool, words.seeds, applc, words.plain, words.side_by_side, words.keep)
            title = f"{tool}, plain" if words.plain else tool
            results.append({"title": title, "version": version(tool, applc), "verdicts": [vars(each) for each in verdicts]})
            print(results[-1]["version"])
            if words.write:
                words.write.mkdir(parents=True, exist_ok=True)
                (words.write / f"{title.replace(', ', '-')}.json").write_text(json.dumps(results[-1], indent=1) + "\n")
    print(table(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
