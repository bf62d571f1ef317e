"""Parses command lines as systemd does, following its manual pages.

These are systemd.syntax(7) for quotes and escapes, systemd.unit(5) for specifiers, and
systemd.service(5) for variables.
"""

from __future__ import annotations

import re

WHITE = b" \t\n\r"
SINGLE = {
    b"a": b"\a", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v",
    b"\\": b"\\", b'"': b'"', b"'": b"'", b"s": b" ",
}  # fmt: skip
ESCAPE = re.compile(rb"\\(?:x(?P<byte>[0-9a-fA-F]{2})|u(?P<short>[0-9a-fA-F]{4})|U(?P<long>[0-9a-fA-F]{8})"
                    rb"|(?P<octal>[0-7]{3})|(?P<single>.))", re.DOTALL)  # fmt: skip
SPECIFIER = re.compile(rb"%(.)", re.DOTALL)
# `$$`, or a variable in braces. Without braces, systemd splits the value at spaces.
VARIABLE = re.compile(rb"\$\$|\$\{(\w+)\}")


def unescaped(match: re.Match[bytes]) -> bytes:
    if match["byte"]:
        return bytes([int(match["byte"], 16)])
    if match["octal"]:
        return bytes([int(match["octal"], 8)])
    if number := match["short"] or match["long"]:
        return chr(int(number, 16)).encode()
    return SINGLE[match["single"]]


def words(line: bytes) -> list[bytes]:
    """The words of a line, with quotes removed and escapes decoded."""
    found: list[bytes] = []
    at = 0
    while True:
        while at < len(line) and line[at : at + 1] in WHITE:
            at += 1
        if at >= len(line):
            return found
        if re.match(rb";(?:[ \t\n\r]|$)", line[at:]):
            raise ValueError(f"a second command begins at {line[at:]!r}")
        word, quote = b"", b""
        while at < len(line):
            here = line[at : at + 1]
            if here == b"\\":
                match = ESCAPE.match(line, at)
                if not match:
                    raise ValueError(f"invalid escape at {line[at:]!r}")
                word += unescaped(match)
                at = match.end()
                continue
            at += 1
            if here == quote:
                quote = b""
            elif not quote and here in b"\"'":
                quote = here
            elif not quote and here in WHITE:
                break
            else:
                word += here
        if quote:
            raise ValueError("unterminated quote")
        found.append(word)


def specified(word: bytes, specifiers: dict[str, str]) -> bytes:
    return SPECIFIER.sub(lambda m: b"%" if m[1] == b"%" else specifiers[m[1].decode()].encode(), word)


def expanded(word: bytes, variables: dict[bytes, bytes]) -> bytes:
    if re.match(rb"\$\w", word):
        raise ValueError(f"systemd splits {word!r} at spaces")
    return VARIABLE.sub(lambda m: b"$" if m[0] == b"$$" else variables[m[1]], word)


def values(service: bytes, section: str, key: str) -> list[bytes]:
    """All values of a key in a section of a unit."""
    found: list[bytes] = []
    here = ""
    for line in service.split(b"\n"):
        if line.startswith(b"["):
            here = line.strip(b"[]").decode()
        elif here == section and line.startswith(key.encode() + b"="):
            found.append(line.split(b"=", 1)[1])
    return found


def command(service: bytes, specifiers: dict[str, str]) -> list[bytes]:
    """The arguments of `ExecStart=`, including the program."""
    variables = {}
    for line in values(service, "Service", "Environment"):
        for word in words(line):
            name, value = specified(word, specifiers).split(b"=", 1)
            variables[name] = value
    [line] = values(service, "Service", "ExecStart")
    return [expanded(specified(word, specifiers), variables) for word in words(line)]
