"""Holds `applc import` and `compile` beside kompose on the same public Compose files, and writes docs/import-measure.md.

    APPLC=target/release/applc python tests/conformance/beside_kompose.py

Each fact of what `docker compose config` makes of a file is looked for in the objects for Kubernetes that each program
makes: at the place where Kubernetes has it, such as an environment variable in the container of its service. A fact
that is not there is told if a finding (applc) or a warning (kompose) names its field. Both programs are called with the
same file and their defaults; a file that a program refuses counts for none of its facts.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import tempfile
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

import compose_cases
import import_compare
import import_measure
import import_report
import support
from import_places import Places

Objects = list[dict[str, Any]]

# Facts of a field that is not looked for: networks and names have no like, and defaults are not written.
SKIPPED = {"networks", "container_name", "expose", "profiles", "scale", "restart"}

# The fields of an appliance that a warning of the compiler is about, and those of a service.
FIELDS = {
    "env": "environment", "health_check": "healthcheck", "dependencies": "depends_on", "args": "command",
    "cmd": "command", "stop_timeout": "stop_grace_period", "files": "configs", "is_privileged": "privileged",
}


@dataclass
class Made:
    """What a program made of a file."""

    objects: Objects | None
    # The fields of services that it told of, by service; those of all services by the empty name.
    told: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))


def workload(objects: Objects, name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The workload of a service, and its pod."""
    for item in objects:
        spec = item.get("spec") or {}
        spec = spec.get("jobTemplate", {}).get("spec", spec)
        pod = spec.get("template", {}).get("spec") or (spec if item["kind"] == "Pod" else None)
        own = item["metadata"]["name"]
        if pod and own in (name, import_compare.id_of(name).lower()):
            return item, pod
    return {}, {}


def quantity(text: Any) -> float:
    """A quantity of Kubernetes."""
    match = re.fullmatch(r"([\d.]+(?:e\d+)?)(m|k|[KMGT]i?)?", str(text))
    if not match:
        return -1
    factor = {"m": 1e-3, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}
    factor |= {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}
    return float(match[1]) * factor.get(match[2] or "", 1)


def text(value: Any) -> str:
    """A text without how each format escapes it, and without how services are spelled."""
    # The Service of applc for all pods of a container ends so.
    plain = re.sub(r"-pods\b", "", str(value))
    # Kubernetes writes variables so, which kompose uses for those of a shell.
    plain = re.sub(r"\$\((\w+)\)", r"$\1", plain)
    return plain.replace("$$", "$").replace("_", "-").lower()


def mounted(pod: dict[str, Any], container: dict[str, Any], target: str) -> dict[str, Any]:
    """The volume that is mounted at a path."""
    for one in container.get("volumeMounts") or []:
        if one["mountPath"].rstrip("/") == target.rstrip("/"):
            return next((v for v in pod.get("volumes") or [] if v["name"] == one["name"]), {})
    return {}


