"""French punctuation keeps to its word: the blank before `; : ! ? » %` and after `«` is one where
no line breaks. Pure.

Only blanks that are there are changed: whether one belongs into `12:30` or `Yahoo!` is the writer's
to say. A narrow blank (U+202F) stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

NO_BREAK = "\N{NO-BREAK SPACE}"
NARROW = "\N{NARROW NO-BREAK SPACE}"
# Not before what begins a smiley, an emoji's name, a path or a word of a program.
_BLANK = re.compile(
    r"(?<![\s«]) (?=[;:!?](?![\w/:=()-])|»)|(?<=«) (?=\S)|(?<=[\d}]) (?=[%€](?![\w(]))"
)
# What of a page is no text: tags, and what stands between those of programs and of what is to be
# copied.
_NO_TEXT = re.compile(
    r"(<(style|script|pre|code|textarea)\b.*?</\2\s*>|<!--.*?-->|<[^>]*>)",
    re.DOTALL | re.IGNORECASE,
)


def spaced(text: str) -> str:
    return _BLANK.sub(NO_BREAK, text)


def spaced_html(html: str) -> str:
    """The same for the text of a page, whose attributes stay as they are: what a form sends is what
    somebody wrote.
    """
    pieces = _NO_TEXT.split(html)
    return "".join(
        spaced(piece) if number % 3 == 0 else piece
        for number, piece in enumerate(pieces)
        if number % 3 != 2
    )


def loose_blanks(text: str) -> Iterator[int]:
    """Where blanks stand in `text` at which a line may break and should not."""
    return (blank.start() for blank in _BLANK.finditer(text))
