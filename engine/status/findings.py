"""What the facts mean: what is wrong, how bad it is, and what to do. One pure function for the
screen, the metrics and `/health`.

Sentences are English and marked for the catalogue; `values` are put in once they are translated.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from engine.i18n.language import N_
from engine.status.connection_findings import of_webhooks
from engine.status.delivery_findings import PAUSED_BECAUSE, RESUME, of_delivery
from engine.status.facts import Facts, ViewState
from engine.status.finding import WRONG as WRONG
from engine.status.finding import Finding as Finding
from engine.status.finding import Level
from engine.status.finding import is_well as is_well
from engine.status.hook_findings import of_hooks
from engine.status.mail_findings import of_providers, of_returned_mail, of_summary
from engine.status.process_findings import of_processes
from engine.status.release_findings import of_releases

LATE_SECONDS = 60
SLOW_SECONDS = 900
DAY_SECONDS = 86_400
CLOCK_SECONDS = 300
LOW_BYTES, FULL_BYTES = 2_000_000_000, 200_000_000


def findings(facts: Facts) -> tuple[Finding, ...]:
    """The worst first."""
    about = (
        of_sending(facts),
        of_mailbox(facts),
        of_summary(facts),
        of_proof(facts),
        of_people(facts),
        of_forms(facts),
        of_breaches(facts),
        of_requests(facts),
        of_returned_mail(facts),
        of_delivery(facts),
    )
    told = [
        *of_clock(facts),
        *of_processes(facts),
        *of_releases(facts),
        *of_views(facts.views),
        *chain.from_iterable(about),
        *of_keys(facts),
        *of_signing(facts),
        *of_doctor(facts),
        *of_robot(facts),
        *of_hooks(facts),
        *of_webhooks(facts),
        *of_providers(facts),
        *of_room(facts),
    ]
    order = ("stopped", "stuck", "notice")
    return tuple(sorted(told, key=lambda finding: order.index(finding.level)))


def of_clock(facts: Facts) -> Iterator[Finding]:
    clock = facts.clock
    if clock.behind > CLOCK_SECONDS * max(1, clock.rate):
        what = N_(
            "the clock stands {since} before the last fact of the ledger: what happens is recorded"
            " at that fact's time"
        )
        remedy = N_("set this machine's clock right; who leaves is taken down meanwhile")
        yield Finding("clock-behind", "stuck", what, remedy, {"since": clock.behind})
    if clock.jumped:
        what = (
            N_("this machine's clock jumped forward by {since} while something ran")
            if clock.jumped > 0
            else N_("this machine's clock jumped back by {since} while something ran")
        )
        remedy = N_("the ledger says where, and auditors read it; let a time server keep the clock")
        yield Finding("clock-jumped", "notice", what, remedy, {"since": abs(clock.jumped)})
    match clock.trial:
        case "whole":
            what = N_(
                "this is a trial: its clock was sped up, and its dates lie {ahead} after real time"
            )
            remedy = N_("`relance trial reset` throws away what it has lived and begins afresh")
            yield Finding("trial", "notice", what, remedy, {"ahead": clock.ahead})
        case "over people":
            what = N_(
                "the clock was sped up over people registered at real time: its dates lie {ahead}"
                " after real time"
            )
            remedy = N_("it cannot be undone; `relance run --speed 1` lets no more time be lost")
            yield Finding("trial", "notice", what, remedy, {"ahead": clock.ahead})
        case "":
            return


def of_views(views: Iterable[ViewState]) -> Iterator[Finding]:
    """Also what `/health` goes by: every view follows while none of these is found."""
    for view in views:
        values: dict[str, object] = {
            "view": view.name,
            "position": view.position,
            "behind": view.behind,
            "since": view.late,
        }
        if view.fault:
            what = N_("the view {view} has stopped after position {position}: {why}")
            remedy = N_(
                "the others go on; once the cause is mended it goes on by itself, or `relance"
                " rebuild {view}` makes it anew"
            )
            yield Finding("view-stopped", "stopped", what, remedy, values | {"why": view.fault})
        elif view.behind < 0:
            what = N_(
                "the view {view} knows of {behind} entries that the ledger no longer has: an older"
                " ledger was put back"
            )
            values["behind"] = -view.behind
            yield Finding(
                "view-ahead", "stopped", what, N_("make it anew: `relance rebuild {view}`"), values
            )
        elif view.late > LATE_SECONDS:
            what = N_(
                "the view {view} is {behind} entries behind, the first of them written {since} ago"
            )
            yield Finding(
                "view-behind",
                "stopped",
                what,
                N_("it catches up by itself while `relance follow` or `relance run` runs"),
                values,
            )


def of_sending(facts: Facts) -> Iterator[Finding]:
    for number, why in sorted(facts.paused.items()):
        held = sum(waiting.now for waiting in facts.waiting if number in (0, waiting.list))
        values: dict[str, object] = {"list": number, "reason": why, "n": held}
        if number:
            what = N_("list {list} is paused ({reason}); letters due: {n}")
            yield Finding(
                "list-paused",
                "notice",
                what,
                N_("`relance resume --list {list}` lets them go on"),
                values,
            )
        else:
            what = N_("sending is paused ({reason}); letters due: {n}")
            yield Finding("paused", "stopped", what, PAUSED_BECAUSE.get(why, RESUME), values)
    for trouble in facts.troubles:
        values = {"why": trouble.why, "since": trouble.since}
        if trouble.what == "relay":
            what = N_("for {since} the mail server cannot be used: {why}")
            yield Finding(
                "relay",
                "stopped",
                what,
                N_("it is tried again by itself; see [smtp] in config.toml, and your provider"),
                values,
            )
        elif trouble.what == "journal":
            what = N_("the stop journal cannot be written: {why}")
            remedy = N_(
                "people leave all the same, and erasures wait: free or mend the disk that holds"
                " data/"
            )
            yield Finding("journal", "stopped", what, remedy, values)
        elif trouble.what == "store":
            what = N_(
                "for {since} the built-in PostgreSQL is not looked after, and would not be started"
                " again: {why}"
            )
            yield Finding(
                "store",
                "stopped",
                what,
                N_("mend what it names; if it stays, stop Relance and start it again"),
                values,
            )
        elif trouble.what == "console":
            what = N_("for {since} the console does not answer, and everything else goes on: {why}")
            remedy = N_(
                "mend what it names ([console] host, port; else the log says what), then start"
                " `relance console` beside, or Relance anew"
            )
            yield Finding("console", "stuck", what, remedy, values)
        elif trouble.what == "blocked":
            what = N_("{since} ago the mail server refused our mail as such: {why}")
            yield Finding(
                "blocked",
                "notice",
                what,
                N_("`relance resume` forgets this once it is settled"),
                values,
            )
    excused = (
        0 in facts.paused
        or "send" not in facts.live
        or any(trouble.what == "relay" for trouble in facts.troubles)
    )
    if facts.tick is not None and facts.tick > SLOW_SECONDS and not excused:
        what = N_("no round of sending has ended for {since}")
        yield Finding(
            "slow",
            "notice",
            what,
            N_("is the mail server slow? see [smtp] connections in config.toml"),
            {"since": facts.tick},
        )


MAILBOX_REMEDIES: Mapping[str, str] = {
    "imap-unreachable": N_(
        "it is tried again by itself; see [inbound] imap in config.toml, and your provider"
    ),
    "imap-certificate": N_(
        "[inbound] imap names the host as its certificate does; an authority of your own is made"
        " known by SSL_CERT_FILE"
    ),
    "imap-password-file": N_(
        "the file of [inbound] imap_password_file holds the password and nothing else, and"
        " Relance may read it"
    ),
    "imap-login": N_(
        "mend the name in [inbound] imap or the password in imap_password_file; some providers want"
        " a password made for programs. It is tried again every five minutes"
    ),
    "imap-folder": N_(
        "make that folder in your mail program, or name another in [inbound] folder_understood"
        " (some servers want it below INBOX: INBOX.Relance)"
    ),
    "imap-ended": N_("everything else goes on; the log says what it was. Start Relance anew"),
}
"""By the trouble's name."""


