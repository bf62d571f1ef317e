#!/usr/bin/env python3
"""Tries random appliances on an engine and reports what differs from what the language says.

    run.py --engine compose --seeds 1-200 --side-by-side 8

`README.md` says more.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "conformance")]

import masks  # noqa: E402
import pytest  # noqa: E402
import support  # noqa: E402
from change import both  # noqa: E402
from engines.base import Engine  # noqa: E402
from generate import Hints, generate  # noqa: E402
from shrinking import shrunk  # noqa: E402
from slots import Slots, alone  # noqa: E402
from trial import Outcome, Trial  # noqa: E402


# Seconds until everything must be right. Nomad waits 15 seconds and more before each retry, Kubernetes 10, 20, and 40.
PATIENCE = {"compose": 90, "nomad": 240, "node": 240}

# On a single node, containers for preemptible nodes and for others have no place together.
PREEMPTIBLE = frozenset(f"containers[].{hints}.preemptible" for hints in ("schedule_hints", "user_schedule_hints"))
LEFT_OUT = {"nomad": PREEMPTIBLE, "node": PREEMPTIBLE}

# A Kubernetes node has as many as the machine, and several pods of each appliance side by side must find a place.
CPUS = {"node": (0.01, 0.01, 0.02)}


def hints_of(name: str) -> Hints:
    """What appliances on an engine need. Folders of the host and names of images are other ones for each engine: the same
    seeds may run on several at a time."""
    hints = Hints(leave_out=LEFT_OUT.get(name, frozenset()), host_dir=f"/var/tmp/proof/{name}", built=f"proof-built-{name}")
    return replace(hints, cpus=CPUS.get(name, hints.cpus))


def engine_named(name: str, applc: Path, folder: Path) -> Engine:
    """An engine by its name on the command line."""
    if name == "compose":
        from engines.compose import Compose

        return Compose(applc, folder)
    if name == "nomad":
        from engines.nomad import Nomad

        return Nomad(applc, folder)
    from engines.node import Node

    return Node(applc, folder)


def seeds(text: str) -> list[int]:
    """`1-20,25` as numbers."""
    found: list[int] = []
    for part in text.split(","):
        first, dash, last = part.partition("-")
        chosen = range(int(first), int(last if dash else first) + 1)
        if not chosen:
            raise argparse.ArgumentTypeError(f"no seeds in `{part}`")
        found += chosen
    return found


def run(
    name: str,
    chosen: list[int],
    applc: Path,
    *,
    side_by_side: int = 8,
    pairs: bool = False,
    disturb: bool = False,
    patience: float | None = None,
    keep: Path | None = None,
    keep_all: bool = False,
    show: bool = True,
    shrink: bool = False,
) -> list[Outcome]:
    """Tries all seeds; what fails is in the folder `keep`."""
    with ExitStack() as held:
        if keep is None:
            keep = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="proof-")))
        folder = keep
        held.enter_context(alone(support.TOOLS / "proof" / f"{name}.lock"))
        engine = held.enter_context(engine_named(name, applc, folder))
        rows = masks.rows(applc, engine.target)
        trial = Trial(engine, rows, masks.for_target(engine.target, rows), patience or PATIENCE[name], pairs, disturb)
        slots = Slots(name, side_by_side)
        hints = hints_of(name)

        def one(seed: int) -> Outcome:
            own = folder / f"{name}-{seed}"
            with slots.one() as ports:
                case = generate(seed, ports=ports, image=engine.image, hints=hints)
                outcome = trial.run(*both(case, pairs), own)
                if show:
                    print(outcome, flush=True)
                if shrink and outcome.differences:
                    shrunk(trial, case, outcome, own / "shrunk", lambda text: print(text, flush=True))
            if not (outcome.differences or keep_all):
                shutil.rmtree(own)
            return outcome

        with ThreadPoolExecutor(side_by_side) as pool:
            try:
                return list(pool.map(one, chosen))
            except BaseException:
                # Those that run go on, and are removed.
                pool.shutdown(wait=False, cancel_futures=True)
                raise


def stop(number: int, _: object) -> None:
    """Ends the run at a signal: what is on the engine is removed, which more signals do not stop."""
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda *_: None)
    sys.exit(128 + number)


def main() -> int:
    """The program."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", choices=("compose", "nomad", "node"), required=True)
    parser.add_argument("--seeds", type=seeds, help="such as 1-20,25 (default: those of --fresh)")
    parser.add_argument("--fresh", type=int, metavar="N", help="N seeds that nobody has chosen (default: 20, without --seeds)")
    parser.add_argument("--side-by-side", type=int, default=8, metavar="N", help="appliances at a time (default: 8)")
    parser.add_argument("--pairs", action="store_true", help="change each appliance")
    parser.add_argument("--disturb", action="store_true", help="disturb each appliance")
    times = ", ".join(f"{seconds} on {name}" for name, seconds in PATIENCE.items())
    parser.add_argument("--patience", type=float, metavar="SECONDS", help=f"until everything must be right (default: {times})")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="where to keep what differs (default: nowhere)")
    parser.add_argument("--keep-all", action="store_true", help="keep what does not differ, too")
    parser.add_argument("--shrink", action="store_true", help="look for the smallest appliance that differs")
    parser.add_argument("--applc", type=Path, metavar="PATH", help="the compiler (default: what APPLC names, or the release or debug build)")
    words = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    chosen = words.seeds or [random.randrange(1, 10**9) for _ in range(words.fresh or 20)]
    if not words.seeds:
        print("seeds", ",".join(map(str, chosen)), flush=True)
    begin = time.monotonic()
    try:
        applc = (words.applc or support.find_applc().binary).resolve()
        if not os.access(applc, os.X_OK):
            parser.error(f"{applc} is no program")
        outcomes = run(
            words.engine, chosen, applc, side_by_side=words.side_by_side, pairs=words.pairs, disturb=words.disturb,
            patience=words.patience, keep=words.keep, keep_all=words.keep_all, shrink=words.shrink,
        )  # fmt: skip
    except (pytest.skip.Exception, pytest.fail.Exception) as error:
        # What is missing, in the words of the conformance tests.
        sys.exit(f"run.py: {error.msg}")
    bad = [each.seed for each in outcomes if each.differences]
    containers = sum(each.containers for each in outcomes)
    blank = [each.seed for each in outcomes if not each.seen and not each.differences]
    more = f", {len(blank)} had nothing to see: {','.join(map(str, blank))}" if blank else ""
    print(f"{len(outcomes)} appliances, {containers} containers, {time.monotonic() - begin:.0f} s; {len(bad)} differ{more}")
    used = [mask for each in outcomes for mask in each.needed]
    print(f"masks needed: {', '.join(sorted(set(map(str, used)))) or 'none'}")
    target = {"node": "kubernetes"}.get(words.engine, words.engine)
    unneeded = masks.unneeded([mask for mask in masks.ALL if mask.target == target], used)
    print(f"masks not needed: {', '.join(map(str, unneeded)) or 'none'}")
    if bad:
        print("seeds that differ:", ",".join(map(str, bad)))
    return 1 if bad or len(blank) == len(outcomes) else 0


if __name__ == "__main__":
    sys.exit(main())
