"""The reckoning after a run: what the ledger says held against what the mail server took, person by
person.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import cast

from engine.app import open_context
from engine.context import AppContext
from engine.subscriber import events as e
from tests.auditor import Auditor
from tests.chaos.installation import CONNECTIONS, LETTERS, Place
from tests.chaos.mail_server import Taken

ENDS = ("in doubt", "taken-as-sent", "failed")
GRACE = 1.0  # seconds from the commit of a withdrawal to the last MAIL that may be written (P1)


@dataclass
class Fate:
    """One letter to one person, as the ledger tells it."""

    address: str
    letter: str
    senders: list[str] = field(default_factory=list)  # who began it, each time
    doubted: list[str] = field(default_factory=list)  # by whom it was begun when it came in doubt
    settled: list[str] = field(default_factory=list)
    last_word: str = ""


@dataclass
class Reckoning:
    people: int
    letters: int
    doubles: int
    in_doubt: int
    fates: Mapping[str, Fate]
    gone: Collection[str]  # addresses of those who may not be written to any more

    def line(self, kills: int) -> str:
        figures = (
            f"{self.letters} letters, {self.doubles} doubles, {self.in_doubt} in doubt,"
            f" {len(self.gone)} withdrawn"
        )
        return (
            f"chaos: {kills} kills, {figures}, {self.doubles / max(1, kills):.2f} doubles per kill"
        )


def reckon(
    place: Place,
    taken: Sequence[Taken],
    withdrawn: Mapping[str, float] | None = None,
    connections: int = CONNECTIONS,
) -> Reckoning:
    """Raises AssertionError for whatever P1 and P2 do not allow. `withdrawn`: when each who left
    was told that it is done.
    """
    assert place.verb("audit", "replay").strip().endswith("equal")
    with open_context(place.folder) as context:
        fates, brought, gone = told_by(context)
    accepted = Counter(each.message for each in taken)
    _nobody_missed_a_letter(fates, brought - gone, accepted)
    _doubles_are_in_doubt(fates, accepted)
    _in_doubt_is_what_was_on_the_wire(fates, connections)
    _nothing_after_a_withdrawal(taken, withdrawn or {})
    doubles = sum(count - 1 for count in accepted.values())
    doubts = sum(len(fate.doubted) for fate in fates.values())
    return Reckoning(len(brought), sum(accepted.values()), doubles, doubts, fates, gone)


def told_by(
    context: AppContext, faults: list[str] | None = None
) -> tuple[dict[str, Fate], set[str], set[str]]:
    """The fate of each letter by its message, who was ever brought in, and who may not be written
    to any more. What the auditor's rules do not allow is added to `faults`, or raises
    AssertionError where there are none.
    """
    fates: dict[str, Fate] = {}
    auditors: defaultdict[str, Auditor] = defaultdict(Auditor)
    brought, gone = set[str](), set[str]()
    position = 0
    for batch in context.ledger.all():
        people = context.vault.people({entry.stream for entry in batch})
        for entry in batch:
            position += 1
            assert entry.position == position, "the ledger has a gap"
            if entry.stream not in people:
                continue
            event, address = cast(e.PersonEvent, entry.event), people[entry.stream].address
            try:
                auditors[entry.stream].see(event, entry.cause, entry.recorded_at)
            except AssertionError as fault:
                if faults is None:
                    raise
                faults.append(str(fault))
                continue
            brought.add(address)
            if isinstance(event, e.ConsentWithdrawn) or (
                isinstance(event, e.MailBounced) and event.kind == "hard"
            ):
                gone.add(address)
            _follow(fates, address, event)
    return fates, brought, gone


def _follow(fates: dict[str, Fate], address: str, event: e.PersonEvent) -> None:
    match event:
        case e.LetterBegun():
            fates.setdefault(event.message, Fate(address, event.letter)).senders.append(
                event.sender
            )
            fates[event.message].last_word = ""
        case e.LetterInDoubt(settled=""):
            fates[event.message].doubted.append(fates[event.message].senders[-1])
            fates[event.message].last_word = "in doubt"
        case e.LetterInDoubt():
            fates[event.message].settled.append(event.settled)
            fates[event.message].last_word = event.settled
        case e.LetterSent():
            fates[event.message].last_word = "sent"
        case e.LetterDeferred() | e.LetterFailed():
            fates[event.message].last_word = (
                "put off" if isinstance(event, e.LetterDeferred) else "failed"
            )
        case e.LetterWithheld() if event.message:
            fates[event.message].last_word = "withheld"


def _nobody_missed_a_letter(
    fates: Mapping[str, Fate], due: Collection[str], accepted: Mapping[str, int]
) -> None:
    named = Counter((fate.address, fate.letter) for fate in fates.values())
    assert not [each for each, times in named.items() if times > 1], "one letter under two names"
    waiting = {fate.address for fate in fates.values() if fate.last_word == "in doubt"}
    for address in set(due) - waiting:
        assert all(named[address, letter] for letter in LETTERS), (
            "somebody never had a letter begun for them"
        )
    for message, fate in fates.items():
        if fate.last_word == "sent":
            assert accepted.get(message), "recorded as sent, and never taken"
        else:
            # Who has left in between is not written to again, whatever was to become of the letter.
            ends = ENDS if fate.address in due else (*ENDS, "withheld", "put off", "resend")
            assert fate.last_word in ends, f"a letter without an end: {fate}"
    known = {message for message, fate in fates.items() if fate.last_word == "sent" or fate.doubted}
    assert not set(accepted) - known, "taken by the server, and the ledger does not know"


def _doubles_are_in_doubt(fates: Mapping[str, Fate], accepted: Mapping[str, int]) -> None:
    for message, times in accepted.items():
        assert times <= 1 + fates[message].settled.count("resend"), (
            f"sent {times} times: {fates[message]}"
        )


def _in_doubt_is_what_was_on_the_wire(fates: Mapping[str, Fate], connections: int) -> None:
    by_sender = Counter(sender for fate in fates.values() for sender in fate.doubted)
    assert max(by_sender.values(), default=0) <= connections, (
        "more in doubt than connections were open when a sender died"
    )


def _nothing_after_a_withdrawal(taken: Sequence[Taken], withdrawn: Mapping[str, float]) -> None:
    late = [each.mail_at - withdrawn[each.address] for each in taken if each.address in withdrawn]
    assert max(late, default=0.0) <= GRACE, (
        f"MAIL was written {max(late):.2f} seconds after a withdrawal"
    )
