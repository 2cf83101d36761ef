"""What came of letters, in words: the names of what is counted, shares of what was accepted, and
the lines that tell one letter in full. Shared by the command line and the console.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from engine.audience.measured import MeasuredPeople
from engine.audience.results import Results, Sales, VisitCount, name_of
from engine.audience.sources import SHOWN_FROM
from engine.i18n.language import N_, Say, amount_in_words, grouped
from engine.i18n.phrases import letter_at, quoted, say_list, subject_of, titled_purpose
from engine.i18n.stored_words import stored_in_words
from engine.sequence.model import Plan
from engine.views import ORDER_DAYS, Grouping

BOUNCES: Mapping[str, str] = {
    "hard": N_("no such address"),
    "soft": N_("mailbox refused"),
    "blocked": N_("refused for the sender’s sake"),
    "gave-up": N_("given up after many tries"),
}
KINDS: Mapping[str, str] = {
    "unsubscribe": N_("unsubscribe from this purpose"),
    "everything": N_("unsubscribe from everything"),
    "confirm": N_("confirm"),
    "undo": N_("take back"),
    "not-me": N_("this was not me"),
    "image": N_("loads of its picture"),
}
COLUMNS: Mapping[str, str] = {
    "people": N_("people"),
    "joined": N_("joined"),
    "confirmed": N_("confirmations"),
    "left_soon": N_("left in 30 d"),
    "accepted": N_("accepted"),
    "bounced": N_("bounces"),
    "answered": N_("answered"),
    "unsubscribed": N_("left"),
    "complained": N_("complaints"),
    "ordered": N_("orders"),
}
"""Of what is told of people by source or segment."""


@dataclass(frozen=True, slots=True)
class Told:
    """A line of one letter's results. `shared`: its share of what was accepted says something;
    `within`: it is a part of the line before.
    """

    label: str
    count: int
    note: str = ""
    shared: bool = True
    within: bool = False


def titled_letter(plan: Plan, ref: str) -> str:
    """A letter by its subject, by its name where it is published no more."""
    key, _slash, name = ref.rpartition("/")
    letter = letter_at(plan, key, name)
    return (subject_of(letter, plan=plan) if letter is not None else "") or name_of(plan, ref)


def shown_name(one: Results, plan: Plan, by: Grouping, _: Say) -> str:
    match by:
        case "letter":
            return name_of(plan, one.name)
        case "mailing":
            ref, _blank, occurrence = one.name.partition(" ")
            return f"{name_of(plan, ref)} {occurrence}".rstrip()
        case "dialogue":
            return one.name or _("published no more")
        case "list":
            return say_list(plan, int(one.name)) if one.name != "0" else _("no list")
        case "group":
            return one.name or _("no group")
        case "purpose":
            return titled_purpose(plan, one.name) or _("published no more")
        case "week":
            return one.name


def share(count: int, accepted: int, _: Say) -> str:
    """ "35 %", "1.7 %" below ten; "" where nothing was accepted."""
    if not count or not accepted:
        return ""
    tenths = round(1000 * count / accepted)
    figures = str(round(100 * count / accepted))
    if tenths < 100:
        figures = _("{whole}.{fraction}").format(whole=tenths // 10, fraction=tenths % 10)
    return _("{n} %").format(n=figures)


def link_in_words(visit: VisitCount, _: Say) -> str:
    if visit.kind == "answer":
        return quoted(visit.link, _)
    return visit.link or _(KINDS[visit.kind])


def told(one: Results, plan: Plan, _: Say) -> Iterator[Told]:
    """What there is none of is left out, but for what is asked of every letter."""
    yield Told(_("due"), one.due, shared=False)
    yield Told(_("accepted"), one.accepted, _("by the mail server: shares are of these"))
    reasons = ", ".join(
        f"{stored_in_words(why, _)} {grouped(n, _)}" for why, n in one.reasons.items()
    )
    bounces = ", ".join(f"{_(BOUNCES[kind])} {grouped(n, _)}" for kind, n in one.bounced.items())
    for line in (
        Told(_("withheld"), one.withheld, reasons, shared=False),
        Told(_("put off"), one.put_off),
        Told(_("in doubt"), one.in_doubt),
        Told(_("under way"), one.under_way),
        Told(_("bounces"), sum(one.bounced.values()), bounces),
        Told(_("complaints"), one.complained),
    ):
        if line.count:
            yield line
    yield Told(_("unsubscribes"), one.unsubscribed)
    if one.answered:
        yield Told(_("answered"), one.answered, _moves(one, plan, _))
        for answer in one.answers:
            note = _("({n} by the page itself)").format(n=answer.by_page) if answer.by_page else ""
            yield Told(quoted(answer.label, _), answer.people, note, within=True)
        yield Told(_("without an answer"), one.unanswered)
    within = _("ordered within {n} days").format(n=ORDER_DAYS)
    for label, sales in ((within, one.sales), (_("ordered after an act in it"), one.after_act)):
        for sale in sales:
            yield Told(label, sale.orders, sale_in_words(sale, _))


def _moves(one: Results, plan: Plan, _: Say) -> str:
    return ", ".join(
        f"{sign} {say_list(plan, number)} {grouped(n, _)}"
        for sign, lists in (("→", one.moved), ("+", one.copied))
        for number, n in lists.items()
    )


def sale_in_words(sale: Sales, _: Say) -> str:
    amount = amount_in_words(sale.amount, sale.currency, _)
    if not sale.refunded:
        return amount
    back = amount_in_words(sale.refunded, sale.currency, _)
    return _("{amount}, of which {back} paid back").format(amount=amount, back=back)


def measured_in_words(people: MeasuredPeople, _: Say) -> str:
    """Apart from everybody: of those alone is it known."""
    cells = {
        name: _("fewer than {n}").format(n=SHOWN_FROM) if n is None else grouped(n, _)
        for name, n in people.shown().items()
    }
    told = _(
        "of the people who agreed to be measured ({people}): {clicked} clicked, {opened} opened"
        " (image loads)"
    ).format(**cells)
    if not people.relayed:
        return told
    return told + _("; not known whether opened, since a mail provider loads it: {relayed}").format(
        **cells
    )


def earned(one: Results, _: Say) -> str:
    """What was ordered within days of it, less what was paid back: "98,00 €", "" of nothing."""
    return " + ".join(amount_in_words(s.amount - s.refunded, s.currency, _) for s in one.sales)
