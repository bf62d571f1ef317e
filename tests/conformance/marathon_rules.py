"""Validates the body of `PUT /v2/groups` as Marathon 1.11 does, and more strictly.

The structure is `marathon_group.schema.json`, which follows the RAML types that Marathon publishes.
The rules below are of two kinds: those of Marathon's own validation (AppValidation,
NetworkValidation, SchedulingValidation, PathId, RootGroup, the DVDI provider), to which it responds
with 422; and rules that Marathon does not check, where it silently drops or changes fields. An
operator would notice those too late, so both kinds are violations here.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator
from typing import Any

from violations import Report, Violation, load_schema, pointer, structural

SCHEMA = load_schema("marathon_group.schema.json")

SEGMENT = re.compile(r"([a-z0-9]|[a-z0-9][a-z0-9\-]*[a-z0-9])(\.([a-z0-9]|[a-z0-9][a-z0-9\-]*[a-z0-9]))*")
RESERVED_SEGMENTS = {"restart", "tasks", "versions"}
# A DNS label contains all segments of an id, in reverse order and joined by hyphens.
LONGEST_DNS_LABEL = 63
LONGEST_ENVIRONMENT_NAME = 254
# OptionLabelPatterns: names of volumes, providers, and drivers, and keys of options.
LABEL = re.compile(r"[a-zA-Z0-9](?:[-_.a-zA-Z0-9]{0,61}[a-zA-Z0-9])?")
VIP_KEY = re.compile(r"VIP_[0-9]+")
VIP_VALUE = re.compile(r"(?:/[a-z0-9](?:[-a-z0-9]*[a-z0-9])?|[0-9]{1,3}(?:\.[0-9]{1,3}){3}):([0-9]{1,5})")
IS_VALUE = re.compile(r"[a-zA-Z0-9_/.-]*")
INTEGER = re.compile(r"[+-]?[0-9]+")
DRIVER = "dvdi/driver"
DRIVER_NAME = re.compile(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?")
# RFC 3986: the path and the query of a URL.
URL_PATH = re.compile(r"/(?:[A-Za-z0-9._~!$&'()*+,;=:@/?#-]|%[0-9A-Fa-f]{2})*")

MARATHON_PROTOCOLS = {"HTTP", "HTTPS", "TCP"}
PORT_PROTOCOLS = MARATHON_PROTOCOLS | {"MESOS_HTTP", "MESOS_HTTPS", "MESOS_TCP"}
# Marathon's defaults for these fields differ from those of an appliance.
EXPLICIT_FIELDS = ("instances", "cpus", "mem", "networks", "container")


def check_group(document: Any, features: Iterable[str] = ()) -> list[Violation]:
    """All violations in a group; `features` are those of Marathon's `--enable_features`."""
    found = structural(SCHEMA, document)
    if found:
        # The rules require a valid structure.
        return found
    report = Report()
    apps = list(_apps(document, report, ""))
    _check_groups(document, report, "")
    _check_graph(apps)
    for app, base, place in apps:
        _check_app(app, base, place, frozenset(features))
    _check_labels(apps)
    _check_volume_names(apps)
    return sorted(report.found)


def absolute(path: str, base: str) -> str:
    """The absolute id of an id relative to `base`."""
    parts = [] if path.startswith("/") else [part for part in base.split("/") if part]
    for part in path.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in {"", "."}:
            parts.append(part)
    return pointer(parts)


def _apps(group: dict, report: Report, base: str) -> Iterator[tuple[dict, str, Report]]:
    """Every app with the id of its group and the report for its location."""
    id = absolute(group["id"], base)
    for index, app in enumerate(group.get("apps", ())):
        yield app, id, report.at("apps", index)
    for index, inner in enumerate(group.get("groups", ())):
        yield from _apps(inner, report.at("groups", index), id)


