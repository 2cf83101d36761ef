"""What the facts mean about mail that comes back, and about providers that refuse ours. Apart from
findings.py, which is long.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from engine.i18n.language import N_
from engine.status.facts import Facts
from engine.status.finding import Finding

LONG_WAITING_SECONDS = 3600
INBOUND_KINDS: Mapping[str, str] = MappingProxyType(
    {
        "bounced": N_("bounces"),
        "complained": N_("complaints"),
        "replied": N_("replies"),
        "stopped": N_("wishes to leave"),
        "autoreplied": N_("automatic replies"),
        "challenged": N_("challenges"),
        "delayed": N_("delays"),
        "delivered": N_("receipts"),
        "aggregatereport": N_("DMARC reports"),
        "notunderstood": N_("not understood"),
    }
)
"""What mails are counted as, and in words."""


def of_returned_mail(facts: Facts) -> Iterator[Finding]:
    mail = facts.inbound
    for trouble in facts.troubles:
        values = {"why": trouble.why, "since": trouble.since}
        if trouble.what.startswith("inbound-"):
            what = N_("for {since} mail that comes back is not taken in: {why}")
            remedy = N_(
                "it is tried again by itself; see [inbound] in config.toml, or who else listens"
                " there"
            )
            yield Finding(trouble.what, "stuck", what, remedy, values)
        elif trouble.what == "hand-on":
            what = N_("for {since} what people write is not handed on to you: {why}")
            remedy = N_("it is tried again every ten minutes; see `reply_to` in [inbound]")
            yield Finding("hand-on", "stuck", what, remedy, values)
    if {"lmtp", "smtp"} & set(mail.doors) and "inbound" not in facts.live:
        what = N_("nobody takes in mail that comes back: bounces and complaints are not heard")
        remedy = N_("start `relance inbound --listen`, or `relance run`")
        yield Finding("no-inbound", "stuck", what, remedy)
    if mail.waiting and mail.waiting_for > LONG_WAITING_SECONDS and "send" not in facts.live:
        what = N_("{n} mails that people wrote wait to be handed on to you, for {since}")
        remedy = N_("start `relance send`, or `relance run`")
        values = {"n": mail.waiting, "since": mail.waiting_for}
        yield Finding("mail-waits", "stuck", what, remedy, values)
    if mail.is_full:
        what = N_("{n} mails were not understood, and there is no room for more")
        remedy = N_("look at `relance inbound --unknown`, and throw away what is not needed")
        yield Finding("unknown-full", "stuck", what, remedy, {"n": mail.unknown})
    elif mail.unknown:
        what = N_("{n} mails that came back were not understood, the first {since} ago")
        remedy = N_("look at `relance inbound --unknown`")
        values = {"n": mail.unknown, "since": mail.unknown_for}
        yield Finding("unknown-mail", "notice", what, remedy, values)


def of_providers(facts: Facts) -> Iterator[Finding]:
    for held in facts.held_providers:
        values = {"provider": held.title, "rule": held.rule, "left": held.left, "n": held.waiting}
        if held.to_mend:
            what = N_(
                "{provider} refuses our letters ({rule}): for {left} none is sent there, and {n}"
                " wait"
            )
            remedy = N_("`relance doctor` and `relance delivery` say why; then `relance resume`")
            yield Finding("provider-stopped", "stuck", what, remedy, values)
        else:
            what = N_(
                "{provider} asks us to wait ({rule}): for {left} nothing is sent, and {n} wait"
            )
            remedy = N_("nothing is to be done: letters go on by themselves")
            yield Finding("provider-waits", "notice", what, remedy, values)


def of_summary(facts: Facts) -> Iterator[Finding]:
    """The weekly mail to the operator."""
    for trouble in facts.troubles:
        values = {"why": trouble.why, "since": trouble.since}
        if trouble.what == "summary":
            what = N_("for {since} the weekly summary is not sent: {why}")
            remedy = N_(
                "it is tried again every half hour; `relance summary --send` sends it now, or says"
                " what is wrong"
            )
            yield Finding("summary", "stuck", what, remedy, values)
        elif trouble.what == "summary-doubt":
            what = N_("whether the weekly summary arrived is not known ({since} ago: {why})")
            remedy = N_("it is not sent again by itself; `relance summary --send` sends it")
            yield Finding("summary-doubt", "notice", what, remedy, values)
