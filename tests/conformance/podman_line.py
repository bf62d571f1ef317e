"""Parses the command line of `podman run`."""

from __future__ import annotations

from dataclasses import dataclass

# Options without a value.
FLAGS = {"--replace", "--rm", "-d", "--privileged"}


@dataclass(frozen=True)
class Run:
    """A parsed `podman run` command."""

    options: list[tuple[str, str]]
    image: str
    arguments: list[str]

    def all(self, name: str) -> list[str]:
        """The values of an option, in order."""
        return [value for key, value in self.options if key == name]

    def one(self, name: str) -> str | None:
        """The value of an option that occurs at most once, or None."""
        values = self.all(name)
        assert len(values) <= 1, values
        return values[0] if values else None


def parse(argv: list[str]) -> Run:
    """Parses the arguments of `podman`."""
    assert argv[0] == "run", argv
    options: list[tuple[str, str]] = []
    at = 1
    while argv[at].startswith("-"):
        name, equals, value = argv[at].partition("=")
        if not equals and name not in FLAGS:
            at += 1
            value = argv[at]
        options.append((name, value))
        at += 1
    return Run(options, argv[at], argv[at + 1 :])
