"""`applc lock` with a real registry, and what engines run of a locked project."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

import support
from compose_engine import Behaviour, Engine, checked, command
from nomad_agent import Agent
from nomad_app import RECORD_IMAGE, WAIT_IMAGE
from registry import Registry
from run_compose import STAY, Ended, container
from run_nomad import Appliance as OnNomad

# Two images that differ in a file.
FIRST, SECOND = "applc-lock/first:1", "applc-lock/second:1"


@pytest.fixture(scope="module")
def images(engine: Engine) -> Iterator[None]:
    engine.image(FIRST, Behaviour(files=(("version", b"1"),)))
    engine.image(SECOND, Behaviour(files=(("version", b"2"),)))
    yield
    command(engine.docker, "image", "rm", FIRST, SECOND)


@pytest.fixture
def registry(engine: Engine, images: None, tmp_path: Path) -> Iterator[Registry]:
    folder = tmp_path / "registry"
    folder.mkdir()
    with Registry(engine.docker, folder) as running:
        yield running


class Project:
    """A project with one appliance, whose image a registry has."""

    def __init__(self, applc: support.Applc, registry: Registry, folder: Path, id: str) -> None:
        self.binary = applc.binary.resolve()
        self.registry = registry
        self.folder = folder
        self.image = f"{registry.name}/shop/web"
        (folder / "applc.toml").write_text(
            'output = "out/{target}"\ndefault-targets = ["compose", "kubernetes", "nomad", "marathon"]\n'
        )
        self.file = folder / "app.appliance.json"
        web = container("web", STAY) | {"image": f"{self.image}:1", "network_mode": "container"}
        self.file.write_text(json.dumps({"id": id, "containers": [web]}))

    def run(self, *arguments: str, **environment: str) -> Ended:
        """Runs `applc ARGUMENTS...`."""
        run = subprocess.run(
            [self.binary, *arguments],
            cwd=self.folder, env=self.registry.environment() | environment, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        return Ended(run.returncode, run.stdout, run.stderr, 0)

    def output(self) -> dict[str, str]:
        """The files that are made, by path."""
        made = sorted(path for path in (self.folder / "out").rglob("*") if path.is_file())
        return {str(path.relative_to(self.folder)): path.read_text() for path in made}


def test_a_tag_that_moves_changes_nothing_until_it_is_updated(
    applc: support.Applc, engine: Engine, registry: Registry, tmp_path: Path
) -> None:
    project = Project(applc, registry, tmp_path, "lock-moves")
    first = registry.push(FIRST, "shop/web:1")
    locked = project.run("lock")
    assert locked.code == 0, locked.stderr
    # What the registry told docker when it was pushed.
    assert f'"{project.image}:1" = "{first}"' in (tmp_path / "applc.lock").read_text()
    assert project.run("compile", "--locked").code == 0
    made = project.output()
    images = [text for path, text in made.items() if not path.endswith(".applc-outputs")]
    assert images and all(f"{project.image}@{first}" in text for text in images), made
    second = registry.push(SECOND, "shop/web:1")
    assert second != first
    assert project.run("lock").stderr == "applc: applc.lock: 1 image unchanged\n"
    assert project.run("compile", "--check", "--locked").code == 0
    assert project.output() == made
    updated = project.run("lock", "--update", project.image)
    assert updated.code == 0 and "1 image changed" in updated.stderr
    assert project.run("compile", "--check", "--locked").code == 4
    assert project.run("compile").code == 0
    images = [text for path, text in project.output().items() if not path.endswith(".applc-outputs")]
    assert all(f"{project.image}@{second}" in text for text in images)


def test_a_tag_that_is_missing_comes_with_those_that_are_there(
    applc: support.Applc, registry: Registry, tmp_path: Path
) -> None:
    project = Project(applc, registry, tmp_path, "lock-missing")
    registry.push(FIRST, "shop/web:1.0")
    locked = project.run("lock")
    assert locked.code == 1, locked
    assert f"error[E1201]: `{registry.name}` has no image `shop/web:1`" in locked.stderr
    assert "`1.0`" in locked.stderr and "app.appliance.json:1:" in locked.stderr
    assert not (tmp_path / "applc.lock").exists()


def test_credentials_are_those_of_docker_login(
    applc: support.Applc, engine: Engine, images: None, tmp_path: Path
) -> None:
    folder = tmp_path / "registry"
    folder.mkdir()
    with Registry(engine.docker, folder, users=True) as registry:
        project = Project(applc, registry, tmp_path, "lock-login")
        locked = project.run("lock")
        assert locked.code == 1 and "error[E1202]" in locked.stderr, locked.stderr
        assert f"docker login {registry.name}" in locked.stderr
        subprocess.run(
            [engine.docker, "login", "--username", "user", "--password-stdin", registry.name],
            input=b"secret", env=registry.environment(), check=True, capture_output=True,
        )  # fmt: skip
        digest = registry.push(FIRST, "shop/web:1")
        locked = project.run("lock")
        assert locked.code == 0, locked.stderr
        assert digest in (tmp_path / "applc.lock").read_text()
        stored = json.loads((registry.login / "config.json").read_text())
        stored["auths"][registry.name] = {"auth": "dXNlcjp3cm9uZw=="}
        (registry.login / "config.json").write_text(json.dumps(stored))
        refused = project.run("lock", "--update-all")
        assert refused.code == 1 and "does not accept the credentials of Docker" in refused.stderr


def version_of(engine: Engine, container: str) -> str:
    """The content of the file that tells the images apart, in a container."""
    return engine.run_in(container, "cat", "/version").stdout


def test_compose_runs_what_was_locked(
    applc: support.Applc, engine: Engine, registry: Registry, tmp_path: Path
) -> None:
    project = Project(applc, registry, tmp_path, "lock-compose")
    environment = {
        "APPLC_STATE": str(tmp_path / "state"),
        "PATH": f"{engine.compose.parent}:{registry.environment()['PATH']}",
    }
    first = registry.push(FIRST, "shop/web:1")
    assert project.run("lock").code == 0
    registry.push(SECOND, "shop/web:1")
    up = ["up", project.file.name, "--target", "compose", "--locked"]
    try:
        ended = project.run(*up, **environment)
        assert ended.code == 0, ended.stderr
        # The tag is that of the second image on the engine, too.
        assert version_of(engine, "lock_compose-web-1") == "1"
        image = engine.inspect("lock_compose-web-1")["Image"]
        digests = json.loads(checked(engine.docker, "image", "inspect", image))[0]["RepoDigests"]
        assert f"{project.image}@{first}" in digests
        assert project.run(*up, "--dry-run", **environment).code == 0
        assert project.run("lock", "--update-all").code == 0
        assert project.run(*up, "--dry-run", **environment).code == 4
        assert project.run(*up, **environment).code == 0
        assert version_of(engine, "lock_compose-web-1") == "2"
    finally:
        project.run("down", "lock-compose", **environment)


@pytest.fixture
def on_nomad(
    applc: support.Applc, engine: Engine, tmp_path: Path
) -> Iterator[Callable[[str], tuple[OnNomad, Agent]]]:
    with ExitStack() as all:
        agent = all.enter_context(Agent(engine))
        engine.image(WAIT_IMAGE)
        engine.image(RECORD_IMAGE, Behaviour(programs=("/usr/bin/curl",)))
        yield lambda id: (all.enter_context(OnNomad(applc, agent, tmp_path, id)), agent)


def test_nomad_runs_what_was_locked(
    engine: Engine, registry: Registry, on_nomad: Callable[[str], tuple[OnNomad, Agent]]
) -> None:
    app, agent = on_nomad("lock-nomad")
    web: dict[str, Any] = container("web", STAY) | {"image": f"{registry.name}/shop/web:1"}
    app.write(web)
    project = app.folder / "applc.toml"
    project.write_text('appliances = ["app.json"]\n' + project.read_text())
    first = registry.push(FIRST, "shop/web:1")
    locked = app.run("lock")
    assert locked.code == 0, locked.stderr
    registry.push(SECOND, "shop/web:1")
    up = app.up("--locked")
    assert up.code == 0, up.stderr
    (job,) = [job["ID"] for job in agent.get("/v1/jobs") if job["ID"].startswith("lock-nomad")]
    ids = [allocation["ID"] for allocation in agent.allocations(job)]
    (name,) = checked(
        engine.docker, "ps", "--format", "{{.Names}}", "--filter", f"name=web-{ids[0]}"
    ).split()
    assert version_of(engine, name) == "1"
    image = json.loads(checked(engine.docker, "image", "inspect", engine.inspect(name)["Image"]))[0]
    assert f"{registry.name}/shop/web@{first}" in image["RepoDigests"]
