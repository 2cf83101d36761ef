"""The published letter that a claim names, with the engine's own words where the author has written
none. Pure.
"""

from __future__ import annotations

from engine.letter.compile import LetterSource
from engine.letter.markdown import as_words
from engine.letter.texts import TEXTS
from engine.sequence.model import Letter, Plan
from engine.sequence.parse import CONFIRMATION_BODY
from engine.subscriber.eligibility import EVERYTHING
from engine.subscriber.events import LetterBegun

LAYOUT = "layout.html"


def letter_of(plan: Plan, claim: LetterBegun) -> Letter | None:
    """The published letter a claim names, or None when that edition has none such."""
    if claim.kind == "confirmation":
        words, texts = plan.confirmation, TEXTS["fr" if plan.language == "fr" else "en"]
        first = words.subject or texts.confirm_subject
        subject = (
            (words.remind_subject or texts.confirm_again_subject)
            if claim.letter == "ask-again"
            else first
        )
        return Letter(claim.letter, subject, words.body, words.preheader)
    if claim.kind == "permission":
        return Letter(
            claim.letter,
            TEXTS["fr" if plan.language == "fr" else "en"].still_subject,
            CONFIRMATION_BODY,
        )
    if claim.kind == "broadcast":
        broadcast = plan.broadcasts.get(claim.key.partition(":")[2].partition("/")[0])
        if broadcast is None:
            return None
        return broadcast.letter if claim.letter == broadcast.letter.id else broadcast.reminder
    listed = plan.lists.get(claim.list)
    return listed.letter(claim.letter) if listed else None


def source_of(letter: Letter, plan: Plan, purpose: str) -> LetterSource:
    """A published letter with its layout, as the compiler wants it."""
    if letter.body == CONFIRMATION_BODY:
        texts = TEXTS["fr" if plan.language == "fr" else "en"]
        name = plan.purposes[purpose].name if purpose in plan.purposes else purpose
        body = (
            texts.still_body
            if purpose == EVERYTHING
            else texts.confirm_body.format(purpose=as_words(name))
        )
    else:
        body = plan.words[letter.body]
    return LetterSource(letter.body, letter.subject, letter.preheader, body, plan.words[LAYOUT])
