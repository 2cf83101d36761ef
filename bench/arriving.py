"""Bounces by mail, each of another letter, brought by LMTP over eight connections to `relance
inbound --listen`, against a listener that reads each mail as ours does and records nothing.

A mail counts from its first octet to the answer, which is after the commit: the letter is looked
up, the bounce decided and recorded, its words kept, its digest remembered.
"""

from __future__ import annotations

import smtplib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from bench.installation import BATCH, Installation, installed, join, send_by_hand
from bench.processes import free_port, listening, module, running
from bench.sizes import Size
from bench.table import Row, Watch, against
from engine.mime.return_path import return_address, return_key

CONNECTIONS = 8
Mail = tuple[str, bytes]
INBOUND = """
[inbound]
lmtp = "127.0.0.1:{}"
reply_to = "martine@potager.example"
"""
BOUNCE = """Return-Path: <>\r
From: Mail Delivery System <MAILER-DAEMON@mx.lecteurs.example>\r
To: {path}\r
Subject: Undelivered Mail Returned to Sender\r
Date: Mon, 30 Nov 2026 10:00:00 +0100\r
Auto-Submitted: auto-replied\r
MIME-Version: 1.0\r
Content-Type: multipart/report; report-type=delivery-status; boundary="=_b"\r
\r
--=_b\r
Content-Type: text/plain; charset=utf-8\r
\r
This is the mail system at host mx.lecteurs.example.\r
\r
<reader@lecteurs.example>: host mx.lecteurs.example[192.0.2.25] said: 552 5.2.2 Mailbox full\r
\r
--=_b\r
Content-Type: message/delivery-status\r
\r
Reporting-MTA: dns; mx.lecteurs.example\r
\r
Final-Recipient: rfc822; reader@lecteurs.example\r
Action: failed\r
Status: 5.2.2\r
Diagnostic-Code: smtp; 552 5.2.2 Mailbox full\r
\r
--=_b\r
Content-Type: message/rfc822\r
\r
Return-Path: <{path}>\r
From: Le Potager <bonjour@potager.example>\r
To: reader@lecteurs.example\r
Subject: Avez-vous seme ?\r
\r
{body}\r
--=_b--\r
"""
BODY = "Bonjour, voici ce qu'il faut semer ce mois-ci.\r\n" * 60


def measure(size: Size) -> list[Row]:
    """Each round bounces the letters of one list, then brings the same mails to the other."""
    rounds, count = size.pick((3, 40), (5, 1000), (5, 4000))
    ours, least = free_port(), free_port()
    found = []
    with (
        installed(INBOUND.format(ours)) as here,
        running(
            module("engine", "-C", str(here.folder), "inbound", "--listen"), says_ready=False
        ) as listener,
        running(module("bench.reading", str(least))),
    ):
        listening(ours, listener)
        for number in range(1, rounds + 1):
            mails = _bounces(here, number, count)
            before = here.context.ledger.head()
            with Watch() as recording:
                _bring(ours, mails)
            if here.context.ledger.head() != before + count:
                recorded = here.context.ledger.head() - before
                raise RuntimeError(f"of {count} bounces {recorded} were recorded")
            with Watch() as reading:
                _bring(least, mails)
            found.append((count / recording.seconds, count / reading.seconds))
    return [against("inbound mails", "mails/s", None, found)]


def _bounces(here: Installation, number: int, count: int) -> list[Mail]:
    streams, key = join(here.context, number, count), return_key(here.context.secrets.link_key)
    mails: list[Mail] = []
    for first in range(0, count, BATCH):
        for _, message in send_by_hand(here.context, number, streams[first : first + BATCH]):
            path = return_address(key, "bounce", "bounce@potager.example", message)
            mails.append((path, BOUNCE.format(path=path, body=BODY).encode()))
    here.context.views.catch_up()
    return mails


def _bring(port: int, mails: Sequence[Mail]) -> None:
    shares = [mails[first::CONNECTIONS] for first in range(CONNECTIONS)]
    with ThreadPoolExecutor(CONNECTIONS) as clients:
        list(clients.map(partial(_bring_some, port), shares))


def _bring_some(port: int, mails: Sequence[Mail]) -> None:
    with smtplib.LMTP("127.0.0.1", port) as client:
        for path, octets in mails:
            client.sendmail("", [path], octets)
