"""Tasks that leave a trace."""

import os
import signal
import time
from pathlib import Path

from django_tasks import task

from cabinet.letters import Content
from cabinet.outbox import post


@task()
def note(path: str, seconds: float = 0) -> str:
    """Writes a line when it begins and one when it ends, so many seconds later."""
    with Path(path).open("a") as file:
        print("begun", file=file, flush=True)
        time.sleep(seconds)
        print("ended", file=file, flush=True)
    return "done"


@task()
def fail() -> None:
    raise RuntimeError("out of order")


@task()
def write(to: str) -> None:
    post(to, "test", "kk", Content(subject="Тақырып", paragraphs=["Мәтін."]))


@task()
def kill(path: str) -> None:
    """What ends every worker."""
    with Path(path).open("a") as file:
        print("begun", file=file, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
