"""An auditor who knows the facts and none of the engine's rules: replays them one by one and says what may never be.

Written apart from `eligibility`, `evolve` and `acts` on purpose: two readings of the same promises, which must agree.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from engine.subscriber import events as e
from projections.members import Joined, Left, changes


@dataclass
class Auditor:
    """`standing` is run by list. `origin` follows who came from where: one way through the lists, however often it moves, has one origin."""

    live: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)
    barred: bool = False
    complained: bool = False
    erased: bool = False
    long_silent: bool = False
    standing: dict[int, int] = field(default_factory=dict)
    origin: dict[int, int] = field(default_factory=dict)
    letters: dict[str, e.LetterBegun] = field(default_factory=dict)
    messages: dict[tuple[str, int, str], str] = field(default_factory=dict)
    settled: set[str] = field(default_factory=set)
    runs: set[int] = field(default_factory=set)
    attempts: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def see(self, event: e.PersonEvent) -> None:
        if isinstance(event, e.LetterBegun):
            self._begun(event)
        self._grounds(event)
        self._outcome(event)
        self._origins(event)
        for change in changes(event):
            self._moves(event, change)
        if isinstance(event, e.SubscriberErased):
            self.standing.clear()
        self._one_place_for_each_way()

    def _begun(self, event: e.LetterBegun) -> None:
        assert not self.erased, "a letter after erasure"
        if event.kind == "confirmation":
            assert event.purpose in self.asked, "a confirmation mail nobody asked for"
            assert not self.complained, "a mail to someone who complained"
        elif event.kind == "permission":
            assert self.long_silent, "someone asked whether to go on who has been heard of"
            assert self.live and not self.barred, "a question without any live ground"
        else:
            assert event.purpose in self.live, "a letter without a live ground"
            assert not self.barred, "a letter to a suppressed address"
            assert self.standing.get(event.list) == event.run, "a letter of a list where nobody stands"
        matter = (event.key if event.kind != "letter" else "", event.run if event.kind == "letter" else 0, event.letter)
        if event.kind not in ("confirmation", "permission"):
            assert self.messages.setdefault(matter, event.message) == event.message, "a letter twice in one run"
        assert event.message not in self.settled, "a letter after its last word"
        self.attempts[event.message] += 1
        assert event.attempt == self.attempts[event.message], "an attempt that was not counted"
        self.letters[event.message] = event

    def _grounds(self, event: e.PersonEvent) -> None:
        match event:
            case e.PermissionAsked():
                self.long_silent = True
            case e.PermissionRenewed():
                self.long_silent = False
            case e.ConsentExpired(purpose="*"):
                self.long_silent = False
            case e.ConsentGiven() | e.GroundDeclared():
                self.live.add(event.purpose)
            case e.ConsentConfirmed():
                assert event.purpose in self.asked, "a confirmation of nothing"
                self.live.add(event.purpose)
                self.asked.discard(event.purpose)
            case e.ConsentRequested():
                self.asked.add(event.purpose)
            case e.ConsentExpired():
                self.asked.discard(event.purpose)
            case e.ConsentWithdrawn():
                gone = self.live | self.asked if event.purpose == "*" else {event.purpose}
                self.live, self.asked = self.live - gone, self.asked - gone
            case e.SubscriberSuppressed() | e.MailComplained():
                self.barred, self.complained = True, self.complained or isinstance(event, e.MailComplained)
            case e.MailBounced():
                self.barred = self.barred or event.kind == "hard"
            case e.SubscriberReachable():
                self.barred = self.complained = False
            case e.SubscriberErased():
                self.erased, self.live, self.asked = True, set(), set()

    def _outcome(self, event: e.PersonEvent) -> None:
        taken_as_sent = isinstance(event, e.LetterInDoubt) and event.settled == "taken-as-sent"
        if isinstance(event, e.LetterInDoubt | e.LetterSent | e.LetterFailed | e.LetterWithheld):
            if isinstance(event, e.LetterInDoubt) and not taken_as_sent:
                return
            assert not event.message or event.message not in self.settled, "two last words about one letter"
            self.settled.add(event.message)

    def _origins(self, event: e.PersonEvent) -> None:
        match event:
            case e.ListMoved():
                letter = self.letters[event.message]
                self.origin.setdefault(event.run, self.origin[event.source_run or letter.run])
            case e.ListTransferred() if event.source_run and not event.copied:
                self.origin.setdefault(event.run, self.origin[event.source_run])
            case e.ListJoined() | e.ListCopied() | e.ListTransferred():
                self.origin.setdefault(event.run, event.run)

    def _moves(self, event: e.PersonEvent, change: Joined | Left) -> None:
        if isinstance(change, Left):
            assert self.standing.get(change.list) == change.run, "someone left where they did not stand"
            del self.standing[change.list]
            return
        assert change.list not in self.standing, "someone joined where they stood"
        if isinstance(event, e.MoveUndone):
            assert change.run in self.runs, "a run was opened again that never was"
        else:
            assert change.run not in self.runs, "a run was used twice"
        self.runs.add(change.run)
        self.standing[change.list] = change.run

    def _one_place_for_each_way(self) -> None:
        ways = [self.origin[run] for run in self.standing.values()]
        assert len(ways) == len(set(ways)), "a move has doubled someone"
