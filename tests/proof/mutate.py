#!/usr/bin/env python3
"""Tries whether faults put in on purpose are found: the mutants of lowering and templates in `mutants/`.

    mutate.py                          builds the compiler with each fault, and tries seeds until one differs
    mutate.py --engine compose 03 07   only these
    mutate.py --built DIR              with programs built before: DIR/none, and DIR/NAME for each mutant

A seed whose output is the same with and without the fault needs no engine: it cannot show the fault. Of the others, the
first that differs from what the language says is the number of seeds that were needed, if it does not differ without the fault.
"""

from __future__ import annotations

import argparse
import copy
import difflib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(HERE.parent / "conformance")]

import masks  # noqa: E402
import run  # noqa: E402
import support  # noqa: E402
from case import Case  # noqa: E402
from change import both, change  # noqa: E402
from engines.base import Engine  # noqa: E402
from generate import generate  # noqa: E402
from slots import FIRST, SIZE, Slots, alone  # noqa: E402
from tame import tame  # noqa: E402
from trial import Outcome, Trial  # noqa: E402

PATCHES = HERE / "mutants"

# All faults must be found within so many appliances.
SEEDS = 200

# Seeds of one mutant that run at the same time, and afterwards, if they find nothing.
WAVES = (2, 4, 8, SEEDS)


@dataclass(frozen=True)
class Mutant:
    """A fault: a patch, after some lines that say what it breaks and where that is seen."""

    name: str
    what: str
    engine: str
    # Whether only a change of an appliance can show it.
    pairs: bool
    patch: Path


def read(patch: Path) -> Mutant:
    """The mutant of a patch."""
    what, *lines = patch.read_text(encoding="utf-8").partition("\ndiff --git ")[0].strip().splitlines()
    about = dict(line.split(": ", 1) for line in lines)
    return Mutant(patch.stem, what, about["Engine"], about.get("With") == "--pairs", patch)


def mutants() -> list[Mutant]:
    """All mutants, in order."""
    return [read(patch) for patch in sorted(PATCHES.glob("*.patch"))]


