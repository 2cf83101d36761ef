"""Visits to links of the same moment share what they read and write. Each visit is a generator that
waits for one load after the other; loads of one kind that several visits wait for are done at once.

A visit that fails, fails alone: where a load of many raises, it is bisected.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from engine.commands.command_handler import CommandRequest, Result
from engine.commands.group_commit import bisect_failures
from engine.desk.desk import LinkHistory, Page, PageOpening
from engine.installation.state import Installation
from engine.intake.preferences import read_choice_kept
from engine.ledger.codec import Entry
from engine.subscriber.commands import NOTHING_CHOSEN, Chosen
from engine.subscriber.person import Person
from engine.web.link_resolver import LinkResolver, OpenedLink
from engine.web.stores import LinkStores


@dataclass(frozen=True, slots=True)
class Told:
    """What was entered with a request: the fields of which nothing is known yet, and the choice."""

    fields: Mapping[str, str] = field(default_factory=dict)
    chosen: Chosen = NOTHING_CHOSEN


Key = TypeVar("Key")
Answer = TypeVar("Answer")


class Loader(Protocol):
    """What a visit may wait for."""

    def run(self) -> None:
        """Do what the visits that wait for it need."""


Steps = Generator[Loader, None, Answer]
"""A visit, or a part of one: it yields the loader it waits for, and goes on when that has run."""


class _Batch(Generic[Key, Answer]):
    def __init__(self) -> None:
        self.keys: list[Key] = []
        self.answers: Sequence[Answer | Exception] = ()


class BatchLoader(Generic[Key, Answer]):
    """Called with a key, in a visit: `answer = yield from loader(key)`. `load_many` takes the keys
    of all visits that wait, and gives an answer for each, in their order.
    """

    def __init__(self, load_many: Callable[[Sequence[Key]], Sequence[Answer]]) -> None:
        self._load_many = load_many
        self._next: _Batch[Key, Answer] = _Batch()

    def __call__(self, key: Key) -> Steps[Answer]:
        batch = self._next
        number = len(batch.keys)
        batch.keys.append(key)
        yield self
        answer = batch.answers[number]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def run(self) -> None:
        batch, self._next = self._next, _Batch()
        batch.answers = bisect_failures(self._load_many, batch.keys)


def run_together(
    visits: Iterable[Steps[Answer]], loaders: Sequence[Loader]
) -> list[Answer | Exception]:
    """How each visit ended. Of the loaders that are waited for, the first in `loaders` is run
    first: in the order in which visits need them, so that as many visits as can be share a run.
    """
    under_way = list(visits)
    ended: dict[int, Answer | Exception] = {}
    waiting: dict[Loader, list[int]] = {loader: [] for loader in loaders}

    def resume(number: int) -> None:
        try:
            waiting[next(under_way[number])].append(number)
        except StopIteration as end:
            ended[number] = end.value
        except Exception as error:
            ended[number] = error

    for number in range(len(under_way)):
        resume(number)
    while (loader := next((first for first in loaders if waiting[first]), None)) is not None:
        loader.run()
        numbers, waiting[loader] = waiting[loader], []
        for number in numbers:
            resume(number)
    return [ended[number] for number in range(len(under_way))]


class LinkLoaders:
    """What visits to links read and write."""

    def __init__(self, stores: LinkStores) -> None:
        self.stores = stores
        self._resolver = LinkResolver(stores)
        self._installation: Installation | None = None
        self.open_link = BatchLoader(self._open_links)
        """What a token opens; None for one that is not ours."""
        self.spend_nonce = BatchLoader(self._spend_nonces)
        """True for the one visit that spends it."""
        self.note_shown = BatchLoader(self._note_shown)
        """See Desk.note_shown."""
        self.entries_after = BatchLoader(self._entries_after)
        """Of a person (stream, version): their entries after the version."""
        self.suppression = BatchLoader(self._suppressions)
        """Why a person's address may not be written to; "" where it may, or they are erased."""
        self.told = BatchLoader(self._told)
        """Of (stream, commitment): what was told with a request."""
        self.execute = BatchLoader(self._execute)
        """A request, and the person it concerns as they were when the link was opened."""
        self.note_pressed = BatchLoader(self._note_pressed)
        self.open_again = BatchLoader(self._open_links)
        """After what others do at the same moment: the same form may have been sent twice."""

    @property
    def in_order(self) -> Sequence[Loader]:
        """In the order in which a visit needs them."""
        return (
            self.open_link,
            self.spend_nonce,
            self.note_shown,
            self.entries_after,
            self.suppression,
            self.told,
            self.execute,
            self.note_pressed,
            self.open_again,
        )

    def _open_links(self, tokens: Sequence[str]) -> list[OpenedLink | None]:
        self._installation, opened = self._resolver.open(set(tokens))
        return [opened.get(token) for token in tokens]

    def _spend_nonces(self, nonces: Sequence[str]) -> list[bool]:
        fresh = self.stores.desk.spend_nonces(set(nonces))
        spent = []
        for nonce in nonces:
            spent.append(nonce in fresh)
            fresh.discard(nonce)
        return spent

    def _note_shown(self, openings: Sequence[PageOpening]) -> list[LinkHistory]:
        return self.stores.desk.note_shown(openings)

    def _entries_after(self, versions: Sequence[tuple[str, int]]) -> list[list[Entry]]:
        first: dict[str, int] = {}
        for stream, version in versions:
            first[stream] = min(version, first.get(stream, version))
        later = self.stores.ledger.after(first)
        return [
            [entry for entry in later[stream] if entry.version > version]
            for stream, version in versions
        ]

    def _suppressions(self, streams: Sequence[str]) -> list[str]:
        vault = self.stores.vault
        hashes = {
            known.subscriber: vault.hash(known.address)
            for known in vault.people(set(streams)).values()
        }
        reasons = vault.suppressed(list(hashes.values()))
        return [reasons.get(hashes.get(stream, b""), "") for stream in streams]

    def _told(self, requests: Sequence[tuple[str, str]]) -> list[Told]:
        return [self._told_with(stream, commitment) for stream, commitment in requests]

    def _told_with(self, stream: str, commitment: str) -> Told:
        vault = self.stores.vault
        known = vault.people([stream]).get(stream)
        kept = vault.evidence_of(stream).get(commitment, {})
        answers = kept.get("answers")
        if known is None:
            return Told()
        answers = answers if isinstance(answers, dict) else {}
        declared: Collection[str] = self.stores.installation_stream.known.plan().fields
        fields = {
            name: str(value)
            for name, value in answers.items()
            if name in declared and value and not known.fields.get(name)
        }
        return Told(fields, read_choice_kept(kept.get("preferences")))

    def _execute(self, requests: Sequence[tuple[CommandRequest, Person]]) -> list[Result]:
        known = {request.stream: person for request, person in requests}
        return self.stores.command_handler.execute(
            [request for request, _ in requests], known, self._installation
        )

    def _note_pressed(self, pages: Sequence[Page]) -> list[None]:
        self.stores.desk.note_pressed(pages)
        return [None] * len(pages)
