"""Strings, references, ports, volumes, limits, and isolation of appliances on a Kubernetes node."""

from __future__ import annotations

import random

import pytest

from appliance_text import load
from compose_engine import Behaviour, command, wait_until
from kube_app import App, Deployed, has, restarts
from kube_node import Node
from support import ROOT, Applc
from test_compose_data import PARTS
from test_compose_order import container

pytestmark = pytest.mark.node

# Prints the response of a host (first argument) to a datagram to a UDP port (second); see probe_listen_udp.pl.
# The socket is connected, so only a response from the address that was asked counts.
ASK_UDP = """
socket(my $socket, 2, 2, 17);
connect($socket, pack("S n a4 x8", 2, $ARGV[1], scalar gethostbyname($ARGV[0])));
send($socket, "hello", 0);
alarm(3);
recv($socket, my $answer, 999, 0);
print $answer;
"""


def any_text(chance: random.Random) -> str:
    """A few characters of all that JSON can express, except NUL, and `@`, which starts a reference."""
    letters = (chr(chance.choice((chance.randrange(1, 0x100), chance.randrange(1, 0x110000)))) for _ in range(8))
    return "".join(letter for letter in letters if not "\ud800" <= letter <= "\udfff" and letter != "@")


def test_strings_are_passed_unchanged(node: Node, deployed: Deployed) -> None:
    image = node.image("applc-test/plain:1")
    chance = random.Random(22)
    # Strings with a meaning to the kubelet, which replaces references to variables.
    parts = [*PARTS, "$(HOME)", "$(V)", "$$(V)", "$(", "$)"]
    written = ["".join(chance.choices(parts, k=chance.randrange(8))) for _ in range(400)]
    written += [any_text(chance) for _ in range(200)]
    # The name of a variable is printable ASCII and contains neither `=` nor references.
    in_names = [part for part in parts if part.isascii() and part.isprintable() and not {"=", "@"} & set(part)]
    names = [f"{''.join(chance.choices(in_names, k=2))}_{n}" for n in range(len(written))]
    expected = [text.replace("\\@", "@") for text in written]
    scripts = [f"sleep 600 # {text}" for text in written[:4]]
    shells = [container(f"shell{n}", image, cmd=script) for n, script in enumerate(scripts)]
    env = {"V": "value", **dict(zip(names, written, strict=True))}
    with deployed(container("list", image, args=written, env=env), *shells, id="strings") as app:
        app.up()
        (pod,) = app.wait_for_pods("list")
        start = app.start(pod)
        assert start.argv[1:] == expected
        assert [start.environ[name] for name in names] == expected
        for n, script in enumerate(scripts):
            (pod,) = app.wait_for_pods(f"shell{n}")
            assert app.start(pod).argv == ["/bin/sh", "-c", script.replace("\\@", "@")]


def test_references_work_between_all_pairs_of_network_modes(node: Node, deployed: Deployed) -> None:
    ports = {"host": 7801, "bridge": 7802, "container": 7803}
    ids = {mode: f"{mode}-1" for mode in ports}
    images = {
        mode: node.image(f"applc-test/{mode}:1", Behaviour(serve=(("http", port),))) for mode, port in ports.items()
    }
    with_port = " ".join(f"http://@{ids[mode]}:{port}/" for mode, port in ports.items())
    alone = " ".join(f"@{id}" for id in ids.values())
    with deployed(
        *(
            container(
                ids[mode], images[mode], network_mode=mode, ports=[{"container_port": port}], args=[with_port, alone]
            )
            for mode, port in ports.items()
        ),
        id="modes",
    ) as app:
        app.up()
        for id in ids.values():
            (pod,) = app.wait_for_pods(id)
            urls, names = (argument.split(" ") for argument in app.start(pod).argv[1:])
            urls += [f"http://{name}:{port}/" for name, port in zip(names, ports.values(), strict=True)]
            for url, to in zip(urls, [*ids.values()] * 2, strict=True):
                assert wait_until(f"{id} reaches {url}", lambda: app.id_at(pod, url)) == to