def _check_groups(group: dict, report: Report, base: str) -> None:
    id = absolute(group["id"], base)
    if not base and not group["id"].startswith("/"):
        report.at("id").add("not absolute: it would depend on the URL of the request")
    _check_segments(id, report.at("id"))
    for field in ("version", "scaleBy"):
        if field in group and len(group) > 2:
            report.at(field).add("cannot be combined with other fields")
    if base and "enforceRole" in group:
        report.at("enforceRole").add("supported only on top-level groups")
    inner = group.get("groups", ())
    for index, child in enumerate(inner):
        place = report.at("groups", index)
        if absolute(absolute(child["id"], id) + "/..", "") != id:
            place.at("id").add(f"not a child of {id}")
        _check_groups(child, place, id)


def _check_segments(id: str, report: Report) -> None:
    segments = id.split("/")[1:]
    if not any(segments):
        report.add("cannot be the root group")
        return
    for segment in segments:
        if not SEGMENT.fullmatch(segment):
            report.add(f"segment {segment!r} does not match {SEGMENT.pattern}")
        elif "." in segment:
            report.add(f"segment {segment!r} contains a dot, which breaks its DNS names")
    if segments[-1] in RESERVED_SEGMENTS:
        report.add(f"ends with the reserved word {segments[-1]!r}")


def _check_labels(apps: list[tuple[dict, str, Report]]) -> None:
    """Checks the DNS labels that texts of the apps contain. Without one, an app needs none: Marathon takes its id."""
    texts = json.dumps([app for app, _, _ in apps])
    for app, base, place in apps:
        label = "-".join(reversed(absolute(app["id"], base).split("/")[1:]))
        if len(label) > LONGEST_DNS_LABEL and f"{label}." in texts:
            place.at("id").add(
                f"the DNS label {label} has {len(label)} characters; at most {LONGEST_DNS_LABEL} are allowed"
            )


def _check_graph(apps: list[tuple[dict, str, Report]]) -> None:
    """Checks that ids are unique, and that dependencies exist and have no cycle."""
    places: dict[str, Report] = {}
    edges: dict[str, list[str]] = {}
    groups = {base for _, base, _ in apps}
    for app, base, place in apps:
        id = absolute(app["id"], base)
        if id in places:
            place.at("id").add(f"{id} is defined twice")
        places[id] = place
        edges[id] = [absolute(other, base) for other in app.get("dependencies", ())]
    for id, others in edges.items():
        for index, other in enumerate(others):
            if other not in edges and other not in groups:
                places[id].at("dependencies", index).add(f"{other} does not exist: Marathon ignores it")
    state: dict[str, str] = {}

    def visit(id: str) -> None:
        state[id] = "open"
        for other in edges[id]:
            if state.get(other) == "open":
                places[id].at("dependencies").add(f"dependency cycle through {other}")
            elif other in edges and other not in state:
                visit(other)
        state[id] = "done"

    for id in edges:
        if id not in state:
            visit(id)


def _check_app(app: dict, base: str, report: Report, features: frozenset[str]) -> None:
    id = absolute(app["id"], base)
    _check_segments(id, report.at("id"))
    if absolute(id + "/..", "") != base:
        report.at("id").add(f"not a child of {base}")
    for field in EXPLICIT_FIELDS:
        if field not in app:
            report.add(f"{field!r} is missing: Marathon fills in a default")
    if "cmd" in app and "args" in app:
        report.add("'cmd' and 'args' are mutually exclusive")
    if len(app.get("cmd", "  ")) < 2:
        report.at("cmd").add("Marathon treats a single character as an empty string")
    _check_environment(app.get("env", {}), report.at("env"), features)
    networks = app.get("networks", [])
    modes = [network.get("mode", "container") for network in networks]
    _check_networks(networks, modes, report.at("networks"))
    container = app.get("container", {})
    _check_container(container, networks, app, report.at("container"), features)
    ports = _check_ports(app, container, modes, report)
    _check_overlap(app, container, report.at("upgradeStrategy"))
    _check_health(app.get("healthChecks", ()), ports, container, report)
    for index, constraint in enumerate(app.get("constraints", ())):
        _check_constraint(constraint, report.at("constraints", index))
    if app.get("gpus", 0) > 0:
        if container.get("type") == "DOCKER":
            report.at("gpus").add("requires the Mesos containerizer")
        if "gpu_resources" not in features:
            report.at("gpus").add("requires the feature gpu_resources")
    if app.get("labels", {}).get("MARATHON_SINGLE_INSTANCE_APP") == "true" and app.get("instances", 1) > 1:
        report.at("instances").add("a single-instance app can have only one instance")
    for index, check in enumerate(app.get("readinessChecks", ())):
        if check.get("timeoutSeconds", 10) >= check.get("intervalSeconds", 30):
            report.at("readinessChecks", index).add("the timeout must be less than the interval")


