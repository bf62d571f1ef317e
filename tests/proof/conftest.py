"""Fixtures of the tests of this folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from check import find_applc


@pytest.fixture(scope="session")
def applc_path() -> Path:
    """The program under test. Without it a test is skipped, or fails if CI=true."""
    path = find_applc()
    if not path.exists():
        message = f"{path} is missing: run `cargo build`, or name the program in APPLC"
        if os.environ.get("CI") == "true":
            pytest.fail(message, pytrace=False)
        pytest.skip(message)
    return path
