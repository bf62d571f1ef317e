"""A Docker Swarm of one node, and the stacks on it.

The engine is one of its own, in a network of its own: a swarm changes an engine, and its networks take
names and ports. It has no images but those made here.
"""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

import support
from compose_engine import BUSYBOX, Engine, Start, checked, command, wait_until

ADDRESS = "10.99.0.1"

# The engine and its swarm, in a network that the program `unshare` has made.
ENGINE = """
ip link set lo up
ip link add applc0 type bridge
ip addr add {address}/24 dev applc0
ip link set applc0 up
exec dockerd --host unix://{folder}/sock --data-root {folder}/data --exec-root {folder}/exec \
  --pidfile {folder}/pid {runtime}
"""

# Where the kernel lists the virtual addresses that balance: those of services, and the mesh.
BALANCER = Path("/proc/net/ip_vs")


class Swarm(Engine):
    """A swarm whose only node is its manager."""

    def __init__(self, docker: Path, engine: int) -> None:
        self.docker = docker
        self.engine = engine

    def in_network(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """Runs a program on the node."""
        return command("nsenter", f"--net=/proc/{self.engine}/ns/net", *arguments)

    def answer_on_node(self, port: int) -> str | None:
        """The response from a port of the node, or None."""
        answer = self.in_network(BUSYBOX, "wget", "-q", "-O", "-", f"http://127.0.0.1:{port}/")
        return answer.stdout.strip() if answer.returncode == 0 else None

    def update_node(self, *arguments: str) -> None:
        """Changes the node: `--availability`, `--label-add`."""
        (node,) = checked(self.docker, "node", "ls", "--quiet").split()
        checked(self.docker, "node", "update", *arguments, node)

    @contextmanager
    def idle(self) -> Iterator[None]:
        """A period in which services are created and validated, but not run."""
        self.update_node("--availability", "drain")
        try:
            yield
        finally:
            self.update_node("--availability", "active")

    def reads(self, file: Path) -> dict[str, Any]:
        """A stack file as parsed by the newest `docker stack`."""
        run = command(self.docker, "stack", "config", "--compose-file", file)
        assert run.returncode == 0, run.stderr
        # Nothing but its structure and strings: Go writes the string `<<` without quotes.
        return dict(yaml.load(run.stdout, Loader=yaml.BaseLoader))


@contextmanager
def started(folder: Path) -> Iterator[Swarm]:
    """A swarm that ends with the context."""
    program = support.require_tool("docker-stack")
    for needed in ("dockerd", "ip", "nsenter"):
        support.require_tool(needed)
    # As .ci/install/engine has found out that this machine needs it.
    runtime = support.TOOLS / "engine" / "runc"
    options = f"--add-runtime limited={runtime} --default-runtime limited" if runtime.exists() else ""
    docker = folder / "docker"
    docker.write_text(f'#!/bin/sh\nexec "{program}" --host "unix://{folder}/sock" "$@"\n')
    docker.chmod(0o755)
    with (folder / "log").open("wb") as log:
        engine = subprocess.Popen(
            ["unshare", "--net", "sh", "-ec", ENGINE.format(folder=folder, address=ADDRESS, runtime=options)],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )
    try:
        swarm = Swarm(docker, engine.pid)
        wait_until("the engine answers", lambda: command(docker, "version").returncode == 0)
        checked(docker, "swarm", "init", "--advertise-addr", ADDRESS)
        yield swarm
        command(docker, "swarm", "leave", "--force")
    finally:
        engine.send_signal(signal.SIGTERM)
        engine.wait(60)
        # A network that it leaves would keep the folder from being removed.
        for network in (folder / "exec" / "netns").glob("*"):
            command("umount", network)


class Stack:
    """A stack on a swarm; a context manager that removes it at its end."""

    def __init__(self, swarm: Swarm, folder: Path, text: str) -> None:
        self.swarm = swarm
        self.file = folder / "stack.yaml"
        # Bytes: what applc wrote is what `docker stack` reads.
        self.file.write_bytes(text.encode())
        # The first line says how the stack is deployed.
        self.command = shlex.split(text.splitlines()[0].removeprefix("# "))
        self.name = self.command[-1]

    def __enter__(self) -> Stack:
        return self

    def __exit__(self, *_: object) -> None:
        # It fails while a task still has the network.
        remove = ("stack", "rm", self.name)
        wait_until(f"{self.name} is removed", lambda: command(self.swarm.docker, *remove).returncode == 0)
        label = f"label=com.docker.stack.namespace={self.name}"

        def left(*kind: str) -> list[str]:
            return checked(self.swarm.docker, *kind, "--quiet", "--filter", label).split()

        wait_until(f"{self.name} has stopped", lambda: not left("ps"))
        # What had ended before, the swarm leaves.
        for container in left("ps", "--all"):
            command(self.swarm.docker, "rm", "--force", container)
        wait_until(f"the network of {self.name} is gone", lambda: not left("network", "ls"))
        for volume in left("volume", "ls"):
            checked(self.swarm.docker, "volume", "rm", volume)

    def deploy(self) -> subprocess.CompletedProcess[str]:
        """Runs the command in the first line of the file, with local images."""
        docker, stack, deploy, *rest = self.command
        assert docker == "docker"
        # There is no registry to ask for what a tag means today.
        arguments = [stack, deploy, "--resolve-image", "never", "--detach=true", *rest]
        return command(self.swarm.docker, *arguments, cwd=self.file.parent)

    def up(self) -> None:
        """The same; it must succeed."""
        run = self.deploy()
        assert run.returncode == 0, run.stderr

    def spec(self, service: str) -> dict[str, Any]:
        """The specification of a service."""
        found = json.loads(checked(self.swarm.docker, "service", "inspect", f"{self.name}_{service}"))
        return dict(found[0]["Spec"])

    def tasks(self, service: str) -> list[dict[str, Any]]:
        """The tasks of a service, including old ones."""
        listed = command(
            self.swarm.docker, "service", "ps", "--no-trunc", "--format", "{{json .}}", f"{self.name}_{service}"
        )
        return [json.loads(line) for line in listed.stdout.splitlines()]

    def states(self, service: str) -> list[str]:
        """The states of the tasks: `Running`, `Failed`, ..."""
        return [str(task["CurrentState"]).split(" ")[0] for task in self.tasks(service)]

    def containers(self, service: str) -> list[str]:
        """The containers of a service, including exited ones."""
        label = f"label=com.docker.swarm.service.name={self.name}_{service}"
        return checked(self.swarm.docker, "ps", "--all", "--quiet", "--no-trunc", "--filter", label).split()

    def container(self, service: str) -> str:
        """Waits for the only container of a service."""
        (container,) = wait_until(f"{service} has a container", lambda: self.containers(service))
        return str(container)

    def start(self, service: str) -> Start:
        """The start of the probe of a service that runs once."""
        container = self.container(service)
        (start,) = wait_until(f"{service} starts", lambda: self.swarm.starts(container))
        return start

    def service_at(self, service: str, url: str) -> str | None:
        """The service that answers a request of `service` to `url`, or None."""
        answer = self.swarm.run_in(self.containers(service)[0], "/bin/busybox", "wget", "-q", "-O", "-", url)
        return self.service_of(answer.stdout.strip()) if answer.returncode == 0 else None

    def service_of(self, container: str) -> str:
        """The service of a container."""
        labels = self.swarm.inspect(container)["Config"]["Labels"]
        return str(labels["com.docker.swarm.service.name"]).removeprefix(f"{self.name}_")

    def published(self, service: str, port: int) -> int:
        """The port of the node that leads to a port of a service's only container."""
        ports = self.swarm.inspect(self.container(service))["NetworkSettings"]["Ports"]
        return int(ports[f"{port}/tcp"][0]["HostPort"])


def balances() -> bool:
    """Whether the kernel has IPVS, which virtual addresses and the mesh require."""
    return os.path.exists(BALANCER)
