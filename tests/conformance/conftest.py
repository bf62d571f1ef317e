"""Fixtures of the conformance tests; the work is done in `support`.

A test that takes `example` runs once for each file in examples/; one that takes `appliance` runs
once for each file in examples/ and in tests/corpus/. With the marker `accepted_by(TARGET)` those that
`rejections.toml` lists for the target are left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

import compose_engine
import rejections
import support

# A block of the guide that is written to a file.
WRITTEN = re.compile(r"<!-- write: (\S+) -->\n```\w+\n(.*?)```\n", re.DOTALL)


@pytest.fixture(scope="session")
def applc() -> support.Applc:
    """The program: `applc("check", file)` returns exit code, stdout, and stderr."""
    return support.find_applc()


@pytest.fixture(scope="session")
def require_tool() -> Callable[[str], Path]:
    """`require_tool(name)` returns the path of a tool, or ends the test."""
    return support.require_tool


@pytest.fixture(scope="session")
def engine() -> compose_engine.Engine:
    """The Docker engine, with Compose."""
    return compose_engine.Engine()


@pytest.fixture(scope="session")
def guide_target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the target at the end of docs/target-guide.md."""
    folder = tmp_path_factory.mktemp("guide")
    for name, text in WRITTEN.findall((support.ROOT / "docs" / "target-guide.md").read_text(encoding="utf-8")):
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder / "ecs"


def pytest_configure(config: pytest.Config) -> None:
    """Declares the marker, so that a misspelled one is an error with `--strict-markers`."""
    config.addinivalue_line("markers", "accepted_by(target): only appliances that the target accepts")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrizes `example` and `appliance` with their files."""
    marker = metafunc.definition.get_closest_marker("accepted_by")
    for name, files in (
        ("example", support.examples()),
        ("appliance", support.examples() + support.corpus()),
    ):
        if name in metafunc.fixturenames:
            if marker:
                files = rejections.accepted(marker.args[0], files)
            # Without cases a test would pass.
            assert files, f"no files for {name}"
            metafunc.parametrize(name, files, ids=[path.name for path in files])


def pytest_report_header() -> list[str]:
    """Reports the program and tools in use."""
    return [f"tools: {support.TOOLS}"]
