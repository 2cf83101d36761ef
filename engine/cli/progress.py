"""What a long verb shows while it works, a line on a terminal and nothing in a pipe; and the views
brought up to the head of the ledger before a verb counts in them: nobody may be following.
"""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Self, TextIO

from engine.cli.terminal import shown, steering
from engine.context import AppContext
from engine.i18n.language import N_, Say, translator
from engine.ledger.codec import EntryRefused

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

    def clear(self) -> None:
        """The line is gone until the next call, so that something else can be printed."""
        if self.shown:
            self._write(CLEAR)
            self.out.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.clear()


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02}"


def catch_up(context: AppContext) -> None:
    """Shown on a terminal. A view that cannot go on is told of and stands where it stopped; the
    others come up to the head.
    """
    _ = translator(context.config.site.language)
    try:
        with Progress(_("Following"), say=_) as tell:
            context.views.catch_up(tell)
    except EntryRefused:
        while context.views.follow():
            """The others go on."""
        print(
            "relance:"
            f" {_('a view has stopped, and what it counts may be old: `relance status` says why')}",
            file=sys.stderr,
        )
