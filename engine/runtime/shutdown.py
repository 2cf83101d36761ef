"""A process that was told to stop ends in time, whatever one of its threads still waits for: a
database that does not answer, a disk, a name server.

Nothing is lost by it: the delivery journal says what was handed over, the ledger what was recorded,
and the next start settles the rest.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading

log = logging.getLogger("relance.run")
GRACE_SECONDS = 10.0
"""Wall-clock seconds for recording and closing, after what was on the wire had its own time."""
STATUS = 1
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_lock = threading.Lock()
_timers: list[threading.Timer] = []


def end_within(seconds: float) -> None:
    """End the process after so many wall-clock seconds; only the first call counts."""
    with _lock:
        if not _timers:
            timer = threading.Timer(seconds, _end, (seconds,))
            timer.name, timer.daemon = "ending", True
            timer.start()
            _timers.append(timer)


def ended_in_time() -> None:
    """What is still to be done may take as long as it takes."""
    with _lock:
        while _timers:
            _timers.pop().cancel()


def _end(seconds: float) -> None:
    waiting = sorted(
        thread.name for thread in threading.enumerate() if thread is not threading.current_thread()
    )
    message = (
        "told to stop and still waiting: ended all the same; the next start settles what the marks"
        " and the ledger say"
    )
    log.error(message, extra={"seconds": seconds, "threads": waiting})
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(STATUS)
