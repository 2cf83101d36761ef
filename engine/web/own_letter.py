"""The letter whose link a person's own data are reached by: who they are, and how they are spoken
to.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast

from engine.config import Site
from engine.i18n.language import Language
from engine.ledger.codec import Entry
from engine.sequence.model import Plan
from engine.subscriber.events import LetterBegun
from engine.subscriber.person import Person
from engine.web.pages import spoken


@dataclass(frozen=True, slots=True)
class OwnLetter:
    """`entry` began the letter; dates are told on the clock of `zone`."""

    token: str
    entry: Entry
    person: Person
    plan: Plan
    language: Language
    zone: str

    @property
    def stream(self) -> str:
        return self.entry.stream

    @property
    def claim(self) -> LetterBegun:
        return cast(LetterBegun, self.entry.event)

    def now(self, person: Person, site: Site) -> OwnLetter:
        """The same letter once something has become of the person, who may speak another language
        now.
        """
        return replace(
            self,
            person=person,
            language=spoken(person.language, site),
            zone=person.timezone or self.plan.timezone,
        )
