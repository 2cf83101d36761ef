"""Processes of the engine under a supervisor that does one thing: what has ended is started again
at once. They are forked from one that has imported the program (tests.forked): killed and started
by the dozen, they would spend most of their processor time on importing it.
"""

from __future__ import annotations

import signal
from collections.abc import Sequence
from types import TracebackType

from tests.chaos.installation import Place
from tests.forked import Started
from tests.running import ROOT, wait_for

ALL_IN_ONE = (("run",),)
IN_A_HURRY = (
    ("run", "--speed", "3000", "--trial"),
)  # a retry after five minutes comes in a tenth of a second
SPLIT = (("send",), ("send",), ("follow",), ("web",))
DRAIN = 60.0
HOPELESS = 40


class Fleet:
    """`parts` are the command lines to be kept running; told to stop with SIGTERM at the end, and
    waited for.
    """

    def __init__(self, place: Place, parts: Sequence[Sequence[str]] = ALL_IN_ONE) -> None:
        self.place, self.parts = place, parts
        self.log = place.folder / "run.log"
        self.ended_by_themselves: list[tuple[str, int]] = []
        self.kills = 0

    def __enter__(self) -> Fleet:
        self.processes = [self._started(part) for part in self.parts]
        wait_for(lambda: self.tend() or self.place.serves(), 150)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> list[int]:
        """SIGTERM to all; their statuses. One that does not end within a minute fails the test."""
        for process in self.processes:
            process.send_signal(signal.SIGTERM)
        try:
            return [process.wait(DRAIN) for process in self.processes]
        finally:
            for process in self.processes:
                process.kill()

    def kill(self, number: int) -> None:
        """SIGKILL, and at once another in its place."""
        self.processes[number].kill()
        self.processes[number].wait()
        self.kills += 1
        self.processes[number] = self._started(self.parts[number])

    def tend(self) -> bool:
        """Start again what has ended by itself, which is noted; always false, for use in a wait."""
        for number, process in enumerate(self.processes):
            status = process.poll()
            if status is not None:
                self.ended_by_themselves.append((self.parts[number][0], status))
                assert len(self.ended_by_themselves) < HOPELESS, self.log.read_text()[-4000:]
                self.processes[number] = self._started(self.parts[number])
        return False

    def finish(self, seconds: float = 200) -> None:
        """Until everybody has what they are due, then stop."""
        wait_for(lambda: self.tend() or self.place.finished(), seconds)

    def _started(self, part: Sequence[str]) -> Started:
        typed = ("-C", str(self.place.folder), *part)
        return Started(typed, self.place.environment, ROOT, self.log, self.log)
