"""Images and Compose projects on a real Docker engine.

No image registry is needed: every image is built here, from the machine's static busybox and
`probe.sh`, under the name that an appliance uses.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import re
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import support

HERE = Path(__file__).resolve().parent
BUSYBOX = Path("/bin/busybox")


@dataclass(frozen=True)
class Behaviour:
    """The behavior of a container of a probe image; see `probe.sh` for each value."""

    serve: tuple[tuple[str, int], ...] = ()
    then: str = "stay"
    delay: float = 0
    shell: str = "real"
    # Applets that the image lacks.
    without: tuple[str, ...] = ()
    # Whether the image contains no program except /bin/sh.
    bare: bool = False
    # Programs of the machine to copy into the image, with their shared libraries.
    programs: tuple[str, ...] = ()
    # Programs that do nothing and exit with 0.
    stubs: tuple[str, ...] = ()
    # Paths besides `/` to which `http` responds.
    paths: tuple[str, ...] = ()
    # Further paths of the probe itself.
    entrypoints: tuple[str, ...] = ()
    # Further files, by path without the first slash.
    files: tuple[tuple[str, bytes], ...] = ()


@dataclass(frozen=True)
class Start:
    """One start of a container: the arguments and environment of process 1."""

    argv: list[str]
    environ: dict[str, str]


def command(
    *arguments: str | Path,
    stdin: bytes | None = None,
    timeout: float = 120,
    cwd: Path | None = None,
    env: dict[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Runs a program; the caller checks the exit code."""
    run = subprocess.run(
        [str(word) for word in arguments],
        input=stdin or b"",
        capture_output=True,
        timeout=timeout,
        cwd=cwd,
        env=None if env is None else os.environ | env,
    )
    return subprocess.CompletedProcess(
        run.args, run.returncode, run.stdout.decode(), run.stderr.decode(errors="replace")
    )


def checked(*arguments: str | Path, stdin: bytes | None = None, timeout: float = 120) -> str:
    """Runs a program that must succeed, and returns its standard output."""
    run = command(*arguments, stdin=stdin, timeout=timeout)
    assert run.returncode == 0, f"{run.args} exited {run.returncode}:\n{run.stdout}\n{run.stderr}"
    return run.stdout


def wait_until(what: str, condition: Callable[[], Any], seconds: float = 60) -> Any:
    """Waits for a true value of `condition`; fails the test after `seconds`."""
    end = time.monotonic() + seconds
    while True:
        if value := condition():
            return value
        assert time.monotonic() < end, f"{what}: timed out after {seconds} s"
        time.sleep(0.2)


