"""Copies the public Compose files that `compose_cases.toml` lists. Run by hand; no check runs it.

    python3 tests/conformance/fetch_cases.py [--url 'https://github.com/{repository}'] [FOLDER]
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from pathlib import Path

import compose_cases


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--url", default="https://github.com/{repository}", help="where repositories are")
    arguments.add_argument("folder", nargs="?", type=Path, default=compose_cases.LISTED)
    given = arguments.parse_args()
    for one in compose_cases.listed():
        owner, name = one.name.split("/")
        url = given.url.format(repository=one.name, owner=owner, name=name)
        with tempfile.TemporaryDirectory() as clone:
            def git(*words: str) -> bytes:
                return subprocess.run(["git", "-C", clone, *words], check=True, capture_output=True).stdout

            git("init", "--quiet", "--bare")
            git("remote", "add", "origin", url)
            # Only the files that are asked for are copied.
            git("fetch", "--quiet", "--depth=1", "--filter=blob:none", "origin", one.commit)
            for file in one.files + one.beside:
                path = given.folder / one.project / file
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(git("show", f"{one.commit}:{file}"))
        print(f"{one.name}: {len(one.files)} files, {one.licence}")


if __name__ == "__main__":
    main()
