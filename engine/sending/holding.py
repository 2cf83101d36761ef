"""Sending held back and let go on, as a whole or list by list; letters that were withheld tried
again; letters in doubt settled. For the command line and the console.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from engine.authoring.going_live import hindrances
from engine.authoring.new_installation import sample_site
from engine.commands.command_handler import CommandHandler, CommandRequest, Result
from engine.commands.operators import ActingStores, CauseAndEvidence, execute_for
from engine.config import Config
from engine.desk.clock import Clock
from engine.desk.desk import Desk
from engine.desk.processes import Processes
from engine.desk.shaping import ShapingDesk
from engine.frozen import dataclass
from engine.i18n.language import N_
from engine.installation.events import SendingPaused, SendingResumed
from engine.installation.state import Installation
from engine.installation.stream import InstallationStream
from engine.sending.signing_faults import signing_faults
from engine.sequence.delay import HOUR
from engine.sequence.plan_source import CONFIG
from engine.subscriber.agenda_key import every_occurrence, matter_of
from engine.subscriber.commands import RecordOutcome, RetryLetter
from engine.subscriber.due_acts import PAST_LATENESS
from engine.subscriber.outcome import Done
from engine.subscriber.terms import LetterVerdict
from engine.vault.vault import VaultWrite
from engine.words import Words, words

EVERYTHING = 0
"""As a list's number: sending as a whole."""
BATCH = 500
TRIAL = N_(
    "this installation is a trial, whose dates are not real: `relance trial reset` begins afresh"
)
Letter = tuple[str, str]
"""The encoded matter, of a broadcast without its occurrence, and the letter's id."""
MakeCause = Callable[[Mapping[str, object]], CauseAndEvidence]


class HeldViews(Protocol):
    def due_until(self, upto: int) -> list[tuple[int, str, int]]: ...
    def in_doubt(self) -> list[tuple[str, str, str, int]]: ...

    def withheld_from(
        self, letter: str, after: tuple[str, str, str], limit: int
    ) -> list[tuple[str, str, str]]: ...


class HoldingStores(ActingStores, Protocol):
    @property
    def config(self) -> Config: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def desk(self) -> Desk: ...
    @property
    def processes(self) -> Processes: ...
    @property
    def shaping(self) -> ShapingDesk: ...
    @property
    def installation_stream(self) -> InstallationStream: ...
    @property
    def command_handler(self) -> CommandHandler: ...
    @property
    def views(self) -> HeldViews: ...


def pause(stores: HoldingStores, number: int, made: CauseAndEvidence) -> bool:
    """Hold a list, or EVERYTHING; False where it was held already."""
    now = stores.clock.now()
    return bool(
        execute_for(
            stores,
            made,
            lambda state: (
                () if number in state.paused else [SendingPaused(now, "operator", number)]
            ),
            now,
        )
    )


class Obstacle(NamedTuple):
    """What is to be set right before anybody is written to. `key` is where it stands in
    config.toml, "" for what nobody may pass over.
    """

    words: Words
    key: str = ""

    @property
    def file(self) -> str:
        return CONFIG if self.key else ""


def in_the_way(stores: HoldingStores, *, anyway: bool = False) -> list[Obstacle]:
    """In the order of config.toml; with `anyway` only what nobody may pass over."""
    config, trial = stores.config, stores.clock.trial
    found = [
        Obstacle(hindrance.words, hindrance.key)
        for hindrance in hindrances(config, sample_site())
        if not anyway
    ]
    if config.smtp.reaches_people:
        faults = signing_faults(config, int(time.time()))
        found += [Obstacle(fault.words) for fault in faults if fault.code == "unusable"]
        if trial is not None and not trial.over_people:
            found.append(Obstacle(words(TRIAL)))
    return found


def is_held(installation: Installation, number: int) -> bool:
    """Whether this list is held by itself; for EVERYTHING, whether anything is."""
    return number in installation.paused if number else bool(installation.paused)


def leaving_within_the_hour(stores: HoldingStores, number: int) -> dict[int, int]:
    """Letters by list (0 holds what belongs to none), of one list or of EVERYTHING."""
    return {
        of_list: count
        for of_list, kind, count in stores.views.due_until(stores.clock.now() + HOUR)
        if kind == "letter" and number in (EVERYTHING, of_list)
    }


