"""What goes out to a terminal cannot steer it: an escape sequence in a name, a heading or a server's words is shown, not obeyed.

All that verbs print passes `guarded`, whether a terminal is there or a pipe that leads to one; a dot stands for what would steer. Files that verbs
write are not touched by it.
"""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO, cast

# C0 but tab and line feed, DEL, C1, line and paragraph separators, changes of direction; a carriage return but at the end of a line.
_STEERING = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]|\r(?!\n)")
_NEVER_BARE = re.compile(r"[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def shown(text: str) -> str:
    return _STEERING.sub("·", text)


def json_text(value: object, *, indent: int | None = 2) -> str:
    """JSON that holds the same for a program, and nothing that steers a terminal: what would is escaped."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return _NEVER_BARE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def ask(question: str) -> str:
    """What is typed after `question`. `input` hands its prompt to the terminal by itself. Raises EOFError."""
    return input(shown(question))


class _Guarded(io.TextIOBase):
    """Text goes through `shown`; all else is asked of the stream itself."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        self.stream.write(shown(text))
        return len(text)

    def flush(self) -> None:
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


@contextmanager
def guarded() -> Iterator[None]:
    """Standard output and standard error, until the end."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = (cast(TextIO, _Guarded(stream)) for stream in before)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
