"""Visits by links that a letter holds for one person alone: who they are is asked once the visit
was judged, and not while somebody waits. Nothing is kept of anybody who has not agreed to be
measured, or does so no longer; the link leads on all the same.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from engine.commands.command_handler import CommandHandler
from engine.installation.stream import InstallationStream
from engine.ledger.store import Ledger
from engine.letter.link_token import FIRST_LINK, MAX_POSITION, MEASURED, genuine, read_token
from engine.subscriber.agenda_key import letter_ref
from engine.subscriber.events import LetterBegun
from engine.subscriber.truth import conditions_of
from engine.vault.measured import Measured, NotedAct, keep_measured
from engine.vault.vault import Vault


@dataclass(frozen=True, slots=True)
class PersonalVisit:
    """`token` says whose link of which letter it was, once it is verified; `letter` (a letter_ref)
    is what the rest of the address says. `at` is engine time (ms).
    """

    token: str
    letter: str
    act: NotedAct
    link: str
    at: int


@dataclass(frozen=True, slots=True)
class MeasuredVisits:
    ledger: Ledger
    vault: Vault
    command_handler: CommandHandler
    installation_stream: InstallationStream
    link_key: bytes

    def keep(self, visits: Sequence[PersonalVisit]) -> None:
        """Visits that are presumed to be people's, and loads by relays. Raises LOST."""
        plan = self.installation_stream.current().plan()
        if plan.measured is None:
            return
        look_at = max(visit.at for visit in visits) if conditions_of(plan).measuring else 0
        acts = [
            (stream, Measured(visit.letter, visit.act, visit.link, visit.at))
            for visit, stream in zip(visits, self._whose(visits), strict=True)
            if stream
        ]
        if acts:
            keep_measured(self.vault.database, acts, self._agreed, look_at=look_at)

    def _agreed(self, subscribers: Collection[str]) -> Mapping[str, int]:
        people = self.command_handler.load(subscribers)
        return {who: person.measured_since for who, person in people.items()}

    def _whose(self, visits: Sequence[PersonalVisit]) -> list[str]:
        """The stream of each, "" where the token is not ours, or of another letter."""
        tokens = {visit.token: read_token(visit.token) for visit in visits}
        positions = {
            parts.position
            for parts in tokens.values()
            if parts is not None and 0 < parts.position <= MAX_POSITION
        }
        entries = self.ledger.at_all(positions) if positions else {}
        whose = []
        for visit in visits:
            parts = tokens[visit.token]
            entry = entries.get(parts.position) if parts is not None else None
            ours = (
                parts is not None
                and entry is not None
                and isinstance(entry.event, LetterBegun)
                and genuine(self.link_key, parts, entry.event.message)
                and (parts.action == MEASURED or parts.action >= FIRST_LINK)
                and letter_ref(entry.event.key, entry.event.letter) == visit.letter
            )
            whose.append(entry.stream if ours and entry is not None else "")
        return whose
