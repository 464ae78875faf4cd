"""A real mail server on this machine, which answers as a test wants."""

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from types import SimpleNamespace
from typing import Any

from aiosmtpd.smtp import SMTP

TAKEN, HANG_UP = "250 OK", "hang up"
LETS_GO = 20  # seconds in which what a test waits for has to happen


class PostOffice:
    """Between `open` and `close`, it keeps all that it takes: address and message, in order.

    `to_recipient` and `to_letter` give its answers by the address, HANG_UP among them; `delay`
    is how many seconds the sender waits for the last one.
    """

    def __init__(self) -> None:
        self.to_recipient: Callable[[str], str] = lambda address: TAKEN
        self.to_letter: Callable[[str], str] = lambda address: TAKEN
        self.delay = 0.0
        self.port = 0  # any, the first time
        self.connections = 0
        self.is_open = False
        self.received: list[tuple[str, EmailMessage]] = []

    def open(self) -> "PostOffice":
        self._open = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))
        self._thread.start()
        self._open.wait()
        self.is_open = True
        return self

    def close(self) -> None:
        """As when a machine goes: whoever is connected is cut off."""
        self._loop.call_soon_threadsafe(self._closing.set)
        self._thread.join()
        self.is_open = False

    async def _serve(self) -> None:
        self._loop, self._closing = asyncio.get_running_loop(), asyncio.Event()
        connected: list[SMTP] = []
        # Apart, since each connection reads every attribute of what it is given.
        hooks = SimpleNamespace(
            handle_EHLO=self.handle_EHLO,
            handle_RCPT=self.handle_RCPT,
            handle_DATA=self.handle_DATA,
        )

        def connect() -> SMTP:
            connected.append(SMTP(hooks, hostname="post.example.kz", loop=self._loop))
            return connected[-1]

        server = await self._loop.create_server(connect, "127.0.0.1", self.port)
        self.port = server.sockets[0].getsockname()[1]
        self._open.set()
        await self._closing.wait()
        server.close()
        for smtp in connected:
            if smtp.transport:
                smtp.transport.abort()
        await asyncio.sleep(0)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def addresses(self) -> list[str]:
        return [address for address, _message in self.received]

    @property
    def times(self) -> Counter[str]:
        """How often each Message-ID came."""
        return Counter(message["Message-ID"] for _address, message in self.received)

    # What aiosmtpd asks

    async def handle_EHLO(
        self, server: SMTP, session: Any, envelope: Any, hostname: str, answers: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return answers

    async def handle_RCPT(
        self, server: SMTP, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        answer = self.to_recipient(address)
        if answer == TAKEN:
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:
        (address,) = envelope.rcpt_tos
        answer = self.to_letter(address)
        if answer == HANG_UP:
            server.transport.abort()
        if answer == TAKEN:
            message = message_from_bytes(envelope.content, policy=default)
            self.received.append((address, message))
            await asyncio.sleep(self.delay)  # it has the letter, and the sender cannot know
        return answer


@contextmanager
def unhurried(settings: Any) -> Iterator[PostOffice]:
    """One that Django's settings name, with mailings going out as fast as they can."""
    office = PostOffice().open()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", office.port
    settings.DEFAULT_FROM_EMAIL = "Кабинет <cabinet@example.kz>"
    settings.MAIL_PER_SECOND = settings.MAIL_PER_SECOND_AND_DOMAIN = 0
    yield office
    office.close()


def until(happened: Callable[[], Any], seconds: float = LETS_GO) -> None:
    """Waits for it, or fails."""
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)
