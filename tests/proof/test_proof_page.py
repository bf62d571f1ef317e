"""What docs/proof.md says of masks, and the mutants that it tells of."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import masks
import mutate
import pytest
from difference import KINDS, MAY_COME

PAGE = mutate.ROOT / "docs" / "proof.md"
HEAD = "| target | row | what the table says | differences | where |\n| --- | --- | --- | --- | --- |\n"


def line(mask: masks.Mask) -> str:
    """The line of a mask in the page."""
    kinds = ", ".join(f"`{kind}`" for kind in sorted(mask.kinds))
    where = (mask.when.__doc__ or "").rstrip(".").lower()
    return f"| {mask.target} | {mask.field} | {mask.words} | {kinds} | {where} |\n"


def check_table(name: str, table: str) -> None:
    """Whether the page has this table; writes it on request."""
    text = PAGE.read_text(encoding="utf-8")
    marks = rf"(?s)(<!-- begin {name} -->\n).*(<!-- end {name} -->)"
    assert re.search(marks, text)
    new = re.sub(marks, lambda at: f"{at[1]}\n{table}\n{at[2]}", text)
    if os.environ.get("UPDATE_DOCS") == "1":
        PAGE.write_text(new, encoding="utf-8")
    else:
        assert text == new, "set UPDATE_DOCS=1 to update docs/proof.md"


def test_the_page_lists_all_masks() -> None:
    check_table("masks", HEAD + "".join(map(line, masks.ALL)))


def test_the_page_explains_all_kinds() -> None:
    rows = [f"| `{kind}` | {what} | {'yes' if kind in MAY_COME else ''} |\n" for kind, what in KINDS.items()]
    check_table("kinds", "| difference | what it says | may come |\n| --- | --- | --- |\n" + "".join(rows))
    assert MAY_COME <= KINDS.keys()


def test_there_are_twenty_mutants_on_all_engines() -> None:
    found = mutate.mutants()
    assert len(found) == 20
    assert [mutant.name[:2] for mutant in found] == [f"{at:02}" for at in range(1, 21)]
    assert {mutant.engine for mutant in found} == {"compose", "nomad", "node"}
    page = PAGE.read_text(encoding="utf-8")
    for mutant in found:
        assert f"| `{mutant.name}` | {mutant.engine} | {mutant.what} |" in page


@pytest.mark.parametrize("mutant", mutate.mutants(), ids=lambda mutant: mutant.name)
def test_a_mutant_applies_to_lowering_or_templates(mutant: mutate.Mutant) -> None:
    done = subprocess.run(
        ["git", "apply", "--numstat", "--check", mutant.patch], cwd=mutate.ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, f"mend the patch: {done.stderr}"
    numbers = subprocess.run(
        ["git", "apply", "--numstat", mutant.patch], cwd=mutate.ROOT, capture_output=True, text=True, check=True
    )
    ((added, removed, path),) = [each.split("\t") for each in numbers.stdout.splitlines()]
    assert path.startswith(("src/targets/", "src/resolve/", "templates/"))
    assert 0 < int(added) + int(removed) <= 10


def test_a_change_shows_a_fault_only_in_the_lines_that_change() -> None:
    digest, other = {"a": b"kind: x\ndigest: 1\nfile: one\n"}, {"a": b"kind: x\ndigest: 2\nfile: two\n"}
    without, later = {"a": b"kind: x\nfile: one\n"}, {"a": b"kind: x\nfile: two\n"}
    assert mutate.changed_lines(digest, digest) == mutate.changed_lines(without, without) == []
    assert mutate.changed_lines(digest, other) != mutate.changed_lines(without, later)
    assert [line for line in mutate.changed_lines(without, later) if "file" in line] == ["a: -file: one", "a: +file: two"]
