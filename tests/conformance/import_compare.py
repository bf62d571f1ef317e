"""Compares two Compose files by what `docker compose config` makes of them.

A file is taken apart into facts: values by their path. `DOCUMENTED` are the only differences that need no finding.
"""

from __future__ import annotations

import json
import re
import shlex
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

# What is not a difference, by the fields that it is about. docs/from-compose.md describes each.
DOCUMENTED = {
    "name": "the appliance's id names the project",
    "profiles": "the import was asked for the services of all profiles",
    "names": "the ids of containers have hyphens where names of services have other characters",
    "restart": "`always` is `unless-stopped`",
    "memory": "a limit is written as `mem_limit`, without swap",
    "scale": "`deploy.replicas` and `scale` are the same",
    "networks": "networks are compared by which services reach each other",
    "expose": "without publishing, a port is open to the other containers anyway",
    "healthcheck": "a command is run with a shell, and the defaults of Docker are written out",
    "image": "what is built has the name that Compose gives it",
    "pull_policy": "`missing` and `build` are the default",
    "configs": "a file of the appliance is written with its content",
    "depends_on": "`links` are waited for, and `service_started` is the default",
    "build": "what makes builds faster is not what is built",
    "labels": "labels that begin with `applc.` are the program's own",
    "ports": "`mode` is Swarm's",
    "volumes": "the default options of a mount are the same as none",
    "deploy": "without Swarm, `deploy` is its resources and replicas; the rest needs a finding",
    "env_file": "its variables are written as `environment`",
    "develop": "`docker compose watch` is a tool of developers",
    "attach": "whether logs are shown by `up`",
}

SPEED = ("cache_from", "cache_to", "no_cache", "pull")
IGNORED = {"profiles", "env_file", "develop", "attach", "command", "entrypoint"}
DEFAULT_DEPENDENCY = {"condition": "service_started", "required": True}


@dataclass(frozen=True)
class Difference:
    """A fact of one file that the other one lacks."""

    path: tuple[str, ...]
    source: Any
    result: Any

    def __str__(self) -> str:
        return f"{'.'.join(self.path)}: {self.source!r} became {self.result!r}"


def id_of(name: str) -> str:
    """The id of the container for a service, unless others have it."""
    return re.sub(r"[^A-Za-z0-9]", "-", name).strip("-") or "app"


def size(value: Any) -> int:
    return int(value)


def seconds(duration: str) -> float:
    units = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600}
    return sum(float(n) * units[u] for n, u in re.findall(r"([\d.]+)(ns|us|µs|ms|s|m|h)", duration))


def command(test: list[str]) -> str:
    """The command of a health check as one of a shell."""
    kind, *words = test
    if kind == "CMD-SHELL":
        return words[0]
    if words[:2] == ["/bin/sh", "-c"] and len(words) == 3:
        return words[2]
    return shlex.join(words)


def healthcheck(check: dict[str, Any]) -> dict[str, Any]:
    if check.get("disable") or check.get("test", [""])[0] == "NONE":
        return {"disable": True}
    facts = {key: value for key, value in check.items() if key not in ("test", "disable")}
    if "test" in check:
        facts["test"] = shlex.split(command(check["test"]))
        facts["interval"] = seconds(check.get("interval", "30s"))
        facts["timeout"] = seconds(check.get("timeout", "30s"))
        facts["start_period"] = seconds(check.get("start_period", "0s"))
        facts["retries"] = check.get("retries", 3)
    return facts


def cleaned(value: Any) -> Any:
    """A value without parts that say nothing."""
    if isinstance(value, dict):
        inner = {key: cleaned(item) for key, item in value.items() if not key.startswith("x-")}
        return {key: item for key, item in inner.items() if item not in (None, {}, [], False, "")}
    if isinstance(value, list):
        return [cleaned(item) for item in value]
    return value


def mount(one: dict[str, Any], config: dict[str, Any]) -> str:
    """A mount as text, which can be compared and counted."""
    facts = {key: one.get(key) for key in ("type", "source", "target", "read_only")}
    options = cleaned({key: one.get(key) for key in ("bind", "volume", "tmpfs", "image")})
    options.get("bind", {}).pop("create_host_path", None)
    if one["type"] == "volume" and one.get("source"):
        own = config.get("volumes", {}).get(one["source"]) or {}
        facts["source"] = own["name"] if own.get("external") else id_of(one["source"])
    facts["target"] = one["target"].rstrip("/")
    return json.dumps(cleaned({**facts, **cleaned(options)}), sort_keys=True)


