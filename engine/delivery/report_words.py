"""The delivery report in words, for the command line and the console."""

from __future__ import annotations

from collections.abc import Iterator

from engine.delivery.figures import PutOff
from engine.delivery.report import BOUNCES, COMPLAINTS, Guard, Level, ProviderDelivery
from engine.desk.dmarc_reports import SentInOurName
from engine.i18n.language import N_, Language, Say, counting_translator, grouped, translator
from engine.i18n.phrases import say_moment
from engine.i18n.stored_words import stored_in_words
from engine.shaping.providers import OTHER

LEVELS: dict[Level, str] = {
    "": N_("within bounds"),
    "warn": N_("worth a look"),
    "over": N_("too many"),
}


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
        """A line for each answer for which letters wait."""
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

    def answer(self, letters: PutOff) -> str:
        """What the server said, as far as codes tell, or at which stage nothing came."""
        _ = self.say
        code = f"{letters.code} {letters.enhanced}".strip() if letters.code else ""
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

    def rates(self, provider: ProviderDelivery) -> Iterator[tuple[str, Level]]:
        """Complaints and bounces, each with its limits and whether it passes one."""
        _, sums = self.say, provider.sums
        yield (
            _("complaints {rate}").format(
                rate=self._rate(sums.complained, sums.sent, COMPLAINTS, provider.complaints)
            ),
            provider.complaints,
        )
        yield (
            _("bounces {rate}").format(
                rate=self._rate(sums.bounced, sums.tried, BOUNCES, provider.bounces)
            ),
            provider.bounces,
        )

    def _rate(self, count: int, letters: int, guard: Guard, level: Level) -> str:
        _ = self.say
        return _("{share} ({level}; warned from {warn}, too many from {over})").format(
            share=percent(count, letters, _),
            level=_(LEVELS[level]),
            warn=percent(guard.warn, 1000, _),
            over=percent(guard.over, 1000, _),
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
