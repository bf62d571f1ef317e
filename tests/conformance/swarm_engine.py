"""A Docker Swarm with one node, and stacks on it.

The swarm has its own engine in its own network namespace, because a swarm changes the configuration of
an engine, and its networks use names and ports. The engine has only the images that are built here.
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

# Starts the engine in the network namespace that `unshare` created.
ENGINE = """
ip link set lo up
ip link add applc0 type bridge
ip addr add {address}/24 dev applc0
ip link set applc0 up
exec dockerd --host unix://{folder}/sock --data-root {folder}/data --exec-root {folder}/exec \
  --pidfile {folder}/pid {runtime}
"""

# Lists the virtual addresses of services and of the routing mesh; exists if the kernel has IPVS.
IPVS = Path("/proc/net/ip_vs")


class Swarm(Engine):
    """A swarm whose only node is its manager."""

    def __init__(self, docker: Path, engine: int) -> None:
        self.docker = docker
        self.engine = engine

    def in_network(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """Runs a program in the network namespace of the node."""
        return command("nsenter", f"--net=/proc/{self.engine}/ns/net", *arguments)

    def answer_on_node(self, port: int) -> str | None:
        """The HTTP response from a port of the node, or None."""
        answer = self.in_network(BUSYBOX, "wget", "-q", "-O", "-", f"http://127.0.0.1:{port}/")
        return answer.stdout.strip() if answer.returncode == 0 else None

    def update_node(self, *arguments: str) -> None:
        """Runs `docker node update` on the node: `--availability`, `--label-add`."""
        (node,) = checked(self.docker, "node", "ls", "--quiet").split()
        checked(self.docker, "node", "update", *arguments, node)

    @contextmanager
    def idle(self) -> Iterator[None]:
        """A context in which services are created and validated, but not run."""
        self.update_node("--availability", "drain")
        try:
            yield
        finally:
            self.update_node("--availability", "active")

    def stack_config(self, file: Path) -> dict[str, Any]:
        """A stack file as parsed by the newest `docker stack`."""
        run = command(self.docker, "stack", "config", "--compose-file", file)
        assert run.returncode == 0, run.stderr
        # BaseLoader, because Go writes the string `<<` without quotes, which other loaders parse as a merge key.
        return dict(yaml.load(run.stdout, Loader=yaml.BaseLoader))


@contextmanager
def started(folder: Path) -> Iterator[Swarm]:
    """A context manager that starts a swarm and stops it at the end."""
    program = support.require_tool("docker-stack")
    for needed in ("dockerd", "ip", "nsenter"):
        support.require_tool(needed)
    # .ci/install/engine creates this runtime if the machine requires it.
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
        # The folder cannot be removed while a network namespace is mounted in it.
        for network in (folder / "exec" / "netns").glob("*"):
            command("umount", network)


class Stack:
    """A stack on a swarm; a context manager that removes the stack at the end."""

    def __init__(self, swarm: Swarm, folder: Path, text: str) -> None:
        self.swarm = swarm
        self.file = folder / "stack.yaml"
        # Bytes, so that `docker stack` reads exactly what applc wrote.
        self.file.write_bytes(text.encode())
        # The first line contains the command that deploys the stack.
        self.command = shlex.split(text.splitlines()[0].removeprefix("# "))
        self.name = self.command[-1]

    def __enter__(self) -> Stack:
        return self

    def __exit__(self, *_: object) -> None:
        # This fails while a task still uses the network.
        remove = ("stack", "rm", self.name)
        wait_until(f"{self.name} is removed", lambda: command(self.swarm.docker, *remove).returncode == 0)
        label = f"label=com.docker.stack.namespace={self.name}"

        def left(*kind: str) -> list[str]:
            return checked(self.swarm.docker, *kind, "--quiet", "--filter", label).split()

        wait_until(f"{self.name} has stopped", lambda: not left("ps"))
        # The swarm does not remove containers that exited earlier.
        for container in left("ps", "--all"):
            command(self.swarm.docker, "rm", "--force", container)
        wait_until(f"the network of {self.name} is gone", lambda: not left("network", "ls"))
        for volume in left("volume", "ls"):
            checked(self.swarm.docker, "volume", "rm", volume)

    def deploy(self) -> subprocess.CompletedProcess[str]:
        """Runs the command in the first line of the file, with local images."""
        docker, stack, deploy, *rest = self.command
        assert docker == "docker"
        # There is no registry that could resolve a tag.
        arguments = [stack, deploy, "--resolve-image", "never", "--detach=true", *rest]
        return command(self.swarm.docker, *arguments, cwd=self.file.parent)

    def up(self) -> None:
        """Deploys the stack; fails the test if the command fails."""
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
        """Waits for the only container of a service and returns its id."""
        (container,) = wait_until(f"{service} has a container", lambda: self.containers(service))
        return str(container)

    def start(self, service: str) -> Start:
        """The only start of the probe of a service."""
        container = self.container(service)
        (start,) = wait_until(f"{service} starts", lambda: self.swarm.starts(container))
        return start

    def service_at(self, service: str, url: str) -> str | None:
        """The service that responds when `service` requests `url`, or None."""
        answer = self.swarm.run_in(self.containers(service)[0], "/bin/busybox", "wget", "-q", "-O", "-", url)
        return self.service_of(answer.stdout.strip()) if answer.returncode == 0 else None

    def service_of(self, container: str) -> str:
        """The name of the service of a container."""
        labels = self.swarm.inspect(container)["Config"]["Labels"]
        return str(labels["com.docker.swarm.service.name"]).removeprefix(f"{self.name}_")

    def published(self, service: str, port: int) -> int:
        """The node port where a port of a service's only container is published."""
        ports = self.swarm.inspect(self.container(service))["NetworkSettings"]["Ports"]
        return int(ports[f"{port}/tcp"][0]["HostPort"])


def has_ipvs() -> bool:
    """Whether the kernel has IPVS, which virtual addresses and the routing mesh require."""
    return os.path.exists(IPVS)
