"""Every night some of those who were silent at what was sent to them are put on the list that asks
them, never more than `[retention] nightly_cap` allows; and what that would come to is told before.

A published `[[reactivation]]` starts it, whatever `[retention] mode` says: nobody is erased by it.
The views say who was not heard of for so long; what is known of each at that moment decides.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from engine.commands.command_handler import CommandHandler, CommandRequest
from engine.desk.clock import Clock
from engine.installation.stream import InstallationStream
from engine.sequence.delay import DAY
from engine.sequence.model import List, Plan, Reactivation
from engine.sequence.timing import earlier, later
from engine.subscriber.commands import AskTheSilent
from engine.subscriber.events import Cause
from engine.subscriber.inactivity import retention_of
from engine.subscriber.outcome import Done
from engine.subscriber.person import Person
from engine.subscriber.reactivation import is_to_be_asked
from engine.vault.vault import Vault

ENGINE = Cause("engine")
PAGE = 500
SHOWN_FROM = 10
FIRST = (0, "00000000-0000-0000-0000-000000000000")
FAMILIES: Mapping[str, tuple[str, ...]] = {
    "Apple": ("icloud.com", "me.com", "mac.com"),
    "Bouygues": ("bbox.fr",),
    "Free": ("free.fr", "aliceadsl.fr", "online.fr"),
    "Gmail": ("gmail.com", "googlemail.com"),
    "La Poste": ("laposte.net",),
    "Microsoft": (
        "hotmail.com", "hotmail.fr", "live.com", "live.fr", "msn.com", "outlook.com", "outlook.fr",
    ),
    "Orange": ("orange.fr", "wanadoo.fr"),
    "SFR": ("sfr.fr", "neuf.fr", "cegetel.net", "club-internet.fr", "numericable.fr"),
    "Yahoo": ("yahoo.com", "yahoo.fr", "ymail.com", "aol.com"),
}  # fmt: skip
"""Mail providers and the domains of their mailboxes; any other domain stands for itself."""
FAMILY_OF = {domain: family for family, domains in FAMILIES.items() for domain in domains}


class HeardOf(Protocol):
    def heard_before(
        self, upto: int, after: tuple[int, str], limit: int
    ) -> list[tuple[str, int]]: ...


class ReactivationStores(Protocol):
    @property
    def clock(self) -> Clock: ...
    @property
    def command_handler(self) -> CommandHandler: ...
    @property
    def installation_stream(self) -> InstallationStream: ...
    @property
    def vault(self) -> Vault: ...
    @property
    def views(self) -> HeardOf: ...


def _long_unheard(
    stores: ReactivationStores, plan: Plan, now: int
) -> Iterator[Mapping[str, Person]]:
    """Those of whom nothing was heard for the shortest of the times, the longest silent first. A
    day more than was written, since their own zone may lie behind.
    """
    begins = [earlier(now, r.silent_for, plan.timezone) for r in plan.reactivations.values()]
    if not begins:
        return
    after = FIRST
    while True:
        page = stores.views.heard_before(max(begins) + DAY, after, PAGE)
        people = stores.command_handler.load([who for who, _ in page])
        yield {who: people[who] for who, _ in page}
        if len(page) < PAGE:
            return
        who, heard_at = page[-1]
        after = heard_at, who


def _question_for(person: Person, plan: Plan, at: int) -> Reactivation | None:
    """At most one at a time, for whichever purpose comes first."""
    reactivations = plan.reactivations.values()
    return next((r for r in reactivations if is_to_be_asked(person, plan, r, at)), None)


def ask_by_letters(stores: ReactivationStores, limit: int) -> int:
    """Put at most so many people on the lists that ask them; how many it was."""
    asked, plan = 0, stores.installation_stream.current().plan()
    for people in _long_unheard(stores, plan, stores.clock.now()) if limit > 0 else ():
        now = stores.clock.now()
        questions = {who: _question_for(person, plan, now) for who, person in people.items()}
        requests = [
            CommandRequest(AskTheSilent(now, ENGINE, question.list), stream=who)
            for who, question in questions.items()
            if question is not None
        ][: limit - asked]
        results = stores.command_handler.execute(requests) if requests else []
        asked += sum(isinstance(result.outcome, Done) for result in results)
        if asked >= limit:
            break
    return asked


@dataclass
class CleaningPlan:
    """What `[[reactivation]]` of one list comes to. `quiet` are to be asked, at most `cap` a night
    of all lists together; of them it is counted on which `lists` they stand, from which `sources`
    and at which `providers`. `last_at` (ms): when the last of them would be stopped.
    """

    purpose: str
    list: int
    cap: int
    quiet: int = 0
    asked: int = 0
    stopped: int = 0
    nights: int = 0
    last_at: int = 0
    lists: Counter[str] = field(default_factory=Counter)
    sources: Counter[str] = field(default_factory=Counter)
    providers: Counter[str] = field(default_factory=Counter)


def shown(cells: Mapping[str, int]) -> tuple[dict[str, int], int]:
    """Cells of at least SHOWN_FROM people, the largest first, and how many people the others have
    together, 0 where that is less too.
    """
    largest = sorted(cells.items(), key=lambda cell: (-cell[1], cell[0]))
    kept = {name: count for name, count in largest if count >= SHOWN_FROM}
    rest = sum(cells.values()) - sum(kept.values())
    return kept, rest if rest >= SHOWN_FROM else 0


def cleaning_plans(stores: ReactivationStores, plan: Plan) -> list[CleaningPlan]:
    """What a plan, published or not, comes to at this moment; nothing is changed by it."""
    now = stores.clock.now()
    cap = retention_of(plan).nightly_cap
    plans = {
        number: CleaningPlan(plan.lists[number].purpose, number, cap)
        for number in plan.reactivations
    }
    for people in _long_unheard(stores, plan, now):
        quiet: dict[str, CleaningPlan] = {}
        for who, person in people.items():
            for number, told in plans.items():
                told.asked += number in person.memberships
                told.stopped += told.purpose in person.stopped
            question = _question_for(person, plan, now)
            if question is not None:
                quiet[who] = plans[question.list]
                _count_lists(plans[question.list], person, plan)
        for who, known in stores.vault.people(list(quiet)).items():
            quiet[who].sources[known.source] += 1
            domain = known.address.rpartition("@")[2].lower()
            quiet[who].providers[FAMILY_OF.get(domain, domain)] += 1
    nights = -(-sum(told.quiet for told in plans.values()) // cap) if cap else 0
    for number, told in plans.items():
        if told.quiet:
            told.nights = nights
            told.last_at = _end_of_question(plan.lists[number], now + nights * DAY, plan.timezone)
    return list(plans.values())


def _count_lists(told: CleaningPlan, person: Person, plan: Plan) -> None:
    told.quiet += 1
    for number in person.memberships:
        listed = plan.lists.get(number)
        if listed is not None and listed.purpose == told.purpose:
            told.lists[listed.name] += 1


def _end_of_question(listed: List, asked_at: int, zone: str) -> int:
    """When who is asked at an instant (ms) and never answers is stopped, hours of the day and
    room under a cap left out.
    """
    before = last = asked_at
    sent: dict[str, int] = {}
    for letter in listed.letters:
        base = sent.get(letter.reminds, before) if letter.reminds else before
        delay = letter.after or letter.wait
        before = later(asked_at if letter.after else base, delay, zone) if delay else base
        sent[letter.id], last = before, max(last, before)
    return later(last, listed.ends.after, zone) if listed.ends is not None else last