def resume(stores: HoldingStores, number: int, made: CauseAndEvidence) -> bool:
    """Let a list go on, or EVERYTHING, lists that were held one by one too; False where nothing was
    held. What stands `in_the_way` is the caller's to ask first.
    """
    now = stores.clock.now()
    resumed = execute_for(
        stores,
        made,
        lambda state: [SendingResumed(now, number)] if is_held(state, number) else (),
        now,
    )
    if number == EVERYTHING:
        stores.processes.settle()
        stores.shaping.resume()
        stores.desk.set_mark(stores.config.smtp.armed_mark, now, 0)
        stores.desk.set_mark("tick", now, 0)
    return bool(resumed)


@dataclass(frozen=True, slots=True)
class Retried:
    """How it ended for how many people, by letter: "again", "late" (past its lateness), "gone" (it
    may no longer leave), "busy".
    """

    counts: Mapping[tuple[Letter, str], int]

    @property
    def busy(self) -> bool:
        return any(how == "busy" for _letter, how in self.counts)


def retry(stores: HoldingStores, letter: str, cause: MakeCause, *, late: bool) -> Retried:
    """Try again what was withheld of a letter ("" for any); with `late` also past the lateness its
    author allows.
    """
    counts: Counter[tuple[Letter, str]] = Counter()
    after = ("", "", "")
    while page := stores.views.withheld_from(letter, after, BATCH):
        meant = [(every_occurrence(matter_of(row)), name) for _who, row, name in page]
        results = stores.command_handler.execute(list(_retries(stores, page, cause, late)))
        for about, result in zip(meant, results, strict=True):
            counts[about, "busy" if result.conflict else _how(result)] += 1
        subscriber, row, name = page[-1]
        after = (name, subscriber, row)
    return Retried(counts)


def _retries(
    stores: HoldingStores, page: list[tuple[str, str, str]], cause: MakeCause, late: bool
) -> Iterator[CommandRequest]:
    for subscriber, row, name in page:
        now, (made, kept) = stores.clock.now(), cause({"letter": name})
        command = RetryLetter(at=now, cause=made, key=matter_of(row), letter=name, late=late)
        yield CommandRequest(
            command, stream=subscriber, vault_write=VaultWrite("", now, evidence=(kept,))
        )


def _how(result: Result) -> str:
    if isinstance(result.outcome, Done):
        return "again"
    return "late" if result.outcome == PAST_LATENESS else "gone"


def settle_all_doubt(
    stores: HoldingStores, messages: Sequence[str], verdict: LetterVerdict, cause: MakeCause
) -> int:
    """The same of these, as far as they are in doubt still; how many were settled."""
    doubtful = {name: who for name, who, _letter, _at in stores.views.in_doubt()}
    settled = 0
    for start in range(0, len(messages), BATCH):
        now = stores.clock.now()
        requests = []
        for message in messages[start : start + BATCH]:
            if message in doubtful:
                made, kept = cause({})
                requests.append(
                    CommandRequest(
                        RecordOutcome(now, made, message, verdict),
                        stream=doubtful[message],
                        vault_write=VaultWrite("", now, evidence=(kept,)),
                    )
                )
        results = stores.command_handler.execute(requests)
        settled += sum(isinstance(result.outcome, Done) for result in results)
    return settled


def settle_doubt(
    stores: HoldingStores, message: str, verdict: LetterVerdict, made: CauseAndEvidence
) -> Result | None:
    """A letter of which nobody knows whether it was taken is sent again, or counts as sent; None
    where no such letter is in doubt.
    """
    doubtful = {name: who for name, who, _letter, _at in stores.views.in_doubt()}
    if message not in doubtful:
        return None
    now, (cause, kept) = stores.clock.now(), made
    return stores.command_handler.execute_one(
        CommandRequest(
            RecordOutcome(now, cause, message, verdict),
            stream=doubtful[message],
            vault_write=VaultWrite("", now, evidence=(kept,)),
        )
    )
