"""Writes what was measured of imports as parts of docs/import-measure.md."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable

import compose_cases
import import_compare
from import_measure import TARGETS, Result

GIVEN = "Fixtures of kubernetes/kompose (Apache-2.0) and examples of docker/awesome-compose (CC0-1.0)."
KINDS = {"W1001": "left out", "W1002": "means something else", "H1001": "chosen"}
# Messages that begin with the name of a field.
FIELD = re.compile(r"`([a-z0-9_]+)` is left out: ")


def part_of(count: int, all: int) -> str:
    return f"{count} of {all} ({100 * count / all:.0f} %)" if all else "none"


def summary(results: list[Result]) -> str:
    """What became of the files, in lines."""
    all = len(results)
    imported = [one for one in results if one.is_imported]
    lines = [
        f"- imported with nothing lost in silence: {part_of(sum(not one.lost_in_silence for one in imported), all)}",
        f"- on Compose equal but for what a finding names: {part_of(sum(one.is_equal for one in results), all)}",
    ]
    for target in TARGETS:
        count = sum(target not in one.refused for one in imported)
        lines.append(f"- compiled for {target}, and accepted by its tools: {part_of(count, all)}")
    return "\n".join(lines)


def pattern(message: str) -> str:
    """A message without the names in it, except that of a field at its start."""
    field = FIELD.match(message)
    rest = message[field.end() :] if field else message
    # A name can itself contain backticks.
    rest = re.sub(r"`.*`" if rest.count("`") % 2 else r"`[^`]*`", "`…`", rest)
    rest = re.sub(r"\b\d+\b", "N", rest)
    return (field.group() if field else "") + rest


def cell(text: str) -> str:
    return text.replace("|", "\\|")


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    lines = [list(head), ["---"] * len(list(head)), *[[str(one) for one in row] for row in rows]]
    return "\n".join(f"| {' | '.join(cell(one) for one in line)} |" for line in lines)


def reasons(results: list[Result]) -> str:
    """What imports told, the most frequent first, with the way out."""
    files: dict[tuple[str, str], set[str]] = defaultdict(set)
    helps: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for one in results:
        for finding in one.findings:
            key = (KINDS[finding.code], pattern(finding.message))
            files[key].add(one.name)
            helps[key][re.sub(r"`@[\w-]+`", "`@…`", finding.help)] += 1
    order = sorted(files, key=lambda key: (-len(files[key]), key))
    rows = [(len(files[key]), key[0], key[1], helps[key].most_common(1)[0][0]) for key in order]
    return table(("files", "what", "told as", "way out"), rows)


def refusals(results: list[Result]) -> str:
    """Why files are not imported or compiled, the most frequent first."""
    files: dict[tuple[str, str], set[str]] = defaultdict(set)
    for one in results:
        for error in one.import_errors:
            files["import", pattern(error)].add(one.name)
        for target, errors in one.refused.items():
            for error in errors:
                files[target, pattern(error)].add(one.name)
    order = sorted(files, key=lambda key: (-len(files[key]), key))
    return table(("files", "by", "reason"), [(len(files[key]), *key) for key in order])


def verdict(one: Result, target: str) -> str:
    if target in one.refused:
        return " ".join(sorted({error.split()[0] for error in one.refused[target]}))
    return ("equal" if one.is_equal else "differs") if target == "compose" else "accepted"


def by_file(results: list[Result]) -> str:
    """What became of each file."""
    rows = []
    for one in results:
        if one.is_imported:
            rows.append((one.name, one.carried, one.changed, one.lost, *(verdict(one, target) for target in TARGETS)))
        else:
            codes = " ".join(sorted({error.split()[0] for error in one.import_errors}))
            rows.append((one.name, f"refused: {codes}", *[""] * 6))
    return table(("file", "carried", "approximated", "left out", *TARGETS), rows)


def refused_by_compose(results: list[Result]) -> str:
    names = sorted(one.name for one in results if one.refused_by_compose)
    return ", ".join(f"`{name}`" for name in names)


def sources() -> str:
    """Where the files of the list come from."""
    rows = [(one.name, one.commit[:12], one.licence, len(one.files)) for one in compose_cases.listed()]
    return table(("repository", "commit", "licence", "files"), rows)


def documented() -> str:
    """The differences that need no finding."""
    return table(("field", "difference"), ((f"`{name}`", what) for name, what in import_compare.DOCUMENTED.items()))


def part(name: str, all: list[Result]) -> str:
    """The part of the page for a set of files."""
    results = [one for one in all if not one.refused_by_compose]
    where = sources() if name == "listed" else GIVEN
    return "\n\n".join(
        (
            f"## {compose_cases.SETS[name].title}",
            where,
            f"`docker compose config` takes {len(results)} of {len(all)} files. Of those are",
            summary(results),
            "### What imports tell",
            reasons(results),
            "### What is refused",
            refusals(results),
            "### File by file",
            by_file(results),
            f"Not taken by Compose: {refused_by_compose(all) or 'none'}.",
        )
    )


def replaced(page: str, name: str, part: str) -> str:
    """The page with a part that is made anew."""
    begin, end = f"<!-- begin {name} -->\n", f"<!-- end {name} -->\n"
    head, rest = page.split(begin)
    return head + begin + "\n" + part + "\n\n" + end + rest.split(end)[1]
