"""Imports public Compose files and holds what is lost against Compose itself; the result is docs/import-measure.md.

APPLC_CASES names the folder of the files (default: ../shared/cases), APPLC_MORE_CASES that of the files that
`fetch_cases.py` copies. A test whose files are not there is skipped and says so.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import pytest

import compose_cases
import import_compare
import import_measure
import import_report
import support
from import_measure import Result
from import_places import Places

PAGE = support.ROOT / "docs" / "import-measure.md"

# Parts of all files that Compose takes, in per cent.
LEAST_IMPORTED = 95
LEAST_EQUAL = 85

Measure = Callable[[str], list[Result]]


@pytest.fixture(scope="module")
def measured(applc: support.Applc, tmp_path_factory: pytest.TempPathFactory) -> Measure:
    """`measured(set)` measures the files of one of the sets once, or skips the test if they are not there."""

    @cache
    def measure(name: str) -> list[Result]:
        compose = import_measure.Compose()
        cases = compose_cases.SETS[name].cases()
        folder = tmp_path_factory.mktemp(name)
        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(lambda case: import_measure.measure(applc, compose, case, folder), cases))

    def of(name: str) -> list[Result]:
        found = compose_cases.SETS[name]
        if not found.cases():
            pytest.skip(f"NOT DONE: the public Compose files are not at {found.folder}: {found.remedy}")
        return measure(name)

    return of


@pytest.fixture(params=list(compose_cases.SETS))
def results(request: pytest.FixtureRequest, measured: Measure) -> list[Result]:
    """The results for the files of a set that Compose takes."""
    return [one for one in measured(request.param) if not one.refused_by_compose]


def test_nothing_is_lost_in_silence(results: list[Result]) -> None:
    assert [f"{one.name}: {lost}" for one in results for lost in one.silent] == []


def test_most_files_are_imported_and_equal_on_compose(results: list[Result]) -> None:
    print(import_report.summary(results))
    told = [one for one in results if one.is_imported and not one.lost_in_silence]
    assert 100 * len(told) >= LEAST_IMPORTED * len(results)
    assert 100 * sum(one.is_equal for one in results) >= LEAST_EQUAL * len(results)


def test_the_tools_of_the_targets_accept_the_output(results: list[Result]) -> None:
    assert [f"{one.name}: {problem}" for one in results for problem in one.faulty] == []


def test_the_page_lists_the_differences_without_a_finding() -> None:
    update("documented", import_report.documented())


@pytest.mark.parametrize("name", list(compose_cases.SETS))
def test_the_page_is_up_to_date(measured: Measure, name: str) -> None:
    update(name, import_report.part(name, measured(name)))


def update(name: str, part: str) -> None:
    """Compares a part of the page with what was measured, or writes it with UPDATE_DOCS=1."""
    text = PAGE.read_text("utf-8")
    updated = import_report.replaced(text, name, part)
    if os.environ.get("UPDATE_DOCS"):
        PAGE.write_text(updated, "utf-8")
    assert updated == PAGE.read_text("utf-8"), "run it with UPDATE_DOCS=1"


SERVICE = {
    "image": "a",
    "environment": {"A": "1", "B": "2"},
    "ports": [{"target": 80, "published": "8080"}],
    "networks": {"default": None},
    "mem_limit": "1048576",
    "restart": "always",
}


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"environment": {"A": "1"}}, "environment.B"),
        ({"environment": {"A": "1", "B": "3"}}, "environment.B"),
        ({"ports": []}, "ports"),
        ({"ports": [{"target": 80, "published": "8081"}]}, "ports"),
        ({"mem_limit": "2097152"}, "mem_limit"),
        ({"restart": "no"}, "restart"),
        ({"cap_add": ["ALL"]}, "cap_add"),
        ({"command": ["x"]}, "command"),
    ],
)
def test_a_difference_is_silent_unless_a_finding_is_at_its_field(change: dict[str, Any], path: str) -> None:
    def config(service: dict[str, Any]) -> dict[str, Any]:
        return {"name": "x", "services": {"web": service}}

    found = import_compare.differences(config(SERVICE), config({**SERVICE, **change}))
    assert [".".join(one.path) for one in found] == [f"services.web.{path}"]
    place = ("services", "web", *path.split("."))
    here = import_measure.Finding("W1001", "", "", {place})
    elsewhere = [
        import_measure.Finding("W1001", "", "", {other})
        for other in ((*place[:2], "image"), ("services", "db", *place[2:]), (*place[:3], "C") if len(place) > 3 else ())
    ]
    assert import_measure.named(found, [here]) == []
    assert import_measure.named(found, elsewhere) == found
    assert import_compare.differences(config(SERVICE), config(dict(SERVICE))) == []


def test_findings_are_at_the_fields_of_yaml() -> None:
    text = "x: &x\n  tty: true\nservices:\n  web:\n    <<: *x\n    environment:\n      - A=1\n    ports: [80]\n"

    def at(line: int, start: int, end: int) -> set[tuple[str, ...]]:
        ends = {"start": {"line": line, "column": start}, "end": {"line": line, "column": end}}
        return Places(text).of(ends)

    assert at(2, 3, 6) == {("x", "tty"), ("services", "web", "tty")}
    assert at(7, 9, 12) == {("services", "web", "environment", "A")}
    assert at(8, 13, 15) == {("services", "web", "ports", "0")}
    assert at(8, 12, 16) == {("services", "web", "ports")}
    assert at(4, 3, 6) == {("services", "web")}
