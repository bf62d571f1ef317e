"""Which fields of a YAML file the findings of an import are about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

# The keys and indices from the top of a file to a value. An item of a list of `NAME=VALUE` is its name.
Path = tuple[str, ...]

MERGE = "tag:yaml.org,2002:merge"

# Lines and columns that count from 0: of the first character, and behind the last one.
Span = tuple[tuple[int, int], tuple[int, int]]


class Places:
    """The fields of a YAML file by their place. A field with an anchor is at each place that refers to it."""

    def __init__(self, text: str) -> None:
        self.root = yaml.compose(text, Loader=yaml.SafeLoader)

    def of(self, span: dict[str, Any]) -> set[Path]:
        """The innermost fields that contain a span of a finding."""
        ends = [(span[end]["line"] - 1, span[end]["column"] - 1) for end in ("start", "end")]
        return set(deepest(self.root, (ends[0], ends[1]), ()))


def covers(node: yaml.Node, span: Span) -> bool:
    """Whether a node contains a span. Nodes in blocks end behind the line breaks that follow them."""
    first = (node.start_mark.line, node.start_mark.column)
    return first <= span[0] and span[1] <= (node.end_mark.line, node.end_mark.column)


def deepest(node: yaml.Node, span: Span, path: Path) -> Iterator[Path]:
    """The paths of the innermost values that contain a span, below a node with a path."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.tag == MERGE:
                merged = value.value if isinstance(value, yaml.SequenceNode) else [value]
                for one in merged:
                    yield from deepest(one, span, path)
                continue
            inner = (*path, str(key.value))
            if covers(key, span):
                yield inner
            else:
                yield from within(value, span, inner)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            name = str(index)
            if isinstance(item, yaml.ScalarNode) and path[-1] in ("environment", "labels", "args", "depends_on"):
                name = item.value.split("=")[0]
            yield from within(item, span, (*path, name))


def within(value: yaml.Node, span: Span, path: Path) -> Iterator[Path]:
    """The paths of the innermost values that contain a span; the value's own if there is nothing further in."""
    inner = list(deepest(value, span, path))
    yield from inner
    if not inner and covers(value, span):
        yield path
