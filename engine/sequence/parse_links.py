"""The action links of a letter with the lists they lead to, and the words a reader clicks on."""

from __future__ import annotations

import re
from html import unescape
from typing import Literal, cast

from engine.sequence import links
from engine.sequence.draft import Draft
from engine.sequence.mistakes import Mistake, column_of
from engine.sequence.model import Letter, Link
from engine.words import N_

_MARK = "https://link.invalid/"
_DEFINED = re.compile(rf"(?m)^[ >]*\[([^\]\n]+)\]:\s*<?{_MARK}(\d+)\b")
_EMPHASIS = re.compile(r"(\*\*|__|\*|_|`)(?=\S)(.+?)(?<=\S)\1")
_TAGS = re.compile(r"<[^>]+>")


def read_links(letter: Letter, draft: Draft) -> tuple[Link, ...]:
    """Every move and copy of a letter in order; mistakes stand in the letter's own file."""
    source = draft.files.get(letter.body, "")
    labels = find_labels(source)
    resolved = []
    for link in links.find_links(source):
        if link.index < 0:
            continue
        number = draft.number(link.target)
        if not number and not draft.may_be_unread(link.target):
            column = column_of(source, link.line, link.target)
            message = N_("this link leads to list {list}, which does not exist{hint}")
            hint = draft.nearest_list(link.target)
            draft.mistakes.append(
                Mistake(letter.body, link.line, message, True, column, list=link.target, hint=hint)
            )
        resolved.append(
            Link(
                link.index,
                cast(Literal["move", "copy"], link.kind),
                number,
                labels.get(link.index, ""),
            )
        )
    draft.mistakes += links.find_mistakes(source, letter.body)
    return tuple(resolved)


def find_labels(source: str) -> dict[int, str]:
    """The words of each move and copy by its index, however it is written: inline, by reference, or
    as HTML.
    """
    text = links.substitute(
        links.visible(source), lambda link: f"{_MARK}{link.index}" if link.index >= 0 else "#"
    )
    found: dict[int, str] = {}
    for pattern in (
        rf"\[([^\]\n]*)\]\(\s*<?{_MARK}(\d+)\b",
        rf"""(?s)<a\b[^>]*?["'\s=]{_MARK}(\d+)\b[^>]*>(.*?)</a>""",
    ):
        for match in re.finditer(pattern, text):
            label, index = (
                (match[1], match[2]) if pattern.startswith(r"\[") else (match[2], match[1])
            )
            found.setdefault(int(index), _plain(label))
    for match in _DEFINED.finditer(text):
        used = re.search(rf"\[([^\]\n]+)\]\[{re.escape(match[1])}\]", text, re.I)
        found.setdefault(int(match[2]), _plain(used[1] if used else match[1]))
    return found


def _plain(label: str) -> str:
    return " ".join(unescape(_EMPHASIS.sub(r"\2", _TAGS.sub("", label))).split())