def of_mailbox(facts: Facts) -> Iterator[Finding]:
    """The mailbox of `[inbound] imap`."""
    for trouble in facts.troubles:
        if remedy := MAILBOX_REMEDIES.get(trouble.what):
            what = N_("for {since} the mailbox of mails that come back is not read: {why}")
            if trouble.what == "imap-folder":
                what = N_("for {since} mails that come back are not put away: no folder {why}")
            yield Finding(
                trouble.what, "stuck", what, remedy, {"why": trouble.why, "since": trouble.since}
            )


def of_proof(facts: Facts) -> Iterator[Finding]:
    refused = [trouble for trouble in facts.troubles if trouble.what == "proof"]
    for trouble in refused:
        what = N_("for {since} no checkpoint of the ledger is signed: {why}")
        values = {
            "why": trouble.why,
            "since": trouble.since,
        }
        yield Finding(
            "unsigned",
            "stopped",
            what,
            N_(
                "once it is mended, `relance audit checkpoint` signs one, or says what still is"
                " wrong"
            ),
            values,
        )
    remedies = {
        "witness": (
            "unwitnessed",
            N_("for {since} a witness has not got the checkpoint of the ledger: {why}"),
            N_(
                "it is tried again within the hour; `relance audit witness` sends it now, and says"
                " to whom it cannot go"
            ),
        ),
        "cosigner": (
            "uncosigned",
            N_("for {since} a witness has not cosigned the checkpoint of the ledger: {why}"),
            N_(
                "it is asked again within the hour; `relance audit witness` asks it now, and says"
                " what it answers"
            ),
        ),
        "stamp": (
            "unstamped",
            N_("for {since} no checkpoint of the ledger is stamped with the time: {why}"),
            N_(
                "it is tried again within the hour; mend [proof] stamp or stamp_roots in"
                " config.toml, and `relance audit stamp` does it now"
            ),
        ),
    }
    for trouble in facts.troubles:
        if trouble.what in remedies:
            code, what, remedy = remedies[trouble.what]
            level: Level = "notice" if trouble.since < DAY_SECONDS else "stopped"
            yield Finding(code, level, what, remedy, {"why": trouble.why, "since": trouble.since})
    tree = facts.tree
    late = (
        tree.age is not None
        and tree.age > max(SLOW_SECONDS, 2 * facts.checkpoint_every)
        and facts.head > tree.signed
    )
    if late and not refused and "follow" in facts.live:
        what = N_(
            "the last checkpoint of the ledger is {since} old, and {n} entries have come since"
        )
        values = {"since": tree.age, "n": facts.head - tree.signed}
        yield Finding(
            "checkpoint-late",
            "notice",
            what,
            N_("`relance audit checkpoint` signs one now"),
            values,
        )