@contextmanager
def builds(chosen: list[Mutant]) -> Iterator[Path]:
    """A folder with the programs of these mutants, and with `none`, which has no fault."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as name:
        folder = Path(name)
        tree = folder / "tree"
        checked("git", "worktree", "add", "--quiet", "--detach", tree, "HEAD", at=ROOT)
        try:
            for mutant in [None, *chosen]:
                if mutant:
                    checked("git", "apply", mutant.patch, at=tree)
                checked("cargo", "build", "--quiet", "--locked", "-p", "applc-cli", "--target-dir", folder / "target", at=tree)
                shutil.copy(folder / "target" / "debug" / "applc", folder / (mutant.name if mutant else "none"))
                checked("git", "checkout", "--quiet", ".", at=tree)
                print("built", mutant.name if mutant else "none", flush=True)
            yield folder
        finally:
            checked("git", "worktree", "remove", "--force", tree, at=ROOT)


def checked(*words: str | Path, at: Path) -> None:
    """Runs a command, which must succeed."""
    subprocess.run([str(word) for word in words], cwd=at, check=True)


@dataclass
class Hunt:
    """What was found of a mutant."""

    mutant: Mutant
    # Seeds whose output differs, as far as they were looked for.
    differ: list[int] = field(default_factory=list)
    looked: int = 0
    tried: list[int] = field(default_factory=list)
    # By seed: what the fault showed, and nothing without it.
    found: dict[int, list[str]] = field(default_factory=dict)

    def __str__(self) -> str:
        if not self.found:
            return f"{self.mutant.name}: survives {self.looked} seeds, of which {len(self.tried)} have other output"
        seed = min(self.found)
        return f"{self.mutant.name}: seed {seed}: {'; '.join(self.found[seed][:3])}"


def changed_lines(before: dict[str, bytes], after: dict[str, bytes]) -> list[str]:
    """The lines that a change takes out and brings in: what only a change shows is in them."""
    found: list[str] = []
    for name in sorted(before.keys() | after.keys()):
        texts = [files.get(name, b"").decode(errors="replace").splitlines() for files in (before, after)]
        found += [f"{name}: {line}" for line in difflib.unified_diff(*texts, n=0, lineterm="") if line[:1] in "+-"]
    return found


class Outputs:
    """What the programs make of each seed, without an engine."""

    def __init__(self, engine: str, target: str, options: list[str], image: str, programs: Path) -> None:
        self.engine, self.target, self.options, self.image, self.programs = engine, target, options, image, programs
        self.rows = masks.rows(programs / "none", target)
        self._lock = threading.Lock()
        self._cases: dict[tuple[int, bool], list[Case]] = {}
        self._known: dict[tuple[int, bool], list[dict[str, bytes]]] = {}

    def _of(self, case: Case, program: str) -> dict[str, bytes]:
        with tempfile.TemporaryDirectory() as name:
            source = case.save(Path(name) / "case")
            options = [word for option in self.options for word in ("--option", option)]
            command = [self.programs / program, "compile", source, "-t", self.target, "-o", f"{name}/out/", *options]
            subprocess.run(command, capture_output=True, check=False)
            out = Path(name) / "out"
            return {path.name: path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}

    def _plain(self, seed: int, pairs: bool) -> None:
        case = generate(seed, range(FIRST[self.engine], FIRST[self.engine] + SIZE), self.image, run.hints_of(self.engine))
        tamed = [tame(each, self.target, self.programs / "none", self.rows, self.options).case for each in
                 ([case, change(seed, case)] if pairs else [case])]  # fmt: skip
        cases = [each for each in tamed if each is not None]
        known = [self._of(each, "none") for each in cases]
        with self._lock:
            self._cases[seed, pairs], self._known[seed, pairs] = cases, known

    def differ(self, seed: int, mutant: Mutant) -> bool:
        """Whether the output of a seed is another one with the fault."""
        if (seed, mutant.pairs) not in self._known:
            self._plain(seed, mutant.pairs)
        cases, known = self._cases[seed, mutant.pairs], self._known[seed, mutant.pairs]
        made = [self._of(case, mutant.name) for case in cases]
        if mutant.pairs:
            return len(made) == 2 and changed_lines(*made) != changed_lines(*known)
        return made != known


def look(hunt: Hunt, outputs: Outputs, count: int) -> list[int]:
    """The next seeds whose output differs, at most `count`."""
    found: list[int] = []
    while len(found) < count and hunt.looked < SEEDS:
        hunt.looked += 1
        if outputs.differ(hunt.looked, hunt.mutant):
            found.append(hunt.looked)
    hunt.differ += found
    return found


class Trials:
    """Seeds on one engine, with programs that have a fault and without one."""

    def __init__(self, engine: Engine, programs: Path, folder: Path, side_by_side: int) -> None:
        self.engine, self.programs, self.folder = engine, programs, folder
        self.slots = Slots(engine.name, side_by_side)
        self.rows = masks.rows(programs / "none", engine.target)
        # The same appliance cannot be there twice.
        self._locks: dict[int, threading.Lock] = defaultdict(threading.Lock)
        self._plain: dict[tuple[int, bool], Outcome] = {}

    def run(self, seed: int, program: str, pairs: bool) -> Outcome:
        """What a seed shows with a program."""
        engine = copy.copy(self.engine)
        engine.applc = self.programs / program
        masked = masks.for_target(engine.target, self.rows)
        trial = Trial(engine, self.rows, masked, run.PATIENCE[engine.name], pairs)
        with self._locks[seed], self.slots.one() as ports:
            case = generate(seed, ports=ports, image=engine.image, hints=run.hints_of(engine.name))
            return trial.run(*both(case, pairs), self.folder / f"{program}-{seed}")

    def plain(self, seed: int, pairs: bool) -> Outcome:
        """What a seed shows without a fault."""
        if (seed, pairs) not in self._plain:
            self._plain[seed, pairs] = self.run(seed, "none", pairs)
        return self._plain[seed, pairs]

    def hunt(self, hunt: Hunt, seed: int) -> None:
        """Tries a seed on which the output differs."""
        outcome = self.run(seed, hunt.mutant.name, hunt.mutant.pairs)
        hunt.tried.append(seed)
        if outcome.differences:
            plain = self.plain(seed, hunt.mutant.pairs)
            if not plain.differences:
                hunt.found[seed] = outcome.differences
            else:
                print(f"{hunt.mutant.name}: seed {seed} differs without the fault, too: {plain.differences[0]}", flush=True)


def on_engine(name: str, chosen: list[Mutant], programs: Path, side_by_side: int, folder: Path) -> list[Hunt]:
    """Hunts mutants on one engine."""
    hunts = [Hunt(mutant) for mutant in chosen]
    with alone(support.TOOLS / "proof" / f"{name}.lock"), run.engine_named(name, programs / "none", folder) as engine:
        outputs = Outputs(name, engine.target, list(engine.options), engine.image, programs)
        trials = Trials(engine, programs, folder, side_by_side)
        with ThreadPoolExecutor(side_by_side) as pool:
            for wave in WAVES:
                left = [hunt for hunt in hunts if not hunt.found]
                looked = list(pool.map(lambda hunt: look(hunt, outputs, wave), left))  # noqa: B023
                pairs = [(hunt, seed) for hunt, seeds in zip(left, looked, strict=True) for seed in seeds]
                list(pool.map(lambda pair: trials.hunt(*pair), pairs))
                for hunt in left:
                    if hunt.found or hunt.looked >= SEEDS:
                        print(hunt, flush=True)
    return hunts


def main() -> int:
    """The program."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("numbers", nargs="*", help="only these mutants, such as 03")
    parser.add_argument("--engine", choices=("compose", "nomad", "node"), help="only the mutants of one engine")
    parser.add_argument("--built", type=Path, metavar="DIR", help="programs built before")
    parser.add_argument("--side-by-side", type=int, default=8, metavar="N", help="appliances at a time (default: 8)")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="where to keep what was seen")
    parser.add_argument("--no-engine", action="store_true", help="only say which seeds have other output")
    words = parser.parse_args()
    # What is on the engine is removed then, too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    chosen = [
        mutant
        for mutant in mutants()
        if words.engine in (None, mutant.engine) and (not words.numbers or mutant.name[:2] in words.numbers)
    ]
    if unknown := set(words.numbers) - {mutant.name[:2] for mutant in chosen}:
        parser.error(f"no such mutant: {', '.join(sorted(unknown))}")
    survive = 0
    with tempfile.TemporaryDirectory(prefix="proof-") as scratch, (
        nullcontext(words.built.resolve()) if words.built else builds(chosen)
    ) as programs:
        folder = (words.keep or Path(scratch)).resolve()
        for name in dict.fromkeys(mutant.engine for mutant in chosen):
            of_engine = [mutant for mutant in chosen if mutant.engine == name]
            if words.no_engine:
                engine = run.engine_named(name, programs / "none", folder)
                outputs = Outputs(name, engine.target, list(engine.options), "registry.example.org/proof:1", programs)
                for mutant in of_engine:
                    hunt = Hunt(mutant)
                    look(hunt, outputs, 6)
                    print(mutant.name, "output differs at", hunt.differ, flush=True)
                continue
            hunts = on_engine(name, of_engine, programs, words.side_by_side, folder)
            survive += sum(not hunt.found for hunt in hunts)
    print(f"{len(chosen)} mutants, {survive} survive")
    return 1 if survive else 0


if __name__ == "__main__":
    sys.exit(main())
