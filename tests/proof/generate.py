"""Random valid appliances: `generate(seed, ...)` gives the same case for the same arguments.

A container is an observer (`observer/`): what it does is told by directives in its own words. This module decides what
containers there are and how they depend on each other; `words.py` writes their strings.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import words
from case import THIS_HOUR, Appliance, Case, Container
from hostile import HTTP_PATHS, as_path, escaped
from skeleton import Hints, Maker, Port, Skeleton

__all__ = ["Hints", "generate"]

# Names that nearly collide: in letter case, in doubled hyphens, with the numbers of instances, and with objects of targets.
NEAR = ["a-b", "a--b", "A-b", "a-b-1", "a", "b", "a-b-files", "a-internal", "ab", "a-b-0", "b-a"]
PLAIN = ["web", "store", "worker01", "queue", "front", "load", "init", "cache", "api", "x-1", "n2", "db"]
# Names that are legal, and that targets may refuse.
ODD = ["-a", "a-", "1", "0a", "--", "W", "restart", "default", "tasks", "a" * 40]
VOLUMES = ["data", "a", "a-b", "A-b", "a--b", "web", "vol-1", "0"]

MODES = ["host", "bridge", "container"]
IN_ANY_CASE = {
    "host": ["host", "Host", "HOST"],
    "bridge": ["bridge", "BRIDGE"],
    "container": ["container", "Container"],
}
PROTOCOLS = ["HTTP", "HTTPS", "TCP", "MESOS_HTTP", "MESOS_HTTPS", "MESOS_TCP", "COMMAND"]
ZONES = ["Europe/Berlin", "UTC", "America/New_York", "Asia/Kolkata"]

# Fields of a running system and of older versions, which have no effect.
WITHOUT_EFFECT: dict[str, Any] = {
    "appliance": "shop",
    "state": "running",
    "endpoints": [],
    "deployment": {"placement": {"host": "192.0.2.7"}},
    "last_update": "2018-06-01T12:00:00",
    "sys_schedule_hints": {"placement": {}},
    "tasks": [],
    "rack": "r1",
    "host": "h1",
    "cloud": "c1",
    "data": {},
    "cluster_type": "mesos",
}


def generate(seed: int, ports: Sequence[int], image: str, hints: Hints | None = None) -> Case:
    """The case of a seed.

    `ports` are at least 64 numbers that nothing else on the host uses; all containers run `image`, whose entrypoint is
    the observer.
    """
    return generated(seed, ports, image, hints)[0]


def generated(seed: int, ports: Sequence[int], image: str, hints: Hints | None = None) -> tuple[Case, Maker]:
    """The case of a seed, and the hostile strings in it."""
    hints = hints or Hints()
    make = Maker(seed, ports, hints.plain)
    name = make.choice(make.allowed([f"proof-{seed}", f"proof-{seed}", f"Proof-{seed}-a", f"p{seed}", f"p{seed}--x"], 1))
    kinds = containers(make, hints)
    volumes = persistent_volumes(make, kinds)
    secrets: dict[str, dict[str, str]] = {}
    beside: dict[str, bytes] = {}
    host_paths: list[str] = []
    for kind in kinds:
        mounts(make, kind, volumes, f"{hints.host_dir}/{name}", host_paths)
        if kind.service:
            health(make, kind)
        else:
            runs(make, kind)
    settle_order(make, kinds)
    starts = {
        # A run that is due before the engine knows the job may be missed, unless it is the only one.
        kind.name: make.choice([4, 6, 8]) + (10 if kind.fields.get("repeats", 1) != 1 else 0)
        for kind in kinds
        if kind.fields.get("start_time")
    }
    starts |= {kind.name: 90 for kind in kinds if kind.fields.get("schedule") in ("* * * * *", THIS_HOUR)}
    written = [container(make, kind, words.Strings(make, kind, kinds, secrets, beside), image, hints) for kind in kinds]
    make.random.shuffle(written)
    appliance: Appliance = {"id": name, "containers": written}
    if volumes or make.chance(0.05):
        appliance["data_persistence"] = {"volumes": volumes}
        # The type of no volumes means nothing.
        if volumes and make.chance(0.1):
            appliance["data_persistence"]["volume_type"] = make.choice(["cephfs", "nfs"])
    around(make, appliance)
    leave_out(appliance, hints.leave_out)
    case = Case(seed, appliance, secrets, beside, [], host_paths, starts)
    return case.with_appliance(appliance), make


def containers(make: Maker, hints: Hints) -> list[Skeleton]:
    """The containers, in an order in which each depends only on earlier ones."""
    count = min(make.choice([1, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 6, 7, 8]), hints.most_containers)
    pool = list(make.choice(make.allowed([PLAIN, PLAIN, NEAR, NEAR, PLAIN + ODD], 2)))
    names = make.random.sample(pool, count)
    # Numbers of ports that containers with their own address may have in common.
    common = [make.port(), make.port()]
    found = []
    for name in names:
        service = make.chance(0.68)
        mode = make.choice(MODES)
        instances = make.choice([1] * 12 + [2, 2, 3, 0] if service else [1] * 12 + [2, 2, 0])
        kind = Skeleton(name, service, mode, instances)
        ports(make, kind, common)
        found.append(kind)
    return found


def ports(make: Maker, kind: Skeleton, common: list[int]) -> None:
    """Adds the ports of a container, each with a listener."""
    wanted = make.choice([0, 1, 1, 1, 2, 2, 3]) if kind.service else make.choice([0, 0, 0, 0, 1])
    if kind.mode == "host" and kind.instances > 1 and not make.chance(0.1):
        return
    taken: set[tuple[int, str]] = set()
    for _ in range(wanted):
        protocol = make.choice(["tcp", "tcp", "tcp", "udp"])
        number = make.choice(common) if kind.mode != "host" and make.chance(0.1) else make.port()
        if kind.ports and make.chance(0.12):
            # One number for both protocols.
            number = kind.ports[-1].number
            protocol = "udp" if kind.ports[-1].protocol == "tcp" else "tcp"
        if (number, protocol) in taken:
            continue
        taken.add((number, protocol))
        port = Port(number, protocol, "udp" if protocol == "udp" else make.choice(["tcp", "tcp", "http"]))
        if kind.mode == "host":
            port.host_port = number if make.chance(0.2) else 0
        elif make.chance(0.15):
            port.internal = True
        elif make.chance(0.3) and (kind.instances < 2 or make.chance(0.1)):
            port.host_port = make.port()
        kind.ports.append(port)


def persistent_volumes(make: Maker, kinds: list[Skeleton]) -> list[dict[str, Any]]:
    """The volumes of the appliance."""
    volumes: list[dict[str, Any]] = []
    wanted = make.choice([0, 0, 1, 1, 2, 3]) if len(kinds) > 1 else make.choice([0, 1])
    for name in make.random.sample(make.allowed(VOLUMES, 3), wanted):
        volume: dict[str, Any] = {"id": name}
        if make.chance(0.12):
            # A global volume has one name on the whole target.
            volume = {"id": f"proof-{make.seed}-{name}", "scope": "global"}
        elif make.chance(0.3):
            volume["scope"] = "local"
        if make.chance(0.3):
            volume["size"] = make.choice([1, 16, 64])
        if make.chance(0.05):
            volume["schedule_hints"] = {"placement": placement(make)}
        volumes.append(volume)
    return volumes


def placement(make: Maker) -> dict[str, str]:
    """A placement with some of its levels."""
    levels = make.some(["cloud", "region", "zone", "host"], 3) or ["zone"]
    return {level: f"{level}-1" for level in levels}


def mounts(make: Maker, kind: Skeleton, volumes: list[dict[str, Any]], folder: str, host_paths: list[str]) -> None:
    """Adds mounts of persistent volumes and of the host, with marks that tell who shares them."""
    kind.root = make.chance(0.75)
    mounted = [(volume["id"], "persistent") for volume in make.some(volumes, 2)]
    if make.chance(0.22):
        if host_paths and make.chance(0.4):
            path = make.choice(host_paths)
        else:
            path = f"{folder}/h{make.number()}{as_path(make.hostile('host-path')) if make.chance(0.9) else ''}"
            host_paths.append(path)
        mounted.append((path, "host"))
    found: list[dict[str, Any]] = []
    for source, form in mounted:
        dest = f"/mnt/v{make.number()}"
        if make.chance(0.35):
            dest += as_path(make.hostile("volume-dest"))
        mount: dict[str, Any] = {"src": source, "dest": dest}
        if form == "host" and make.chance(0.3):
            mount = {"host_path": source, "container_path": dest}
        elif form == "host":
            mount["type"] = make.choice(["host", "HOST"])
        elif make.chance(0.3):
            mount["type"] = make.choice(["persistent", "Persistent"])
        if make.chance(0.25):
            mount["mode"] = make.choice(["RO", "ro"])
        elif make.chance(0.2):
            mount["mode"] = make.choice(["RW", "rw"])
        found.append(mount)
        writable = mount.get("mode", "RW").upper() == "RW"
        kind.directives += [escaped(f"--mark={dest}"), escaped(f"--stat={dest}")]
        if writable and form == "persistent" and kind.root:
            kind.writes.append(dest)
    if found:
        kind.fields["volumes"] = found
        kind.directives.append(f"--data=d{make.number()}")


def health(make: Maker, kind: Skeleton) -> None:
    """Adds a health check, when the observer is healthy, and how it stops."""
    if make.chance(0.5):
        check(make, kind)
    elif any(port.protocol == "tcp" for port in kind.ports) and make.chance(0.15):
        # Its interval is a minute, which is too long to wait for here.
        kind.fields["default_health_check"] = True
        kind.dependable = False
    elif make.chance(0.1):
        kind.fields["default_health_check"] = False
    if make.chance(0.1):
        kind.fields["minimum_capacity"] = make.choice([0, 0.5, 1])
    if make.chance(0.2):
        kind.directives.append(f"--on-stop={make.choice([0.5, 1, 2])}")
        kind.fields["stop_timeout"] = make.choice([5, 8])
    elif make.chance(0.1):
        # Longer than it has.
        kind.directives.append("--on-stop=20")
        kind.fields["stop_timeout"] = make.choice([1, 2])


def check(make: Maker, kind: Skeleton) -> None:
    """Adds a health check."""
    tcp = [index for index, port in enumerate(kind.ports) if port.protocol == "tcp"]
    protocol = make.choice(PROTOCOLS) if tcp else "COMMAND"
    found: dict[str, Any] = {}
    if protocol != "MESOS_TCP" or make.chance(0.5):
        found["protocol"] = protocol
    if protocol != "COMMAND":
        index = make.choice(tcp)
        if index > 0 or make.chance(0.3):
            found["port_index"] = index
        port = kind.ports[index]
        if "HTTP" in protocol:
            port.listener = "https" if protocol.endswith("HTTPS") else "http"
            path = make.choice(make.allowed(HTTP_PATHS, 2))
            if path != "/" or make.chance(0.5):
                found["path"] = path
            kind.directives.append(escaped(f"--health={path}:{port.number}"))
        else:
            port.listener = "tcp"
    found["interval_seconds"] = make.choice([1, 1, 1, 2])
    found["timeout_seconds"] = make.choice([3, 4, 5])
    if make.chance(0.7):
        found["grace_period_seconds"] = make.choice([10, 20])
    if kind.writes and kind.instances == 1 and make.chance(0.35):
        found |= {"max_consecutive_failures": 2, "grace_period_seconds": make.choice([2, 3])}
        kind.directives += ["--unhealthy-after=4", escaped(f"--once={kind.writes[0]}/once-{kind.name}")]
    else:
        if make.chance(0.4):
            found["max_consecutive_failures"] = make.choice([3, 5])
        if make.chance(0.6):
            kind.directives.append(f"--healthy-after={make.choice([1, 2, 3])}")
    kind.fields["health_check"] = found


def runs(make: Maker, kind: Skeleton) -> None:
    """Adds how long a job runs, how it ends, and when it runs again."""
    kind.lasts = make.choice([0, 0.5, 1, 2, 3])
    code = 0
    retries = make.choice([None, None, 0, 1, 2])
    tries = 1 if retries is None else retries
    if kind.writes and kind.instances == 1 and make.chance(0.4):
        fails = make.choice([1, 1, 1, 2])
        kind.directives += [f"--fail-runs={fails}", escaped(f"--count={kind.writes[0]}/count-{kind.name}")]
        kind.dependable = fails <= tries
    elif make.chance(0.06):
        code, kind.dependable = make.choice([1, 3, 42]), make.chance(0.2)
    kind.directives.append(f"--exit={code}:{kind.lasts:g}")
    if retries is not None:
        kind.fields["retries"] = retries
    if make.chance(0.1):
        kind.fields["start_time"] = "2030-01-31T04:00:00Z"
        kind.runs_later = True
        if make.chance(0.4):
            kind.dependable = False
            kind.fields["repeats"] = make.choice([-1, 2, 3, 1])
            kind.fields["interval"] = make.choice(["T1M", "T5M", "T1H", "1D"])
    elif make.chance(0.08):
        kind.dependable = False
        kind.runs_later = True
        kind.fields["schedule"] = make.choice(["* * * * *", THIS_HOUR, THIS_HOUR, "30 5 * JAN,feb MON-FRI"])
        if make.chance(0.5):
            kind.fields["time_zone"] = make.choice(ZONES)
        if make.chance(0.3):
            kind.fields["repeats"] = -1
    elif make.chance(0.15):
        kind.fields |= make.choice([{"repeats": 1}, {"start_time": ""}, {"interval": "T1H"}])


def settle_order(make: Maker, kinds: list[Skeleton]) -> None:
    """Adds dependencies: chains and joins of services and jobs, at most four deep."""
    depth: dict[str, int] = {}
    for index, kind in enumerate(kinds):
        earlier = [other for other in kinds[:index] if other.dependable and depth[other.name] < 4]
        if make.chance(0.65):
            recent = earlier[-2:] if make.chance(0.5) else earlier
            kind.needs = [other.name for other in make.some(recent, 3)]
        depth[kind.name] = 1 + max((depth[name] for name in kind.needs), default=0)


def container(make: Maker, kind: Skeleton, strings: words.Strings, image: str, hints: Hints) -> Container:
    """The container as the language writes it."""
    resources: dict[str, Any] = {"cpus": make.choice(hints.cpus), "mem": make.random.randint(*hints.mem)}
    if make.chance(0.05):
        resources["disk"] = make.choice([0, 110])
    if make.chance(0.04):
        resources[make.choice(["gpu", "gpus"])] = 0
    found: Container = {
        "id": kind.name,
        "type": "service" if kind.service else "job",
        "image": image,
        "resources": resources,
    }
    if kind.instances != 1 or make.chance(0.2):
        found["instances"] = kind.instances
    if kind.mode != "host" or make.chance(0.5):
        found["network_mode"] = make.choice(IN_ANY_CASE[kind.mode])
    if kind.ports:
        found["ports"] = [port_of(make, port) for port in kind.ports]
    if kind.needs:
        found["dependencies"] = list(kind.needs)
    found |= kind.fields
    found |= strings.write()
    if make.chance(0.5):
        found["force_pull_image"] = make.chance(0.3)
    if make.chance(0.06):
        found["is_privileged"] = make.chance(0.7)
    if make.chance(0.08):
        where: dict[str, Any] = {"placement": placement(make)}
        if make.chance(0.5):
            where["preemptible"] = make.chance(0.5)
        found[make.choice(["schedule_hints", "schedule_hints", "user_schedule_hints"])] = where
    if make.chance(0.05):
        # The files of the image are the same. The label makes another image of it than in any other appliance: where two share
        # one, the engine fails to build it while it is removed for the other.
        folder = f"build-{make.number()}"
        text = f'FROM {image} AS last\nLABEL built="{hints.built}-{make.seed}"\nARG WORD\n'
        strings.beside[f"{folder}/proof.Dockerfile"] = text.encode()
        found["build"] = {"context": f"./{folder}", "dockerfile": "proof.Dockerfile"}
        if make.chance(0.5):
            found["build"] |= {"args": {"WORD": make.choice(["a$b", "x y", 1, True][1 if make.plain else 0 :])}, "target": "last"}
        if "containers[].build" not in hints.leave_out:
            found |= {"image": f"{hints.built}-{make.seed}:{make.number()}", "force_pull_image": False}
    if make.chance(0.1):
        for name in make.some(list(WITHOUT_EFFECT), 3):
            found[name] = WITHOUT_EFFECT[name]
    return found


def port_of(make: Maker, port: Port) -> dict[str, Any]:
    """The port as the language writes it."""
    found: dict[str, Any] = {"container_port": port.number}
    if port.host_port or make.chance(0.1):
        found["host_port"] = port.host_port
    if port.protocol == "udp" or make.chance(0.2):
        found["protocol"] = port.protocol
    if port.internal:
        found["internal"] = True
    elif make.chance(0.05):
        found["internal"] = False
    if make.chance(0.45):
        found["name"] = make.hostile("port-name") if make.chance(0.6) else make.choice(["http", "web-ui", "p", "DNS"])
    return found


def around(make: Maker, appliance: Appliance) -> None:
    """Adds the fields of the appliance that have no effect."""
    if make.chance(0.05):
        appliance["$schema"] = "./.applc/appliance.json"
    if make.chance(0.05):
        appliance["x-team"] = {"name": ["@nobody"]}
    if make.chance(0.04):
        appliance["scheduler"] = {"name": "schedule.local.DefaultApplianceScheduler", "config": {}}


def leave_out(appliance: Appliance, fields: frozenset[str]) -> None:
    """Removes fields, such as `containers[].build`."""

    def remove(value: Any, steps: list[str]) -> None:
        name, rest = steps[0], steps[1:]
        if name.endswith("[]"):
            for item in value.get(name[:-2], []):
                remove(item, rest)
        elif not rest:
            value.pop(name, None)
        elif name in value:
            remove(value[name], rest)

    for path in sorted(fields):
        remove(appliance, path.split("."))
