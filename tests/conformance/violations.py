"""Violations of the rules of a target's API, and those of a JSON Schema."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator


@dataclass(frozen=True, order=True)
class Violation:
    """A violated rule and its location in the document (`/apps/0/container`)."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path or '/'}: {self.message}"


def pointer(parts: Any) -> str:
    """The JSON pointer of a path."""
    return "".join(f"/{part}" for part in parts)


def load_schema(name: str) -> Draft7Validator:
    """The validator for the schema file `name` in this folder."""
    schema = json.loads((Path(__file__).parent / name).read_text(encoding="utf-8"))
    Draft7Validator.check_schema(schema)
    return Draft7Validator(schema)


def structural(validator: Draft7Validator, document: Any) -> list[Violation]:
    """Violations of the schema, with the most specific message for each location."""
    found = []
    for error in validator.iter_errors(document):
        while error.validator in {"anyOf", "oneOf"} and error.context:
            error = max(error.context, key=lambda inner: len(inner.absolute_path))
        found.append(Violation(pointer(error.absolute_path), error.message))
    return sorted(set(found))


class Report:
    """Collects the violations at and below one location of a document."""

    def __init__(self, path: str = "", found: list[Violation] | None = None) -> None:
        self.path = path
        self.found = found if found is not None else []

    def at(self, *parts: Any) -> Report:
        """The same report for a nested location."""
        return Report(self.path + pointer(parts), self.found)

    def add(self, message: str) -> None:
        """Reports a violation here."""
        self.found.append(Violation(self.path, message))
