"""A thread that answers is not kept waiting by one that computes."""

from __future__ import annotations

import os
import sys
import threading
import time

import pytest

from engine.cli.run import TURN_SECONDS, _take_turns_often

TURNS = 20


def test_handing_over_goes_on_beside_a_thread_that_computes() -> None:
    """Each octet through a pipe gives the turn away, as a mark of the journal does."""
    before, over = sys.getswitchinterval(), threading.Event()
    computing = threading.Thread(target=lambda: [sum(range(99)) for _ in iter(over.is_set, True)])
    computing.start()
    reading, writing = os.pipe()
    try:
        as_python_has_it = _seconds(reading, writing)
        _take_turns_often()
        assert sys.getswitchinterval() == pytest.approx(TURN_SECONDS)
        assert min(_seconds(reading, writing) for _ in range(5)) < as_python_has_it
    finally:
        over.set()
        computing.join()
        sys.setswitchinterval(before)
        os.close(reading)
        os.close(writing)


def _seconds(reading: int, writing: int) -> float:
    begun = time.perf_counter()
    for _ in range(TURNS):
        os.write(writing, b".")
        os.read(reading, 1)
    return time.perf_counter() - begun
