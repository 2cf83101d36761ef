"""Text as words of a letter's Markdown. Apart from what renders it: what the starter and the
engine's own letters are made of needs none.
"""

from __future__ import annotations

import re

_SIGNS = re.compile(r"([\\`*_\[\]{}<>&|~=+%#])")


def as_words(text: str) -> str:
    """Text that stands within a line of a letter's Markdown and is words there: no emphasis, link,
    element or merge field.
    """
    return _SIGNS.sub(r"\\\1", text)
