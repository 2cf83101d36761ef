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
SHOWN = 160
LONGEST_FIELD = 1_000
"""No door takes a longer one, encoded as HTML."""
_LINK = re.compile(r"https?://[^\s\"'<>/]{1,255}/l/")

Verdict = Literal["same", "same-but-fields", "added", "differs", "absent"]


@dataclass(frozen=True, slots=True)
class Compared:
    """`published` and `contested` show the first place where they part, "" where they do not;
    `fields` what stands where the person's fields do.
    """

    verdict: Verdict
    published: str = ""
    contested: str = ""
    fields: tuple[str, ...] = ()


def compare(contested: str, as_known: Sequence[str], with_fields: Sequence[str]) -> Compared:
    """`as_known` are the published words put together with what is known of the person,
    `with_fields` with FIELD for each of their fields.
    """
    found = _even(contested)
    if not found:
        return Compared("absent")
    known, open_ = [_even(each) for each in as_known], [_even(each) for each in with_fields]
    if found in known:
        return Compared("same")
    for each in open_:
        fields = _fields(found, each)
        if fields is not None:
            return Compared("same-but-fields", fields=fields)
    if any(each and each in found for each in known):
        return Compared("added")
    return _parting(found, (known or open_ or [""])[0])


def _even(text: str) -> str:
    return " ".join(_LINK.sub("/l/", text).split())


def _fields(found: str, published: str) -> tuple[str, ...] | None:
    """What stands between the published pieces, where these stand in the text in order, from its
    beginning to its end; None where they do not.
    """
    first, *rest = re.split(f"{FIELD}+", published)
    if not rest:
        return () if found == first else None
    *middle, last = rest
    if (
        not found.startswith(first)
        or len(found) < len(first) + len(last)
        or not found.endswith(last)
    ):
        return None
    place, end = len(first), len(found) - len(last)
    fields = []
    for piece in middle:
        there = found.find(piece, place, end)
        if there < 0:
            return None
        fields.append(found[place:there])
        place = there + len(piece)
    fields.append(found[place:end])
    return tuple(fields) if all(len(each) <= LONGEST_FIELD for each in fields) else None


def _parting(found: str, published: str) -> Compared:
    place = next(
        (n for n, (a, b) in enumerate(zip(found, published, strict=False)) if a != b),
        min(len(found), len(published)),
    )
    start = max(0, place - 40)
    return Compared(
        "differs",
        published[start : start + SHOWN].replace(FIELD, "…"),
        found[start : start + SHOWN],
    )
