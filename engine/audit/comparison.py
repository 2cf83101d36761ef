"""Whether a contested mail's words are those that were published: the same, the same but for the
person's fields, with more around them, or not.

White space counts for nothing, and links by their token alone: neither a relay's wrapping nor a
changed site address makes a difference. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

FIELD = "\ue0f7"
"""Stands for a person's field in words that were put together without knowing it: a character that
no letter case and no filter changes.
"""
MAX_SHOWN = 160
"""Characters of each excerpt."""
MAX_FIELD = 1_000
"""No door takes a longer one, encoded as HTML."""
_LINK = re.compile(r"https?://[^\s\"'<>/]{1,255}/l/")

Verdict = Literal["same", "same-but-fields", "added", "differs", "absent"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """`published` and `contested` are excerpts from the first place where they differ, "" where
    they do not; `fields` what the mail has in the places of the person's fields.
    """

    verdict: Verdict
    published: str = ""
    contested: str = ""
    fields: tuple[str, ...] = ()


def compare(contested: str, as_known: Sequence[str], with_fields: Sequence[str]) -> Comparison:
    """`as_known` are the published words put together with what is known of the person,
    `with_fields` with FIELD for each of their fields.
    """
    words = _normalised(contested)
    if not words:
        return Comparison("absent")
    known, marked = [*map(_normalised, as_known)], [*map(_normalised, with_fields)]
    if words in known:
        return Comparison("same")
    for published in marked:
        fields = _fields(words, published)
        if fields is not None:
            return Comparison("same-but-fields", fields=fields)
    if any(published and published in words for published in known):
        return Comparison("added")
    return _first_difference(words, (known or marked or [""])[0])


def _normalised(text: str) -> str:
    return " ".join(_LINK.sub("/l/", text).split())


def _fields(words: str, published: str) -> tuple[str, ...] | None:
    """What stands between the published pieces, where these stand in the text in order, from its
    beginning to its end; None where they do not.
    """
    first, *rest = re.split(f"{FIELD}+", published)
    if not rest:
        return () if words == first else None
    *middle, last = rest
    if (
        not words.startswith(first)
        or len(words) < len(first) + len(last)
        or not words.endswith(last)
    ):
        return None
    place, end = len(first), len(words) - len(last)
    fields = []
    for piece in middle:
        there = words.find(piece, place, end)
        if there < 0:
            return None
        fields.append(words[place:there])
        place = there + len(piece)
    fields.append(words[place:end])
    return tuple(fields) if all(len(field) <= MAX_FIELD for field in fields) else None


def _first_difference(words: str, published: str) -> Comparison:
    place = next(
        (n for n, (a, b) in enumerate(zip(words, published, strict=False)) if a != b),
        min(len(words), len(published)),
    )
    start = max(0, place - 40)
    return Comparison(
        "differs",
        published[start : start + MAX_SHOWN].replace(FIELD, "…"),
        words[start : start + MAX_SHOWN],
    )
