"""One seed on an engine: an appliance is brought up, changed or disturbed, and removed."""

from __future__ import annotations

import json
import random
import shutil
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import compare
import masks
from case import Case
from engines.base import Deployment, Engine, Rejected
from expectations import Expectations
from meaning import expect, expect_change
from observe import Observer
from tame import tame

# Nothing else is waited for when an appliance is removed: longer than any stop_timeout of the generator.
STOPPING = 40

# Until a disturbance has an effect at the latest: pausing has none that the engine tells.
EFFECT = 10


@dataclass
class Outcome:
    """What became of a seed."""

    seed: int
    containers: int = 0
    differences: list[str] = field(default_factory=list)
    # What the engine said to commands that failed.
    causes: list[str] = field(default_factory=list)
    # The masks that explained something.
    needed: list[masks.Mask] = field(default_factory=list)
    # What the target rejects, and says so in the table of capabilities.
    rejections: list[str] = field(default_factory=list)
    seconds: float = 0
    # Whether any container told anything: where masks explain that nothing runs, nothing was compared.
    seen: bool = False

    def __str__(self) -> str:
        state = f"{len(self.differences)} differences" if self.differences else "ok"
        more = "" if self.seen else ", nothing to see"
        more += f", {len(self.rejections)} rejected" if self.rejections else ""
        more += f", {len(self.needed)} masked" if self.needed else ""
        lines = [f"seed {self.seed}: {state}, {self.containers} containers, {self.seconds:.0f} s{more}"]
        return "\n".join([*lines, *(f"    {each}" for each in self.differences), *(f"    cause? {each}" for each in self.causes)])