def test_references_of_the_corpus_reach_their_containers(applc: Applc, node: Node) -> None:
    source = ROOT / "tests" / "corpus" / "modes-all-refer-to-all.json"
    document = load(source)
    ports = tuple(("http", p["container_port"]) for c in document["containers"] for p in c["ports"])
    for image in {c["image"] for c in document["containers"]}:
        # On the host network, the containers of the node share its ports; each serves only its own.
        node.image(image, Behaviour(serve=ports))
    outcome = applc.compile(source, "kubernetes")
    assert outcome.code == 0, outcome.stderr
    with App(node, outcome.stdout) as app:
        app.up()
        for asks in document["containers"]:
            (pod,) = app.wait_for_pods(asks["id"])
            for at, written in zip(app.start(pod).argv[1:], asks["args"], strict=True):
                found = wait_until(at, lambda: app.id_at(pod, f"http://{at}/"))
                assert f"@{found}:" in written


def test_references_reach_udp_ports(node: Node, deployed: Deployed) -> None:
    # One number for both protocols.
    image = node.image("applc-test/udp:1", Behaviour(serve=(("udp", 7821), ("http", 7821))))
    asks = node.image("applc-test/asks:1", Behaviour(programs=("/usr/bin/perl",)))
    both = [{"container_port": 7821, "protocol": "udp"}, {"container_port": 7821}]
    with deployed(
        container("web", image, ports=both), container("asks", asks, args=["@web", "@web:7821"]), id="udp"
    ) as app:
        app.up()
        app.wait_for_pods("web")
        (pod,) = app.wait_for_pods("asks")
        name, with_port = app.start(pod).argv[1:]
        assert with_port == f"{name}:7821"

        answer = lambda: app.run_in(pod, "perl", "-e", ASK_UDP, name, "7821").stdout.strip()
        assert app.id_of(wait_until("an answer", answer)) == "web"
        assert wait_until("an answer", lambda: app.id_at(pod, f"http://{with_port}/")) == "web"
        # The same ports outside the cluster.
        ports = app.node_ports("web")
        answer = lambda: command("perl", "-e", ASK_UDP, node.address, str(ports[7821, "UDP"])).stdout.strip()
        assert app.id_of(wait_until("an answer", answer)) == "web"
        assert wait_until("an answer", lambda: app.id_on_machine(f"{node.address}:{ports[7821, 'TCP']}")) == "web"


def test_udp_on_the_host_network_is_warned_of_where_it_does_not_respond(
    applc: Applc, node: Node, deployed: Deployed
) -> None:
    """The host responds from its address in the network of its pods, which a connected socket does not accept."""
    serves = node.image("applc-test/udp:1", Behaviour(serve=(("udp", 7825), ("http", 7826))))
    asks = node.image("applc-test/asks:1", Behaviour(programs=("/usr/bin/perl",)))
    ports = [{"container_port": 7825, "protocol": "udp"}, {"container_port": 7826}]
    with deployed(
        container("dns", serves, network_mode="host", ports=ports),
        container("pod", asks, args=["@dns", "@dns:7825"]),
        container("host", asks, network_mode="host", args=["@dns", "@dns:7825"]),
        id="udp-of-host",
    ) as app:
        app.up()
        app.wait_for_pods("dns")

        def answers(id: str) -> list[str | None]:
            (pod,) = app.wait_for_pods(id)
            names = app.start(pod).argv[1], app.start(pod).argv[2].removesuffix(":7825")
            assert [wait_until("TCP", lambda: app.id_at(pod, f"http://{names[0]}:7826/"))] == ["dns"]
            return [app.id_of(app.run_in(pod, "perl", "-e", ASK_UDP, name, "7825").stdout.strip()) for name in names]

        assert answers("host") == ["dns", "dns"]
        assert answers("pod") == [None, None]
        assert "UDP" in app.findings


