"""A Kubernetes node on this machine: the control plane of `kube_api`, and a kubelet that runs its pods.

All programs run in namespaces of their own, which `knode/node.sh` prepares: their network, mounts, processes, and
control groups are not the machine's, and end with the namespaces. A pair of network interfaces connects the
machine with the node; the registry with the images of the pods listens at the machine's end.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import support
from compose_engine import Behaviour, command, root_file_system, wait_until
from kube_api import SERVICES, Cluster
from kube_images import Registry, files_of

HERE = Path(__file__).resolve().parent / "knode"
PROGRAMS = support.TOOLS / "knode" / "bin"
CGROUPS = Path("/sys/fs/cgroup")
# Exists if control groups are only of version 2.
UNIFIED = CGROUPS / "cgroup.controllers"

PODS = "10.244.0.0/24"
DNS = "10.96.0.10"
PAUSE = "applc.test/pause:1"

# Moves itself into the control groups of the first argument and runs the others.
IN_GROUPS = 'for group in $1; do echo $$ >"$group/cgroup.procs"; done; shift; exec "$@"'

# The image of init containers that wait, with the same programs and user as the real one.
WAIT_IMAGE = "curlimages/curl:8.11.1"

# Of containerd, in the node.
SOCKET = "/run/containerd/containerd.sock"

CONTAINERD = """
version = 3
root = "/node/containerd"
state = "/run/containerd"
[grpc]
  address = "{socket}"
