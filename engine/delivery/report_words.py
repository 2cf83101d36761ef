"""The delivery report in words, for the command line and the console."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from engine.delivery.figures import PutOff
from engine.delivery.report import ProviderDelivery
from engine.desk.dmarc_reports import SentInOurName
from engine.desk.shaping import ProviderState
from engine.i18n.language import N_, Language, Say, counting_translator, grouped, translator
from engine.i18n.phrases import say_moment
from engine.i18n.stored_words import stored_in_words
from engine.shaping.guards import BOUNCES, COMPLAINTS, Guard, Level
from engine.shaping.providers import OTHER

LEVELS: dict[Level, str] = {
    "": N_("within bounds"),
    "few": N_("few letters"),
    "warn": N_("worth a look"),
    "over": N_("too many"),
}


class RateWords(NamedTuple):
    """A share and its limits in words, and which of them it passes."""

    share: str
    limits: str
    level: Level


class DeliveryWords:
    def __init__(self, zone: str, language: Language) -> None:
        self.zone, self.language = zone, language
        self.say, self.ngettext = translator(language), counting_translator(language)

    def title(self, provider: ProviderDelivery) -> str:
        _ = self.say
        if not provider.provider:
            return _("not recorded")
        return _("other providers") if provider.provider == OTHER else provider.title

    def why_slow(self, provider: ProviderDelivery) -> Iterator[str]:
        """What a rule did, how many wait for their turn, and a line for each answer for which
        letters wait.
        """
        yield from self._shaped(provider.state)
        for letters in provider.put_off:
            sentence = self.ngettext(
                "{n} letter waits ({answer}), tried again from {when}",
                "{n} letters wait ({answer}), tried again from {when}",
                letters.n,
            )
            yield sentence.format(
                n=grouped(letters.n, self.say),
                answer=self.answer(letters),
                when=say_moment(letters.retry_at, self.zone, self.language),
            )

    def _shaped(self, state: ProviderState | None) -> Iterator[str]:
        _ = self.say
        if state is None:
            return
        if state.held > 0:
            sentence = (
                _("nothing more is sent there for {time}: “{rule}” asks for something to be mended")
                if state.to_mend
                else _("nothing more is sent there for {time}: “{rule}”")
            )
            yield sentence.format(time=self.seconds(state.held), rule=state.rule)
        elif state.slowed > 0:
            sentence = _("half as fast for {time}: “{rule}”")
            yield sentence.format(time=self.seconds(state.slowed), rule=state.rule)
        if state.warming is not None:
            sentence = _("warming up, day {day}: {left} of {limit} letters are left for today")
            yield sentence.format(
                day=state.warming.days + 1,
                left=grouped(max(0, state.warming.limit - state.warming.sent), _),
                limit=grouped(state.warming.limit, _),
            )
        if state.waiting:
            sentence = self.ngettext(
                "{n} letter waits for its turn", "{n} letters wait for their turn", state.waiting
            )
            yield sentence.format(n=grouped(state.waiting, _))

    def seconds(self, seconds: float) -> str:
        """ "5 min", "2 h" """
        minutes = max(1, round(seconds / 60))
        return f"{minutes} min" if minutes < 120 else f"{round(minutes / 60)} h"

    def answer(self, letters: PutOff) -> str:
        """What the server said, as far as codes tell, or at which stage nothing came."""
        _ = self.say
        code = letters.reply
        if letters.why == "blocked":
            refused = _("our mail is refused as such")
            return f"{code}, {refused}" if code else refused
        return code or stored_in_words(letters.why, _) or _("no answer")

    def source(self, source: SentInOurName) -> str:
        """One server that sends in our name."""
        _ = self.say
        seen = self.ngettext(
            "seen by {n} organisation", "seen by {n} organisations", source.reporters
        ).format(n=grouped(source.reporters, _))
        return _("{source} as {domain}: {aligned} aligned, {unaligned} not; {seen}").format(
            source=source.source,
            domain=source.domain,
            aligned=grouped(source.aligned, _),
            unaligned=grouped(source.unaligned, _),
            seen=seen,
        )

    def rates(self, provider: ProviderDelivery) -> tuple[RateWords, RateWords]:
        """Complaints and bounces."""
        _, sums = self.say, provider.sums
        complaints = percent(sums.complained, sums.sent, _)
        bounces = percent(sums.bounced, sums.tried, _)
        return (
            RateWords(
                _("complaints {rate}").format(rate=complaints),
                self._limits(COMPLAINTS),
                provider.complaints,
            ),
            RateWords(
                _("bounces {rate}").format(rate=bounces), self._limits(BOUNCES), provider.bounces
            ),
        )

    def _limits(self, guard: Guard) -> str:
        _ = self.say
        return _("warned from {warn}, too many from {over}").format(
            warn=percent(guard.warn, 1000, _), over=percent(guard.over, 1000, _)
        )

    def in_full(self, rate: RateWords) -> str:
        """ "complaints 0.17 %: worth a look (warned from …)" """
        _ = self.say
        return _("{rate}: {level} ({limits})").format(
            rate=rate.share, level=_(LEVELS[rate.level]), limits=rate.limits
        )


def percent(count: int, of: int, _: Say) -> str:
    """A share with two places, such as "0.12 %"; a dash of nothing."""
    if not of:
        return "–"
    hundredths = round(10_000 * count / of)
    figures = _("{whole}.{fraction}").format(
        whole=hundredths // 100, fraction=f"{hundredths % 100:02d}"
    )
    return _("{n} %").format(n=figures)
