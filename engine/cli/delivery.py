"""`relance delivery`: what arrives, by receiving provider; what waits for one and why; complaints
and bounces against the guards; who sends in our name, as DMARC reports say.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import asdict

from engine.cli.progress import catch_up
from engine.cli.terminal import json_text, wrapped
from engine.context import AppContext
from engine.delivery.report import DeliveryReport, ProviderDelivery, delivery_report
from engine.delivery.report_words import DeliveryWords
from engine.i18n.language import N_, grouped
from engine.i18n.user_error import UserError
from engine.ledger.codec import iso
from engine.sequence.delay import DAY
from engine.shaping.guards import PASSED

WIDTH = 80
SOURCES_SHOWN = 10
COLUMNS = (
    N_("accepted"), N_("deferred"), N_("failed"), N_("bounces"), N_("complaints"), N_("waiting"),
)  # fmt: skip


def run(context: AppContext, args: argparse.Namespace) -> int:
    known = {provider.name for provider in context.config.providers}
    if args.provider and args.provider not in known:
        names = ", ".join(sorted(known))
        raise UserError(
            N_("no provider is called {name}: {names}"), 2, name=args.provider, names=names
        )
    catch_up(context)
    report = delivery_report(context, args.days, args.provider)
    if args.json:
        print(json_text(_as_json(report)))
        return 0
    site = context.config.site
    for line in _screen(report, DeliveryWords(site.timezone, site.language)):
        print(wrapped(line, WIDTH))
    return 0


def _screen(report: DeliveryReport, words: DeliveryWords) -> Iterator[str]:
    _, ngettext = words.say, words.ngettext
    if report.is_empty:
        sentence = ngettext(
            "nothing was sent in the last day", "nothing was sent in the last {n} days", report.days
        )
        yield sentence.format(n=grouped(report.days, _))
    else:
        yield from _table(report, words)
        yield ""
        for rate in words.rates(report.whole):
            yield words.in_full(rate)
        for provider in report.providers:
            title = words.title(provider)
            for rate in words.rates(provider):
                if rate.level in PASSED:
                    mark = "!" if rate.level == "over" else "-"
                    line = _("{name}: {value}").format(name=title, value=words.in_full(rate))
                    yield f"{mark} {line}"
            for sentence in words.why_slow(provider):
                yield _("{name}: {value}").format(name=title, value=sentence)
    if report.sources:
        yield ""
        yield _("who sends in our name, as DMARC reports say:")
        for source in report.sources[:SOURCES_SHOWN]:
            yield "  " + words.source(source)


def _table(report: DeliveryReport, words: DeliveryWords) -> Iterator[str]:
    _ = words.say
    rows = [(words.title(one), _numbers(one, words)) for one in report.providers]
    if len(rows) > 1:
        rows.append((_("together"), _numbers(report.whole, words)))
    heads = [_(column) for column in COLUMNS]
    widths = [
        max(len(row[n]) for row in (heads, *(r for _t, r in rows))) for n in range(len(heads))
    ]
    first = max(len(title) for title, _row in rows)
    for title, row in (("", heads), *rows):
        cells = "  ".join(f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True))
        yield f"{title:<{first}}  {cells}".rstrip()


def _numbers(one: ProviderDelivery, words: DeliveryWords) -> list[str]:
    sums = one.sums
    counts = (sums.sent, sums.deferred, sums.failed, sums.bounced, sums.complained, one.waiting)
    return [grouped(count, words.say) for count in counts]


def _as_json(report: DeliveryReport) -> dict[str, object]:
    def day(number: int) -> str:
        return iso((report.since + number) * DAY)[:10]

    def shown(one: ProviderDelivery) -> dict[str, object]:
        return asdict(one.sums) | {
            "shaping": asdict(one.state) if one.state is not None else None,
            "waiting": [
                {k: v for k, v in letters._asdict().items() if k != "provider"}
                for letters in one.put_off
            ],
            "complaints": one.complaints or "ok",
            "bounces": one.bounces or "ok",
            "days": {day(n): asdict(sums) for n, sums in enumerate(one.days)},
        }

    return {
        "since": day(0),
        "days": report.days,
        "all": shown(report.whole),
        "providers": {one.provider: shown(one) for one in report.providers},
        "sources": [asdict(source) for source in report.sources],
    }