def _check_environment(variables: dict, report: Report, features: frozenset[str]) -> None:
    for name, value in variables.items():
        if not 0 < len(name) <= LONGEST_ENVIRONMENT_NAME:
            report.at(name).add(f"a name must have 1 to {LONGEST_ENVIRONMENT_NAME} characters")
        if "=" in name or "\0" in name:
            report.at(name).add("invalid variable name")
        if isinstance(value, str) and "\0" in value:
            report.at(name).add("a variable cannot contain NUL")
        if isinstance(value, dict) and "secrets" not in features:
            report.at(name).add("requires the feature secrets")


def _check_networks(networks: list[dict], modes: list[str], report: Report) -> None:
    if len(set(modes)) > 1 or (len(modes) > 1 and modes[0] != "container"):
        report.add("expected one host network, one bridge network, or container networks")
    names = [network.get("name", "") for network in networks]
    if len(names) != len(set(names)):
        report.add("duplicate network")
    for index, (network, mode) in enumerate(zip(networks, modes)):
        place = report.at(index)
        if mode != "container" and "name" in network:
            place.at("name").add(f"a {mode} network cannot have a name")
        if mode == "host" and network.get("labels"):
            place.at("labels").add("a host network cannot have labels")
        if mode == "container" and "name" not in network:
            place.add("a container network without a name depends on --default_network_name")


def _check_container(
    container: dict, networks: list[dict], app: dict, report: Report, features: frozenset[str]
) -> None:
    if not container:
        return
    docker = container.get("docker", {})
    if container["type"] == "DOCKER":
        if not docker:
            report.at("docker").add("required with type DOCKER")
        if "pullConfig" in docker:
            report.at("docker", "pullConfig").add("unsupported by the Docker containerizer")
        if sum(network.get("mode", "container") == "container" for network in networks) > 1:
            report.add("the Docker containerizer supports only one container network")
    else:
        for field in ("privileged", "parameters"):
            if docker.get(field):
                report.at("docker", field).add("only with the Docker containerizer")
    paths = [volume["containerPath"] for volume in container.get("volumes", ())]
    for index, volume in enumerate(container.get("volumes", ())):
        place = report.at("volumes", index)
        if paths.count(volume["containerPath"]) > 1:
            place.at("containerPath").add("mounted twice")
        if volume["containerPath"] in {".", ".."}:
            place.at("containerPath").add("the path cannot be '.' or '..'")
        if "mode" not in volume:
            place.add("'mode' is missing")
        if "persistent" in volume:
            _check_persistent(volume, app, place)
        if "external" in volume:
            _check_external(volume, container["type"], app, place, features)


def _check_persistent(volume: dict, app: dict, report: Report) -> None:
    if "/" in volume["containerPath"]:
        report.at("containerPath").add("the path of a persistent volume cannot contain a slash")
    if volume.get("mode", "RW") != "RW":
        report.at("mode").add("a persistent volume must be RW")
    info = volume["persistent"]
    if info.get("constraints") and info.get("type", "root") == "root":
        report.at("persistent", "constraints").add("unsupported on root volumes")
    if "maxSize" in info and (info.get("type") != "mount" or info["maxSize"] <= info["size"]):
        report.at("persistent", "maxSize").add("must be greater than the size, and requires a mount volume")
    _check_upgrade(app, report)


