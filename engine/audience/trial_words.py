"""What an author is told of letters that are tried in versions: before a trial begins, what so many
people can show; while it runs and afterwards, what it has shown.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from engine.audience.experiments import (
    Arm,
    Ratio,
    once,
    rate_bounds,
    smallest_shown,
    whenever,
)
from engine.audience.incremental import (
    MIN_ORDERS,
    MIN_PEOPLE,
    Interval,
    Lift,
    NotMeasurable,
    lift,
)
from engine.audience.incremental import Arm as OrderArm
from engine.authoring.publication import Proposal
from engine.i18n.language import Say, amount_in_words, counting_translator, grouped, translator
from engine.installation.publishing import arms_in, letters_of
from engine.installation.state import Installation
from engine.sequence.delay import DAY
from engine.sequence.model import HOLDOUT, ORIGINAL, Letter, Plan
from engine.sequence.timing import read_local_minute, to_instant
from engine.subscriber.agenda_key import broadcast_at, encode, letter_ref, list_key
from engine.views import ORDER_DAYS, ArmCount, LetterCount
from engine.words import Language

FEWEST = 10
"""Acts of both versions together below which nothing is said of them."""
USUAL_RATES = {"answered": 0.1, "ordered": 0.02}
"""The share of people who act, where too few have got the letter to know."""


class TrialViews(Protocol):
    def arms(self, letter: str, since: int) -> list[ArmCount]:
        """How a trial stands."""

    def counted(self, letters: Collection[str]) -> list[LetterCount]:
        """What became of letters, by their letter_ref."""


@dataclass(frozen=True, slots=True)
class Trial:
    """The last trial of a letter, with the letter as it then was. `ends_at` (ms) is when it is over
    as was fixed before it began: ORDER_DAYS days after a dated broadcast; 0 where nothing is fixed.
    """

    letter: Letter
    since: int
    ends_at: int


def trial_of(installation: Installation, ref: str) -> Trial | None:
    """The trial of a letter (its letter_ref) that runs or ran last; None where there was none."""
    return next(_trials(installation, ref), None)


def told_trial(
    installation: Installation, ref: str, views: TrialViews
) -> tuple[Trial, list[ArmCount]] | None:
    """The last trial of a letter that anybody is in, with how it stands; the last of all where
    nobody is in any. None where there was none.
    """
    last: tuple[Trial, list[ArmCount]] | None = None
    for trial in _trials(installation, ref):
        counts = views.arms(ref, trial.since)
        if counts:
            return trial, counts
        last = last or (trial, counts)
    return last


def _trials(installation: Installation, ref: str) -> Iterator[Trial]:
    """Of a letter, the latest first."""
    known: set[int] = set()
    for number in sorted(installation.editions, reverse=True):
        since = dict(installation.editions[number].tried).get(ref)
        if since is None or since in known:
            continue
        known.add(since)
        trial = _trial(installation.plan(number), ref, since)
        if trial is not None:
            yield trial


def _trial(plan: Plan, ref: str, since: int) -> Trial | None:
    broadcast = broadcast_at(plan, ref.rpartition("/")[0])
    if broadcast is not None:
        begins = to_instant(read_local_minute(broadcast.on), plan.timezone) if broadcast.on else 0
        return Trial(broadcast.letter, since, begins + ORDER_DAYS * DAY if begins else 0)
    refs = {
        letter_ref(list_key(listed.id), letter.id): letter
        for listed in plan.lists.values()
        for letter in listed.letters
    }
    return Trial(refs[ref], since, 0) if ref in refs else None


def trial_lines(trial: Trial, counts: Sequence[ArmCount], now: int, _: Say) -> Iterator[str]:
    """How a trial stands: each version with its people, and one honest sentence for each other
    version than the letter itself.
    """
    known = {count.version: count for count in counts}
    if not known:
        return
    yield "  " + _("versions (a: the letter itself) and what their readers did:")
    for name, _share in trial.letter.arms:
        if count := known.get(name):
            yield "    " + _arm(count, bool(trial.letter.links), _)
    for verdict in verdicts(trial, counts, now, _):
        yield "  " + verdict
    caused = incremental(counts)
    if caused is not None:
        yield "  " + caused_in_words(caused, known[HOLDOUT].currency, _)


def verdicts(trial: Trial, counts: Sequence[ArmCount], now: int, _: Say) -> Iterator[str]:
    """One honest sentence of each other version against the letter itself."""
    known = {count.version: count for count in counts}
    original = known.get(ORIGINAL)
    for version in trial.letter.versions:
        other = known.get(version.id)
        if original is not None and other is not None:
            yield _verdict(original, other, trial, now, _)


def incremental(counts: Sequence[ArmCount]) -> Lift | NotMeasurable | None:
    """What a letter brought about, against whoever was held out of it; None where nobody was."""
    held_out = next((count for count in counts if count.version == HOLDOUT), None)
    if held_out is None:
        return None
    treated = [count for count in counts if count.version != HOLDOUT]
    everybody = OrderArm(
        sum(count.people for count in treated),
        sum(count.ordered for count in treated),
        sum(count.amount for count in treated),
        sum(count.squares for count in treated),
    )
    others = OrderArm(held_out.people, held_out.ordered, held_out.amount, held_out.squares)
    return lift(everybody, others)


def _arm(count: ArmCount, asks: bool, _: Say) -> str:
    """ "b: 1,234 people, 120 answered (9.7 %, between 8.2 and 11.5), 12 ordered"; of a letter that
    asks nothing, what was ordered alone.
    """
    name = _("held out") if count.version == HOLDOUT else count.version
    ordered = _("{n} ordered").format(n=grouped(count.ordered, _))
    if not asks:
        low, high = rate_bounds(Arm(count.people, count.ordered))
        acts = _("{ordered} ({share}, between {low} and {high})").format(
            ordered=ordered,
            share=percent(count.ordered / count.people, _),
            low=percent(low, _),
            high=percent(high, _),
        )
    elif count.version == HOLDOUT:
        acts = ordered
    else:
        low, high = rate_bounds(Arm(count.people, count.answered))
        acts = _("{n} answered ({share}, between {low} and {high}), {ordered}").format(
            n=grouped(count.answered, _),
            share=percent(count.answered / count.people, _),
            low=percent(low, _),
            high=percent(high, _),
            ordered=ordered,
        )
    return _("{version}: {n} people, {acts}").format(
        version=name, n=grouped(count.people, _), acts=acts
    )


def _verdict(original: ArmCount, other: ArmCount, trial: Trial, now: int, _: Say) -> str:
    """Of answers, where the letter asks; of orders where it does not."""
    asks = bool(trial.letter.links)
    one = Arm(other.people, other.answered if asks else other.ordered)
    base = Arm(original.people, original.answered if asks else original.ordered)
    what = _("answers") if asks else _("orders")
    if one.acted + base.acted < FEWEST:
        return _("{version} and a: fewer than {n} people have acted; nothing is shown yet").format(
            version=other.version, n=FEWEST
        )
    is_over = 0 < trial.ends_at <= now
    ratio = once(one, base) if is_over else whenever(one, base)
    if ratio.low is None and ratio.high is None:
        return _("no winner: too few people have acted to compare {version} with a").format(
            version=other.version
        )
    sentence = {
        1: _("{version} brings more {what} than a: {between}"),
        0: _("no winner, either may be the better: {version} brings {between} {what} as a"),
        -1: _("{version} brings fewer {what} than a: {between}"),
    }[ratio.shows]
    how = (
        _("(looked at once, at the end that was fixed)")
        if is_over
        else _("(holds however often you look)")
    )
    between = _between(ratio, _)
    return sentence.format(version=other.version, what=what, between=between) + " " + how


def _between(ratio: Ratio, _: Say) -> str:
    low, high = (None if end is None else _times(end, _) for end in (ratio.low, ratio.high))
    if low is not None and high is not None:
        return _("{low} to {high} times as many").format(low=low, high=high)
    if low is not None:
        return _("at least {low} times as many").format(low=low)
    return _("at most {high} times as many").format(high=high)


def caused_in_words(found: Lift | NotMeasurable, currency: str, _: Say) -> str:
    """What a letter itself brought about, with its interval; that it may be nothing, where the
    interval holds nought; or that it cannot be known, and for want of what.
    """
    if isinstance(found, NotMeasurable):
        sentence = (
            _(
                "what the letter itself brought about is not measurable (n = {n}): of who got it"
                " and of who was held out, {most} people each are needed"
            )
            if found.people < MIN_PEOPLE
            else _(
                "what the letter itself brought about is not measurable (n = {n}): {ordered}"
                " ordered, {most} are needed"
            )
        )
        return sentence.format(
            n=grouped(found.people, _),
            ordered=grouped(found.ordered, _),
            most=MIN_PEOPLE if found.people < MIN_PEOPLE else MIN_ORDERS,
        )

    def money(value: float) -> str:
        sign = "−" if value < 0 else ""
        return sign + amount_in_words(abs(round(value)), currency, _)

    is_shown = not (found.rate.holds_nothing and found.amount.holds_nothing)
    sentence = (
        _("what the letter itself brought about: {rate} of people who ordered, {amount} a person")
        if is_shown
        else _(
            "nothing is shown of what the letter itself brought about, chance alone would do:"
            " {rate} of people who ordered, {amount} a person"
        )
    )
    return sentence.format(
        rate=_span(found.rate, lambda v: _points(v, _), _), amount=_span(found.amount, money, _)
    )


def _span(interval: Interval, say: Callable[[float], str], _: Say) -> str:
    return _("{estimate} (between {low} and {high})").format(
        estimate=say(interval.estimate), low=say(interval.low), high=say(interval.high)
    )


def power_lines(proposal: Proposal, views: TrialViews, spoken: Language) -> Iterator[str]:
    """Of each letter that begins to be tried: what difference the people who stand there can show,
    before it begins.
    """
    _, ngettext = translator(spoken), counting_translator(spoken)
    before, after = arms_in(proposal.before), arms_in(proposal.after)
    for (key, name), letter in letters_of(proposal.after).items():
        ref = letter_ref(encode(key), name)
        if ref not in after or after[ref] == before.get(ref):
            continue
        people = proposal.people_on(key)
        shares = ", ".join(
            f"{_('held out') if arm == HOLDOUT else arm} {share} %" for arm, share in letter.arms
        )
        line = ngettext(
            "~ {letter} is tried in versions (a is the letter itself): {shares}; {n} person stands"
            " there",
            "~ {letter} is tried in versions (a is the letter itself): {shares}; {n} people stand"
            " there",
            people,
        )
        yield line.format(letter=name, shares=shares, n=grouped(people, _))
        if ref in before:
            yield _("    the trial that runs ends: this one begins with who gets it from now on")
        for arm, share in letter.arms[1:]:
            base = 100 - share if arm == HOLDOUT else letter.arms[0][1]
            acts = "answered" if letter.links and arm != HOLDOUT else "ordered"
            rate = _rate_so_far(views, ref, acts)
            yield "    " + _power(arm, people * base // 100, people * share // 100, acts, rate, _)
    for ref in before:
        if ref not in after:
            yield _("~ the trial of {letter} ends: everybody gets the letter itself").format(
                letter=ref.rpartition("/")[2]
            )


def _power(arm: str, base: int, people: int, acts: str, known: float | None, _: Say) -> str:
    """Of who is held out: what difference the letter made to orders."""
    rate = USUAL_RATES[acts] if known is None else known
    rise = smallest_shown(base, people, rate)
    of = _("held out") if arm == HOLDOUT else arm
    answers = acts == "answered"
    if known is None:
        sentence = (
            _("if {rate} answer, which is not known yet")
            if answers
            else _("if {rate} order, which is not known yet")
        )
    else:
        sentence = _("{rate} have answered so far") if answers else _("{rate} have ordered so far")
    acting = sentence.format(rate=percent(rate, _))
    if rise is None or rate + rise > 0.95:
        return _("{version}, {n} people: too few to show any difference ({acting})").format(
            version=of, n=grouped(people, _), acting=acting
        )
    return _(
        "{version}, {n} people: a difference of {rise} or more would be seen in 8 of 10 such"
        " trials ({acting})"
    ).format(version=of, n=grouped(people, _), rise=_points(rise, _), acting=acting)


def _rate_so_far(views: TrialViews, ref: str, acts: str) -> float | None:
    """The share of people who answered this letter, or ordered after it; None where too few are
    known.
    """
    counts = views.counted([ref])
    accepted = sum(c.n for c in counts if (c.what, c.detail) == ("became", "sent"))
    acted = sum(c.n for c in counts if c.what == acts)
    return acted / accepted if accepted >= 10 * FEWEST and 0 < acted <= accepted else None


def percent(share: float, _: Say) -> str:
    return _("{n} %").format(n=_decimal(100 * share, _))


def _points(difference: float, _: Say) -> str:
    return _("{n} points").format(n=_decimal(100 * difference, _))


def _times(ratio: float, _: Say) -> str:
    return grouped(round(ratio), _) if ratio >= 20 else _decimal(ratio, _, 2)


def _decimal(value: float, _: Say, figures: int = 1) -> str:
    """One or two figures behind the mark, by the language."""
    sign, scaled = ("−" if value < 0 else ""), round(abs(value) * 10**figures)
    whole, fraction = divmod(scaled, 10**figures)
    return sign + _("{whole}.{fraction}").format(
        whole=grouped(whole, _), fraction=f"{fraction:0{figures}d}"
    )