class Engine:
    """A Docker engine with Compose."""

    def __init__(self) -> None:
        self.docker = support.require_tool("docker")
        self.compose = support.require_tool("docker-compose")
        if not BUSYBOX.exists():
            support.missing(str(BUSYBOX), "run .ci/install/engine")
        if command(self.docker, "version").returncode != 0:
            support.missing("a running Docker engine", "run .ci/install/engine")

    def image(self, name: str, behaviour: Behaviour = Behaviour()) -> str:
        """Makes `name` (a reference without a digest) an image that behaves so, and returns the name.

        The same behavior is the same image, so that a test does not change one that another test runs.
        """
        files = root_file_system(behaviour)
        made = f"applc-test/made:{hashlib.sha256(files).hexdigest()}"
        if command(self.docker, "image", "inspect", made).returncode != 0:
            checked(
                self.docker,
                "import",
                "--change", 'ENTRYPOINT ["/probe/run"]',
                "--change", 'CMD ["the-image\'s-own-argument"]',
                "--change", "ENV PATH=/bin:/usr/bin",
                "-",
                made,
                stdin=files,
            )
        checked(self.docker, "tag", made, name)
        return name

    def ensure_image(self, name: str) -> None:
        """Builds an image of this name if it does not exist."""
        if command(self.docker, "image", "inspect", name).returncode != 0:
            self.image(name)

    def ensure_volume(self, name: str) -> None:
        """Creates a volume that belongs to no project, if it does not exist."""
        checked(self.docker, "volume", "create", name)

    def remove_volume(self, name: str) -> None:
        """Removes a volume."""
        checked(self.docker, "volume", "rm", name)

    def inspect(self, container: str) -> dict[str, Any]:
        """The output of `docker inspect` for a container."""
        return json.loads(checked(self.docker, "inspect", container))[0]

    def starts(self, container: str) -> list[Start]:
        """All starts of a container's probe, earliest first."""
        lines = command(self.docker, "logs", container).stdout.splitlines()
        return [read_start(line) for line in lines if line.startswith("APPLC-PROBE ")]

    def run_in(self, container: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs a program in a running container."""
        return command(self.docker, "exec", container, *arguments)


def read_start(line: str) -> Start:
    """Parses the line that `probe.sh` prints."""
    argv, environ = (
        base64.b64decode(word).decode().split("\0")[:-1] for word in line.split(" ")[1:3]
    )
    # The kernel inserts `/bin/busybox sh` before the name of the script.
    return Start(argv[2:], dict(entry.split("=", 1) for entry in environ))


def root_file_system(behaviour: Behaviour) -> bytes:
    """The files of a probe image, as a tar archive."""
    files: dict[str, bytes] = {
        "bin/busybox": BUSYBOX.read_bytes(),
        "bin/sh": (HERE / "probe.sh").read_bytes(),
        "probe/run": (HERE / "probe.sh").read_bytes(),
        "probe/listen": (HERE / "probe_listen.sh").read_bytes(),
        "probe/listen_tls": (HERE / "probe_listen_tls.sh").read_bytes(),
        "probe/listen_udp": (HERE / "probe_listen_udp.pl").read_bytes(),
        "probe/delay": str(behaviour.delay).encode(),
        "probe/serve": "".join(f"{kind} {port}\n" for kind, port in behaviour.serve).encode(),
        "probe/then": behaviour.then.encode(),
        "probe/shell": behaviour.shell.encode(),
        "probe/www/index.html": b"",
    }
    files |= {path.lstrip("/"): files["probe/run"] for path in behaviour.entrypoints}
    files |= dict(behaviour.files)
    for name in behaviour.stubs:
        files[f"bin/{name}"] = b"#!/bin/busybox true\n"
    programs = set(behaviour.programs)
    if any(kind == "https" for kind, _ in behaviour.serve):
        programs.add("/usr/bin/openssl")
        files |= certificate()
    if any(kind == "udp" for kind, _ in behaviour.serve):
        programs.add("/usr/bin/perl")
    for program in sorted(programs):
        for path in with_libraries(Path(program)):
            files[str(path).lstrip("/")] = path.read_bytes()
    links = {} if behaviour.bare else applets({"sh", "busybox", *behaviour.without})
    links |= {f"probe/www{path}": "/probe/www/index.html" for path in behaviour.paths}
    return archive(files, links)


def applets(without: Iterable[str] = ("busybox",)) -> dict[str, str]:
    """The links in /bin to busybox, by path: one for each of its programs, except some."""
    return {f"bin/{name}": "busybox" for name in sorted(set(checked(BUSYBOX, "--list").split()) - set(without))}


def archive(files: dict[str, bytes], links: dict[str, str]) -> bytes:
    """The files of an image as a tar archive: executable files, symbolic links, and the usual folders."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            entry.mode = 0o755
            tar.addfile(entry, io.BytesIO(content))
        for name, target in links.items():
            if name not in files:
                entry = tarfile.TarInfo(name)
                entry.type = tarfile.SYMTYPE
                entry.linkname = target
                tar.addfile(entry)
        for name in ("tmp", "etc", "proc", "sys", "dev"):
            entry = tarfile.TarInfo(name)
            entry.type = tarfile.DIRTYPE
            entry.mode = 0o1777 if name == "tmp" else 0o755
            tar.addfile(entry)
    return buffer.getvalue()


def certificate() -> dict[str, bytes]:
    """The files of a self-signed certificate."""
    openssl = support.require_tool("openssl")
    with tempfile.TemporaryDirectory() as folder:
        names = ("probe/cert.pem", "probe/key.pem")
        cert, key = (Path(folder) / Path(name).name for name in names)
        checked(
            openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-subj", "/CN=probe", "-days", "2", "-out", cert, "-keyout", key,
        )
        return {names[0]: cert.read_bytes(), names[1]: key.read_bytes()}


def with_libraries(program: Path) -> Iterable[Path]:
    """A program and its shared libraries."""
    yield program
    for word in command("ldd", program).stdout.split():
        if word.startswith("/"):
            yield Path(word)


class Project:
    """One Compose project on the engine; a context manager that removes everything at the end."""

    def __init__(self, engine: Engine, folder: Path, text: str) -> None:
        self.engine = engine
        self.file = folder / "compose.yaml"
        # Bytes, so that Compose reads exactly what applc wrote.
        self.file.write_bytes(text.encode())
        # The values of secrets, by the variable that Compose reads them from.
        self.secrets = {name: f"the value of {name}" for name in re.findall(r"\$\{(SECRET_\w+):\?", text)}

    def __enter__(self) -> Project:
        return self

    def __exit__(self, *_: object) -> None:
        self.compose("down", "--volumes", "--timeout", "1", "--remove-orphans")

    def compose(self, *arguments: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        """Runs `docker compose -f FILE ARGUMENTS...`."""
        return command(
            self.engine.compose, "-f", self.file, *arguments,
            timeout=timeout, cwd=self.file.parent, env=self.secrets,
        )

    def config(self) -> dict[str, Any]:
        """The project as parsed by Compose; fails the test if Compose rejects the file."""
        run = self.compose("config", "--format", "json")
        assert run.returncode == 0, run.stderr
        return json.loads(run.stdout)

    def up(self, *arguments: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        """Runs `docker compose up --detach` with local images."""
        return self.compose("up", "--detach", "--pull", "never", *arguments, timeout=timeout)

    def container(self, service: str, index: int = 1) -> str:
        """The container id of a service, or an empty string."""
        found = self.compose("ps", "--all", "--format", "json", service).stdout
        for line in found.splitlines():
            entry = json.loads(line)
            label = f"com.docker.compose.container-number={index}"
            if label in entry["Labels"].split(","):
                return str(entry["ID"])
        return ""

    def inspect(self, service: str, index: int = 1) -> dict[str, Any]:
        """The output of `docker inspect` for the container of a service."""
        container = self.container(service, index)
        assert container, f"{service} has no container {index}"
        return self.engine.inspect(container)

    def starts(self, service: str, index: int = 1) -> list[Start]:
        """All starts of a service's probe."""
        return self.engine.starts(self.container(service, index))

    def started(self, service: str, index: int = 1) -> str:
        """The last start time of a service's container, in a sortable form; empty if it never started."""
        at = str(self.inspect(service, index)["State"]["StartedAt"])
        return "" if at.startswith("0001") else at

    def health(self, service: str) -> dict[str, Any]:
        """The health of a service's container, with `Status` and `Log`."""
        return self.inspect(service)["State"].get("Health", {})

    def run_in(self, service: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Runs a program in a service's first container."""
        return self.engine.run_in(self.container(service), *arguments)

    def service_at(self, service: str, url: str) -> str | None:
        """The name of the service that responds when `service` requests `url`, or None."""
        answer = self.run_in(service, "/bin/busybox", "wget", "-q", "-O", "-", url)
        if answer.returncode != 0:
            return None
        labels = self.engine.inspect(answer.stdout.strip())["Config"]["Labels"]
        return str(labels["com.docker.compose.service"])

    def answer_on_host(self, address: str) -> str | None:
        """The response from `address`, a host address and port, or None."""
        answer = command(BUSYBOX, "wget", "-q", "-O", "-", f"http://{address}/")
        return answer.stdout.strip() if answer.returncode == 0 else None

    def port(self, service: str, port: int, index: int = 1, protocol: str = "tcp") -> str:
        """The host address and port where a port of a service is published."""
        return self.compose(
            "port", "--index", str(index), "--protocol", protocol, service, str(port)
        ).stdout.strip()
