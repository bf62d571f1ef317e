"""Validates a job as Chronos 3 does, and more strictly.

The structure is `chronos_job.schema.json`, which follows the fields that Chronos reads
(JobDeserializer). The rules below are those of its API (Iso8601JobResource, DependentJobResource,
Iso8601Expressions, JobUtils), and rules that it does not check although the job would run
differently than written (MesosTaskBuilder).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from violations import Report, Violation, load_schema, structural

SCHEMA = load_schema("chronos_job.schema.json")

NAME = re.compile(r"[\w\s.#_-]+", re.ASCII)
SCHEDULE = re.compile(r"(R[0-9]*)/(.*)/(P.*)")
# Joda's ISOPeriodFormat.standard allows a fraction only in the seconds.
PERIOD = re.compile(
    r"P(?=.)(?:\d+Y)?(?:\d+M)?(?:\d+W)?(?:\d+D)?(?:T(?=.)(?:\d+H)?(?:\d+M)?(?:\d+(?:\.\d+)?S)?)?", re.ASCII
)
START = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})", re.ASCII)
OPERATORS = {"EQUALS", "LIKE", "UNLIKE"}
# Chronos fetches a command with one of these prefixes and runs it as a file.
FETCHED = ("http", "ftp")
# Chronos sets these variables and ignores those of the job.
BUILT_IN = {
    "mesos_task_id",
    "MESOS_TASK_ID",
    "CHRONOS_JOB_OWNER",
    "CHRONOS_JOB_NAME",
    "HOST",
    "CHRONOS_RESOURCE_MEM",
    "CHRONOS_RESOURCE_CPU",
    "CHRONOS_RESOURCE_DISK",
    "CHRONOS_JOB_RUN_TIME",
    "CHRONOS_JOB_RUN_ATTEMPT",
}


def check_jobs(documents: Iterable[Any]) -> list[Violation]:
    """All violations in jobs that are posted in this order."""
    report = Report()
    names: set[str] = set()
    for index, job in enumerate(documents):
        place = report.at(index)
        found = structural(SCHEMA, job)
        for violation in found:
            report.found.append(Violation(place.path + violation.path, violation.message))
        if found:
            continue
        _check_job(job, place)
        for other in job.get("parents", ()):
            if other not in names:
                place.at("parents").add(f"{other} does not exist when this job is posted")
        if job["name"] in names:
            place.at("name").add(f"{job['name']} is defined twice")
        names.add(job["name"])
    return sorted(report.found)


def check_job(document: Any) -> list[Violation]:
    """All violations in one job without parents."""
    return check_jobs([document])


def _check_job(job: dict, report: Report) -> None:
    if not NAME.fullmatch(job["name"]):
        report.at("name").add(f"does not match {NAME.pattern}")
    if "schedule" in job:
        _check_schedule(job["schedule"], report.at("schedule"))
    if job["command"].startswith(FETCHED):
        report.at("command").add("Chronos reads it as the URL of a file to fetch and run")
    if job.get("shell", True):
        if not job["command"]:
            report.at("command").add("empty shell command")
    elif "container" in job and not job["command"] and "arguments" not in job:
        # The command is the first argument of the image's entrypoint, even if it is empty.
        report.at("command").add("the command of the image is replaced by an empty argument")
    for field in ("cpus", "mem", "disk", "retries", "shell"):
        if field not in job:
            report.add(f"{field!r} is missing: Chronos fills in a default")
    if job.get("arguments"):
        # JobUtils and MesosTaskBuilder: they go into the id of the Mesos task, are appended to the command,
        # and are passed again after it.
        report.at("arguments").add("passed twice, and part of the Mesos task id")
    for field in ("cpus", "mem", "disk"):
        if job.get(field) == 0:
            report.at(field).add("0 means Chronos' default")
    variables = [variable["name"] for variable in job.get("environmentVariables", ())]
    for name in sorted(set(variables)):
        if variables.count(name) > 1:
            report.at("environmentVariables").add(f"{name} is defined twice")
        if name in BUILT_IN:
            report.at("environmentVariables").add(f"{name} is ignored: Chronos sets it")
        if "=" in name or "\0" in name:
            report.at("environmentVariables").add(f"invalid variable name {name!r}")
    for index, (field, operator, value) in enumerate(job.get("constraints", ())):
        if operator not in OPERATORS:
            report.at("constraints", index).add(f"{operator} is ignored: expected EQUALS, LIKE, or UNLIKE")
        if not field or not value:
            report.at("constraints", index).add("empty field or value")
    container = job.get("container")
    if container is None:
        report.add("'container' is missing")
        return
    if (container.get("network") == "USER") != ("networkName" in container):
        report.at("container").add("'networkName' and the network USER require each other")
    paths = [volume["containerPath"] for volume in container.get("volumes", ())]
    if len(paths) != len(set(paths)):
        report.at("container", "volumes").add("duplicate path")
    for index, volume in enumerate(container.get("volumes", ())):
        if not volume["containerPath"].startswith("/"):
            report.at("container", "volumes", index).add("the path is not absolute")


def _check_schedule(schedule: str, report: Report) -> None:
    match = SCHEDULE.fullmatch(schedule)
    if not match:
        report.add(f"does not match {SCHEDULE.pattern}")
        return
    repeats, start, period = match.groups()
    if repeats == "R0":
        report.add("never runs")
    if start:
        if not START.fullmatch(start):
            report.add(f"{start!r} is not a time with a time zone")
        else:
            try:
                datetime.fromisoformat(re.sub(r"\.\d+", "", start).replace("Z", "+00:00"))
            except ValueError as error:
                report.add(f"{start!r}: {error}")
    if not PERIOD.fullmatch(period):
        report.add(f"{period!r} is not a period")
    elif not re.search(r"[1-9]", period):
        report.add("the period is zero")
