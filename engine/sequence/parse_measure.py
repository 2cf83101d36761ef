"""Reading `[measure]` of config.toml: what is counted of letters, and the consent of those who let
what they open and click be noted (CNIL 2026-042). Its words are published with the sequences, as
those of a purpose are; without words of the author's they are the ones below.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from engine.frozen import dataclass
from engine.sequence.model import MEASURE, Purpose
from engine.sequence.table import Table
from engine.words import Language


@dataclass(frozen=True, slots=True)
class Measure:
    """`links`: whether ordinary links of letters lead by way of this site, which counts them by
    letter and link; `images`: whether each letter has one picture that counts how often it is
    loaded. Both are the same for everybody, and tell nobody apart.
    """

    links: bool = False
    images: bool = False


COUNTS_NOTHING = Measure()
USUAL_WORDS: Mapping[Language, tuple[str, str]] = MappingProxyType(
    {
        "fr": (
            "Mesurer ce que je lis",
            "Nous notons, pour vous, quels liens de nos lettres vous suivez, si leurs images se"
            " chargent, et quand, afin de savoir ce qui vous intéresse. C’est gardé treize mois,"
            " puis effacé. Sans cet accord, rien n’en est noté et vous recevez les mêmes lettres."
            " Vous pouvez le retirer à tout moment par « Choisir ce que je reçois », au pied de"
            " chaque lettre : tout ce qui a été noté est alors effacé.",
        ),
        "en": (
            "Measure what I read",
            "We note, of you, which links of our letters you follow, whether their pictures load,"
            " and when, to know what interests you. It is kept for thirteen months, then deleted."
            " Without this consent nothing of it is noted, and you receive the same letters. You"
            " may take it back at any time by “Choose what I receive”, at the foot of each letter:"
            " all that was noted is then deleted.",
        ),
    }
)
"""The name of what one agrees to, and what is said of it: what is kept, what for, how long, and how
to end it (GDPR 7(3), 13).
"""
WORDS = ("name", "description")


def read_measure(table: Table, language: Language) -> tuple[Measure, Purpose | None]:
    """The second is None where nobody is asked to be measured."""
    measure = Measure(table.get("links", bool, False), table.get("images", bool, False))
    people = table.get("people", bool, False)
    name, description = (
        table.get(key, str, "").strip() or word
        for key, word in zip(WORDS, USUAL_WORDS[language], strict=True)
    )
    return measure, Purpose(MEASURE, name, description) if people else None
