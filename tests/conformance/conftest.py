"""Fixtures of the conformance tests; the work is done in `support`.

A test that takes `example` runs once for each file in examples/; one that takes `appliance` runs
once for each file in examples/ and in tests/corpus/.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import compose_engine
import support


@pytest.fixture(scope="session")
def applc() -> support.Applc:
    """The program: `applc("check", file)` gives exit code, stdout and stderr."""
    return support.find_applc()


@pytest.fixture(scope="session")
def require_tool() -> Callable[[str], Path]:
    """`require_tool(name)` gives a tool's path, or ends the test."""
    return support.require_tool


@pytest.fixture(scope="session")
def engine() -> compose_engine.Engine:
    """The Docker engine, with Compose."""
    return compose_engine.Engine()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Gives `example` and `appliance` their files."""
    for name, files in (
        ("example", support.examples()),
        ("appliance", support.examples() + support.corpus()),
    ):
        if name in metafunc.fixturenames:
            metafunc.parametrize(name, files, ids=[path.name for path in files])


def pytest_report_header() -> list[str]:
    """Says which program and tools are used."""
    return [f"tools: {support.TOOLS}"]
