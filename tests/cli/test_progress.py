"""What a long verb shows: a line on a terminal that is gone afterwards, not a byte in a pipe."""

from __future__ import annotations

import io
import os
import signal

import pytest

from engine.cli.import_file import stop_between_steps
from engine.cli.progress import CLEAR, Progress
from engine.i18n.language import translator


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_how_far_it_is_and_is_clean_afterwards() -> None:
    terminal = Terminal()
    with Progress("Importing", terminal) as tell:
        tell(25, 100)
        tell(26, 100)
    assert terminal.getvalue() == f"{CLEAR}Importing: 25 %{CLEAR}"


def test_it_speaks_the_language_of_the_installation() -> None:
    terminal = Terminal()
    with Progress("Import", terminal, translator("fr")) as tell:
        tell(25, 100)
    assert terminal.getvalue() == f"{CLEAR}Import\u00a0: 25\u00a0%{CLEAR}"


def test_a_pipe_gets_nothing() -> None:
    pipe = io.StringIO()
    with Progress("Importing", pipe) as tell:
        tell(1, 2)
        tell(0, 0)
    assert pipe.getvalue() == ""


def test_the_first_interrupt_only_asks_and_the_second_interrupts() -> None:
    with pytest.raises(KeyboardInterrupt), stop_between_steps() as stopping:
        assert not stopping()
        os.kill(os.getpid(), signal.SIGINT)
        assert stopping()
        os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
