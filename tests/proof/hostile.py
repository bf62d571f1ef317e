"""Strings that are legal in an appliance, and that formats, shells and template languages read as something else."""

from __future__ import annotations

import re

# By the kind of trouble they make.
HOSTILE: dict[str, str] = {
    "double-quotes": 'say "hi"',
    "single-quote": "it's",
    "backquotes": "`id`",
    "mixed-quotes": '"\'\\"',
    "dollar": "a$b",
    "dollar-alone": "$",
    "dollar-name": "$HOME",
    "dollar-braces": "${HOME}",
    "dollar-default": "${X:-y}",
    "dollar-open": "${",
    "dollar-dollar": "$$",
    "dollar-dollar-name": "$$HOME",
    "dollar-parentheses": "$(HOME)",
    "dollar-command": "$(id)",
    "hcl-directive": "%{ if true }",
    "hcl-attribute": "${attr.kernel.name}",
    "braces": '{{ env "HOME" }}',
    "braces-open": "{{",
    "braces-close": "}}",
    "percent": "100%",
    "percent-format": "%s%d%%",
    "percent-encoded": "%20%2F",
    "backslash": "a\\b",
    "backslash-end": "end\\",
    "backslash-n": "\\n",
    "newline": "two\nlines",
    "newline-end": "end\n",
    "carriage-return": "a\r\nb",
    "tab": "a\tb",
    "leading-space": " leading",
    "trailing-space": "trailing ",
    "blank": " ",
    "inner-spaces": "a  b",
    "hash": "a # b",
    "hash-first": "#first",
    "at": "user@example.org",
    "at-alone": "a @ b",
    "escaped-at": "\\@x",
    "accents": "déjà vu",
    "emoji": "🐳",
    "right-to-left": "שלום",
    "decomposed": "e\u0301",
    "line-separator": "a\u2028b",
    "byte-order-mark": "\ufeffx",
    "control": "a\x01\x7fb",
    "dashes": "--",
    "option": "-e",
    "star": "*",
    "glob": "*.t?t [a-z]",
    "tilde": "~",
    "bang": "!tag",
    "anchor": "&anchor",
    "pipe": "a|b",
    "semicolon": "a;b",
    "and": "a && b",
    "redirect": ">x",
    "colon-space": "a: b",
    "dash-item": "- a",
    "yaml-map": "{a: b}",
    "yaml-list": "[a, b]",
    "yaml-yes": "yes",
    "yaml-null": "null",
    "yaml-true": "True",
    "yaml-hex": "0x1",
    "yaml-float": "1e3",
    "yaml-octal": "010",
    "yaml-base-60": "22:22:22",
    "yaml-date": "2024-01-01",
    "empty": "",
    "heredoc-end": "EOT",
    "long": "x" * 300,
    "equals": "a=b",
    "comma": "a,b",
    "json": '{"a": "b\\"c"}',
}

# What cannot be in a path, or in one line.
LINES = {"newline", "newline-end", "carriage-return", "line-separator"}
NOT_IN_PATHS = LINES | {"empty", "long", "control", "byte-order-mark"}

# The places of strings in which anything is legal, with the kinds that are not used there.
PLACES: dict[str, set[str]] = {
    "args": set(),
    "cmd": set(),
    "entrypoint": set(),
    "env": set(),
    "env-json": set(),
    "label": set(),
    "file-content": set(),
    "file-dest": NOT_IN_PATHS,
    "secret-file-dest": NOT_IN_PATHS,
    "secret-value": {"empty"},
    "volume-dest": NOT_IN_PATHS,
    "host-path": NOT_IN_PATHS,
    "working-dir": NOT_IN_PATHS,
    "health-command": set(),
    "port-name": {"empty"},
}

# Names of variables, all legal in the language; a shell passes on only those that are identifiers.
ENV_NAMES = [
    "PROOF_A",
    "proof_b",
    "Proof_C",
    "_",
    "a.b",
    "A-B",
    "1A",
    "a b",
    "a$b",
    "${X}",
    "{{x}}",
    '"q"',
    "déjà",
    "a:b",
    "#",
    "*",
]
IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

LABEL_NAMES = [
    "team",
    "org.example.team",
    "example.org/role",
    "A-b_c",
    "a$b",
    "traefik.http.routers.x.rule",
    '"',
    "${X}",
    "{{x}}",
    "#",
    "a:b",
]

# Paths of requests, with characters that URLs may contain.
HTTP_PATHS = [
    "/",
    "/health",
    "/a%20b",
    "/h?x=1&y=$z",
    "/$HOME",
    "/it's",
    "/a;b,c",
    "/(x)",
    "/*",
    "/~x",
    "/$$",
    "/a//b",
    "/%7B%7B",
    "/a@b",
    "/a:b",
]


def escaped(text: str) -> str:
    """The text as a string of the language in which it contains no reference."""
    return text.replace("@", "\\@")


def as_path(text: str) -> str:
    """The text as one component of a path."""
    return text.replace("/", "_")


def quoted(word: str) -> str:
    """The word for a shell, in single quotes."""
    return "'" + word.replace("'", "'\\''") + "'"
