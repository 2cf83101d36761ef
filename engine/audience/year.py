"""What a year's programme is told with: how many letters the dialogues will send from where people
stand now, and its entries and collisions in words.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from engine.audience.programme import Collision, Entry, bounds
from engine.desk.clock import Clock
from engine.i18n.language import N_, Say
from engine.i18n.phrases import cap_in_words, quoted, say_list
from engine.installation.stream import InstallationStream
from engine.sequence.model import Plan
from engine.simulation.forecast import Cohort, forecast
from engine.subscriber.person import Person

FIRST_YEAR, LAST_YEAR = 2000, 2199
MAX_COHORTS = 3000
KINDS = {
    "broadcast": N_("broadcast"),
    "letter": N_("letter"),
    "anchor": N_("date"),
    "feast": N_("feast"),
    "holiday": N_("public holiday"),
    "intended": N_("intended"),
    "personal": N_("on each reader's own day"),
}


DAY_NAMES = {
    "Jour de l’an": N_("New Year’s Day"),
    "Épiphanie": N_("Epiphany"),
    "Chandeleur": N_("Candlemas"),
    "Saint-Valentin": N_("Valentine’s Day"),
    "Fête des grands-mères": N_("Grandmothers’ Day"),
    "Mardi gras": N_("Shrove Tuesday"),
    "Mercredi des Cendres": N_("Ash Wednesday"),
    "Rameaux": N_("Palm Sunday"),
    "Vendredi saint": N_("Good Friday"),
    "Pâques": N_("Easter"),
    "Lundi de Pâques": N_("Easter Monday"),
    "Fête du Travail": N_("Labour Day"),
    "Victoire de 1945": N_("Victory Day (1945)"),
    "Fête de la Victoire": N_("Victory Day"),
    "Saints de glace": N_("Ice Saints"),
    "Ascension": N_("Ascension Day"),
    "Pentecôte": N_("Whit Sunday"),
    "Lundi de Pentecôte": N_("Whit Monday"),
    "Fête des mères": N_("Mother’s Day (France)"),
    "Fête des pères": N_("Father’s Day"),
    "Fête de la musique": N_("Music Day"),
    "Fête nationale": N_("Bastille Day"),
    "Assomption": N_("Assumption Day"),
    "Fête des grands-pères": N_("Grandfathers’ Day"),
    "Toussaint": N_("All Saints’ Day"),
    "Armistice": N_("Armistice Day"),
    "Armistice de 1918": N_("Armistice Day (1918)"),
    "Premier dimanche de l’avent": N_("First Sunday of Advent"),
    "Saint-Nicolas": N_("Saint Nicholas"),
    "Noël": N_("Christmas"),
    "Saint-Sylvestre": N_("New Year’s Eve"),
}
"""Of feasts and public holidays of France, by what French calendars write; others are alike."""


class StandingViews(Protocol):
    def cohorts(self, most: int) -> list[tuple[str, int, int]]: ...

    def folds(self, subscribers: Collection[str]) -> Mapping[str, Person]: ...

    def standing(self) -> dict[int, int]: ...


class YearStores(Protocol):
    @property
    def clock(self) -> Clock: ...
    @property
    def installation_stream(self) -> InstallationStream: ...
    @property
    def views(self) -> StandingViews: ...


@dataclass(frozen=True, slots=True)
class Counted:
    """`people` are those the forecast was made for, `others` those it leaves out."""

    edition: int
    people: int
    others: int


def forecast_of_year(stores: YearStores, year: int) -> tuple[dict[str, int], Counted]:
    """Letters by day, of what is published, and of how many people. A year that is over has
    none.
    """
    now, installation = stores.clock.now(), stores.installation_stream.current()
    plan = installation.plan()
    _start, end = bounds(year, plan.timezone)
    rows = stores.views.cohorts(MAX_COHORTS) if end > now else []
    folds = stores.views.folds([subscriber for subscriber, _list, _count in rows])
    cohorts = [
        Cohort(folds[subscriber], number, count)
        for subscriber, number, count in rows
        if subscriber in folds
    ]
    people = sum(cohort.count for cohort in cohorts)
    standing = sum(stores.views.standing().values()) if end > now else 0
    counted = Counted(installation.edition, people, max(0, standing - people))
    return dict(forecast(plan, cohorts, now, end)), counted


def day_name(french: str, _: Say) -> str:
    return _(DAY_NAMES[french]) if french in DAY_NAMES else french


def named_in_words(entry: Entry, _: Say) -> str:
    """What an entry is called: a day of the calendar in the reader's language, an author's words as
    they are.
    """
    of_calendar = entry.kind in ("feast", "holiday", "anchor")
    return day_name(entry.what, _) if of_calendar else entry.what


def entry_in_words(entry: Entry, plan: Plan, _: Say) -> str:
    """ "broadcast: cadeau “Un cadeau” → 1 prospects"."""
    everyone = len(entry.lists) > 1 and set(entry.lists) == set(plan.lists)
    lists = [_("everyone")] if everyone else [say_list(plan, number) for number in entry.lists]
    to = [*lists, *entry.to]
    what = named_in_words(entry, _)
    if entry.kind in ("broadcast", "letter", "personal"):
        what = quoted(what, _)
    named = f"{entry.id} {what}" if entry.kind in ("broadcast", "letter", "personal") else what
    line = _("{kind}: {what}").format(kind=_(KINDS[entry.kind]), what=named)
    line += f" → {', '.join(to)}" if to else ""
    if entry.kind == "intended":
        done = _("carried out by {broadcast}").format(broadcast=entry.done_by)
        line += f" ({done if entry.done_by else _('not written yet')})"
    return line


def collision_in_words(collision: Collision, plan: Plan, _: Say) -> str:
    return _("{day}: the cap “{cap}” leaves no room on list {list} for all of {broadcasts}").format(
        day=collision.day,
        cap=cap_in_words(collision.cap, _),
        list=say_list(plan, collision.list),
        broadcasts=", ".join(collision.broadcasts),
    )