def test_references_reach_ports_that_are_not_listed(node: Node, deployed: Deployed) -> None:
    web = node.image("applc-test/web:1", Behaviour(serve=(("http", 7831), ("http", 7832))))
    plain = node.image("applc-test/plain:1")
    with deployed(
        container("web", web, ports=[{"container_port": 7831}]),
        container("bare", web),
        container("asks", plain, args=["@web:7832", "@bare:7832"], env={"BARE": "@bare"}),
        id="unlisted",
    ) as app:
        app.up()
        for id in ("web", "bare"):
            app.wait_for_pods(id)
        (pod,) = app.wait_for_pods("asks")
        start = app.start(pod)
        addresses = [(start.argv[1], "web"), (start.argv[2], "bare"), (f"{start.environ['BARE']}:7831", "bare")]
        for at, to in addresses:
            assert wait_until(at, lambda: app.id_at(pod, f"http://{at}/")) == to


def test_a_reference_without_a_port_reaches_every_port(node: Node, deployed: Deployed) -> None:
    web = node.image("applc-test/web:1", Behaviour(serve=(("http", 7831), ("http", 7832))))
    plain = node.image("applc-test/plain:1")
    with deployed(
        container("web", web, ports=[{"container_port": 7831}]), container("asks", plain, args=["@web"]), id="any-port"
    ) as app:
        app.up()
        app.wait_for_pods("web")
        (pod,) = app.wait_for_pods("asks")
        (name,) = app.start(pod).argv[1:]
        assert wait_until("an answer", lambda: app.id_at(pod, f"http://{name}:7831/")) == "web"
        asked = app.run_in(pod, "timeout", "5", "/bin/busybox", "wget", "-q", "-O", "-", f"http://{name}:7832/")
        assert app.id_of(asked.stdout.strip()) == "web"


def test_instances_share_one_name(node: Node, deployed: Deployed) -> None:
    image = node.image("applc-test/web:1", Behaviour(serve=(("http", 80),)))
    with deployed(
        container("web", image, instances=3, ports=[{"container_port": 80}]),
        container("asks", image, args=["@web:80"]),
        container("none", image, instances=0),
        id="instances",
    ) as app:
        app.up()
        pods = app.wait_for_pods("web", 3)
        (asks,) = app.wait_for_pods("asks")
        script = "for n in $(seq 40); do wget -q -O - http://web/; done"
        answers = lambda: set(app.run_in(asks, "sh", "-c", script).stdout.split())
        # The rules that forward requests are updated about once a second.
        wait_until("answers of all", lambda: answers() == {pod["metadata"]["uid"] for pod in pods})
        assert app.pods("none") == []


def test_ports_are_reached_from_outside(node: Node, deployed: Deployed) -> None:
    image = node.image("applc-test/web:1", Behaviour(serve=(("http", 7841),)))
    host = node.image("applc-test/host:1", Behaviour(serve=(("http", 7842),)))
    with deployed(
        container("free", image, instances=2, ports=[{"container_port": 7841}]),
        # The ports of nodes are in this range.
        container("fixed", image, ports=[{"container_port": 7841, "host_port": 31841}]),
        container("low", image, ports=[{"container_port": 7841, "host_port": 7843}]),
        container("host", host, network_mode="host", ports=[{"container_port": 7842}]),
        id="outside",
    ) as app:
        app.up()
        for id, count in (("free", 2), ("fixed", 1), ("low", 1), ("host", 1)):
            app.wait_for_pods(id, count)
        (free,) = app.node_ports("free").values()
        published = {"free": free, "fixed": 31841, "low": 7843, "host": 7842}
        for id, port in published.items():
            found = wait_until(f"{id} answers", lambda: app.id_on_machine(f"{node.address}:{port}"))
            assert found == id


