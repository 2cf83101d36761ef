"""`doctor`: the installation as mailbox providers and readers see it, line by line, with what mends
each. It changes nothing. Exit status 1 where something does not hold.
"""

from __future__ import annotations

import argparse
import asyncio
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from engine.cli.inbound import octets_of
from engine.cli.terminal import Style, json_text, print_styled
from engine.config import Config
from engine.doctor.examination import CHECKS
from engine.doctor.looking import eyes_of, look, ourselves
from engine.doctor.trial_letter import read_back, trial_letter
from engine.doctor.world import Line, Subject
from engine.i18n.language import N_, Say, counting_translator, grouped, translator
from engine.i18n.user_error import UserError, address_of
from engine.sending.inert_letter import send_one

HEADINGS: Mapping[Subject, str] = {
    "spf": N_("Who may send in your name (SPF)"),
    "dkim": N_("Signatures (DKIM)"),
    "dmarc": N_("What becomes of what is neither (DMARC)"),
    "mailbox": N_("Your own mailboxes"),
    "host": N_("The host that sends"),
    "receiving": N_("How your mail servers are reached (MTA-STS, TLS-RPT)"),
    "brand": N_("Your picture in inboxes (BIMI)"),
    "link": N_("Where links lead"),
    "inbound": N_("What comes back"),
    "blocklist": N_("Lists of unwanted senders"),
    "stream": N_("Two streams"),
    "letter": N_("The letter, as your mail server took it"),
}


def doctor(config: Config, args: argparse.Namespace) -> int:
    if args.letter:
        return _send_letter(config, address_of(args.letter))
    us = ourselves(config)
    if args.received is not None:
        lines = tuple(read_back(octets_of(args.received), us.domain, config.inbound.authserv_ids))
        return _tell(config, {"letter": lines}, as_json=args.json)
    told = asyncio.run(look(us, eyes_of(config), int(time.time()), _subjects(args.only)))
    return _tell(config, told, as_json=args.json)


def _send_letter(config: Config, to: str) -> int:
    subject, letter = trial_letter(config, to, time.time_ns() // 1_000_000, secrets.token_bytes(16))
    send_one(config, letter)
    _ = translator(config.site.language)
    print(_("sent: {subject}").format(subject=subject))
    print(_("Save it as it was received, then: `relance doctor --received FILE.eml`"))
    return 0


def _tell(config: Config, told: Mapping[Subject, Sequence[Line]], *, as_json: bool) -> int:
    """The exit status."""
    language = config.site.language
    _, ngettext = translator(language), counting_translator(language)
    faults = sum(line.is_fault for lines in told.values() for line in lines)
    if as_json:
        print(json_text([_as_json(subject, line, _) for subject, line in _all(told)]))
        return 1 if faults else 0
    for subject, lines in told.items():
        if lines:
            print(_(HEADINGS[subject]))
        for line in lines:
            _print(line, _)
    print()
    if faults:
        sentence = ngettext("{n} thing does not hold", "{n} things do not hold", faults)
        print(sentence.format(n=grouped(faults, _)))
    else:
        print(_("Nothing was found that does not hold."))
    return 1 if faults else 0


def _all(told: Mapping[Subject, Sequence[Line]]) -> Iterator[tuple[Subject, Line]]:
    return ((subject, line) for subject, lines in told.items() for line in lines)


def _subjects(text: str) -> tuple[Subject, ...]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in CHECKS:
            raise UserError(
                N_("there is no subject {name}; there are: {known}"),
                2,
                name=name,
                known=", ".join(CHECKS),
            )
    return cast(tuple[Subject, ...], tuple(names))


def _print(line: Line, _: Say) -> None:
    sign, style = _sign(line)
    print_styled(f"{sign} {line.what.said(_)}", style)
    if line.verdict != "holds":
        for mend in line.mends:
            print(f"      {mend}")


def _sign(line: Line) -> tuple[str, Style | None]:
    match line.verdict:
        case "holds":
            return "+", None
        case "unknown":
            return "?", None
        case "fails":
            return ("-", None) if line.optional else ("!", "error")


def _as_json(subject: Subject, line: Line, _: Say) -> dict[str, object]:
    return {
        "subject": subject,
        "code": line.code,
        "verdict": line.verdict,
        "optional": line.optional,
        "what": line.what.said(_),
        "mends": list(line.mends),
    }