def has(path: tuple[str, ...], value: Any, item: dict[str, Any], pod: dict[str, Any], objects: Objects) -> bool | None:
    """Whether the objects say a fact of a service; None for a field that Kubernetes has no place for."""
    container = (pod.get("containers") or [{}])[0]
    secure = {**(pod.get("securityContext") or {}), **(container.get("securityContext") or {})}
    capabilities = secure.get("capabilities") or {}
    resources = container.get("resources") or {}
    probes = [container[kind] for kind in ("livenessProbe", "readinessProbe", "startupProbe") if kind in container]
    run = [text(word) for word in (container.get("command") or []) + (container.get("args") or [])]
    name = path[0]
    match name:
        case "image":
            return text(container.get("image", "")) == text(value)
        case "command" | "entrypoint":
            return all(text(word) in run or any(text(word) in one for one in run) for word in value)
        case "environment":
            for source in container.get("envFrom") or []:
                names = {(reference or {}).get("name") for reference in source.values() if isinstance(reference, dict)}
                for item in objects:
                    if item["metadata"]["name"] in names and text((item.get("data") or {}).get(path[1])) == text(value):
                        return True
            named = [one for one in container.get("env") or [] if one["name"] == path[1]]
            # An address of its own that other containers reach.
            if any("$(APPLC_OWN_ADDRESS)" in one.get("value", "") for one in named):
                return True
            return any("valueFrom" in one or text(one.get("value", "")) == text(value or "") for one in named)
        case "labels":
            template = item.get("spec", {}).get("template", {}).get("metadata", {})
            meta = [item.get("metadata", {}), template]
            kinds = [one.get(kind) or {} for one in meta for kind in ("labels", "annotations")]
            return any(text(one.get(path[1])) == text(value) for one in kinds)
        case "mem_limit":
            return quantity(resources.get("limits", {}).get("memory")) == float(value)
        case "cpus":
            return quantity(resources.get("limits", {}).get("cpu")) == float(value)
        case "mem_reservation":
            return quantity(resources.get("requests", {}).get("memory")) == float(value)
        case "cpu_shares":
            return abs(quantity(resources.get("requests", {}).get("cpu")) - value / 1024) < 0.01
        case "user":
            return str(secure.get("runAsUser")) == str(value).split(":")[0]
        case "working_dir":
            return container.get("workingDir") == value
        case "stop_grace_period":
            return pod.get("terminationGracePeriodSeconds") == import_compare.seconds(str(value))
        case "privileged" | "tty":
            return bool(secure.get(name) or container.get(name))
        case "stdin_open":
            return bool(container.get("stdin"))
        case "read_only":
            return bool(secure.get("readOnlyRootFilesystem"))
        case "cap_add" | "cap_drop":
            return set(value) <= set(capabilities.get(name.removeprefix("cap_")) or [])
        case "network_mode":
            return value == "host" and bool(pod.get("hostNetwork"))
        case "hostname":
            return pod.get("hostname") == value
        case "domainname":
            return pod.get("subdomain") == value
        case "depends_on":
            return bool(pod.get("initContainers"))
        case "healthcheck" if path[1] == "test":
            value = [text(word) for word in value]
            ran = [[text(word) for word in (one.get("exec") or {}).get("command") or []] for one in probes]
            # A command of a shell is nothing without one.
            return any(one == value or ("-c" in one and shlex.split(one[-1]) == value) for one in ran)
        case "healthcheck":
            keys = {"interval": "periodSeconds", "timeout": "timeoutSeconds", "retries": "failureThreshold"}
            if path[1] == "start_period":
                return value == 0 or any("initialDelaySeconds" in one for one in probes) or "startupProbe" in container
            return any(one.get(keys.get(path[1], "")) == value for one in probes)
        case "tmpfs":
            return all("emptyDir" in mounted(pod, container, one.split(":")[0]) for one in value)
        case "extra_hosts":
            return bool(pod.get("hostAliases"))
        case "dns" | "dns_search":
            return bool(pod.get("dnsConfig"))
        case "group_add":
            return bool(secure.get("supplementalGroups"))
        case "sysctls":
            return bool(secure.get("sysctls"))
        case "deploy" if path[1] == "placement":
            return bool(pod.get("affinity") or pod.get("nodeSelector") or pod.get("topologySpreadConstraints"))
        case "pull_policy":
            return container.get("imagePullPolicy", "").lower() == str(value).lower()
        case _:
            return None


def items(path: tuple[str, ...], value: Any) -> list[tuple[str, Any]]:
    """The ports, mounts and files of a service, one by one."""
    return [(path[0], yaml.safe_load(one)) for one in value.elements()]


def has_item(kind: str, one: dict[str, Any], pod: dict[str, Any], objects: Objects) -> bool:
    container = (pod.get("containers") or [{}])[0]
    if kind == "ports":
        services = [item["spec"].get("ports") or [] for item in objects if item["kind"] == "Service"]
        targets = {port.get("targetPort", port["port"]) for ports in services for port in ports}
        named = {port.get("name"): port["containerPort"] for port in container.get("ports") or []}
        numbers = {named.get(target, target) for target in targets}
        host = any(port.get("hostPort") for port in container.get("ports") or [] if port["containerPort"] == one["target"])
        return one["target"] in numbers or host
    volume = mounted(pod, container, one["target"])
    if kind == "volumes":
        # A claim in the place of a folder of the machine is an empty folder.
        kinds = {"bind": {"hostPath", "configMap"}, "tmpfs": {"emptyDir"}, "volume": {"persistentVolumeClaim"}}
        allowed = kinds.get(one["type"], set()) | (set() if one.get("source") else {"emptyDir"})
        return bool(allowed & set(volume))
    return bool(volume)


def applc_made(applc: support.Applc, file: Path) -> Made:
    appliance = file.parent / "appliance.yaml"
    run = applc("import", file, "-o", appliance, "--format", "json")
    found, errors = import_measure.findings(run.stdout or run.stderr, Places(file.read_text("utf-8")))
    if errors:
        return Made(None)
    made = Made([])
    for one in found:
        for place in one.places:
            if place[:1] == ("services",):
                made.told[place[1]].update(place[2:3])
                also = [fields for words, fields in import_measure.NAMED if re.search(words, one.message)]
                made.told[place[1]].update(*also)
    compiled = applc.compile(appliance, "kubernetes", "--format", "json", "-o", f"{file.parent}/k/")
    if compiled.code:
        return Made(None)
    for one in import_measure.json.loads(compiled.stderr or "{}").get("diagnostics", []):
        # Warnings about what the target does not do.
        if not one["code"].startswith("W04"):
            continue
        for place in Places(appliance.read_text("utf-8")).of(one["span"]):
            if place[:1] == ("containers",) and len(place) > 2:
                id = yaml.safe_load(appliance.read_text("utf-8"))["containers"][int(place[1])]["id"]
                made.told[id].add(FIELDS.get(place[2], place[2]))
    for path in sorted((file.parent / "k").rglob("*.yaml")):
        made.objects += [one for one in yaml.safe_load_all(path.read_text("utf-8")) if one]
    return made


