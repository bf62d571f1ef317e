"""A machine for Quadlet units: a real systemd, Quadlet's generator, and a fake Podman that records its
arguments.

systemd runs as a user manager in its own namespaces, so it does not affect the host.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import support

HERE = Path(__file__).resolve().parent
DEBIAN = support.TOOLS / "debian"

# In the namespaces, systemd finds the folder that shows that the machine was booted with systemd, and
# its own runtime folder; `podman` is the one in the test's folder. It must not be process 1, which is
# the system manager. Each machine has its own control groups, to keep its processes apart from others.
SCRIPT = """
for group in $GROUPS_OF_ITS_OWN; do echo $$ >$group/cgroup.procs; done
exec unshare --mount --pid --fork --kill-child sh -ec "$INSIDE"
"""
INSIDE = """
cd "$DEBIAN"
mount -t proc proc proc
mount --rbind /sys sys
mount --rbind /dev dev
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs tmp
mount --bind "$FOLDER" machine
mkdir -p run/systemd/system run/user/0
chroot . /usr/lib/systemd/systemd --user --log-target=console --unit=basic.target
exit 1
"""


# The cgroup hierarchies that systemd uses, for cgroup v1, v2, and hybrid.
HIERARCHIES = [Path("/sys/fs/cgroup") / name for name in ("", "systemd", "unified")]

# The folder to which Quadlet's generator writes the services.
GENERATED = "/run/user/0/systemd/generator"


@dataclass(frozen=True)
class Event:
    """An event of a container (`run`, `ready`, or `end`), or the creation of a volume or network."""

    kind: str
    name: str
    time: float
    more: dict[str, Any]


def generate(units: Path, to: Path) -> str:
    """Runs Quadlet's generator on a folder of units and returns its messages; fails the test if it fails."""
    # The name of the program selects the mode for user units.
    link = to.parent / "podman-user-generator"
    if not link.exists():
        link.symlink_to(support.require_tool("quadlet"))
    to.mkdir(exist_ok=True)
    run = subprocess.run(
        [link, "-no-kmsg-log", to],
        env={"QUADLET_UNIT_DIRS": str(units), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == 0, run.stderr
    return run.stderr


def remove_group(folder: Path) -> None:
    """Removes a control group once its last process has exited."""
    for _ in range(100):
        try:
            return folder.rmdir()
        except OSError:
            time.sleep(0.02)


class Machine:
    """A running systemd user manager; a context manager. `units` is the folder of Quadlet units."""

    def __init__(self, folder: Path, units: Path, behaviours: dict[str, Any] | None = None) -> None:
        if not (DEBIAN / "usr/bin/systemctl").exists():
            support.missing(str(DEBIAN), "run .ci/install/quadlet")
        self.folder = folder
        self.behaviours = behaviours or {}
        self.podman = folder / "podman"
        shutil.copytree(units, folder / "home/.config/containers/systemd/app")
        for source, place in ((HERE / "fake_podman.py", "podman/podman"), (support.require_tool("quadlet"), "generators/podman-user-generator")):
            (folder / place).parent.mkdir()
            shutil.copy(source, folder / place)
            (folder / place).chmod(0o755)
        here = [path for path in HIERARCHIES if (path / "cgroup.procs").exists()]
        self.groups = [path / f"applc-{os.getpid()}-{id(self)}" for path in here]
        self.environment = {
            "DEBIAN": str(DEBIAN),
            "FOLDER": str(folder),
            "GROUPS_OF_ITS_OWN": " ".join(map(str, self.groups)),
            "HOME": "/machine/home",
            "INSIDE": INSIDE,
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "SYSTEMD_GENERATOR_PATH": "/machine/generators",
            "SYSTEMD_IGNORE_CHROOT": "1",
            "USER": "root",
            "XDG_RUNTIME_DIR": "/run/user/0",
        }

    def __enter__(self) -> Machine:
        (self.podman / "behaviours").write_text(json.dumps(self.behaviours))
        (self.podman / "log").write_text("")
        for group in self.groups:
            group.mkdir()
        self.output = (self.folder / "systemd.log").open("w")
        self.process = subprocess.Popen(
            ["sh", "-ec", SCRIPT],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=self.output,
            stderr=subprocess.STDOUT,
        )
        try:
            self.wait("a running systemd", lambda: self.systemctl("is-system-running") == "running")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait(30)
        self.output.close()
        for group in self.groups:
            for folder in sorted([group, *group.rglob("*/")], reverse=True):
                remove_group(folder)

    def inside(self, *command: str | Path, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        """Runs a command in the namespaces of the machine."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return subprocess.run(
            ["nsenter", "--target", children.split()[0] if children else "0", "--mount", "--pid",
             "chroot", DEBIAN, *command],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
        )  # fmt: skip

    def service(self, name: str) -> bytes:
        """The service file that Quadlet's generator wrote for this systemd."""
        return self.inside("cat", f"{GENERATED}/{name}").stdout.encode()

    def systemctl(self, *arguments: str, timeout: float = 60) -> str:
        run = self.inside("systemctl", "--user", *arguments, timeout=timeout)
        return run.stdout.strip()

    def start(self, *units: str) -> None:
        """Starts the given units, or all units that start at boot, without waiting."""
        self.systemctl("start", "--no-block", *(units or ["default.target"]))

    def verify(self, *units: str) -> list[str]:
        """The output lines of `systemd-analyze verify` for units."""
        path = f"SYSTEMD_UNIT_PATH={GENERATED}:/usr/lib/systemd/user"
        run = self.inside("env", path, "systemd-analyze", "--user", "--man=no", "verify", *units)
        return (run.stdout + run.stderr).splitlines()

    def state(self, unit: str) -> str:
        return self.systemctl("is-active", unit)

    def events(self) -> list[Event]:
        lines = (self.podman / "log").read_text().splitlines()
        return [Event(*json.loads(line)) for line in lines]

    def count(self, kind: str, name: str) -> int:
        return sum((event.kind, event.name) == (kind, name) for event in self.events())

    def time(self, kind: str, name: str) -> float:
        """Waits for an event of a container and returns the time of the first one."""
        found = self.wait(
            f"{kind} of {name}",
            lambda: [event for event in self.events() if (event.kind, event.name) == (kind, name)],
        )
        return found[0].time

    def wait(self, what: str, condition: Callable[[], Any], seconds: float = 30) -> Any:
        end = time.monotonic() + seconds
        while not (value := condition()):
            if time.monotonic() > end:
                log = (self.folder / "systemd.log").read_text()
                pytest.fail(f"{what}: timed out after {seconds} s\n{self.events()}\n{log[-4000:]}")
            time.sleep(0.1)
        return value
