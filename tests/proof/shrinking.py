"""Shrinks a case that fails on an engine, by trying smaller ones there."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from case import Case
from change import both
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
    """The smallest case with a difference of one of the same kinds that `most` tries find; the smallest so far is in `folder`."""
    wanted = kinds(outcome)

    def fails(candidate: Case) -> bool:
        found = bool(wanted & kinds(trial.run(*both(candidate, trial.pairs), folder / "trial")))
        if found:
            candidate.save(folder)
            say(f"    seed {case.seed}: shrunk to {len(json.dumps(candidate.appliance))} characters")
        return found

    small = shrink(case, fails, trial.engine.applc, most)
    small.save(folder)
    return small
