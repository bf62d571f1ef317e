"""Rules for Kubernetes objects that the published schemas do not contain.

The API server checks most of them too. Here they are checked for the whole file, which also finds
errors that the server accepts and that show only at run time: a selector that matches no pod, a port
name that no container has, a claim that does not exist.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

Object = dict[str, Any]

LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
LABEL_FROM_A_LETTER = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
KEY_NAME = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
KEY_PREFIX = re.compile(r"(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
PORT_NAME = re.compile(r"(?=.{1,15}$)(?=.*[a-z])(?!.*--)[a-z0-9]([-a-z0-9]*[a-z0-9])?")
QUANTITY = re.compile(r"([0-9]+(?:\.[0-9]+)?)(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?")

SCALE = {
    "m": 1e-3, "": 1, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18,
    "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50, "Ei": 2**60,
}  # fmt: skip

# The API version of each allowed kind, and whether it is namespaced.
KINDS = {
    "Namespace": ("v1", False),
    "Service": ("v1", True),
    "ConfigMap": ("v1", True),
    "ServiceAccount": ("v1", True),
    "PersistentVolumeClaim": ("v1", True),
    "Deployment": ("apps/v1", True),
    "Job": ("batch/v1", True),
    "CronJob": ("batch/v1", True),
    "Role": ("rbac.authorization.k8s.io/v1", True),
    "RoleBinding": ("rbac.authorization.k8s.io/v1", True),
}

# Maximum length of a name if it is not 63, that of a label: the Jobs of a CronJob append a time to its name, and that of a ConfigMap is a DNS name.
LONGEST = {"CronJob": 52, "ConfigMap": 253}

CRON_FIELDS = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 6)]


def expand(text: str, variables: dict[str, str]) -> str:
    """Expands a string in `command`, `args`, or `env` as the kubelet does.

    `$(NAME)` becomes the value of the variable, and is unchanged if there is none; `$$` becomes `$`.
    """

    def piece(match: re.Match[str]) -> str:
        if match[0] == "$$":
            return "$"
        return variables.get(match[1], match[0])

    return re.sub(r"\$\$|\$\(([^)]*)\)", piece, text)


def quantity(text: Any) -> float | None:
    """The numeric value of a quantity; None if it is malformed."""
    match = QUANTITY.fullmatch(str(text))
    return float(match[1]) * SCALE[match[2] or ""] if match else None


def pod_template(workload: Object) -> Object | None:
    """The pod template of a Deployment, Job, or CronJob; None for other kinds."""
    match workload["kind"]:
        case "Deployment" | "Job":
            return workload["spec"]["template"]
        case "CronJob":
            return workload["spec"]["jobTemplate"]["spec"]["template"]
    return None


def problems(objects: list[Object], existing_claims: set[str] = frozenset()) -> list[str]:
    """All errors in the objects of one file, in order.

    `existing_claims` are the names of claims that exist although the file does not create them.
    """
    return list(_File(objects, existing_claims).problems())


class _File:
    def __init__(self, objects: list[Object], existing_claims: set[str]) -> None:
        self.objects = objects
        self.claims = self.named("PersistentVolumeClaim") | existing_claims
        self.accounts = self.named("ServiceAccount") | {"default"}

    def named(self, kind: str) -> set[str]:
        return {item["metadata"]["name"] for item in self.objects if item["kind"] == kind}

    def problems(self) -> Iterator[str]:
        yield from self.check_file()
        for item in self.objects:
            where = f"{item['kind']} {item['metadata']['name']}"
            for problem in self.check_object(item):
                yield f"{where}: {problem}"

    def check_file(self) -> Iterator[str]:
        keys = Counter(
            (item["kind"], item["metadata"].get("namespace"), item["metadata"]["name"])
            for item in self.objects
        )
        for (kind, _, name), count in keys.items():
            if count > 1:
                yield f"{kind} {name} is defined {count} times"
        # A file without a Namespace is applied to an existing one.
        makes_namespaces, namespaces = bool(self.named("Namespace")), set()
        for item in self.objects:
            if item["kind"] == "Namespace":
                namespaces.add(item["metadata"]["name"])
            elif (namespace := item["metadata"].get("namespace")) not in namespaces and makes_namespaces:
                yield f"{item['kind']} {item['metadata']['name']}: namespace {namespace} is not created before it"
        node_ports = Counter(
            port["nodePort"]
            for item in self.objects
            if item["kind"] == "Service"
            for port in item["spec"].get("ports", [])
            if "nodePort" in port
        )
        for port, count in node_ports.items():
            if count > 1:
                yield f"node port {port} is used {count} times"

    def check_object(self, item: Object) -> Iterator[str]:
        kind, meta = item["kind"], item["metadata"]
        version, namespaced = KINDS.get(kind, (None, False))
        if item["apiVersion"] != version:
            yield f"API version {item['apiVersion']}"
        if namespaced != ("namespace" in meta):
            yield "has a namespace" if "namespace" in meta else "has no namespace"
        form = LABEL_FROM_A_LETTER if kind == "Service" else LABEL
        if not form.fullmatch(meta["name"]) or len(meta["name"]) > LONGEST.get(kind, 63):
            yield "malformed name"
        yield from check_labels(meta)
        if template := pod_template(item):
            yield from check_labels(template["metadata"])
            yield from self.check_pod(kind, template["spec"])
        check: Callable[[Object], Iterator[str]] | None = {
            "Deployment": self.check_deployment,
            "Job": self.check_job,
            "CronJob": self.check_cron_job,
            "Service": self.check_service,
            "PersistentVolumeClaim": self.check_claim,
            "RoleBinding": self.check_binding,
            "Role": self.check_role,
        }.get(kind)
        if check:
            yield from check(item)

    def selected(self, selector: dict[str, str]) -> list[Object]:
        """The workloads whose pods a selector matches."""
        return [
            item
            for item in self.objects
            if (template := pod_template(item))
            and selector.items() <= template["metadata"].get("labels", {}).items()
        ]

    def check_deployment(self, item: Object) -> Iterator[str]:
        matched = self.selected(item["spec"]["selector"]["matchLabels"])
        if [id(other) for other in matched] != [id(item)]:
            yield f"the selector matches the pods of {[other['metadata']['name'] for other in matched]}"
        if "app.kubernetes.io/version" in item["spec"]["selector"]["matchLabels"]:
            yield "the selector, which is immutable, contains a version"

    def check_job(self, item: Object) -> Iterator[str]:
        spec = item["spec"]
        if spec.get("completionMode") == "Indexed" and "completions" not in spec:
            yield "indexed without completions"
        if "backoffLimitPerIndex" in spec and spec.get("completionMode") != "Indexed":
            yield "backoffLimitPerIndex without indexes"
        if spec.get("backoffLimit", 0) < 0:
            yield "negative backoffLimit"

    def check_cron_job(self, item: Object) -> Iterator[str]:
        spec = item["spec"]
        fields = spec["schedule"].split()
        if len(fields) != len(CRON_FIELDS) or not all(
            cron_field(text, low, high) for text, (low, high) in zip(fields, CRON_FIELDS, strict=True)
        ):
            yield f"schedule {spec['schedule']!r}"
        if "timeZone" not in spec:
            yield "no timeZone: the schedule depends on the time zone of the cluster"
        yield from self.check_job(spec["jobTemplate"])

    def check_service(self, item: Object) -> Iterator[str]:
        spec = item["spec"]
        headless = spec.get("clusterIP") == "None"
        matched = self.selected(spec["selector"])
        if len(matched) != 1:
            yield f"the selector matches the pods of {[other['metadata']['name'] for other in matched]}"
        ports = spec.get("ports", [])
        if not ports and not headless:
            yield "has neither ports nor clusterIP None"
        if headless and spec.get("type", "ClusterIP") != "ClusterIP":
            yield f"headless {spec['type']}"
        if len(ports) > 1 and any("name" not in port for port in ports):
            yield "several ports and one without a name"
        for name, count in Counter(port["name"] for port in ports if "name" in port).items():
            if count > 1:
                yield f"port name {name} is defined {count} times"
            if not LABEL.fullmatch(name):
                yield f"port name {name}"
        for key, count in Counter((port["port"], port.get("protocol", "TCP")) for port in ports).items():
            if count > 1:
                yield f"port {key} is defined {count} times"
        for port in ports:
            if not 1 <= port["port"] <= 65535:
                yield f"port {port['port']}"
            if "nodePort" in port:
                if spec.get("type") not in ("NodePort", "LoadBalancer"):
                    yield f"nodePort on type {spec.get('type')}"
                if not 30000 <= port["nodePort"] <= 32767:
                    yield f"nodePort {port['nodePort']}"
            target = port.get("targetPort", port["port"])
            if headless and target != port["port"] and not isinstance(target, str):
                yield f"headless port {port['port']} cannot have targetPort {target}"
            for workload in matched:
                if self.target(workload, target) is None:
                    yield f"no container has port {target}"

    @staticmethod
    def target(workload: Object, target: int | str) -> Object | None:
        """The container port that the targetPort of a Service refers to, for any protocol: listing it has no effect."""
        for container in pod_template(workload)["spec"]["containers"]:
            for port in container.get("ports", []):
                found = port.get("name") if isinstance(target, str) else port["containerPort"]
                if found == target:
                    return port
        return None

    @staticmethod
    def check_claim(item: Object) -> Iterator[str]:
        size = quantity(item["spec"]["resources"]["requests"]["storage"])
        if not size:
            yield "missing or malformed size"
        if not item["spec"]["accessModes"]:
            yield "no access mode"

    def check_role(self, item: Object) -> Iterator[str]:
        for rule in item["rules"]:
            for resource in rule["resources"]:
                kind = {"jobs": "Job", "cronjobs": "CronJob", "deployments": "Deployment"}.get(resource)
                for name in rule.get("resourceNames", []):
                    if kind and name not in self.named(kind):
                        yield f"refers to {resource} {name}, which does not exist"

    def check_binding(self, item: Object) -> Iterator[str]:
        if item["roleRef"]["kind"] != "Role" or item["roleRef"]["name"] not in self.named("Role"):
            yield f"no {item['roleRef']['kind']} {item['roleRef']['name']}"
        for subject in item["subjects"]:
            if subject["name"] not in self.accounts:
                yield f"no {subject['kind']} {subject['name']}"
            if subject.get("namespace") != item["metadata"]["namespace"]:
                yield f"subject {subject['name']} in namespace {subject.get('namespace')}"

    def check_pod(self, kind: str, spec: Object) -> Iterator[str]:
        allowed = {"Deployment": {"Always"}}.get(kind, {"Never", "OnFailure"})
        if spec.get("restartPolicy", "Always") not in allowed:
            yield f"restartPolicy {spec.get('restartPolicy')}"
        if spec.get("enableServiceLinks") is not False:
            yield "service links are not disabled"
        account = spec.get("serviceAccountName", "default")
        if account not in self.accounts:
            yield f"no ServiceAccount {account}"
        if account == "default" and spec.get("automountServiceAccountToken") is not False:
            yield "mounts a token that it does not need"
        if spec.get("hostNetwork") and spec.get("dnsPolicy") != "ClusterFirstWithHostNet":
            yield "on the host network without the cluster's DNS"
        containers = spec["containers"] + spec.get("initContainers", [])
        for name, count in Counter(container["name"] for container in containers).items():
            if count > 1:
                yield f"container {name} is defined {count} times"
        volumes = Counter(volume["name"] for volume in spec.get("volumes", []))
        for name, count in volumes.items():
            if count > 1:
                yield f"volume {name} is defined {count} times"
            if not LABEL.fullmatch(name):
                yield f"volume name {name}"
        for volume in spec.get("volumes", []):
            if claim := volume.get("persistentVolumeClaim"):
                if claim["claimName"] not in self.claims:
                    yield f"no claim {claim['claimName']}"
        mounted = {
            mount["name"] for container in containers for mount in container.get("volumeMounts", [])
        }
        for name in sorted(mounted ^ set(volumes)):
            yield f"volume {name} is " + ("not mounted" if name in volumes else "not defined")
        names = [
            port["name"] for container in spec["containers"] for port in container.get("ports", []) if "name" in port
        ]
        if len(set(names)) != len(names):
            yield f"port names {names}"
        for container in containers:
            for problem in check_container(container, bool(spec.get("hostNetwork"))):
                yield f"container {container['name']}: {problem}"


def check_labels(meta: Object) -> Iterator[str]:
    """The errors in labels and annotations."""
    for key, value in meta.get("labels", {}).items():
        if not isinstance(value, str) or not LABEL_VALUE.fullmatch(value):
            yield f"label value {value!r}"
    for key in [*meta.get("labels", {}), *meta.get("annotations", {})]:
        prefix, slash, name = key.rpartition("/")
        if not KEY_NAME.fullmatch(name) or (slash and not KEY_PREFIX.fullmatch(prefix)):
            yield f"key {key!r}"
    for key, value in meta.get("annotations", {}).items():
        if not isinstance(value, str):
            yield f"annotation value {value!r}"


def check_container(container: Object, on_the_host: bool) -> Iterator[str]:
    """The errors in one container."""
    if not LABEL.fullmatch(container["name"]):
        yield "malformed name"
    if not container["image"] or container["image"] != container["image"].strip():
        yield f"image {container['image']!r}"
    ports = container.get("ports", [])
    for key in ("containerPort", "hostPort"):
        taken = Counter((port[key], port.get("protocol", "TCP")) for port in ports if key in port)
        for (number, protocol), count in taken.items():
            if not 1 <= number <= 65535:
                yield f"{key} {number}"
            if count > 1:
                yield f"{key} {number}/{protocol} is defined {count} times"
    for port in ports:
        if "name" in port and not PORT_NAME.fullmatch(port["name"]):
            yield f"port name {port['name']}"
        if on_the_host and port.get("hostPort", port["containerPort"]) != port["containerPort"]:
            yield f"on the host network, containerPort {port['containerPort']} must equal hostPort {port['hostPort']}"
    for name, count in Counter(entry["name"] for entry in container.get("env", [])).items():
        if count > 1:
            yield f"variable {name} is defined {count} times"
        if not name or "=" in name or not all(" " <= letter <= "~" for letter in name):
            yield f"variable {name!r}"
    for entry in container.get("env", []):
        if not isinstance(entry.get("value", ""), str):
            yield f"variable {entry['name']} is {entry['value']!r}"
    for key in ("command", "args"):
        for word in container.get(key, []):
            if not isinstance(word, str):
                yield f"{key} has {word!r}"
    paths = [mount["mountPath"] for mount in container.get("volumeMounts", [])]
    for path, count in Counter(paths).items():
        if count > 1 or ":" in path or not path.startswith("/"):
            yield f"mount path {path!r}"
    numbers = {port["containerPort"] for port in ports}
    for key in ("startupProbe", "livenessProbe", "readinessProbe"):
        if probe := container.get(key):
            for problem in check_probe(probe, numbers, {port.get("name") for port in ports}):
                yield f"{key}: {problem}"
            if key != "readinessProbe" and probe.get("successThreshold", 1) != 1:
                yield f"{key}: successThreshold {probe['successThreshold']}"
    yield from check_resources(container.get("resources", {}))


def check_probe(probe: Object, numbers: set[int], names: set[str]) -> Iterator[str]:
    """The errors in a probe of a container that has these ports."""
    handlers = [key for key in ("httpGet", "tcpSocket", "exec", "grpc") if key in probe]
    if len(handlers) != 1:
        yield f"handlers {handlers}"
    for key in handlers:
        port = probe[key].get("port")
        if key != "exec" and port not in numbers and port not in names:
            yield f"port {port} is not the container's"
    for key, least in (("timeoutSeconds", 1), ("periodSeconds", 1), ("failureThreshold", 1)):
        if key not in probe:
            yield f"no {key}"
        elif probe[key] < least:
            yield f"{key} {probe[key]}"


def check_resources(resources: Object) -> Iterator[str]:
    """The errors in requests and limits."""
    requests, limits = resources.get("requests", {}), resources.get("limits", {})
    for name, text in [*requests.items(), *limits.items()]:
        value = quantity(text)
        if value is None:
            yield f"quantity {text!r} of {name}"
        elif "/" in name and (value != int(value) or limits.get(name) != requests.get(name, limits.get(name))):
            yield f"{name} {text}: must be an integer, and equal in requests and limits"
        if name == "memory" and value is not None and value < 2**20:
            yield f"memory {text}: less than a MiB"
    for name in requests.keys() & limits.keys():
        if (quantity(requests[name]) or 0) > (quantity(limits[name]) or 0):
            yield f"request of {name} exceeds its limit"


def cron_field(text: str, low: int, high: int) -> bool:
    """Whether a field of a cron expression consists of numbers, ranges, lists, and steps within its limits."""
    for part in text.split(","):
        span, _, step = part.partition("/")
        if step and not (step.isdecimal() and int(step) > 0):
            return False
        ends = [str(low), str(high)] if span == "*" else span.split("-")
        if not 1 <= len(ends) <= 2 or not all(end.isdecimal() and low <= int(end) <= high for end in ends):
            return False
        if int(ends[0]) > int(ends[-1]) or (step and "/" in part and len(ends) == 1):
            return False
    return True
