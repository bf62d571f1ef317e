#!/usr/bin/python3 -IS
"""A fake Podman for systemd: records its arguments, and starts, becomes ready, and exits as configured.

Two files are in the same folder. `log` contains one JSON array per line for each event. `behaviours`
maps the name of a container to an object with the fields:

    ready_after   seconds until the container is started, or healthy; null means never
    seconds       seconds until it exits; by default, a job exits at once and a service keeps running
    codes         exit code
    volumes       (under the name "") the volumes that exist

The first three can be lists with one value for each run; the last value applies to all later runs.
"""

import fcntl
import json
import os
import signal
import socket
import sys
import time

HERE = os.path.dirname(os.path.realpath(__file__))


def note(event, name, **more):
    """Logs an event, and returns the number of earlier events of this kind for this container."""
    with open(os.path.join(HERE, "log"), "a+") as log:
        fcntl.flock(log, fcntl.LOCK_EX)
        log.seek(0)
        before = sum(1 for line in log if json.loads(line)[:2] == [event, name])
        log.write(json.dumps([event, name, time.monotonic(), more]) + "\n")
    return before


def behaviour(name):
    with open(os.path.join(HERE, "behaviours")) as file:
        return json.load(file).get(name, {})


def notify(text):
    """Notifies systemd, as sd_notify does."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as to:
        address = os.environ["NOTIFY_SOCKET"]
        to.connect("\0" + address[1:] if address.startswith("@") else address)
        to.send(text.encode())


def option(arguments, name):
    """The value of `--name VALUE` or `--name=VALUE`."""
    for at, argument in enumerate(arguments):
        if argument == name:
            return arguments[at + 1]
        if argument.startswith(name + "="):
            return argument.split("=", 1)[1]
    return None


def run(arguments):
    name = option(arguments, "--name")
    configured = behaviour(name)
    # Bytes that are not UTF-8 are kept as surrogates.
    before = note("run", name, argv=arguments)

    def now(key, default):
        value = configured.get(key, default)
        return value[min(before, len(value) - 1)] if isinstance(value, list) else value

    code = now("codes", 0)
    if "-d" not in arguments:
        time.sleep(now("seconds", 0))
        note("end", name, code=code)
        sys.exit(code)

    def stop(*_):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        note("end", name, code=0)
        os._exit(0)

    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGTERM, stop)
        time.sleep(now("seconds", 100_000))
        note("end", name, code=code)
        os._exit(code)
    with open(option(arguments, "--cidfile"), "w") as file:
        file.write(str(child))
    ready_after = now("ready_after", 0)
    notify(f"MAINPID={child}")
    if ready_after is None:
        return
    time.sleep(ready_after)
    note("ready", name)
    notify("READY=1")
    # systemd must identify the sender before this process exits.
    time.sleep(0.1)


def remove(arguments):
    path = option(arguments, "--cidfile")
    try:
        with open(path) as file:
            child = int(file.read())
        os.unlink(path)
        os.kill(child, signal.SIGTERM)
        # Wait until the process has exited.
        while True:
            time.sleep(0.01)
            os.kill(child, 0)
    except (OSError, ValueError):
        pass


def main(arguments):
    match arguments[:2]:
        case ["run", *_]:
            run(arguments)
        case ["rm", *_]:
            remove(arguments)
        case ["volume", "exists"]:
            sys.exit(0 if arguments[2] in behaviour("").get("volumes", []) else 1)
        case [kind, "create"]:
            note(f"{kind} create", arguments[-1], argv=arguments)


main(sys.argv[1:])