def test_services_can_be_exposed_only_on_host_ports(node: Node, deployed: Deployed) -> None:
    image = node.image("applc-test/web:1", Behaviour(serve=(("http", 7841),)))
    plain = node.image("applc-test/plain:1")
    with deployed(
        container("fixed", image, ports=[{"container_port": 7841, "host_port": 31842}]),
        container("inside", image, ports=[{"container_port": 7841}]),
        container("asks", plain, args=["@fixed:7841", "@inside:7841"]),
        options=("--option", "kubernetes.expose=cluster-ip"),
        id="exposed",
    ) as app:
        app.up()
        for id in ("fixed", "inside"):
            app.wait_for_pods(id)
        (asks,) = app.wait_for_pods("asks")
        for at, to in zip(app.start(asks).argv[1:], ("fixed", "inside"), strict=True):
            assert wait_until(at, lambda: app.id_at(asks, f"http://{at}/")) == to
        assert wait_until("an answer", lambda: app.id_on_machine(f"{node.address}:31842")) == "fixed"
        assert {item["spec"]["type"] for item in app.get("services")["items"]} == {"ClusterIP"}


def test_containers_share_volumes(node: Node, deployed: Deployed) -> None:
    image = node.image("applc-test/plain:1")
    node.run("mkdir", "-p", "/node/of the host")
    on_host = {"src": "/node/of the host", "dest": "/host dir", "type": "host"}
    with deployed(
        container(
            "writer", image, type="job",
            cmd="echo local >/in/file; echo host >'/host dir/file'; echo global >/g/file",
            volumes=[{"src": "shared", "dest": "/in"}, on_host, {"src": "everyones", "dest": "/g"}],
        ),
        container(
            "reader", image, instances=2, dependencies=["writer"],
            volumes=[
                {"src": "shared", "dest": "/out", "mode": "RO"},
                {**on_host, "mode": "ro"},
                {"src": "everyones", "dest": "/g"},
            ],
        ),
        id="volumes",
        data_persistence={"volumes": [{"id": "shared"}, {"id": "everyones", "scope": "global"}]},
    ) as app:
        app.up()
        for reader in app.wait_for_pods("reader", 2):
            for path, text in (("/out/file", "local\n"), ("/host dir/file", "host\n"), ("/g/file", "global\n")):
                assert app.run_in(reader, "cat", path).stdout == text
            for path in ("/out/new", "/host dir/new"):
                assert "Read-only" in app.run_in(reader, "touch", path).stderr
            assert app.run_in(reader, "touch", "/g/new").returncode == 0
        assert node.run("cat", "/node/of the host/file").stdout == "host\n"
        # Deleting what the file defines keeps the claim of the global volume.
        node.checked("delete", "deployments,jobs,pods", "--all", "-n", app.namespace, "--grace-period=1")
        defined = [item["metadata"]["name"] for item in app.objects if item["kind"] == "PersistentVolumeClaim"]
        assert defined == ["shared"]


def test_a_volume_persists_when_its_pod_is_replaced(node: Node, deployed: Deployed) -> None:
    image = node.image("applc-test/plain:1")
    with deployed(
        container("keeps", image, volumes=[{"src": "data", "dest": "/data"}]),
        id="persists",
        data_persistence={"volumes": [{"id": "data"}]},
    ) as app:
        app.up()
        (old,) = app.wait_for_pods("keeps")
        assert app.run_in(old, "sh", "-c", "echo kept >/data/file; echo lost >/tmp/file").returncode == 0
        node.checked("delete", "pod", old["metadata"]["name"], "-n", app.namespace)
        (new,) = app.wait_for_pods("keeps")
        assert new["metadata"]["uid"] != old["metadata"]["uid"]
        assert app.run_in(new, "cat", "/data/file").stdout == "kept\n"
        assert app.run_in(new, "ls", "/tmp").stdout == ""


def test_two_appliances_are_isolated(node: Node, deployed: Deployed) -> None:
    image = node.image("applc-test/web:1", Behaviour(serve=(("http", 80),)))
    same = (
        container("web", image, ports=[{"container_port": 80}], volumes=[{"src": "v", "dest": "/v"}]),
        container("asks", image, args=["@web"]),
    )
    volumes = {"volumes": [{"id": "v"}]}
    with (
        deployed(*same, id="First", data_persistence=volumes) as first,
        deployed(*same, id="second", data_persistence=volumes) as second,
    ):
        for app in (first, second):
            app.up()
        for app in (first, second):
            (web,), (asks,) = app.wait_for_pods("web"), app.wait_for_pods("asks")
            page = wait_until("an answer", lambda: app.run_in(asks, "wget", "-q", "-O", "-", "http://web/").stdout)
            assert page.strip() == web["metadata"]["uid"]
        assert first.run_in(first.pod("web"), "touch", "/v/mine").returncode == 0
        assert second.run_in(second.pod("web"), "ls", "/v").stdout == ""
        node.checked("delete", "namespace", first.namespace)
        assert has(second.pod("web"), "Ready")


