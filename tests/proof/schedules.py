"""When a repeating job runs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from expectations import Runs
from zoneinfo import ZoneInfo

MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
# Minute, hour, day of the month, month, day of the week: from, to, names.
FIELDS: list[tuple[int, int, list[str]]] = [(0, 59, []), (0, 23, []), (1, 31, []), (1, 12, ["", *MONTHS]), (0, 7, DAYS)]


def due(runs: Runs, start: float, end: float) -> list[float]:
    """The times from `start` to `end` at which a run is due, in seconds since 1970."""
    if runs.schedule is not None:
        return list(minutes(*runs.schedule, start, end))
    first = start if runs.start is None else max(runs.start, 0.0)
    if runs.repeats == 1 or not runs.interval:
        return [first] if first <= end else []
    found: list[float] = []
    time = first
    while time <= end and (runs.repeats < 0 or len(found) < runs.repeats):
        found.append(time)
        time += runs.interval
    return found


def minutes(line: str, zone: str, start: float, end: float) -> Iterator[float]:
    """The minutes from `start` to `end` that a cron line names."""
    fields = [numbers(text, *bounds) for text, bounds in zip(line.split(), FIELDS, strict=True)]
    restricted = [text != "*" for text in line.split()]
    minute = -(-int(start) // 60) * 60
    while minute <= end:
        if named(fields, restricted, datetime.fromtimestamp(minute, UTC).astimezone(ZoneInfo(zone))):
            yield float(minute)
        minute += 60


def named(fields: list[set[int]], restricted: list[bool], time: datetime) -> bool:
    """Whether a minute is named: "If both fields for days are restricted, [...] a day matches if one of them does"."""
    weekday = time.isoweekday() % 7
    days = time.day in fields[2], weekday in fields[4] or (weekday == 0 and 7 in fields[4])
    day = any(days) if restricted[2] and restricted[4] else all(days)
    return time.minute in fields[0] and time.hour in fields[1] and time.month in fields[3] and day


def numbers(text: str, low: int, high: int, names: list[str]) -> set[int]:
    """The numbers of a field."""

    def number(word: str) -> int:
        return names.index(word.upper()) if word.upper() in names else int(word)

    found: set[int] = set()
    for item in text.split(","):
        span, _, step = item.partition("/")
        if span == "*":
            first, last = low, high
        else:
            from_, dash, to = span.partition("-")
            first = number(from_)
            last = number(to) if dash else (high if step else first)
        found.update(range(first, last + 1, int(step or 1)))
    return found
