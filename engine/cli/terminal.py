"""What goes out to a terminal cannot steer it: an escape sequence in a name, a heading or a
server's words is shown, not obeyed.

All that verbs print passes `guarded`, whether a terminal is there or a pipe that leads to one; a
dot stands for what would steer. Files that verbs write are not touched by it. On a terminal long
lines are wrapped by words, and what matters has a colour, unless NO_COLOR is set.
"""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal, TextIO, cast

# C0 but tab and line feed, DEL, C1, line and paragraph separators, changes of direction; a carriage
# return but at the end of a line.
_STEERING = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]|\r(?!\n)"
)
_NEVER_BARE = re.compile(r"[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


Style = Literal["error", "warning", "added", "removed", "changed"]
# Select Graphic Rendition (ECMA-48 8.3.117): bold red, bold yellow, green, red, yellow.
_STYLES: dict[Style, str] = {
    "error": "1;31",
    "warning": "1;33",
    "added": "32",
    "removed": "31",
    "changed": "33",
}
# What a line begins with before its text: blanks, and a sign or a heading in a column of its own.
_HEAD = re.compile(r"\s*(?:[-!+~] |\S+(?: \S+)*\s{2,})?")
_NARROWEST = 20
# A command in a line of its own, as `command` puts it together: cut in two, it would be two
# commands to whoever copies it.
_COMMAND = re.compile(r"\s+(?:'[^']*/|\S*/)?(?:relance|python[\d.]*)'? ")


def shown(text: str) -> str:
    return _STEERING.sub("·", text)


def json_text(value: object, *, indent: int | None = 2) -> str:
    """JSON that holds the same for a program, and nothing that steers a terminal: what would is
    escaped.
    """
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return _NEVER_BARE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def ask(question: str) -> str:
    """What is typed after `question`. `input` hands its prompt to the terminal by itself. Raises
    EOFError.
    """
    return input(shown(question))


def agreed(question: str) -> bool:
    """Whether what is typed after `question` says yes, in English or in French. Raises EOFError."""
    return ask(question).strip().lower() in ("y", "yes", "o", "oui")


def wrapped(line: str, columns: int) -> str:
    """A line of text in lines of at most so many columns, cut at blanks, what follows below the
    first. A word is never cut, nor is a command.
    """
    if len(line) <= columns or columns < _NARROWEST or _COMMAND.match(line):
        return line
    head = _HEAD.match(line)
    indent = (
        len(head[0])
        if head is not None and len(head[0]) <= columns // 2
        else len(line) - len(line.lstrip())
    )
    lines = textwrap.TextWrapper(
        columns,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
        replace_whitespace=False,
        expand_tabs=False,
    )
    return "\n".join(lines.wrap(line)) or line


def print_styled(text: str, style: Style | None, stream: TextIO | None = None) -> None:
    """A line in a colour, on a terminal that takes one; elsewhere the line alone. `stream` is
    standard output by default.
    """
    out = stream or sys.stdout
    if (
        style is None
        or not out.isatty()
        or os.environ.get("NO_COLOR")
        or os.environ.get("TERM") == "dumb"
    ):
        print(text, file=out)
        return
    out.flush()
    lines = "\n".join(wrapped(line, _columns()) for line in shown(text).split("\n"))
    steering(out)(f"\x1b[{_STYLES[style]}m{lines}\x1b[0m\n")


def _columns() -> int:
    return shutil.get_terminal_size().columns


class _Guarded(io.TextIOBase):
    """Text goes through `shown`, on a terminal wrapped line by line; all else is asked of the
    stream itself.
    """

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self._begun = ""

    def write(self, text: str) -> int:
        if not self.stream.isatty():
            self.stream.write(shown(text))
            return len(text)
        *whole, self._begun = (self._begun + shown(text)).split("\n")
        for line in whole:
            self.stream.write(wrapped(line, _columns()) + "\n")
        return len(text)

    def flush(self) -> None:
        """What was begun stands there as it is: a question waits for its answer on the same
        line.
        """
        self.stream.write(self._begun)
        self._begun = ""
        self.stream.flush()

    def isatty(self) -> bool:
        return self.stream.isatty()

    def fileno(self) -> int:
        return self.stream.fileno()

    def writable(self) -> bool:
        return True

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self.stream.encoding

    @property
    def errors(self) -> str | None:  # type: ignore[override]
        return self.stream.errors

    def close(self) -> None:
        """The stream is whose it was before."""
        if not self.closed:
            self.flush()


def steering(stream: TextIO) -> Callable[[str], object]:
    """How the program itself writes what steers: the line of a progress, which is written over."""
    return stream.stream.write if isinstance(stream, _Guarded) else stream.write


def print_octets(octets: bytes) -> None:
    """On standard output as they are, for a file or another program; on a terminal as text that
    steers nothing.
    """
    out = sys.stdout
    stream = out.stream if isinstance(out, _Guarded) else out
    if stream.isatty():
        print(octets.decode("utf-8", "replace"))
        return
    out.flush()
    stream.buffer.write(octets)
    stream.buffer.flush()


@contextmanager
def guarded() -> Iterator[None]:
    """Standard output and standard error, until the end."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (cast(TextIO, _Guarded(stream)) for stream in before)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
