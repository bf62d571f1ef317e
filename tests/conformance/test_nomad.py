"""Checks the output for Nomad with Nomad's validation and a real agent."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from compose_engine import Behaviour, Engine, read_start, wait_until
from nomad_agent import Agent, formatted, pause, validate
from nomad_app import Compiler, container
from support import ROOT, Applc

@pytest.fixture(scope="module")
def agent() -> Iterator[Agent]:
    with Agent(Engine(), meta={"zone": "here", "preemptible": "true"}) as running:
        yield running


@pytest.fixture
def run(agent: Agent) -> Iterator[Agent]:
    """The agent; jobs and volumes are removed after each test."""
    yield agent
    agent.remove_all()
    for volume in agent.get("/v1/volumes?type=host"):
        agent.delete_volume(volume["ID"])


@pytest.fixture
def compiler(applc: Applc, run: Agent, tmp_path: Path) -> Compiler:
    return Compiler(applc, run, tmp_path)


@pytest.mark.accepted_by("nomad")
def test_nomad_accepts_the_output(
    applc: Applc, appliance: Path, tmp_path: Path
) -> None:
    outcome = applc.compile(appliance, "nomad", "-o", f"{tmp_path}/out/")
    assert outcome.code == 0, outcome.stderr
    files = list((tmp_path / "out").rglob("*.hcl"))
    assert files
    for file in files:
        text = file.read_bytes().decode()
        assert formatted(text) == text
        if not file.name.endswith(".volume.hcl"):
            judged = validate(text)
            assert judged.returncode == 0, judged.stdout + judged.stderr


DRIVER_PORT = 45123


def registered(run: Agent, service: str) -> str:
    """The address that the only instance of a service has registered."""
    (only,) = run.get(f"/v1/service/{service}")
    return str(only["Address"])


@pytest.mark.usefixtures("host_ports")
@pytest.mark.parametrize("network", ["", "cni/cluster", "host"])
def test_spark_livy_runs(compiler: Compiler, run: Agent, network: str) -> None:
    appliance = json.loads((ROOT / "examples" / "spark-livy.json").read_text())
    ports = {"sparkmagic": [8888], "livy": [8998], "spark-master": [8080, 7077], "spark-worker": []}
    for each in appliance["containers"]:
        # An application of Livy is a driver, with a port of its own that executors connect to.
        driver = [DRIVER_PORT] if each["id"] == "livy" else []
        listens = tuple(("http", port) for port in [*ports[each["id"]], *driver])
        each["image"] = compiler.image(each["id"], Behaviour(serve=listens))
        each["force_pull_image"] = False
        # Some machines do not allow privileged containers.
        each["is_privileged"] = False
    compiler.submit(appliance, f"network={network}")
    run.wait_for_deployment("spark-livy")

    def start(group: str) -> Any:
        (only,) = run.starts("spark-livy", group, group)
        return only

    # Every reference reaches the container that it names.
    def leads(group: str, url: str) -> str | None:
        return run.group_at(run.allocation("spark-livy", group), group, url)

    (livy_argument,) = start("livy").argv[1:]
    assert livy_argument.startswith("spark://")
    assert leads("livy", livy_argument.replace("spark", "http", 1)) == "spark-master"
    (worker_argument,) = start("spark-worker").argv[1:]
    assert leads("spark-worker", f"http://{worker_argument}/") == "spark-master"
    livy_host = start("sparkmagic").environ["LIVY_HOST"]
    assert leads("sparkmagic", f"http://{livy_host}:8998/") == "livy"
    # An executor connects back to the address of the driver, at a port that is not listed.
    address = registered(run, "spark-livy--livy--tcp-8998")
    answers = leads("spark-worker", f"http://{address}:{DRIVER_PORT}/")
    assert answers == ("livy" if network else None)
    # Strings without references are unchanged.
    assert start("sparkmagic").argv[1:] == ['--NotebookApp.token=""']
    assert start("spark-worker").environ["PYSPARK_PYTHON"] == "/usr/bin/python"
    # Containers start after their dependencies.
    times = [run.started_at("spark-livy", group, group) for group in ("spark-master", "livy", "sparkmagic")]
    assert times == sorted(times)


def test_all_pairs_of_modes_reach_each_other(compiler: Compiler, run: Agent) -> None:
    modes = {"one": ("host", 7301), "two": ("bridge", 7302), "three": ("container", 7303)}

    containers = []
    for name, (mode, port) in modes.items():
        image = compiler.image(f"mode-{name}", Behaviour(serve=(("http", port),)))
        env = {f"TO_{other}": f"@{other}:{number}" for other, (_, number) in modes.items()}
        env |= {f"ALONE_{other}": f"@{other}" for other in modes}
        containers.append(
            container(
                name,
                image,
                network_mode=mode,
                ports=[{"container_port": port}],
                args=[f"@{other}:{number}" for other, (_, number) in modes.items()],
                env=env,
            )
        )
    compiler.submit({"id": "modes", "containers": containers})
    run.wait_for_deployment("modes")
    for name in modes:
        (start,) = run.starts("modes", name, name)
        here = run.allocation("modes", name)
        for other, argument in zip(modes, start.argv[1:], strict=True):
            port = modes[other][1]
            for address in (
                argument,
                start.environ[f"TO_{other}"],
                f"{start.environ[f'ALONE_{other}']}:{port}",
            ):
                found = run.group_at(here, name, f"http://{address}/")
                assert found == other, f"{name} to {other} at {address}: {found}"


AWKWARD = [
    "", " ", "a b", "-e", "it's \"so\"", "$", "$$", "${HOME}", "$${HOME}", "$$${HOME}", "${HOME:-x}", "${a[@]}",
    "%{if}", "%%{if}", "%", "100%", "${NOMAD_ALLOC_ID}", "${attr.kernel.name}", "${node.unique.id}", "{{ .X }}",
    "{{", "}}", "`x`", "\\", "\\n", "a\nb\r\n\tc", "a\rb", "\r${x}\r\n%%{x}", "$\r$${x}",
    "\x01\x7f\x1b[0m", "é", "\ufeff", "\ufeff${", "\u2028", "😀",
    "# c", "a # b", "EOT", "\n      EOT\n", "$(date)", "a$", "<&>", "\\${x}", "${", "%{", "}",
]


def test_strings_are_passed_unchanged(compiler: Compiler, run: Agent) -> None:
    image = compiler.image("strings", Behaviour(serve=(("http", 7400),)))
    decomposed = "e\u0301"
    written = [text.replace("@", "\\@") for text in AWKWARD]
    # A backslash before a reference would escape it.
    around = [text for text in AWKWARD if not text.endswith("\\")]
    surrounding = [text.replace("@", "\\@") for text in around]
    compiler.submit(
        {
            "id": "strings",
            "containers": [
                container(
                    "plain",
                    image,
                    ports=[{"container_port": 7400}],
                    args=written,
                    env={f"V{index}": text for index, text in enumerate([*written, decomposed])},
                ),
                container(
                    "mixed",
                    image,
                    args=[f"{text}@plain:7400{text}" for text in surrounding],
                    env={
                        f"V{index}": f"{text}@plain:7400{text}"
                        for index, text in enumerate([*surrounding, decomposed])
                    },
                ),
            ],
        }
    )
    run.wait_for_deployment("strings")
    (plain,) = run.starts("strings", "plain", "plain")
    assert plain.argv[1:] == AWKWARD
    assert [plain.environ[f"V{index}"] for index in range(len(AWKWARD) + 1)] == [*AWKWARD, decomposed]
    (mixed,) = run.starts("strings", "mixed", "mixed")
    address = mixed.argv[1]
    assert run.group_at(run.allocation("strings", "mixed"), "mixed", f"http://{address}/") == "plain"
    assert mixed.argv[1:] == [text + address + text for text in around]
    values = [mixed.environ[f"V{index}"] for index in range(len(around) + 1)]
    assert values == [text + address + text for text in [*around, decomposed]]


def test_the_strings_of_the_quoting_example_are_passed_unchanged(compiler: Compiler, run: Agent) -> None:
    appliance = json.loads((ROOT / "examples" / "quoting.json").read_text())
    for each in appliance["containers"]:
        each["image"] = compiler.image(f"quoting-{each['id']}", Behaviour(shell="mimic"))
    compiler.submit(appliance)
    run.wait_for_deployment("quoting")
    compared = 0
    for each in appliance["containers"]:
        (start,) = run.starts("quoting", each["id"], each["id"])
        given = start.argv[1:] if "args" in each else start.argv[2:]
        wanted = each.get("args") or [each["cmd"]]
        assert len(given) == len(wanted)
        for got, text in [*zip(given, wanted, strict=True), *env_pairs(start.environ, each["env"])]:
            text = text if isinstance(text, str) else json.dumps(text)
            if "@" not in text.replace("\\@", ""):
                assert got == text.replace("\\@", "@")
                compared += 1
    assert compared > 100


def env_pairs(environ: dict[str, str], env: dict[str, Any]) -> list[tuple[str, str]]:
    """The actual and the expected values of the variables whose value is a string."""
    return [(environ[name], value) for name, value in env.items() if isinstance(value, str)]


def test_a_script_is_passed_unchanged(compiler: Compiler, run: Agent) -> None:
    image = compiler.image("script", Behaviour(shell="mimic"))
    script = "\n".join(text.replace("@", "\\@") for text in AWKWARD)
    compiler.submit({"id": "script", "containers": [container("a", image, cmd=script)]})
    run.wait_for_deployment("script")
    (start,) = run.starts("script", "a", "a")
    assert start.argv == ["/bin/sh", "-c", "\n".join(AWKWARD)]


def test_a_dependent_waits_until_services_are_healthy(compiler: Compiler, run: Agent) -> None:
    slow = compiler.image("slow", Behaviour(serve=(("http", 7500), ("tcp", 7501)), delay=6))
    check = {"interval_seconds": 2, "timeout_seconds": 2, "grace_period_seconds": 60}
    ports = [{"container_port": 7500}, {"container_port": 7501}]
    plain = compiler.image("plain")
    compiler.submit(
        {
            "id": "healthy",
            "containers": [
                container("web", plain, dependencies=["http", "tcp"]),
                container("http", slow, ports=ports, health_check={"protocol": "HTTP", **check}),
                container("tcp", slow, ports=ports, health_check={"protocol": "TCP", "port_index": 1, **check}),
            ],
        }
    )
    run.wait_for_deployment("healthy")
    web = moment(run.started_at("healthy", "web", "web"))
    for name in ("http", "tcp"):
        assert web - moment(run.started_at("healthy", name, name)) >= timedelta(seconds=6)


def moment(text: str) -> datetime:
    """Parses a time of Nomad, which has more fractional digits than Python accepts."""
    return datetime.fromisoformat(text[:19] + "+00:00")


def test_an_unhealthy_instance_is_restarted(compiler: Compiler, run: Agent) -> None:
    image = compiler.image("deaf")
    check = {"protocol": "TCP", "interval_seconds": 1, "timeout_seconds": 1, "max_consecutive_failures": 2}
    compiler.submit(
        {
            "id": "deaf",
            "containers": [
                container(
                    "a", image, ports=[{"container_port": 7600}], health_check={**check, "grace_period_seconds": 3}
                )
            ],
        }
    )
    event_log = lambda: run.event_log("deaf")
    wait_until("the restart", lambda: "unhealthy" in event_log() and "restarting" in event_log().lower())


# /alloc is kept when a container of the group is restarted.
FAILS_ONCE = "echo >>/alloc/tries; [ $(wc -l </alloc/tries) -gt 1 ]"


def test_dependents_wait_until_a_job_has_succeeded(compiler: Compiler, run: Agent) -> None:
    slow = compiler.image("database", Behaviour(serve=(("http", 7700),), delay=4))
    plain = compiler.image("plain")
    check = {"protocol": "HTTP", "interval_seconds": 1, "timeout_seconds": 1, "grace_period_seconds": 60}
    compiler.submit(
        {
            "id": "pipeline",
            "containers": [
                container("web", plain, dependencies=["load"]),
                container(
                    "load", plain, type="job", instances=2, cmd="sleep 1", retries=0, dependencies=["migrate"]
                ),
                container(
                    "migrate",
                    plain,
                    type="job",
                    cmd=FAILS_ONCE + " && wget -q -O /dev/null http://@database:7700/",
                    retries=1,
                    dependencies=["database"],
                ),
                container("database", slow, ports=[{"container_port": 7700}], health_check=check),
            ],
        }
    )
    run.wait_for_deployment("pipeline", 180)
    assert run.task("pipeline.migrate", "migrate", "migrate")["Restarts"] == 1
    ended = [str(run.task("pipeline.migrate", "migrate", "migrate")["FinishedAt"])]
    loads = run.allocations("pipeline.load", "load")
    assert len(loads) == 2
    for load in loads:
        assert load["TaskStates"]["load"]["State"] == "dead" and not load["TaskStates"]["load"]["Failed"]
        assert load["TaskStates"]["load"]["StartedAt"] > ended[0]
        ended.append(load["TaskStates"]["load"]["FinishedAt"])
    assert run.started_at("pipeline", "web", "web") > max(ended)


def test_dependents_of_a_failed_job_do_not_start(compiler: Compiler, run: Agent) -> None:
    plain = compiler.image("plain")
    compiler.submit(
        {
            "id": "failing",
            "containers": [
                container("job", plain, type="job", cmd="exit 3", retries=0),
                container("web", plain, dependencies=["job"]),
            ],
        }
    )
    run.wait_for_allocations("failing.job", "failed")
    pause(5)
    assert run.task("failing", "web", "web")["State"] == "pending"
    assert len(run.allocations("failing.job")) == 1


def test_a_job_without_dependents_completes(compiler: Compiler, run: Agent) -> None:
    plain = compiler.image("plain")
    compiler.submit({"id": "alone", "containers": [container("job", plain, type="job", cmd="true")]})
    run.wait_for_allocations("alone.job", "complete")


def test_a_repeating_job_runs_the_given_number_of_times(compiler: Compiler, run: Agent) -> None:
    plain = compiler.image("plain")
    start = datetime.now(timezone.utc) + timedelta(seconds=15)
    compiler.submit(
        {
            "id": "counted",
            "containers": [
                container(
                    "job",
                    plain,
                    type="job",
                    cmd="true",
                    repeats=2,
                    start_time=start.strftime("%Y-%m-%dT%H:%M:%SZ"),
                    interval="T10S",
                )
            ],
        }
    )

    def children() -> int:
        summary = run.get("/v1/job/counted.job/summary")["Children"]
        return int(summary["Dead"])

    wait_until("two runs", lambda: children() == 2, 60)
    pause(12)
    assert children() == 2


# Cron lines with a time zone, and what they mean: minute, hour, day, month, and weekday (Monday is 0).
SCHEDULES: list[tuple[str, str, Callable[[datetime], bool]]] = [
    ("0 3 * * *", "Etc/UTC", lambda at: (at.minute, at.hour) == (0, 3)),
    ("*/20 8-17/3 * * MON-FRI", "America/New_York", lambda at: at.minute % 20 == 0 and at.hour in (8, 11, 14, 17) and at.weekday() < 5),
    ("30 23 * * 7", "Asia/Kathmandu", lambda at: (at.minute, at.hour, at.weekday()) == (30, 23, 6)),
    # One of the fields for days is enough.
    ("0 3 1-7 * MON", "Europe/Berlin", lambda at: (at.minute, at.hour) == (0, 3) and (at.day <= 7 or at.weekday() == 0)),
    ("0 3 */2 * */6", "Europe/Berlin", lambda at: (at.minute, at.hour) == (0, 3) and (at.day % 2 == 1 or at.weekday() in (5, 6))),
    # A field that is `*` every step of 1 restricts nothing.
    ("0 3 */1 * SAT", "Europe/Berlin", lambda at: (at.minute, at.hour, at.weekday()) == (0, 3, 5)),
    ("15 */6 29 FEB,mar *", "UTC", lambda at: at.minute == 15 and at.hour % 6 == 0 and at.day == 29 and at.month in (2, 3)),
]  # fmt: skip


@pytest.mark.parametrize(("schedule", "zone", "matches"), SCHEDULES)
def test_a_schedule_means_what_the_language_says(
    compiler: Compiler, run: Agent, schedule: str, zone: str, matches: Callable[[datetime], bool]
) -> None:
    job = container("job", "image", type="job", cmd="true", schedule=schedule, time_zone=zone)
    [file] = compiler.compile({"id": "scheduled", "containers": [job]})
    minute = datetime.now(timezone.utc).replace(second=0, microsecond=0)
    planned = run.run_command("job", "plan", file).stdout
    [launch] = re.findall(r"next periodic launch would be at (\S+)", planned)
    while not matches(minute.astimezone(ZoneInfo(zone))) or minute <= datetime.now(timezone.utc):
        minute += timedelta(minutes=1)
    assert datetime.fromisoformat(launch) == minute


@pytest.mark.parametrize("users", [["1001"], ["1001:1002", "1001:1002"], ["1001", "1002", None]])
def test_every_user_can_write_to_a_local_volume(users: list[str | None], compiler: Compiler, run: Agent) -> None:
    image = compiler.image("plain")
    containers = [
        container(f"c{at}", image, volumes=[{"src": "data", "dest": "/data"}], **({"user": user} if user else {}))
        for at, user in enumerate(users)
    ]
    compiler.submit({"id": "owned", "data_persistence": {"volumes": [{"id": "data"}]}, "containers": containers})
    run.wait_for_deployment("owned")
    for at in range(len(users)):
        group = f"c{at}"
        allocation = run.allocation("owned", group)
        done = run.run_in(allocation, group, "touch", f"/data/{group}")
        assert done.returncode == 0, done.stderr
        assert f"{group}\n" in run.run_in(allocation, group, "ls", "/data").stdout


def test_volumes_are_shared(compiler: Compiler, run: Agent, tmp_path: Path) -> None:
    plain = compiler.image("plain")
    (tmp_path / "host").mkdir()
    (tmp_path / "host" / "file").write_text("from the host\n")
    write = {"src": "data", "dest": "/data"}
    compiler.submit(
        {
            "id": "volumes",
            "data_persistence": {"volumes": [{"id": "data", "size": 10}]},
            "containers": [
                container("writer", plain, type="job", cmd="echo written >/data/file", volumes=[write]),
                container(
                    "reader",
                    plain,
                    cmd="cat /data/file /host/file; touch /data/x /host/x; sleep 1000",
                    volumes=[
                        {**write, "mode": "RO"},
                        {"src": str(tmp_path / "host"), "dest": "/host", "type": "host", "mode": "RO"},
                    ],
                    dependencies=["writer"],
                ),
            ],
        }
    )
    run.wait_for_deployment("volumes")
    reader = run.allocation("volumes", "reader")

    def output() -> str:
        return run.logs(reader, "reader")

    wait_until("both files", lambda: "written" in output() and "from the host" in output())
    assert run.run_in(reader, "reader", "/bin/ls", "/data").stdout.split() == ["file"]
    assert run.run_in(reader, "reader", "/bin/ls", "/host").stdout.split() == ["file"]


def test_placement_is_respected(compiler: Compiler, run: Agent) -> None:
    plain = compiler.image("plain")

    def placed(name: str, **hints: Any) -> dict[str, Any]:
        return container(name, plain, schedule_hints=hints)

    compiler.submit(
        {
            "id": "placed",
            "containers": [
                placed("here", placement={"zone": "here"}),
                placed("elsewhere", placement={"zone": "elsewhere"}),
                placed("taken", preemptible=True),
                placed("kept", preemptible=False),
            ],
        }
    )
    run.wait_for_task("placed", "here", "here", "running")
    run.wait_for_task("placed", "taken", "taken", "running")
    pause(2)
    assert run.allocations("placed", "elsewhere") == []
    assert run.allocations("placed", "kept") == []


def test_two_appliances_are_isolated(compiler: Compiler, run: Agent) -> None:
    for appliance, name in (("a", "b-c"), ("a-b", "c")):
        image = compiler.image(f"meet-{appliance}", Behaviour(serve=(("http", 7800),)))
        compiler.submit(
            {
                "id": appliance,
                "containers": [
                    container(name, image, ports=[{"container_port": 7800}], env={"SELF": f"@{name}:7800"}),
                    container("asks", image, args=[f"@{name}:7800"]),
                ],
            }
        )
    for appliance, name in (("a", "b-c"), ("a-b", "c")):
        run.wait_for_deployment(appliance)
        (start,) = run.starts(appliance, "asks", "asks")
        asks = run.allocation(appliance, "asks")
        assert run.group_at(asks, "asks", f"http://{start.argv[1]}/") == name


def test_labels_of_ports_never_collide(compiler: Compiler, run: Agent) -> None:
    served = compiler.image("labels", Behaviour(serve=(("http", 80), ("http", 81))))
    ports = [{"container_port": 81, "name": "tcp_80"}, {"container_port": 80}]
    asks = compiler.image("plain")
    compiler.submit(
        {
            "id": "labels",
            "containers": [
                container("served", served, ports=ports),
                container("asks", asks, args=["@served:80", "@served:81"]),
            ],
        }
    )
    run.wait_for_deployment("labels")
    (start,) = run.starts("labels", "asks", "asks")
    for address in start.argv[1:]:
        assert run.group_at(run.allocation("labels", "asks"), "asks", f"http://{address}/") == "served"


def test_a_reference_in_a_health_command_fixes_no_port(compiler: Compiler, run: Agent) -> None:
    served = compiler.image("served", Behaviour(serve=(("http", 7810),)))
    check = {"protocol": "COMMAND", "command": "wget -q -O /dev/null http://@served:7810/ || ping @served"}
    compiler.submit(
        {
            "id": "command",
            "containers": [
                # A node has only one port 7810.
                container("served", served, instances=2, ports=[{"container_port": 7810}]),
                container("asks", served, health_check=check),
            ],
        }
    )
    run.wait_for_deployment("command")


# Responds with the id of its container at port 7820 of an address, its argument.
BINDING_SERVER = r"""
    $address = gethostbyname($ARGV[0]) or die "no address";
    socket(SERVER, 2, 1, 0) && bind(SERVER, pack("S n a4 x8", 2, 7820, $address)) && listen(SERVER, 9) or die $!;
    while (accept(CLIENT, SERVER)) {
        sysread(CLIENT, $request, 4096);
        open(ID, "/probe/www/index.html");
        print CLIENT "HTTP/1.0 200 OK\r\n\r\n", <ID>;
        close CLIENT;
    }