def port(one: dict[str, Any]) -> str:
    facts = {key: one.get(key) for key in ("host_ip", "published", "target", "name", "app_protocol")}
    if facts["host_ip"] in ("0.0.0.0", "::"):
        facts["host_ip"] = None
    return json.dumps(cleaned({**facts, "protocol": one.get("protocol", "tcp")}), sort_keys=True)


def file(one: dict[str, Any], config: dict[str, Any], kind: str) -> str:
    """A config or secret of a service, with its content."""
    own = config.get(kind, {}).get(one["source"], {})
    content = own.get("content")
    if content is None and own.get("file"):
        try:
            with open(own["file"], encoding="utf-8") as stream:
                content = stream.read()
        except OSError:
            content = own["file"]
    target = one.get("target") or (f"/{one['source']}" if kind == "configs" else one["source"])
    facts = {"target": target, "content": content or own.get("environment") or own.get("name")}
    mode = one.get("mode")
    facts["mode"] = int(str(mode), 8) if mode else 0o444
    return json.dumps({**facts, "uid": one.get("uid"), "gid": one.get("gid")}, sort_keys=True)


def reached(name: str, services: dict[str, Any]) -> list[str]:
    """The other services that a service shares a network with."""
    own = set(services[name].get("networks") or {})
    return sorted(
        id_of(other) for other, service in services.items()
        if other != name and own & set(service.get("networks") or {})
    )


def memory(service: dict[str, Any]) -> dict[str, int]:
    """The memory that a service has, and that it reserves."""
    resources = service.get("deploy", {}).get("resources", {})
    limit = resources.get("limits", {}).pop("memory", None) or service.get("mem_limit")
    reserved = resources.get("reservations", {}).pop("memory", None) or service.get("mem_reservation")
    facts = {}
    if limit:
        facts["mem_limit"] = size(limit)
    if reserved:
        facts["mem_reservation"] = size(reserved)
    swap = service.get("memswap_limit")
    if swap and swap != service.get("mem_limit"):
        facts["memswap_limit"] = size(swap)
    return facts


def facts_of_service(name: str, config: dict[str, Any]) -> dict[tuple[str, ...], Any]:
    """The facts of a service, by their path below it."""
    service = json.loads(json.dumps(config["services"][name]))
    facts: dict[tuple[str, ...], Any] = {}
    for field in ("command", "entrypoint"):
        # None is the image's, and an empty list takes it away.
        if (words := service.pop(field, None)) is not None:
            facts[field,] = words
    for field, value in memory(service).items():
        facts[field,] = value
    for field in ("mem_limit", "mem_reservation", "memswap_limit"):
        service.pop(field, None)
    deploy = service.pop("deploy", {})
    replicas = deploy.pop("replicas", None) or service.pop("scale", None) or 1
    service.pop("scale", None)
    facts["scale",] = replicas
    if (shares := service.pop("cpu_shares", None)) is not None:
        facts["cpu_shares",] = shares
    elif reserved := deploy.get("resources", {}).get("reservations", {}).pop("cpus", None):
        facts["cpu_shares",] = max(2, round(float(reserved) * 1024))
    cpus = deploy.get("resources", {}).get("limits", {}).pop("cpus", None) or service.pop("cpus", None)
    service.pop("cpus", None)
    if cpus:
        facts["cpus",] = float(cpus)
    image = service.pop("image", "") or f"{config['name']}-{name}".lower()
    # The project is named after the appliance's id, in which an underscore is a hyphen.
    own = f"{config['name']}-{name}".lower().replace("_", "-")
    facts["image",] = own if "build" in service and image.replace("_", "-") == own else image
    # An image that one service builds is there for all.
    built = [one["build"] for one in config["services"].values() if one.get("image") == image and "build" in one]
    if built and service.get("pull_policy") == "never":
        del service["pull_policy"]
    build = cleaned(service.pop("build", built[0] if built else {}))
    for field in SPEED:
        build.pop(field, None)
    if build:
        build.setdefault("dockerfile", "Dockerfile")
    restart = service.pop("restart", "no")
    facts["restart",] = {"always": "unless-stopped"}.get(restart, restart)
    if (policy := service.pop("pull_policy", None)) not in (None, "missing", "if_not_present", "build"):
        facts["pull_policy",] = policy
    facts["ports",] = Counter(port(one) for one in service.pop("ports", None) or [])
    facts["volumes",] = Counter(mount(one, config) for one in service.pop("volumes", None) or [])
    for kind in ("configs", "secrets"):
        facts[kind,] = Counter(file(one, config, kind) for one in service.pop(kind, None) or [])
    for variable, value in (service.pop("environment", None) or {}).items():
        facts["environment", variable] = value
    for label, value in (service.pop("labels", None) or {}).items():
        if not label.startswith("applc."):
            facts["labels", label] = value
    if check := service.pop("healthcheck", None):
        for field, value in healthcheck(check).items():
            facts["healthcheck", field] = value
    depends = service.pop("depends_on", None) or {}
    for link in service.pop("links", None) or []:
        on = link.split(":")[0]
        depends[on] = {**depends.get(on, DEFAULT_DEPENDENCY), "restart": False}
    for on, how in depends.items():
        facts["depends_on", id_of(on)] = cleaned({**DEFAULT_DEPENDENCY, **how})
    facts["networks",] = reached(name, config["services"])
    for network, options in (service.pop("networks", None) or {}).items():
        for option, value in cleaned(options or {}).items():
            facts["networks", network, option] = value
    if expose := service.pop("expose", None):
        del expose
    for field, value in cleaned({**service, "deploy": deploy}).items():
        if field in IGNORED:
            continue
        if field == "deploy":
            facts.update({("deploy", *path): item for path, item in leaves(value)})
        else:
            facts[field,] = value
    facts.update({("build", field): value for field, value in build.items()})
    return facts


