"""Three weeks of letters to several providers, as their outcomes would have been recorded: one that
complains too much, one that puts letters off, one that refuses us.
"""

from __future__ import annotations

import uuid

from engine.context import AppContext
from engine.desk.dmarc_reports import DmarcReports, ReportedSource
from engine.ledger.codec import Encoded
from engine.ledger.store import AT_HEAD, Append
from engine.sequence.delay import DAY, MINUTE
from engine.subscriber import events as e

SENT = {"orange": 140, "gmail": 210, "free": 60, "sfr": 35, "microsoft": 90, "other": 20}
DAYS = 14


def delivered(context: AppContext) -> None:
    """As of now, and followed by the views."""
    now, appends = context.clock.now(), list[Append]()
    listed = context.installation_stream.current().plan().lists[10]
    first, purpose = listed.letters[0].id, listed.purpose
    for days_ago in range(DAYS):
        at = now - days_ago * DAY
        for provider, n in SENT.items():
            for number in range(n + (days_ago * 7) % 11):
                appends.append(_facts(now, _letter(at, provider, number, days_ago)))
    for provider, code, enhanced, n in (("free", 550, "5.7.1", 4), ("orange", 421, "4.7.0", 12)):
        for _ in range(n):
            message = uuid.uuid4().hex
            why = "blocked" if code == 550 else "rcpt"
            put_off = e.LetterDeferred(
                now, message, now + 20 * MINUTE, code, enhanced, why, provider
            )
            joined = e.ListJoined(now, 10, 1)
            begun = e.LetterBegun(now, "list:10", "letter", first, message, 1, 10, 1, purpose)
            given = e.ConsentGiven(now, purpose, "single")
            registered = e.SubscriberRegistered(now, "Europe/Paris", "fr")
            appends.append(_facts(now, [registered, given, joined, begun, put_off]))
    context.ledger.append(appends)
    context.views.catch_up()


def reported(context: AppContext) -> None:
    """What DMARC reports say of these days."""
    begin = context.clock.now() // 1000
    for organisation, server, aligned, unaligned in (
        ("google.com", "192.0.2.25", 4210, 0),
        ("orange.fr", "192.0.2.25", 1933, 12),
        ("google.com", "198.51.100.7", 0, 31),
    ):
        DmarcReports(context.database).add(
            organisation=organisation,
            report=f"{organisation}/{server}",
            domain="potager.example",
            begin=begin,
            sources=[
                ReportedSource(source=server, aligned=True, disposition="none", letters=aligned),
                ReportedSource(
                    source=server, aligned=False, disposition="quarantine", letters=unaligned
                ),
            ],
        )


def _facts(now: int, events: list[e.PersonEvent]) -> Append:
    stream = str(uuid.uuid4())
    return Append(
        stream,
        AT_HEAD,
        tuple(Encoded(stream, event, e.Cause("engine"), now) for event in events),
    )


def _letter(at: int, provider: str, number: int, days_ago: int) -> list[e.PersonEvent]:
    message = uuid.uuid4().hex
    if provider == "gmail" and number % 400 == 3:
        complaint = e.MailComplained(at, "feedback", provider)
        return [e.LetterSent(at, message, 250, provider=provider), complaint]
    if provider == "sfr" and number % 30 == 7:
        return [
            e.LetterFailed(at, message, 550, "5.1.1", "refused", provider),
            e.MailBounced(at, "hard", message, 550, "5.1.1", provider),
        ]
    if provider == "orange" and number % (9 + days_ago) == 0:
        return [
            e.LetterDeferred(at, message, at + MINUTE, 421, "4.7.0", "rcpt", provider),
            e.LetterBegun(
                at, "list:10", "letter", "x", message, 1, 10, 1, "conseils", "s", attempt=2
            ),
            e.LetterSent(at, message, 250, provider=provider),
        ]
    return [e.LetterSent(at, message, 250, provider=provider)]
