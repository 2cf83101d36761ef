"""What is printed on a terminal: wrapped by words, coloured where it matters, and the same letters
as in a pipe.
"""

from __future__ import annotations

import io
import sys
from contextlib import redirect_stdout

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.cli.terminal import guarded, print_octets, print_styled, wrapped

LONG = "la lettre du potager " * 6


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    return Terminal()


@given(
    st.lists(st.text("abcé", min_size=1, max_size=12), min_size=1, max_size=40),
    st.integers(20, 120),
)
def test_wrapping_loses_no_word_and_holds_the_width(words: list[str], columns: int) -> None:
    lines = wrapped(" ".join(words), columns).split("\n")
    assert " ".join(lines).split() == words
    assert all(len(line) <= columns for line in lines)


@pytest.mark.parametrize(
    "program",
    [
        "relance",
        "/opt/lettres/.venv/bin/relance",
        "'/opt/les lettres/bin/relance'",
        "/usr/bin/python3.12 -m engine",
    ],
)
def test_a_command_is_copied_whole_however_long_it_is(program: str) -> None:
    typed = f"  {program} -C /srv/mes-lettres simulate accueil.toml"
    assert wrapped(typed, 40) == typed


@pytest.mark.parametrize(
    ("line", "lines"),
    [
        ("short", ["short"]),
        ("    indented words that go on and on", ["    indented words that go on", "    and on"]),
        (
            "sending    to the built-in mailbox, now",
            ["sending    to the built-in", "           mailbox, now"],
        ),
        ("! a view is behind, and it catches up", ["! a view is behind, and it", "  catches up"]),
        (
            "https://lettres.potager.example/l/abcdefghij",
            ["https://lettres.potager.example/l/abcdefghij"],
        ),
        ("a no-break space before\u00a0: it stays", ["a no-break space before\u00a0: it", "stays"]),
    ],
)
def test_what_follows_stands_below_the_text_of_the_first_line(line: str, lines: list[str]) -> None:
    assert wrapped(line, 30).split("\n") == lines


def test_a_terminal_gets_lines_of_its_width_however_they_are_written(terminal: Terminal) -> None:
    with redirect_stdout(terminal), guarded():
        sys.stdout.write(LONG[:50])
        sys.stdout.write(LONG[50:])
        print()
        print("Publish? [y/N] ", end="", flush=True)
        assert terminal.getvalue().endswith("Publish? [y/N] ")
    assert terminal.getvalue().split() == (LONG + "Publish? [y/N]").split()
    assert max(map(len, terminal.getvalue().splitlines())) <= 40


def test_a_pipe_gets_lines_as_they_are_and_no_colour() -> None:
    pipe = io.StringIO()
    with redirect_stdout(pipe), guarded():
        print(LONG)
        print_styled(LONG, "error")
    assert pipe.getvalue() == f"{LONG}\n{LONG}\n"


def test_a_mail_leaves_by_a_pipe_as_it_came_and_steers_no_terminal(terminal: Terminal) -> None:
    octets = b"Subject: \x1b[2J\r\n\r\n\xe9\xff\r\n"
    octets_out = io.BytesIO()
    pipe = io.TextIOWrapper(octets_out)
    with redirect_stdout(pipe), guarded():
        print_octets(octets)
    assert octets_out.getvalue() == octets
    with redirect_stdout(terminal), guarded():
        print_octets(octets)
    assert "Subject: ·[2J" in terminal.getvalue() and "\x1b" not in terminal.getvalue()


def test_colour_stands_around_the_words_and_steers_nothing_else(terminal: Terminal) -> None:
    with redirect_stdout(terminal), guarded():
        print("before")
        print_styled("a \x1b[2J name", "error")
        print_styled("plain", None)
    assert terminal.getvalue() == "before\n\x1b[1;31ma ·[2J name\x1b[0m\nplain\n"


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_colour_is_left_out_where_it_is_not_wanted(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with redirect_stdout(terminal), guarded():
        print_styled("wrong", "error")
    assert terminal.getvalue() == "wrong\n"
