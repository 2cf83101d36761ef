"""The words of a letter as they were published when it was begun, and as they were put together for
the person who got it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from engine.audit.comparison import FIELD
from engine.audit.published import Published
from engine.ledger.codec import Entry
from engine.letter.compile import LetterMistakes, LetterSource, Rendered
from engine.sending.compose import CannotRender, Composer, Ordered, letter_of, source_of
from engine.subscriber.events import LetterBegun
from engine.subscriber.person import Person


@dataclass(frozen=True, slots=True)
class WordsThen:
    """`source` is what the author had written, in its layout; `digest` the SHA-256 of the published
    file, "" where the words are the engine's own.

    `as_known` are put together with what the vault knows of the person, `with_fields` with a mark
    for each of their fields.
    """

    edition: int
    published_at: int
    source: LetterSource
    digest: str
    as_known: tuple[Rendered, ...]
    with_fields: tuple[Rendered, ...]


def words_then(
    composer: Composer,
    published: Published,
    attempts: Sequence[Entry],
    person: Person,
    fields: Mapping[str, str] | None,
) -> WordsThen | None:
    """`attempts` are the beginnings of one letter, `person` as they were then; `fields` None where
    the vault no longer knows.

    None for a letter that its edition does not have.
    """
    claim = cast(LetterBegun, attempts[0].event)
    plan = published.plan(claim.edition)
    letter = letter_of(plan, claim)
    if letter is None:
        return None
    ground = person.grounds.get(claim.purpose)
    source = source_of(letter, plan, claim.purpose)
    try:
        used = composer.compiled(letter, plan, claim.purpose).fields
    except LetterMistakes:
        used = frozenset()

    def put_together(values: Mapping[str, str]) -> Iterator[Rendered]:
        for attempt in attempts:
            begun = cast(LetterBegun, attempt.event)
            ordered = Ordered(
                begun,
                attempt.position,
                "",
                values,
                person.language,
                ground.basis if ground else "consent",
            )
            try:
                yield composer.rendered(ordered, plan)
            except CannotRender:
                continue

    marked = dict.fromkeys(used, FIELD)
    return WordsThen(
        claim.edition,
        published.edition(claim.edition).at,
        source,
        published.digest(claim.edition, letter.body),
        tuple(put_together(fields)) if fields is not None else (),
        (*put_together(marked), *put_together({})),
    )