def kompose_made(kompose: Path, file: Path) -> Made:
    run = subprocess.run(
        [kompose, "convert", "-f", file, "--stdout"], capture_output=True, text=True, timeout=60, cwd=file.parent,
        env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"},
    )
    if run.returncode:
        return Made(None)
    made = Made([one for one in yaml.safe_load_all(run.stdout) if one])
    for line in run.stderr.splitlines():
        words = set(re.findall(r"[a-z_]+", line.lower()))
        made.told[""] |= words | ({"volumes"} if "volume mount" in line.lower() else set())
    return made


def count(config: dict[str, Any], made: Made) -> Counter[tuple[str, str]]:
    """The facts by field, and whether they are found, told or lost in silence; all are if nothing was made."""
    counts: Counter[tuple[str, str]] = Counter()
    for name in config["services"]:
        if made.objects is not None:
            item, pod = workload(made.objects, name)
        told = made.told[""] | made.told[name] | made.told[import_compare.id_of(name)]

        def add(field: str, is_found: bool | None) -> None:
            counts[field, "found" if is_found else "told" if field in told else "silent"] += 1

        for path, value in import_compare.facts_of_service(name, config).items():
            # What is built has a name that each program chooses; a variable of the shell has no value.
            if (path[0] == "image" and "build" in config["services"][name]) or value is None:
                continue
            if path[0] in SKIPPED or path[:2] == ("deploy", "mode") or path[0] == "build":
                continue
            if isinstance(value, Counter):
                for kind, one in items(path, value):
                    if made.objects is None:
                        counts[kind, "refused"] += 1
                    else:
                        add(kind, has_item(kind, one, pod, made.objects))
            elif made.objects is None:
                counts[path[0], "refused"] += 1
            else:
                add(path[0], has(path, value, item, pod, made.objects))
    return counts


def main() -> None:
    subprocess.run([support.ROOT / ".ci" / "install" / "kompose"], check=True)
    applc, kompose = support.find_applc(), support.require_tool("kompose")
    compose = import_measure.Compose()
    results: dict[str, Counter[tuple[str, str]]] = {"applc": Counter(), "kompose": Counter()}
    both: dict[str, Counter[tuple[str, str]]] = {"applc": Counter(), "kompose": Counter()}
    files = Counter()

    with tempfile.TemporaryDirectory() as folder:

        def measure(case: compose_cases.Case) -> tuple[dict[str, Any] | None, Made | None, Made | None]:
            file = case.copy(Path(folder))
            config, _ = compose.config(file)
            if config is None:
                return None, None, None
            import_measure.make_files(config, file.parent)
            return config, applc_made(applc, file), kompose_made(kompose, file)

        cases = [case for one in compose_cases.SETS.values() for case in one.cases()]
        with ThreadPoolExecutor(2) as pool:
            for config, ours, theirs in pool.map(measure, cases):
                if config is None or ours is None or theirs is None:
                    continue
                files["all"] += 1
                for program, made in (("applc", ours), ("kompose", theirs)):
                    files[program] += made.objects is not None
                    results[program] += count(config, made)
                    if ours.objects is not None and theirs.objects is not None:
                        both[program] += count(config, made)

    page = support.ROOT / "docs" / "import-measure.md"
    page.write_text(import_report.replaced(page.read_text("utf-8"), "kompose", report(results, both, files)), "utf-8")


Counts = dict[str, Counter[tuple[str, str]]]


def summary(both: Counts) -> str:
    """What became of the facts of the files that both programs take."""

    def of(program: str) -> str:
        kinds: Counter[str] = Counter()
        for (_, kind), number in both[program].items():
            kinds[kind] += number
        parts = ("found", "told", "silent")
        return f"{program} {', '.join(f'{kinds[kind]} {kind}' for kind in parts)}"

    return f"Of the facts of the files that both take: {of('applc')}; {of('kompose')}."


def report(results: Counts, both: Counts, files: Counter[str]) -> str:
    """The table of both programs by field."""
    kinds = ("found", "told", "silent", "refused")
    fields = {name for counts in results.values() for name, _ in counts}
    used = {name: sum(results["applc"][name, kind] for kind in kinds) for name in fields}
    order = sorted(fields, key=lambda name: (-used[name], name))
    rows = [
        (f"`{name}`", used[name], *(results[program][name, kind] for program in results for kind in kinds)) for name in order
    ]
    total = ["all", sum(used.values())] + [
        sum(counts[name, kind] for name in fields) for counts in results.values() for kind in kinds
    ]
    head = ("field", "facts", *(f"{program} {kind}" for program in results for kind in kinds))
    made = f"Of {files['all']} files, applc makes objects for {files['applc']}, and kompose for {files['kompose']}."
    return f"{made} {summary(both)}\n\n{import_report.table(head, [*rows, total])}"


if __name__ == "__main__":
    main()
