"""Fixtures of the conformance tests; `support` implements them.

A test with the parameter `example` runs once for each file in examples/; one with the parameter
`appliance` runs once for each file in examples/ and tests/corpus/. The marker `accepted_by(TARGET)`
leaves out the files that `rejections.toml` lists for the target.
"""

from __future__ import annotations

import fcntl
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from xdist.scheduler import LoadScopeScheduling

import compose_engine
import kube_app
import kube_node
import rejections
import support

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# A code block of the guide that is written to a file.
WRITTEN = re.compile(r"<!-- write: (\S+) -->\n```\w+\n(.*?)```\n", re.DOTALL)


# A test that takes the fixture `engine`.
USES_ENGINE = re.compile(r"\bengine: (compose_engine\.)?Engine\b")


@pytest.fixture(scope="session")
def applc() -> support.Applc:
    """The program under test: `applc("check", file)` returns its exit code, stdout, and stderr."""
    return support.find_applc()


@pytest.fixture(scope="session")
def require_tool() -> Callable[[str], Path]:
    """`require_tool(name)` returns the path of a tool, or skips or fails the test."""
    return support.require_tool


@pytest.fixture(scope="session")
def engine() -> compose_engine.Engine:
    """The Docker engine, with Compose."""
    return compose_engine.Engine()


@pytest.fixture
def host_ports() -> Iterator[None]:
    """Well-known ports of the machine, which only one test at a time uses."""
    with (support.TOOLS / "host-ports.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def node() -> Iterator[kube_node.Node]:
    """A Kubernetes cluster with one node, which runs pods."""
    with kube_node.Node() as running:
        yield running


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A real browser."""
    import browser

    with browser.Chromium() as running:
        yield running


@pytest.fixture
def deployed(applc: support.Applc, node: kube_node.Node) -> kube_app.Deployed:
    """`deployed(container(...), ..., options=(...))` returns an appliance on the node, before it is applied."""

    def make(
        *containers: dict[str, Any], id: str, options: tuple[str, ...] = (), **top: Any
    ) -> kube_app.App:
        document = json.dumps({"id": id, "containers": containers, **top}, ensure_ascii=False)
        outcome = applc.compile("-", "kubernetes", *options, stdin=document)
        assert outcome.code == 0, outcome.stderr
        return kube_app.App(node, outcome.stdout, outcome.stderr)

    return make


@pytest.fixture(scope="session")
def guide_target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the target as it is at the end of docs/target-guide.md."""
    folder = tmp_path_factory.mktemp("guide")
    for name, text in WRITTEN.findall((support.ROOT / "docs" / "target-guide.md").read_text(encoding="utf-8")):
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder / "ecs"


def pytest_configure(config: pytest.Config) -> None:
    """Declares the markers, so that a misspelled one is an error with `--strict-markers`."""
    config.addinivalue_line("markers", "accepted_by(target): only appliances that the target accepts")
    config.addinivalue_line("markers", "node: requires a Kubernetes node; .ci/full runs these tests")
    config.addinivalue_line("markers", "spark: builds and runs images of Spark; .ci/full runs these tests")
    config.addinivalue_line("markers", "wheel: builds the wheel of the program; .ci/full runs these tests")
    config.addinivalue_line("markers", "vscode: drives VS Code in a browser; .ci/full runs these tests")
    config.addinivalue_line("markers", "editors: drives editors; .ci/full runs these tests")
    config.addinivalue_line("markers", "proof: random appliances with fixed seeds, a step of its own")
    config.addinivalue_line("markers", "proof_deep: random appliances with fresh seeds; .ci/full runs these tests")
    config.addinivalue_line("markers", "browser: takes long in a browser; .ci/full runs these tests")


class ByEngine(LoadScopeScheduling):
    """What `pytest --numprocesses=N` runs one after the other: the tests of a file, those that run Nomad, and those that
    use the Docker engine besides, which share names, images, and networks."""

    def _split_scope(self, nodeid: str) -> str:
        path = support.ROOT / nodeid.partition("::")[0]
        if "nomad" in path.stem:
            return "nomad"
        return "docker" if USES_ENGINE.search(path.read_text(encoding="utf-8")) else path.stem


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByEngine:
    """Distributes the tests to processes."""
    return ByEngine(config, log)


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
            # A test without cases would pass.
            assert files, f"no files for {name}"
            metafunc.parametrize(name, files, ids=[path.name for path in files])


def pytest_report_header() -> list[str]:
    """Reports the folder of the tools."""
    return [f"tools: {support.TOOLS}"]
