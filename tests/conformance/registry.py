"""A registry of container images on loopback: Debian's docker-registry."""

from __future__ import annotations

import os
import socket
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

import support
from compose_engine import checked, wait_until

# The user `user` with the password `secret`, as `htpasswd -B` writes it.
USERS = "user:$2b$05$J6g6VjApxE0D3GNE4cPWeuTwVNlUhVD750eRor362qz4MXZo2wqAK\n"

CONFIGURATION = """
version: 0.1
log: { level: error }
storage: { filesystem: { rootdirectory: FOLDER }, maintenance: { uploadpurging: { enabled: false } } }
http: { addr: "127.0.0.1:PORT" }
"""


class Registry:
    """A registry without TLS, as Docker takes it on loopback. A context manager."""

    def __init__(self, docker: Path, folder: Path, users: bool = False) -> None:
        self.docker = docker
        self.program = support.require_tool("docker-registry")
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.name = f"127.0.0.1:{port}"
        configuration = CONFIGURATION.replace("FOLDER", str(folder / "images")).replace("PORT", str(port))
        if users:
            (folder / "users").write_text(USERS)
            configuration += f"auth: {{ htpasswd: {{ realm: registry, path: {folder / 'users'} }} }}\n"
        self.configuration = folder / "registry.yaml"
        self.configuration.write_text(configuration)
        # Where `docker login` and `applc lock` have credentials.
        self.login = folder / "docker"
        self.pushed: list[str] = []

    def __enter__(self) -> Registry:
        self.process = subprocess.Popen(
            [self.program, "serve", self.configuration], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_until("the registry", self._answers, 20)
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        for image in self.pushed:
            subprocess.run([self.docker, "image", "rm", "--force", image], capture_output=True)

    def _answers(self) -> bool:
        try:
            urllib.request.urlopen(f"http://{self.name}/v2/", timeout=2)
        except urllib.error.HTTPError as answer:
            return answer.code == 401
        except OSError:
            return False
        return True

    def environment(self) -> dict[str, str]:
        """Where docker and applc look for credentials."""
        return {**os.environ, "DOCKER_CONFIG": str(self.login)}

    def push(self, source: str, repository: str) -> str:
        """Pushes an image of the engine, and returns the digest that the registry gives it."""
        image = f"{self.name}/{repository}"
        checked(self.docker, "tag", source, image)
        self.pushed.append(image)
        pushed = subprocess.run(
            [self.docker, "push", image], env=self.environment(), capture_output=True, text=True, timeout=60
        )
        assert pushed.returncode == 0, pushed.stderr
        # `TAG: digest: sha256:... size: N`
        return next(word for word in pushed.stdout.split() if word.startswith("sha256:"))