def _check_external(
    volume: dict, engine: str, app: dict, report: Report, features: frozenset[str]
) -> None:
    if "external_volumes" not in features:
        report.at("external").add("requires the feature external_volumes")
    info = volume["external"]
    if not LABEL.fullmatch(info["name"]):
        report.at("external", "name").add(f"does not match {LABEL.pattern}")
    options = info["options"]
    if not DRIVER_NAME.fullmatch(options.get(DRIVER, "")):
        report.at("external", "options").add(f"{DRIVER} does not match {DRIVER_NAME.pattern}")
    if engine == "DOCKER":
        if set(options) - {DRIVER}:
            report.at("external", "options").add(f"the Docker containerizer supports only {DRIVER}")
        if "size" in info:
            report.at("external", "size").add("unsupported by the Docker containerizer")
        if not volume["containerPath"].startswith("/"):
            report.at("containerPath").add("not absolute")
    elif volume.get("mode") != "RW":
        report.at("mode").add("the Mesos containerizer mounts external volumes only as RW")
    if app.get("instances", 1) > 1:
        report.add("an app with external volumes can have only one instance")
    if app.get("upgradeStrategy", {}).get("maximumOverCapacity") != 0:
        report.add("requires an upgradeStrategy with maximumOverCapacity 0")


def _check_upgrade(app: dict, report: Report) -> None:
    strategy = app.get("upgradeStrategy", {})
    if strategy.get("maximumOverCapacity") != 0 or strategy.get("minimumHealthCapacity", 1) > 0.5:
        report.add("requires an upgradeStrategy with maximumOverCapacity 0 and minimumHealthCapacity at most 0.5")


def _check_overlap(app: dict, container: dict, report: Report) -> None:
    """Checks that an update stops an instance first where two cannot have the same port or volume.

    Marathon accepts other strategies, and the update then waits for what the running instance has.
    """
    mappings = container.get("portMappings") or ()
    definitions = app.get("portDefinitions") or () if app.get("requirePorts") else ()
    exclusive = (
        any(port.get("hostPort", 0) for port in mappings)
        or any(port.get("port", 0) for port in definitions)
        or any("external" in volume for volume in container.get("volumes", ()))
    )
    instances = app.get("instances", 1)
    strategy = app.get("upgradeStrategy", {})
    kept = math.ceil(instances * strategy.get("minimumHealthCapacity", 1))
    if exclusive and instances and kept >= instances:
        report.add("an update starts an instance first, which waits for a port or a volume")


def _check_volume_names(apps: list[tuple[dict, str, Report]]) -> None:
    """Checks that an external volume is mounted once, by one app, unless it is shared."""
    owners: dict[str, str] = {}
    for app, base, place in apps:
        for index, volume in enumerate(app.get("container", {}).get("volumes", ())):
            external = volume.get("external")
            if not external or external.get("shared"):
                continue
            owner = owners.setdefault(external["name"], place.path)
            if owner != place.path:
                place.at("container", "volumes", index).add(f"the volume is also mounted by {owner}")
        names = [
            volume["external"]["name"]
            for volume in app.get("container", {}).get("volumes", ())
            if "external" in volume
        ]
        if len(names) != len(set(names)):
            place.at("container", "volumes").add("duplicate external volume")


def _check_ports(app: dict, container: dict, modes: list[str], report: Report) -> int:
    """Checks the ports and returns their number."""
    definitions, mappings = app.get("portDefinitions"), container.get("portMappings")
    if modes == ["host"] or not modes:
        if mappings is not None:
            report.at("container", "portMappings").add("ignored: a host network uses portDefinitions")
        if definitions is None:
            report.add("'portDefinitions' is missing: Marathon adds a port")
            return 1
        place = report.at("portDefinitions")
        _check_unique(definitions, "port", place)
        if any(port.get("port", 0) for port in definitions) and not app.get("requirePorts"):
            place.add("without requirePorts, the host ports can differ")
        ports = definitions
    else:
        if definitions:
            report.at("portDefinitions").add("only with a host network")
        if app.get("requirePorts"):
            report.at("requirePorts").add("only with a host network")
        if mappings is None:
            report.at("container").add("'portMappings' is missing: Marathon adds a port")
            return 1
        place = report.at("container", "portMappings")
        _check_unique(mappings, "hostPort", place)
        for index, port in enumerate(mappings):
            if not port.get("containerPort"):
                place.at(index).add("container port 0 becomes the assigned host port")
        ports = mappings
    for index, port in enumerate(ports):
        for key, value in port.get("labels", {}).items():
            if VIP_KEY.fullmatch(key):
                match = VIP_VALUE.fullmatch(value)
                if not match or not 0 < int(match[1]) < 65536:
                    place.at(index, "labels", key).add("expected /name:port or address:port")
    return len(ports)


