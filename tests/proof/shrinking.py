"""Shrinks a case that fails on an engine, by trying smaller ones there."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from case import Case
from change import change
from shrink import shrink
from trial import Outcome, Trial

# Each question brings an appliance up.
MOST = 40


def kinds(outcome: Outcome) -> set[str]:
    """The kinds of the differences of a trial, such as `env`."""
    lines = [line.partition(": ")[2] if line.startswith("after ") else line for line in outcome.differences]
    return {line.partition(":")[0] for line in lines}


def shrunk(
    trial: Trial, case: Case, outcome: Outcome, folder: Path, say: Callable[[str], None], most: int = MOST
) -> Case:
    """The smallest case with a difference of the same kinds that is found; it is saved in `folder`."""
    wanted = kinds(outcome)

    def fails(candidate: Case) -> bool:
        changed = change(candidate.seed, candidate) if trial.pairs else None
        found = bool(wanted & kinds(trial.run(candidate, changed, folder / "trial")))
        if found:
            say(f"    shrunk to {len(json.dumps(candidate.appliance))} characters")
        return found

    small = shrink(case, fails, trial.engine.applc, most)
    small.save(folder)
    return small
