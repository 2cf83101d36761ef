"""A published letter as the compiler wants it. Apart from the letter itself, which many name and
few compile. Pure.
"""

from __future__ import annotations

from engine.letter.compile import LetterSource
from engine.letter.markdown_words import as_words
from engine.letter.published_letter import ASK_FIRST_BODY, LAYOUT, OWN_BODIES, TEXTS
from engine.sequence.model import Letter, Plan
from engine.subscriber.eligibility import EVERYTHING


def source_of(letter: Letter, plan: Plan, purpose: str) -> LetterSource:
    """A published letter with its layout, as the compiler wants it."""
    if letter.body in OWN_BODIES:
        texts = TEXTS[plan.language]
        name = plan.purposes[purpose].name if purpose in plan.purposes else purpose
        own = texts.first_body if letter.body == ASK_FIRST_BODY else texts.confirm_body
        body = texts.still_body if purpose == EVERYTHING else own.format(purpose=as_words(name))
    else:
        body = plan.words[letter.body]
    layout, types = plan.words[LAYOUT], plan.field_types()
    return LetterSource(letter.body, letter.subject, letter.preheader, body, layout, types)
