"""Keeping a text that somebody types in a page: into their draft, joined with what was changed
elsewhere meanwhile, and never over it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from engine.authoring.author_files import text_of
from engine.authoring.drafts import Draft, digest_of
from engine.authoring.saving import Conflict, merge


@dataclass(frozen=True, slots=True)
class TypedWords:
    """`opened` is the digest of the text as the page showed it; `window` names the page that is
    typed in.
    """

    text: str
    opened: str
    window: str

    @staticmethod
    def of(given: Mapping[str, str]) -> TypedWords:
        return TypedWords(
            given.get("body", "").replace("\r\n", "\n").replace("\r", "\n"),
            given.get("opened", ""),
            re.sub(r"[^0-9a-f]", "", given.get("window", ""))[:32],
        )


def is_ours(draft: Draft, path: str, typed: TypedWords) -> bool:
    """Whether what stands there is what this window has shown, or has kept itself."""
    if digest_of(draft.octets(path)) == typed.opened:
        return True
    in_draft = draft.get(path) is not None
    return in_draft and typed.window != "" and draft.window(path) == typed.window


def keep_words(draft: Draft, path: str, typed: TypedWords) -> Conflict | None:
    """A conflict where somebody changed the same lines meanwhile and git could not join the two:
    then nothing is written. Raises BadFile, OSError.
    """
    if is_ours(draft, path, typed):
        draft.write(path, typed.text, typed.window)
        return None
    current = draft.octets(path)
    theirs = "" if current is None else text_of(current)
    remembered = draft.remembered(typed.opened)
    base = "" if remembered is None else text_of(remembered)
    if typed.text in (theirs, base):
        return None
    merged, clean = merge(base, typed.text, theirs)
    if clean and merged is not None:
        draft.write(path, merged, typed.window)
        return None
    return Conflict(
        path=path,
        base=base,
        mine=typed.text,
        theirs=theirs,
        theirs_digest=digest_of(current),
        merged=merged,
    )