def _check_unique(ports: list[dict], number: str, report: Report) -> None:
    names = [port["name"] for port in ports if "name" in port]
    if len(names) != len(set(names)):
        report.add("duplicate port name")
    # Marathon compares port definitions by number alone; a duplicate host port never matches an offer.
    numbers = [port[number] for port in ports if port.get(number)]
    if len(numbers) != len(set(numbers)):
        report.add(f"duplicate {number}")


def _check_health(checks: Any, ports: int, container: dict, report: Report) -> None:
    mesos = [
        check for check in checks if check.get("protocol", "HTTP") not in MARATHON_PROTOCOLS | {"COMMAND"}
    ]
    if len(mesos) > 1:
        report.at("healthChecks").add("at most one Mesos health check is allowed")
    for index, check in enumerate(checks):
        place = report.at("healthChecks", index)
        protocol = check.get("protocol", "HTTP")
        if "protocol" not in check:
            place.add("'protocol' is missing")
        if (protocol == "COMMAND") != ("command" in check):
            place.add("'command' is required for COMMAND and invalid otherwise")
        if "path" in check and "HTTP" not in protocol:
            place.at("path").add("only with HTTP and HTTPS")
        if not URL_PATH.fullmatch(check.get("path", "/")):
            # Mesos passes it to curl unchanged.
            place.at("path").add("not a path of a URL")
        if protocol in PORT_PROTOCOLS and "port" not in check:
            # With MESOS_ protocols, the API accepts an index out of range, and the launch fails.
            if "portIndex" not in check and ports != 1 or check.get("portIndex", 0) >= ports:
                place.add(f"the port index is missing or out of range for {ports} ports")
        if protocol == "COMMAND" and ({"port", "portIndex"} & set(check)):
            place.add("a COMMAND check cannot have a port")
        if check.get("maxConsecutiveFailures") == 0:
            place.at("maxConsecutiveFailures").add("never kills or kills at once, depending on the protocol")
        if check.get("ipProtocol", "IPv4") != "IPv4" and (
            container.get("type") != "DOCKER" or not protocol.startswith("MESOS_")
        ):
            place.at("ipProtocol").add("IPv6 requires Docker and a Mesos health check")


def _check_constraint(constraint: list[str], report: Report) -> None:
    if not 2 <= len(constraint) <= 3:
        report.add("a constraint must have two or three parts")
        return
    field, operator, value = (*constraint, None)[:3]
    if not field:
        report.add("the field is empty")
    if operator == "UNIQUE":
        wrong = value is not None
    elif operator == "CLUSTER":
        wrong = not value
    elif operator == "GROUP_BY":
        wrong = value is not None and not INTEGER.fullmatch(value)
    elif operator == "MAX_PER":
        wrong = value is None or not INTEGER.fullmatch(value)
    elif operator in {"LIKE", "UNLIKE"}:
        wrong = value is None or not _is_pattern(value)
    elif operator == "IS":
        wrong = not value or not IS_VALUE.fullmatch(value)
    else:
        report.add(f"unknown operator {operator!r}")
        return
    if wrong:
        report.add(f"{value!r} is invalid for {operator}")


def _is_pattern(text: str) -> bool:
    try:
        re.compile(text)
    except re.error:
        return False
    return True
