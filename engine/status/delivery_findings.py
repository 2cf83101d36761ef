"""What the facts mean about what arrives. Apart from findings.py, which is long."""

from __future__ import annotations

from collections.abc import Iterator

from engine.i18n.language import N_
from engine.status.facts import Facts, ProviderFacts
from engine.status.finding import Finding, Level

GUARDED = N_(
    "confirmations go on, the rest waits: `relance delivery` shows the days; mend what is wrong"
    " with what is sent, or to whom, then `relance resume`"
)
PAUSED_BECAUSE = {
    "restored": N_(
        "an older copy of the database was put back: look at `relance lists`, then `relance resume`"
        " says what will leave and lets it"
    ),
    "blocked": N_(
        "the mail server refuses our mail as such: see what it says, settle it with your provider,"
        " then `relance resume`"
    ),
    "complaints": GUARDED,
    "bounces": GUARDED,
}
RESUME = N_("`relance resume` says what will leave within the hour, and lets it")
REFUSED_MANY = 10
"""Letters that wait because a provider refuses our mail as such; fewer are about one letter."""


def of_delivery(facts: Facts) -> Iterator[Finding]:
    passing = [*_passing(facts.delivery.providers)]
    yield from passing or _passing(facts.delivery.whole)
    for one in facts.delivery.providers:
        if one.refused >= REFUSED_MANY:
            what = N_("{provider} refuses our mail as such ({answer}): {n} letters wait")
            remedy = N_(
                "`relance delivery` says what waits where, `relance doctor` what a provider may"
                " find wrong with this installation"
            )
            values = {"provider": one.title, "answer": one.answer, "n": one.refused}
            yield Finding("provider-refuses", "notice", what, remedy, values)
    if facts.delivery.unheard:
        what = N_(
            "[smtp] return_path is not set: a bounce that comes by mail is hard to match with its"
            " letter"
        )
        remedy = N_("give a domain whose mail [inbound] reads, and look with `relance doctor`")
        yield Finding("no-return-path", "notice", what, remedy)


def _passing(providers: tuple[ProviderFacts, ...]) -> Iterator[Finding]:
    """Who passes a guard (A50)."""
    for one in providers:
        values: dict[str, object] = {"provider": one.title}
        if one.complaints:
            what = (
                N_("of {of} letters to {provider} in seven days {n} were complained of: too many")
                if one.complaints == "over"
                else N_("of {of} letters to {provider} in seven days {n} were complained of")
            )
            remedy = N_(
                "`relance delivery` shows the days; write less often, and only to who expects it:"
                " from 0.3 % on letters stop arriving"
            )
            counts = {"of": one.sent, "n": one.complained}
            yield Finding("complaints", _level(one.complaints), what, remedy, values | counts)
        if one.bounces:
            what = (
                N_("of {of} letters to {provider} in seven days {n} came back: too many")
                if one.bounces == "over"
                else N_("of {of} letters to {provider} in seven days {n} came back")
            )
            remedy = N_(
                "`relance results --source` says where those addresses come from; do not write to"
                " that source until it is looked through"
            )
            counts = {"of": one.tried, "n": one.bounced}
            yield Finding("bounces", _level(one.bounces), what, remedy, values | counts)


def _level(passed: str) -> Level:
    return "stuck" if passed == "over" else "notice"