def test_memory_is_a_limit_and_cpus_are_shares(node: Node, deployed: Deployed) -> None:
    image = node.image("applc-test/plain:1")
    with deployed(
        container(
            "greedy", image, type="job", retries=0, resources={"cpus": 0.2, "mem": 32},
            cmd="exec /bin/busybox tail -c 64000000 /dev/zero",
        ),
        container("modest", image, resources={"cpus": 0.3, "mem": 32}),
        id="limits",
    ) as app:
        app.up()
        app.wait_for_job("greedy", "Failed")
        ended = app.pod("greedy")["status"]["containerStatuses"][0]["state"]["terminated"]
        assert (ended["reason"], ended["exitCode"]) == ("OOMKilled", 137)
        (modest,) = app.wait_for_pods("modest")
        assert modest["status"]["containerStatuses"][0]["resources"]["requests"] == {"cpu": "300m", "memory": "32Mi"}
        assert modest["status"]["containerStatuses"][0]["resources"]["limits"] == {"memory": "32Mi"}


def test_only_privileged_containers_can_mount(node: Node, deployed: Deployed) -> None:
    image = node.image("applc-test/plain:1")
    with deployed(
        container("may", image, is_privileged=True), container("may-not", image), id="privileged"
    ) as app:
        app.up()
        (may,), (may_not,) = app.wait_for_pods("may"), app.wait_for_pods("may-not")
        mount = ("mount", "-t", "tmpfs", "none", "/tmp")
        assert app.run_in(may, *mount).returncode == 0
        assert app.run_in(may_not, *mount).returncode != 0


def test_only_force_pull_contacts_the_registry(node: Node, deployed: Deployed) -> None:
    with deployed(
        container("forced", "applc-test/forced:1"),
        container("kept", "applc-test/kept:1", force_pull_image=False),
        id="pull",
    ) as app:
        for version, expected in (("old", {"forced": "old", "kept": "old"}), ("new", {"forced": "new", "kept": "old"})):
            for id in expected:
                node.image(f"applc-test/{id}:1", Behaviour(stubs=(version,)))
            if version == "old":
                app.up()
            else:
                node.checked("delete", "pods", "--all", "-n", app.namespace)
            for id, content in expected.items():
                (pod,) = app.wait_for_pods(id)
                assert app.run_in(pod, "ls", f"/bin/{content}").returncode == 0
                assert restarts(pod) == 0


def test_placement_is_respected(node: Node, deployed: Deployed) -> None:
    image = node.image("applc-test/plain:1")
    label = "topology.kubernetes.io/zone"
    with deployed(
        *(container(zone, image, schedule_hints={"placement": {"zone": zone}}) for zone in ("here", "elsewhere")),
        container("gpu", image, resources={"cpus": 0.1, "mem": 32, "gpu": 1}),
        options=("--option", "kubernetes.gpu-resource=applc.test/gpu"),
        id="placed",
    ) as app:
        app.up()
        wait_until("no node has the zone", lambda: "Unschedulable" in str(app.pods("here")))
        node.checked("label", "node", node.name, f"{label}=here")
        try:
            app.wait_for_pods("here")
            wait_until("no node has a GPU", lambda: "Insufficient applc.test/gpu" in str(app.pods("gpu")))
            node.add_resource("applc.test/gpu", 1)
            app.wait_for_pods("gpu")
            assert "Unschedulable" in str(app.pod("elsewhere")["status"])
        finally:
            node.checked("label", "node", node.name, f"{label}-")

