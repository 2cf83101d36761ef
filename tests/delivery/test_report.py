"""`relance delivery`: what arrived by provider, why the rest waits, and the guards."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from typing import cast

import pytest

from engine.cli.delivery import run
from engine.context import AppContext
from engine.delivery.figures import DayCount, PutOff, Sums, What
from engine.delivery.report import DeliveryStores, ProviderDelivery, delivery_report
from engine.delivery.report_words import DeliveryWords, percent
from engine.desk.dmarc_reports import DmarcReports, ReportedSource
from engine.desk.shaping import ProviderState
from engine.i18n.language import translator
from engine.i18n.user_error import UserError
from engine.sequence.delay import DAY
from engine.shaping.guards import Guard, Level
from engine.shaping.warmup import WarmUp

pytestmark = pytest.mark.postgres


def said(
    context: AppContext, capsys: pytest.CaptureFixture[str], provider: str = "", days: int = 7
) -> str:
    capsys.readouterr()
    assert run(context, argparse.Namespace(days=days, provider=provider, json=False)) == 0
    return capsys.readouterr().out


def as_json(
    context: AppContext, capsys: pytest.CaptureFixture[str], provider: str = ""
) -> dict[str, object]:
    capsys.readouterr()
    run(context, argparse.Namespace(days=2, provider=provider, json=True))
    return cast("dict[str, object]", json.loads(capsys.readouterr().out))


@pytest.mark.parametrize(
    "count, letters, level",
    [
        (1, 1001, ""),
        (1, 1000, "warn"),
        (2, 1000, "warn"),
        (3, 1000, "over"),
        (0, 1000, ""),
        (1, 200, "over"),
        (5, 199, "few"),
    ],
)
def test_a_guard_warns_from_its_limits_on_and_says_nothing_of_few_letters(
    count: int, letters: int, level: Level
) -> None:
    assert Guard(warn=1, over=3).level(count, letters) == level


def test_a_share_has_two_places_in_the_manner_of_the_language() -> None:
    assert percent(3, 1000, translator("en")) == "0.30 %"
    assert percent(1, 8, translator("fr")) == "12,50\u00a0%"
    assert percent(0, 0, translator("fr")) == "–"


def test_the_screen_says_what_each_provider_took_and_why_the_rest_waits(
    context: AppContext, capsys: pytest.CaptureFixture[str]
) -> None:
    screen = said(context, capsys)
    rows = {line.split("  ")[0]: line.split()[-6:] for line in screen.splitlines() if "  " in line}
    assert rows["Orange"] == ["1", "1", "0", "0", "0", "1"]
    assert rows["Gmail"] == ["0", "0", "1", "1", "0", "0"]
    assert rows["Free"] == ["0", "1", "0", "0", "0", "1"]
    assert rows["other providers"] == ["1", "0", "0", "0", "0", "0"]
    assert rows["together"] == ["2", "2", "1", "1", "0", "2"]
    assert "Orange: 1 letter waits (421 4.7.0), tried again from" in screen
    assert "Free: 1 letter waits (550 5.7.1, our mail is refused as such)" in screen
    assert "complaints 0.00 %: few letters (warned from 0.10 %, too many from 0.30 %)" in " ".join(
        screen.split()
    )


def test_what_a_rule_did_is_told_and_for_how_long() -> None:
    words = DeliveryWords("Europe/Paris", "en")
    state = ProviderState(
        provider="orange",
        held=0,
        slowed=3599,
        rule="too-many-connections",
        since=1,
        to_mend=False,
        connections=1,
        waiting=30,
    )
    one = ProviderDelivery(
        provider="orange", title="Orange", sums=Sums(), days=(), parked=30, state=state
    )
    assert one.is_slow and one.waiting == 30
    assert list(words.why_slow(one)) == [
        "half as fast for 60 min: “too-many-connections”",
        "30 letters wait for their turn",
    ]
    warming = replace(state, slowed=0, waiting=0, warming=WarmUp(0, 2, 60))
    one_day = replace(one, parked=0, state=warming)
    assert one_day.is_slow
    assert list(words.why_slow(one_day)) == [
        "warming up, day 3: 165 of 225 letters are left for today"
    ]
    held = replace(one, state=replace(state, held=7300, waiting=0))
    assert list(words.why_slow(held)) == [
        "nothing more is sent there for 2 h: “too-many-connections”"
    ]
    to_mend = replace(one, state=replace(state, held=7300, waiting=0, to_mend=True))
    assert "asks for something to be mended" in "".join(words.why_slow(to_mend))


def test_one_provider_alone_is_shown_and_one_that_nobody_knows_is_a_sentence(
    context: AppContext, capsys: pytest.CaptureFixture[str]
) -> None:
    screen = said(context, capsys, "orange")
    assert "Orange" in screen and "Gmail" not in screen and "together" not in screen
    assert "nothing was sent in the last 7 days" in said(context, capsys, "sfr")
    with pytest.raises(UserError) as refused:
        said(context, capsys, "orage")
    assert "orange" in refused.value.said(lambda text: text)


def test_programs_get_each_day_and_what_waits(
    context: AppContext, capsys: pytest.CaptureFixture[str]
) -> None:
    told = as_json(context, capsys, "orange")
    (orange,) = cast("dict[str, dict[str, object]]", told["providers"]).values()
    days = cast("dict[str, dict[str, int]]", orange["days"])
    assert [sums["sent"] for sums in days.values()] == [0, 1]
    assert orange["sent"] == 1 and orange["complaints"] == "few"
    assert "shaping" in orange
    (letters,) = cast("list[dict[str, object]]", orange["waiting"])
    assert (letters["code"], letters["enhanced"], letters["n"]) == (421, "4.7.0", 1)


def test_who_sends_in_our_name_is_told_as_reports_say(
    context: AppContext, capsys: pytest.CaptureFixture[str]
) -> None:
    reports = DmarcReports(context.database)
    seen = [
        ReportedSource(source="192.0.2.7", aligned=True, disposition="none", letters=1200),
        ReportedSource(source="192.0.2.7", aligned=False, disposition="reject", letters=3),
    ]
    begin = 4_000_000_000
    reports.add(
        organisation="orange.fr", report="1", domain="potager.example", begin=begin, sources=seen
    )
    screen = said(context, capsys)
    assert "192.0.2.7 as potager.example: 1,200 aligned, 3 not; seen by" in " ".join(screen.split())


class Counted:
    """Views that answer with these numbers."""

    def __init__(self, context: AppContext, counts: dict[What, int]) -> None:
        self.config, self.clock, self.database = context.config, context.clock, context.database
        self.counts, self.delivery, self.views = counts, self, self
        self.shaping = context.shaping

    def by_day(self, since: int) -> list[DayCount]:
        day = self.clock.now() // DAY
        return [DayCount("gmail", day, what, n) for what, n in self.counts.items()]

    def put_off(self, since: int) -> list[PutOff]:
        return []

    def ever(self) -> list[tuple[str, What, int]]:
        return []

    def suppressed(self) -> dict[str, int]:
        return {}


@pytest.mark.parametrize(
    "counts, complaints, bounces",
    [
        ({"sent": 10_000, "complained": 9, "hard": 150}, "", ""),
        ({"sent": 10_000, "complained": 10}, "warn", ""),
        ({"sent": 10_000, "complained": 30}, "over", ""),
        ({"sent": 9_800, "failed": 200, "hard": 120, "soft": 80}, "", "warn"),
        ({"sent": 9_500, "failed": 500, "hard": 500}, "", "over"),
        ({"sent": 5_000, "failed": 5_000, "blocked": 5_000}, "", ""),
    ],
)
def test_a_simulated_feed_trips_the_guards(
    context: AppContext, counts: dict[What, int], complaints: Level, bounces: Level
) -> None:
    """A50; a block speaks of the sender, and counts as no bounce."""
    report = delivery_report(cast(DeliveryStores, Counted(context, counts)))
    (gmail,) = report.providers
    assert (gmail.complaints, gmail.bounces) == (complaints, bounces)
    assert (report.whole.complaints, report.whole.bounces) == (complaints, bounces)
    words = DeliveryWords("Europe/Paris", "en")
    assert [rate.level for rate in words.rates(gmail)] == [complaints, bounces]