@dataclass
class Trial:
    """What is done with each seed."""

    engine: Engine
    rows: list[masks.Row]
    masks: list[masks.Mask]
    patience: float
    pairs: bool = False
    disturb: bool = False

    def run(self, case: Case, changed: Case | None, folder: Path) -> Outcome:
        """Tries one case; `folder` has what there was to see at the end."""
        begin = time.monotonic()
        outcome = Outcome(case.seed)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        try:
            self._try(case, changed, folder, outcome)
        except Rejected as error:
            outcome.differences.append(f"rejected: {error}")
        except Exception:
            outcome.differences.append(f"the harness failed: {traceback.format_exc(limit=-2)}")
        outcome.seconds = time.monotonic() - begin
        (folder / "outcome.txt").write_text(f"{outcome}\n")
        return outcome

    def _tame(self, case: Case, outcome: Outcome) -> Case | None:
        tamed = tame(case, self.engine.target, self.engine.applc, self.rows, list(self.engine.options))
        for rejection in tamed.rejections:
            (outcome.rejections if rejection.announced else outcome.differences).append(str(rejection))
        outcome.differences += tamed.silent
        return tamed.case

    def _try(self, case: Case, changed: Case | None, folder: Path, outcome: Outcome) -> None:
        tamed = self._tame(case, outcome)
        if changed is not None:
            changed = self._tame(changed, outcome)
        if outcome.differences or tamed is None:
            # What the target rejects may be the whole appliance.
            return
        now = datetime.now(UTC)
        case = tamed.at(now)
        outcome.containers = len(case.appliance["containers"])
        deployment = self.engine.deployment(case, folder)
        observer = Observer(deployment, self.patience + max([0, *case.starts.values()]))
        try:
            deployment.prepare()
            expectations = expect(case)
            with self.engine.settling.shared():
                self._up(deployment, observer, case, expectations)
            unmet = observer.phases[-1]["unmet"]
            if unmet and (changed is not None or self.disturb):
                # A change or a disturbance of what is not there shows nothing.
                outcome.differences += unmet
            elif changed is not None:
                self._change(deployment, observer, case, changed.at(now), outcome)
            elif self.disturb:
                self._disturb(deployment, observer, expectations, outcome)
            else:
                observer.phase("down", deployment.down, ended, STOPPING)
                self._take(compare.compare(expectations, observer.document(), self.masks), outcome)
            outcome.differences += [line for phase in observer.phases for line in phase.get("failed", [])]
            outcome.differences += deployment.refused
            if outcome.differences:
                # Jobs that fail as they should make commands fail, too.
                outcome.causes = [f"{each.words[-2:]}: {each.stderr[-300:].strip()}" for each in deployment.commands if each.code]
        finally:
            if any(phase.get("unmet") for phase in observer.phases):
                with suppress(Exception):
                    (folder / "engine.txt").write_text(deployment.explain())
            deployment.clean()
            outcome.seen = any(phase["events"] for phase in observer.phases)
            document = {**observer.document(), "other": deployment.journal.other}
            (folder / "observations.json").write_text(json.dumps(document, indent=1, default=str))

    def _up(self, deployment: Deployment, observer: Observer, case: Case, expectations: Expectations) -> None:
        out = deployment.compile(case)
        set_how(observer, expectations)

        def unmet(document: dict[str, Any]) -> list[str]:
            return compare.unmet(expectations, document, self.masks) + compare.awaited(
                expectations, document, self.engine.again, self.masks
            )

        observer.phase("up", lambda: deployment.deploy(out), unmet)

    def _change(self, deployment: Deployment, observer: Observer, case: Case, changed: Case, outcome: Outcome) -> None:
        change = expect_change(case, changed)
        before = deployment.out
        out = deployment.compile(changed)
        if impossible := deployment.impossible_change(before, out):
            field, words = impossible
            is_announced = any(row.field == field and words in row.text for row in self.rows)
            (outcome.rejections if is_announced else outcome.differences).append(f"{field}: {words}")
            return
        # It may mount what the appliance before it did not.
        deployment.prepare()
        set_how(observer, change.after)
        unmet: Callable[[dict[str, Any]], list[str]] = lambda document: compare.unmet_change(change, document, self.masks)
        observer.phase("change", lambda: deployment.deploy(out), unmet)
        self._take(compare.compare_change(change, observer.document(), self.masks), outcome)

    def _disturb(self, deployment: Deployment, observer: Observer, expectations: Expectations, outcome: Outcome) -> None:
        chance = random.Random(outcome.seed)
        kind = chance.choice(deployment.disturbances())

        def unmet(document: dict[str, Any]) -> list[str]:
            found = compare.of_disturbance(expectations, document, self.masks).differences
            return [str(each) for each in found if each.may_come]

        settling = self.engine.settling
        with settling.alone() if kind in deployment.hits_all else settling.shared():
            observer.phase(f"disturb:{kind}", lambda: disturbed(deployment, kind, chance), unmet)
        result = compare.of_disturbance(expectations, observer.document(), self.masks)
        self._take(result, outcome, f"after {observer.phases[-1].get('disturbed')}: ")

    def _take(self, result: compare.Result, outcome: Outcome, prefix: str = "") -> None:
        outcome.differences += [f"{prefix}{each}" for each in result.differences]
        outcome.needed += [mask for _, mask in result.masked if mask not in outcome.needed]


def disturbed(deployment: Deployment, kind: str, chance: random.Random) -> dict[str, Any]:
    """Disturbs, and returns when it has had an effect: that a program was killed is known a little later."""
    before = {key: len(runs) for key, (_, runs, _) in deployment.running().items()}
    about = deployment.disturb(kind, chance)
    end = time.monotonic() + (EFFECT if about.get("key") else 3)
    while time.monotonic() < end:
        _, runs, _ = deployment.running().get(about.get("key", ""), ("", [], {}))
        if len(runs) > before.get(about.get("key", ""), 0) or (runs and runs[-1].ended is not None):
            break
        time.sleep(0.2)
    return about


def set_how(observer: Observer, expectations: Expectations) -> None:
    """Tells the observer how to ask at published ports."""
    observer.how = {
        (id, each.port, each.protocol): each.how
        for id, expected in expectations.containers.items()
        for each in expected.published
    }


def ended(document: dict[str, Any]) -> list[str]:
    """The instances that still run."""
    return [f"{row['name']} runs" for row in document["phases"][-1]["instances"] if row["ended"] is None]
