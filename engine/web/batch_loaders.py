"""What visits to links need of the stores, each errand for many visits at once; in the order in
which a visit needs them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from engine.commands.command_handler import CommandRequest, Result
from engine.context import AppContext
from engine.desk.desk import Noted, Page
from engine.desk.desk import Opening as Fetched
from engine.installation.state import Installation
from engine.ledger.codec import Entry
from engine.subscriber.person import Person
from engine.web.batched_visits import Errand, Steps
from engine.web.link_resolver import Opened, Opening

OPEN, SPEND, SHOWN, LATER, BARRED, TOLD, ACT, PRESSED, OPEN_AGAIN = range(9)


def opened(token: str) -> Steps[Opened | None]:
    return cast("Opened | None", (yield OPEN, token))


def opened_again(token: str) -> Steps[Opened | None]:
    """After what others do at the same moment: the same form may have been sent twice."""
    return cast("Opened | None", (yield OPEN_AGAIN, token))


def spent(nonce: str) -> Steps[bool]:
    """True for the one who spends it."""
    return cast(bool, (yield SPEND, nonce))


def shown(fetched: Fetched) -> Steps[Noted]:
    """See Desk.note_shown."""
    return cast(Noted, (yield SHOWN, fetched))


def later(stream: str, version: int) -> Steps[list[Entry]]:
    """A person's entries after a version."""
    return cast("list[Entry]", (yield LATER, (stream, version)))


def barred(stream: str) -> Steps[str]:
    """Why a person's address may not be written to; "" where it may, or they are erased."""
    return cast(str, (yield BARRED, stream))


def told(stream: str, commitment: str) -> Steps[Mapping[str, str]]:
    """The fields that were told with a request, and of which nothing is known yet."""
    return cast("Mapping[str, str]", (yield TOLD, (stream, commitment)))


def acted(request: CommandRequest, person: Person) -> Steps[Result]:
    """The request executed, about a person as they were when the link was opened."""
    return cast(Result, (yield ACT, (request, person)))


def pressed(page: Page) -> Steps[None]:
    yield PRESSED, page


class Errands:
    """Each takes what visits ask for, and gives as many answers."""

    def __init__(self, context: AppContext) -> None:
        self.context, self._opening = context, Opening(context)
        self._installation: Installation | None = None
        run: tuple[Errand, ...] = (
            self._open,
            self._spend,
            self._show,
            self._read_on,
            self._bar,
            self._tell,
            self._act,
            self._press,
            self._open,
        )
        self.by_number = dict(enumerate(run))

    def _open(self, asked: Sequence[object]) -> Sequence[object]:
        tokens = cast(Sequence[str], asked)
        self._installation, found = self._opening.open(set(tokens))
        return [found.get(token) for token in tokens]

    def _spend(self, asked: Sequence[object]) -> Sequence[object]:
        fresh, answers = self.context.desk.spend_nonces(set(cast(Sequence[str], asked))), []
        for nonce in asked:
            answers.append(nonce in fresh)
            fresh.discard(cast(str, nonce))
        return answers

    def _show(self, asked: Sequence[object]) -> Sequence[object]:
        return self.context.desk.note_shown(cast(Sequence[Fetched], asked))

    def _read_on(self, asked: Sequence[object]) -> Sequence[object]:
        places = cast(Sequence[tuple[str, int]], asked)
        first: dict[str, int] = {}
        for stream, version in places:
            first[stream] = min(version, first.get(stream, version))
        found = self.context.ledger.after(first)
        return [
            [entry for entry in found[stream] if entry.version > version]
            for stream, version in places
        ]

    def _bar(self, asked: Sequence[object]) -> Sequence[object]:
        vault, streams = self.context.vault, cast(Sequence[str], asked)
        hashes = {
            person.subscriber: vault.hash(person.address)
            for person in vault.people(set(streams)).values()
        }
        reasons = vault.suppressed(list(hashes.values()))
        return [reasons.get(hashes.get(stream, b""), "") for stream in streams]

    def _tell(self, asked: Sequence[object]) -> Sequence[object]:
        return [self._fields_told(*each) for each in cast(Sequence[tuple[str, str]], asked)]

    def _fields_told(self, stream: str, commitment: str) -> Mapping[str, str]:
        known = self.context.vault.people([stream]).get(stream)
        answers = self.context.vault.evidence_of(stream).get(commitment, {}).get("answers")
        if known is None or not isinstance(answers, dict):
            return {}
        declared = self.context.installation_stream.known.plan().fields
        return {
            name: str(value)
            for name, value in answers.items()
            if name in declared and value and not known.fields.get(name)
        }

    def _act(self, asked: Sequence[object]) -> Sequence[object]:
        requests = cast(Sequence[tuple[CommandRequest, Person]], asked)
        known = {request.stream: person for request, person in requests}
        return self.context.command_handler.execute(
            [request for request, _ in requests], known, self._installation
        )

    def _press(self, asked: Sequence[object]) -> Sequence[object]:
        self.context.desk.note_pressed(cast(Sequence[Page], asked))
        return [None] * len(asked)
