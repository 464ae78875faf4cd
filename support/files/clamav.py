"""What a ClamAV daemon says of some bytes: its INSTREAM, as clamd(8) describes it."""

import socket
import struct
import time

SECONDS = 20.0  # for all of it
CHUNK = 1 << 16
LONGEST_ANSWER = 4096


class NoAnswer(Exception):
    """The daemon was not reached, broke off, or said what we do not understand."""


def found_in(content: bytes, address: str) -> str:
    """What malware is in it, by the daemon's name for it; an empty text for none.

    The address is the path of a Unix socket, or `host:port`.
    """
    until = time.monotonic() + SECONDS
    try:
        with _connected(address) as connection:
            _send(connection, content, until)
            answer = _answer(connection, until)
    except (OSError, ValueError) as error:
        raise NoAnswer(str(error) or type(error).__name__) from error
    if answer == "stream: OK":
        return ""
    if answer.startswith("stream: ") and answer.endswith(" FOUND"):
        return answer.removeprefix("stream: ").removesuffix(" FOUND")
    raise NoAnswer(repr(answer))


def _connected(address: str) -> socket.socket:
    if not address.startswith("/"):
        host, _colon, port = address.rpartition(":")
        return socket.create_connection((host.strip("[]"), int(port)), SECONDS)
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(SECONDS)
    try:
        connection.connect(address)
    except OSError:
        connection.close()
        raise
    return connection


def _send(connection: socket.socket, content: bytes, until: float) -> None:
    """Chunks, each after its length; one of no length is the end."""
    connection.settimeout(_left(until))
    connection.sendall(b"zINSTREAM\0")
    for start in range(0, len(content), CHUNK):
        chunk = content[start : start + CHUNK]
        connection.settimeout(_left(until))
        connection.sendall(struct.pack("!L", len(chunk)) + chunk)
    connection.settimeout(_left(until))
    connection.sendall(struct.pack("!L", 0))


def _answer(connection: socket.socket, until: float) -> str:
    """Up to its NUL, without which it is none."""
    answer = b""
    while not answer.endswith(b"\0") and len(answer) < LONGEST_ANSWER:
        connection.settimeout(_left(until))
        part = connection.recv(LONGEST_ANSWER)
        if not part:
            raise ConnectionError(f"broken off after {answer!r}")
        answer += part
    return answer.decode(errors="replace").rstrip("\0")


def _left(until: float) -> float:
    """Seconds; TimeoutError when there are none."""
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError(f"not within {SECONDS} seconds")
    return left