def leaves(value: Any) -> Iterable[tuple[tuple[str, ...], Any]]:
    """The values of nested objects with their paths, two deep."""
    for key, item in value.items():
        if key == "resources":
            for part, inner in item.items():
                for name, fact in inner.items():
                    yield (key, part, name), fact
        else:
            yield (key,), item


def facts_of(config: dict[str, Any]) -> dict[tuple[str, ...], Any]:
    """The facts of a whole file."""
    facts: dict[tuple[str, ...], Any] = {}
    for name in config["services"]:
        facts["services", name] = True
        for path, value in facts_of_service(name, config).items():
            facts["services", name, *path] = value
    for name, options in config.get("networks", {}).items():
        own = cleaned(options or {})
        # `config` writes the name out.
        if own.get("name") == f"{config['name']}_{name}" or own.get("external"):
            own.pop("name", None)
        for option, value in own.items():
            if (option, value) != ("driver", "bridge"):
                facts["networks", name, option] = value
    used = {
        one.get("source") for service in config["services"].values() for one in service.get("volumes") or []
    }
    for name, options in config.get("volumes", {}).items():
        own = cleaned(options or {})
        if name not in used:
            continue
        if own.get("name") == f"{config['name']}_{name}" or own.get("external"):
            own.pop("name", None)
        for option, value in own.items():
            facts["volumes", name, option] = value
    return facts


def renamed(path: tuple[str, ...], names: dict[str, str]) -> tuple[str, ...]:
    """The path of a fact with the id of its service."""
    if path[0] == "services":
        return (path[0], names.get(path[1], path[1]), *path[2:])
    if path[0] == "volumes":
        return (path[0], id_of(path[1]), *path[2:])
    return path


def spelled(value: Any, names: dict[str, str]) -> Any:
    """A text with the names of services as ids, which are their host names in the result."""
    if isinstance(value, list):
        return [spelled(item, names) for item in value]
    if not isinstance(value, str):
        return value
    for name, id in names.items():
        if name != id:
            value = re.sub(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])", id, value)
    return value


def differences(source: dict[str, Any], result: dict[str, Any]) -> list[Difference]:
    """The differences between what two files say, with the paths of the source."""
    names = {name: id_of(name) for name in source["services"]}
    old, new = facts_of(source), facts_of(result)
    found = []
    known = set()
    for path, value in old.items():
        there = renamed(path, names)
        known.add(there)
        other = new.get(there)
        if other != value and spelled(value, names) != spelled(other, names):
            if isinstance(value, Counter):
                other = other or Counter()
                value, other = list((value - other).elements()), list((other - value).elements())
            found.append(Difference(path, value, other))
    ids = {id: name for name, id in names.items()}
    for path, value in new.items():
        if path not in known and path[2:3] != ("scale",) and value not in ([], Counter()):
            original = ids.get(path[1], path[1]) if path[0] == "services" else path[1]
            found.append(Difference((path[0], original, *path[2:]), None, value))
    return found
