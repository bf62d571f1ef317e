"""Asks observers from outside, as clients of an appliance would, who they are."""

from __future__ import annotations

import json
import socket
import ssl
from contextlib import suppress
from typing import Any

# Seconds for one answer.
TIMEOUT = 1.0


def ask(how: str, host: str, port: int) -> dict[str, Any] | None:
    """Who answers at a port by `tcp`, `udp`, `http`, or `https`; None if nobody does."""
    with suppress(OSError, ValueError):
        text = _datagram(host, port) if how == "udp" else _stream(how, host, port)
        answer = json.loads(text)
        if isinstance(answer, dict):
            return answer
    return None


def _datagram(host: str, port: int) -> bytes:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        asked.settimeout(TIMEOUT)
        asked.connect((host, port))
        asked.send(b"who")
        return asked.recv(4096)


def _stream(how: str, host: str, port: int) -> bytes:
    with socket.create_connection((host, port), TIMEOUT) as connected:
        asked = connected
        if how == "https":
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            asked = context.wrap_socket(connected)
        asked.settimeout(TIMEOUT)
        if how != "tcp":
            asked.sendall(f"GET /who HTTP/1.0\r\nHost: {host}:{port}\r\n\r\n".encode())
        text = b""
        while block := asked.recv(4096):
            text += block
        return text if how == "tcp" else text.partition(b"\r\n\r\n")[2]