[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = "{pause}"
[plugins.'io.containerd.cri.v1.images'.registry]
  config_path = "{folder}/registries"
[plugins.'io.containerd.cri.v1.runtime']
  # Without CAP_SYS_RESOURCE, a process cannot have a lower score than its parent.
  restrict_oom_score_adj = true
  disable_apparmor = true
[plugins.'io.containerd.cri.v1.runtime'.cni]
  bin_dirs = ["{programs}"]
  conf_dir = "{folder}/network"
"""

# Applies to all registries.
REGISTRIES = """
server = "{registry}"
[host."{registry}"]
  capabilities = ["pull", "resolve"]
"""

NETWORK = {
    "cniVersion": "1.0.0",
    "name": "pods",
    "plugins": [
        {
            "type": "bridge", "bridge": "cni0", "isDefaultGateway": True, "hairpinMode": True,
            "ipam": {"type": "host-local", "ranges": [[{"subnet": PODS}]], "dataDir": "/run/addresses"},
        },
        {"type": "portmap", "snat": True, "capabilities": {"portMappings": True}},
    ],
}  # fmt: skip

KUBELET = {
    "apiVersion": "kubelet.config.k8s.io/v1beta1",
    "kind": "KubeletConfiguration",
    "authentication": {"anonymous": {"enabled": True}, "webhook": {"enabled": False}},
    "authorization": {"mode": "AlwaysAllow"},
    "cgroupDriver": "cgroupfs",
    "failCgroupV1": False,
    "containerRuntimeEndpoint": f"unix://{SOCKET}",
    "clusterDNS": [DNS],
    "clusterDomain": "cluster.local",
    "resolvConf": "",
    "makeIPTablesUtilChains": False,
    "oomScoreAdj": 0,
    # A full disk of the machine is no reason to evict pods.
    "evictionHard": {
        "memory.available": "100Mi", "nodefs.available": "0%", "nodefs.inodesFree": "0%", "imagefs.available": "0%"
    },
    "imageGCHighThresholdPercent": 100,
    "serializeImagePulls": False,
    "registryPullQPS": 0,
    "eventRecordQPS": 0,
    "kubeAPIQPS": 100,
    "kubeAPIBurst": 200,
}  # fmt: skip

PROXY = {
    "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
    "kind": "KubeProxyConfiguration",
    "mode": "iptables",
    "clusterCIDR": PODS,
    "oomScoreAdj": 0,
    # A network namespace cannot change these settings.
    "conntrack": {"maxPerCore": 0, "min": 0},
}


class Node(Cluster):
    """A cluster with one node; a context manager that starts and stops it."""

    options = ("--kubelet-preferred-address-types=InternalIP",)
    # The kubelet sets them again whenever it starts, and removes others of `topology.kubernetes.io`.
    labels: Mapping[str, str] = {}

    def __init__(self) -> None:
        if os.geteuid() != 0:
            support.missing("root", "a node requires namespaces and network interfaces")
        own = {name: PROGRAMS / name for name in ("kubelet", "kube-proxy", "kube-scheduler", "containerd", "coredns")}
        for name, path in own.items():
            if not os.access(path, os.X_OK):
                support.missing(name, "run .ci/install/knode")
        debian = ("setpriv", "unshare", "nsenter", "ip", "iptables", "runc", "curl")
        own |= {name: support.require_tool(name) for name in debian}
        super().__init__()
        self.programs |= own
        self.group = f"applc-node-{os.getpid()}"
        # The name in the API.
        self.name = self.group
        self.link = ""
        self.first = 0
        self.registry: Registry | None = None

    def _start(self) -> None:
        self._make_groups()
        machine = self._make_namespaces()
        self.registry = Registry(machine)
        self._configure(self.registry)
        super()._start()
        self._run("containerd", f"--config={self.folder / 'containerd.toml'}")
        # The kubelet ends if nobody answers there for some seconds.
        socket = Path(f"/proc/{self.first}/root{SOCKET}")
        wait_until("containerd", lambda: self._alive() and socket.exists())
        self._run("kube-scheduler", f"--kubeconfig={self.kubeconfig}", "--leader-elect=false")
        self._run(
            "kubelet",
            f"--config={self.folder / 'kubelet.json'}",
            f"--kubeconfig={self.kubeconfig}",
            "--root-dir=/node/kubelet",
            "--cert-dir=/node/certificates",
            f"--hostname-override={self.name}",
            f"--node-ip={self.address}",
            f"--node-labels={','.join(f'{label}={value}' for label, value in self.labels.items())}",
        )
        self._run("kube-proxy", f"--config={self.folder / 'proxy.json'}")
        self.checked("apply", "-f", "-", stdin=(HERE / "coredns.yaml").read_text())
        for what in (f"node/{self.name}", "-n=kube-system deployment/coredns"):
            condition = "Ready" if what.startswith("node/") else "Available"
            wait_until(
                f"{what}: {condition}",
                lambda: self._alive()
                and self.kubectl("wait", f"--for=condition={condition}", "--timeout=1s", *what.split()).returncode == 0,
            )

    def _groups(self) -> list[Path]:
        """The node's control group in each hierarchy: one of version 2, or several of version 1."""
        if UNIFIED.exists():
            return [CGROUPS / self.group]
        hierarchies = (path for path in CGROUPS.iterdir() if (path / "cgroup.procs").exists() and not path.is_symlink())
        return [hierarchy / self.group for hierarchy in hierarchies]

    def _make_groups(self) -> None:
        for group in self._groups():
            for other in group.parent.glob("applc-node-*"):
                # The groups of a session that was killed are left behind.
                if not Path(f"/proc/{other.name.rpartition('-')[2]}").exists():
                    remove_group(other)
            group.mkdir()
            # In version 1, a group without processors or memory cannot contain processes.
            for setting in ("cpuset.cpus", "cpuset.mems"):
                if (group / setting).exists() and not UNIFIED.exists():
                    (group / setting).write_text((group.parent / setting).read_text())

    def _delegate_controllers(self) -> None:
        """In version 2, lets the kubelet create groups: a group with controllers for others has no processes."""
        (group,) = self._groups()
        (group / "programs").mkdir()
        for process in (group / "cgroup.procs").read_text().split():
            (group / "programs/cgroup.procs").write_text(process)
        for folder in (CGROUPS, group):
            controllers = (folder / "cgroup.controllers").read_text().split()
            (folder / "cgroup.subtree_control").write_text(" ".join(f"+{controller}" for controller in controllers))

    def _make_namespaces(self) -> str:
        """Creates the namespaces and the link to them; returns the machine's address on it."""
        # A link has a network of four addresses, of which two are usable.
        number = next(n for n in range(64) if not Path(f"/sys/class/net/applc{n}").exists())
        machine, self.address = (f"172.31.255.{4 * number + end}" for end in (1, 2))
        groups = " ".join(map(str, self._groups()))
        log = self.folder / "node.log"
        holder = subprocess.Popen(
            [
                "/bin/sh", "-c", IN_GROUPS, "sh", groups,
                # If the tests are killed, the node is too.
                self.programs["setpriv"], "--pdeathsig", "KILL",
                self.programs["unshare"], "--mount", "--net", "--uts", "--ipc", "--pid", "--cgroup",
                "--fork", "--kill-child", "--mount-proc",
                HERE / "node.sh", self.group, self.address, machine, SERVICES, *self._shared(),
            ],
            stdin=subprocess.DEVNULL, stdout=log.open("wb"), stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        self.running.append(("node", holder))
        children = Path(f"/proc/{holder.pid}/task/{holder.pid}/children")
        # Its only child is the first process of the namespaces.
        self.first = int(wait_until("the namespaces", lambda: self._alive() and children.read_text().split())[0])
        link = f"applc{number}"
        ip = self.programs["ip"]
        for words in (
            ("link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", str(self.first)),
            ("address", "add", f"{machine}/30", "dev", link),
            ("link", "set", link, "up"),
        ):
            run = command(ip, *words)
            assert run.returncode == 0, run.stderr
            self.link = link
        wait_until("the node", lambda: self._alive() and "prepared" in log.read_text())
        if UNIFIED.exists():
            self._delegate_controllers()
        return machine

    def _shared(self) -> list[Path]:
        """The folders that the machine and the node share."""
        return [self.folder, support.TOOLS.resolve(), HERE]

    def _configure(self, registry: Registry) -> None:
        for folder in ("registries/_default", "network"):
            (self.folder / folder).mkdir(parents=True)
        (self.folder / "registries/_default/hosts.toml").write_text(REGISTRIES.format(registry=registry.url))
        (self.folder / "network/10-pods.conflist").write_text(json.dumps(NETWORK))
        (self.folder / "containerd.toml").write_text(
            CONTAINERD.format(socket=SOCKET, pause=PAUSE, folder=self.folder, programs=PROGRAMS)
        )
        # The kubelet may not be allowed to raise the limit.
        _, limit = resource.getrlimit(resource.RLIMIT_NOFILE)
        kubelet = {**KUBELET, "address": self.address}
        if limit != resource.RLIM_INFINITY:
            kubelet["maxOpenFiles"] = limit
        (self.folder / "kubelet.json").write_text(json.dumps(kubelet))
        access = {"kubeconfig": str(self.folder / "kubeconfig")}
        proxy = {**PROXY, "clientConnection": access, "hostnameOverride": self.name, "bindAddress": self.address}
        (self.folder / "proxy.json").write_text(json.dumps(proxy))
        registry.put(PAUSE, files_of(), {"Entrypoint": ["/bin/sleep", "2147483647"]})
        coredns = files_of(self.programs["coredns"], with_busybox=False)
        registry.put("applc.test/coredns:1", coredns, {"Entrypoint": ["/bin/coredns"]})
        curl = files_of(self.programs["curl"])
        registry.put(WAIT_IMAGE, curl, {"User": "100:101", "Entrypoint": ["/bin/curl"]})

    def _command(self, name: str, *arguments: str) -> list[str | Path]:
        groups = " ".join(f"{group}/programs" if UNIFIED.exists() else str(group) for group in self._groups())
        path = f"PATH={PROGRAMS}:{os.environ['PATH']}"
        return ["/bin/sh", "-c", IN_GROUPS, "sh", groups, *self._inside(), "env", path, self.programs[name], *arguments]

    def _inside(self) -> list[str | Path]:
        """The start of a command line that runs a program of the machine in the node."""
        namespaces = ("--mount", "--net", "--uts", "--ipc", "--pid", "--cgroup")
        return [self.programs["nsenter"], "--target", str(self.first), *namespaces]

    def stop(self) -> None:
        """Ends all processes of the node and removes everything that it made on the machine."""
        if self.running:
            # All processes of its namespaces end with the first.
            self.running[0][1].kill()
        super().stop()
        if self.registry:
            self.registry.close()
        if self.link:
            command(self.programs["ip"], "link", "delete", self.link)
        wait_until("the control groups are removed", lambda: not list(map(remove_group, self._groups())).count(False))

    def run(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """Runs a program of the machine on the node."""
        return command(*self._inside(), *arguments)

    def image(self, name: str, behaviour: Behaviour = Behaviour()) -> str:
        """Adds the probe image `name` to the registry and returns the name."""
        assert self.registry
        self.registry.put(
            name, root_file_system(behaviour), {"Entrypoint": ["/probe/run"], "Cmd": ["the-image's-own-argument"]}
        )
        return name

    def add_resource(self, name: str, count: int) -> None:
        """Gives the node a resource that the plug-in of a device would."""
        path = name.replace("/", "~1")
        patch: list[dict[str, Any]] = [
            {"op": "add", "path": f"/status/{kind}/{path}", "value": str(count)} for kind in ("capacity", "allocatable")
        ]
        self.checked(
            "patch", "node", self.name, "--subresource=status", "--type=json", "-p", json.dumps(patch)
        )


def remove_group(group: Path) -> bool:
    """Removes a control group with all groups in it, which have no processes; whether it is gone."""
    for folder in sorted((path for path in group.rglob("*") if path.is_dir()), reverse=True):
        with suppress(OSError):
            folder.rmdir()
    with suppress(OSError):
        group.rmdir()
    return not group.exists()