def of_people(facts: Facts) -> Iterator[Finding]:
    if facts.in_doubt:
        what = N_("letters whose acceptance is not known: {n}")
        remedy = N_("`relance in-doubt` lists them, and sends them again or takes them as sent")
        yield Finding("in-doubt", "stuck", what, remedy, {"n": facts.in_doubt})
    for withheld in facts.withheld:
        what = N_("{letter} is withheld from {people}: {wanting}")
        remedy = N_(
            "mend that, then `relance retry-withheld {id}` sends it; with `--late` also past the"
            " lateness its author allows"
        )
        values: dict[str, object] = {
            "key": withheld.key,
            "letter": withheld.letter,
            "id": withheld.letter,
            "wanting": withheld.what,
            "people": withheld.people,
        }
        yield Finding("withheld", "stuck", what, remedy, values)
    if facts.stuck:
        what = N_("set aside with their reason: {n}; everything else goes on")
        remedy = N_(
            "`relance show ID` tells each one’s story; mended, it goes on by itself; seen to,"
            " `relance status --settled`"
        )
        yield Finding("stuck", "stuck", what, remedy, {"n": len(facts.stuck)})


def of_forms(facts: Facts) -> Iterator[Finding]:
    if facts.forms_held:
        what = N_(
            "forms are posted far more than usual: {n} requests to confirm are held, and leave"
            " little by little within {until}"
        )
        remedy = N_(
            "nothing is lost; if robots post them, `relance pause` holds all sending until your"
            " proxy keeps them out"
        )
        yield Finding(
            "forms-held",
            "stuck",
            what,
            remedy,
            {"n": facts.forms_held, "until": facts.forms_held_for},
        )


