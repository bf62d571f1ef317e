"""What all parts of the generator share: the random numbers, the free ports, and what is known of each container."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeVar

from hostile import HOSTILE, PLACES

T = TypeVar("T")


@dataclass(frozen=True)
class Hints:
    """What the place where the case runs can do."""

    # A folder of the host for `host` volumes, absolute.
    host_dir: str = "/var/tmp/proof"
    # What the names of images that the appliance builds begin with.
    built: str = "proof-built"
    # Fields to leave out, as `containers[].build` or `data_persistence.volumes[].schedule_hints`.
    leave_out: frozenset[str] = frozenset()
    # Processors of a container, of which one is chosen.
    cpus: tuple[float, ...] = (0.05, 0.05, 0.1)
    # Memory of a container in MB, from and to.
    mem: tuple[int, int] = (16, 24)
    most_containers: int = 8
    # Only names and strings that no format, shell or template language reads as something else.
    plain: bool = False


@dataclass
class Port:
    """A port, and the listener of the observer behind it."""

    number: int
    protocol: str
    # "tcp", "udp", "http" or "https".
    listener: str
    host_port: int = 0
    internal: bool = False


@dataclass
class Skeleton:
    """What a container is, before its strings are written."""

    name: str
    service: bool
    mode: str
    instances: int
    ports: list[Port] = field(default_factory=list)
    needs: list[str] = field(default_factory=list)
    # Whether others can wait for it.
    dependable: bool = True
    root: bool = True
    # Directives of the observer, in the language's strings: without `@`, or with it escaped.
    directives: list[str] = field(default_factory=list)
    # Mount points that it writes marks to.
    writes: list[str] = field(default_factory=list)
    # Seconds that a job runs.
    lasts: float = 0.0
    runs_later: bool = False
    fields: dict[str, Any] = field(default_factory=dict)


class Maker:
    """The random numbers, and what has been given away."""

    def __init__(self, seed: int, ports: Sequence[int], plain: bool = False) -> None:
        self.seed = seed
        self.plain = plain
        self.random = Random(seed)
        self.free = list(ports)
        self.random.shuffle(self.free)
        self.counter = 0
        # The hostile kinds that were used, by place.
        self.used: set[tuple[str, str]] = set()

    def chance(self, share: float) -> bool:
        """True in this share of the calls."""
        return self.random.random() < share

    def choice(self, items: Sequence[T]) -> T:
        """One of the items."""
        return items[self.random.randrange(len(items))]

    def some(self, items: Sequence[T], most: int) -> list[T]:
        """Up to `most` different items."""
        return self.random.sample(list(items), min(len(items), self.random.randrange(most + 1)))

    def port(self) -> int:
        """A number that nothing else uses."""
        return self.free.pop()

    def allowed(self, items: Sequence[T], plain: int) -> Sequence[T]:
        """The items, of which the first `plain` are so."""
        return items[:plain] if self.plain else items

    def number(self) -> int:
        """Another number each time."""
        self.counter += 1
        return self.counter

    def hostile(self, place: str) -> str:
        """A hostile string that is legal at this place; seeds in a row begin with kinds in a row."""
        if self.plain:
            return f"plain-{self.number()}"
        kinds = [kind for kind in HOSTILE if kind not in PLACES[place]]
        uses = sum(used == place for used, _ in self.used)
        kind = kinds[(self.seed + 29 * uses + 5 * list(PLACES).index(place)) % len(kinds)]
        self.used.add((place, kind))
        return HOSTILE[kind]
