"""What a long verb shows while it works, and how it is stopped.

A line on a terminal, nothing in a pipe; Ctrl-C between two steps, never within one.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Self, TextIO

from engine.cli.terminal import shown, steering
from engine.i18n.language import N_, Say

SECONDS_BETWEEN = 0.1
CLEAR = "\r\x1b[K"


class Progress:
    """`with Progress("Importing") as tell:` then `tell(done, total)`, in any unit: one line on
    standard error, gone at the end.

    `say` translates. Where no total is known, `show` says in words how far it is.
    """

    def __init__(self, label: str = "", out: TextIO | None = None, say: Say = N_) -> None:
        self.label, self.out, self._say = label, out or sys.stderr, say
        self.shown, self._write = self.out.isatty(), steering(self.out)
        self._began = time.monotonic()
        self._told = 0.0

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if not self.shown or now - self._told < SECONDS_BETWEEN:
            return
        self._told = now
        share = min(done / total, 1.0) if total > 0 else 0.0
        line = self._say(N_("{label}: {n} %"))
        if share > 0.02 and now - self._began > 2:
            line = self._say(N_("{label}: {n} %, {left} left"))
        self.show(
            line.format(
                label=self.label,
                n=int(100 * share),
                left=_clock((now - self._began) * (1 - share) / share) if share else "",
            )
        )

    def show(self, line: str) -> None:
        """In place of what the line said before."""
        if self.shown:
            self._write(f"{CLEAR}{shown(line)}")
            self.out.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.shown:
            self._write(CLEAR)
            self.out.flush()


@contextmanager
def stop_between_steps() -> Iterator[Callable[[], bool]]:
    """Within it the first Ctrl-C only makes the answer true, so that the step under way is
    finished; the second interrupts as ever.
    """
    asked = False

    def note(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        asked = True
        signal.signal(signal.SIGINT, signal.default_int_handler)

    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    before = signal.signal(signal.SIGINT, note)
    try:
        yield lambda: asked
    finally:
        signal.signal(signal.SIGINT, before)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02}"
