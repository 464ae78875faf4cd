"""A process that hashes for another one while nobody else wants the processor, and ends with it.

A process and no thread: Python lets one of a process's threads work at a time, and would wait for
that of the lowest priority as for any other. SCHED_IDLE and no `nice`: the system takes a processor
that is only idling so for a free one, and pages wait less than beside `nice`.
"""

import os
import signal
import sys
from contextlib import suppress
from multiprocessing.connection import Connection


def serve(socket: int) -> None:
    """Answers each `(work, arguments)` with what it gave, or the exception that it raised."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whom it works for sees to that
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    with Connection(socket) as asked, suppress(EOFError, OSError):
        while True:
            work, arguments = asked.recv()
            try:
                answer = work(*arguments)
            except Exception as error:
                answer = error
            asked.send(answer)


if __name__ == "__main__":
    serve(int(sys.argv[1]))