def of_breaches(facts: Facts) -> Iterator[Finding]:
    remedy = N_(
        "`relance papers breaches` shows the log; `relance breach update ID` writes down what was"
        " done"
    )
    for breach in facts.breaches_late:
        what = N_(
            "of breach {breach} the authority should have been told within 72 hours, and has not"
            " been"
        )
        yield Finding("breach-late", "stuck", what, remedy, {"breach": breach})
    for breach in facts.breaches_waiting:
        what = N_("breach {breach} is under way: the authority or the people are still to be told")
        yield Finding("breach", "notice", what, remedy, {"breach": breach})


def of_requests(facts: Facts) -> Iterator[Finding]:
    remedy = N_(
        "`relance requests` lists them; answered elsewhere, `relance requests --answered ID`"
        " says so"
    )
    if facts.requests_late:
        what = N_("rights people asked for and that should have been answered by now: {n}")
        yield Finding("request-late", "stuck", what, remedy, {"n": facts.requests_late})
    elif facts.requests:
        yield Finding(
            "requests",
            "notice",
            N_("rights people asked for that wait for an answer: {n}"),
            remedy,
            {"n": facts.requests},
        )


def of_keys(facts: Facts) -> Iterator[Finding]:
    remedy = N_(
        "`relance api-key create` makes another; once that is used, `relance api-key revoke {key}`"
    )
    for key in facts.keys:
        what = (
            N_("the API key {name} expires in {since}")
            if key.left > 0
            else N_("the API key {name} expired {since} ago: its calls are refused")
        )
        code = "key-expires" if key.left > 0 else "key-expired"
        values = {
            "name": key.name,
            "key": key.id,
            "since": abs(key.left),
        }
        yield Finding(code, "notice", what, remedy, values)


def of_signing(facts: Facts) -> Iterator[Finding]:
    for code, told in facts.signing:
        level: Level = "stopped" if code == "unusable" else "notice"
        remedy = (
            N_("no letter leaves unsigned: they wait until the key can be used")
            if level == "stopped"
            else N_("`relance dkim show` prints the keys and their lines in the DNS")
        )
        yield Finding(f"dkim-{code}", level, told.message, remedy, dict(told.values))


def of_doctor(facts: Facts) -> Iterator[Finding]:
    if facts.ailments:
        what = N_("for {since} the doctor finds what does not hold: {codes}")
        values: dict[str, object] = {
            "codes": ", ".join(facts.ailments),
            "since": max(facts.ailments.values()),
        }
        remedy = N_("`relance doctor` says what each is, and what mends it")
        yield Finding("doctor", "stuck", what, remedy, values)


def of_robot(facts: Facts) -> Iterator[Finding]:
    for form, step in facts.forms_failing.items():
        what = N_("the robot did not get through the form {form}: {step}")
        remedy = N_("docs/doctor.md says what each step is; the next night tries it again")
        yield Finding("form-fails", "stuck", what, remedy, {"form": form, "step": step})


def of_room(facts: Facts) -> Iterator[Finding]:
    if facts.disk_total and facts.disk_free < LOW_BYTES:
        level: Level = "stopped" if facts.disk_free < FULL_BYTES else "notice"
        what = N_("{free} are left on the disk that holds data/")
        yield Finding(
            "disk",
            level,
            what,
            N_("free some space: on a full disk nothing is written, and nothing leaves"),
            {"free": facts.disk_free},
        )