"""


@pytest.mark.parametrize(("mode", "instances"), [("host", 1), ("bridge", 2), ("container", 2)])
def test_a_program_can_bind_the_address_of_its_container(
    compiler: Compiler, run: Agent, mode: str, instances: int
) -> None:
    image = compiler.image("binds", Behaviour(programs=("/usr/bin/perl",)))
    # No program of busybox can bind a host name.
    script = f"exec perl -e '{BINDING_SERVER}' @binds"
    given = "@binds @binds:7820"
    compiler.submit(
        {
            "id": "itself",
            "containers": [
                container(
                    "binds", image, network_mode=mode, instances=instances, cmd=script, env={"GIVEN": given}
                )
            ],
        },
        "network=cni/cluster",
    )
    run.wait_for_deployment("itself")
    addresses = set()
    for allocation in run.allocations("itself", "binds"):
        (line,) = [line for line in run.logs(allocation, "binds").splitlines() if line.startswith("APPLC-PROBE ")]
        start = read_start(line)
        address = start.argv[2].rsplit(" ", 1)[1]
        assert start.environ["GIVEN"] == f"{address} {address}:7820"
        url = f"http://{address}:7820/"
        answer = run.run_in(allocation, "binds", "/bin/busybox", "wget", "-q", "-O", "-", url)
        assert answer.returncode == 0, answer.stderr
        assert run.engine.inspect(answer.stdout.strip())["Name"].endswith(allocation["ID"])
        addresses.add(address)
    assert len(addresses) == instances


def test_every_port_of_a_container_with_its_own_address_is_reachable(compiler: Compiler, run: Agent) -> None:
    served = compiler.image("own-address", Behaviour(serve=(("http", 80), ("http", 7911))))
    check = {"protocol": "HTTP", "interval_seconds": 1, "timeout_seconds": 1, "grace_period_seconds": 60}
    containers = [
        container(
            name,
            served,
            network_mode="container",
            ports=[{"container_port": 80}],
            health_check=check,
            args=["@one", "@two:7911", "@bridged:80"],
            dependencies=["one"] if name == "two" else [],
        )
        for name in ("one", "two")
    ]
    containers.append(container("bridged", served, ports=[{"container_port": 80}], args=["@one", "@two:7911", "@bridged:80"]))
    compiler.submit({"id": "own", "containers": containers}, "network=cni/cluster")
    run.wait_for_deployment("own")
    for name in ("one", "two", "bridged"):
        (start,) = run.starts("own", name, name)
        first, second, third = start.argv[1:]
        here = run.allocation("own", name)
        for address, other in ((f"{first}:7911", "one"), (second, "two"), (third, "bridged")):
            assert run.group_at(here, name, f"http://{address}/") == other, (name, address, other)
