"""`relance audit story`, `letter` and `as-of`: what an auditor is told of a person, of a contested
mail, and of a day long past; as text, as one page of HTML, as a table or as JSON.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

from engine.audit.fact_report import FactReport
from engine.audit.held import held_reading
from engine.audit.identity import Identity, identified, identify
from engine.audit.installation_story import (
    installation_as_json,
    installation_facts,
    installation_report,
)
from engine.audit.ledger_dates import LedgerDates
from engine.audit.letter_case import open_case
from engine.audit.letter_report import letter_as_json, letter_report
from engine.audit.letter_search import find_letter
from engine.audit.membership_report import (
    MembershipReport,
    as_lines,
    everybody,
    head_as_json,
    membership_rows,
    row_as_json,
    write_csv,
)
from engine.audit.nothing_held import (
    NothingHeld,
    Question,
    nothing_held_about_address,
    nothing_held_about_mail,
)
from engine.audit.published import Published
from engine.audit.report import Report, as_html, as_text
from engine.audit.standing import letter_names, standing
from engine.audit.story import story_as_json, story_report
from engine.audit.vault_check import deletions, evidence_faults
from engine.cli.checkpoints import hold_everything, refusing
from engine.cli.private_file import private_file
from engine.cli.progress import catch_up
from engine.cli.terminal import json_text
from engine.context import AppContext
from engine.i18n.dates import on_clock, read_date
from engine.i18n.language import N_, Language, counting_translator, translator
from engine.i18n.user_error import NOTHING_PUBLISHED, UserError, address_of
from engine.installation.events import STREAM
from engine.intake.contested import (
    MAX_MAIL_BYTES,
    Contested,
    ContestedRefused,
    message_of,
    read_contested,
)
from engine.sending.compose import Composer
from engine.sequence.delay import DAY
from engine.sequence.timing import to_instant, to_local

NOTHING_HELD = 1
"""The exit status where nothing is held: a script can tell it from a story."""
THE_INSTALLATION = "installation"
"""In place of an address."""
FAULTY = 1
"""The exit status of an answer that shows a fault (docs/audit.md says which marks are faults)."""


def story(context: AppContext, args: argparse.Namespace) -> int:
    language: Language = args.lang or context.config.site.language
    if args.address == THE_INSTALLATION:
        return _installation(context, args, language)
    person = identify(context.ledger, context.vault, args.address)
    if person is None:
        return _nothing_held(_about_address(context, args.address, language), args, language)
    _ = translator(language)
    facts = _facts(context, person, language, _letters(context, person, language))
    now = context.clock.now()
    sentences = list(standing(context, person.subscriber, facts.moment, _))
    report = story_report(person, facts, sentences, now)
    if args.json:
        print(json_text(story_as_json(person, facts, sentences, now)))
    else:
        _hand_out(report, args.html, language)
    return FAULTY if report.faulty else 0


def _installation(context: AppContext, args: argparse.Namespace, language: Language) -> int:
    with refusing():
        entries, facts = installation_facts(context, language)
    now = context.clock.now()
    report = installation_report(entries, facts, now)
    if args.json:
        print(json_text(installation_as_json(entries, facts, now)))
    else:
        _hand_out(report, args.html, language)
    return FAULTY if report.faulty else 0


def letter(context: AppContext, args: argparse.Namespace) -> int:
    language: Language = args.lang or context.config.site.language
    contested, message = _contested(args.mail)
    catch_up(context)
    messages, tokens = (
        (contested.messages, contested.tokens) if contested else ((message,) if message else (), ())
    )
    link_key = context.secrets.link_key
    found = find_letter(context.ledger, context.views, link_key, messages, tokens)
    if found.begun is None:
        questions = _questions(contested, args.mail)
        hold_everything(context)
        with refusing():
            statement = nothing_held_about_mail(context, questions, found.forged, language)
        return _nothing_held(statement, args, language)
    person = identified(context.ledger, context.vault, found.begun.stream)
    facts = _facts(context, person, language, _letters(context, person, language))
    case = open_case(
        Composer(context.config, link_key), person, found, found.begun, contested, facts.published
    )
    now = context.clock.now()
    report = letter_report(case, args.mail, facts, now)
    if args.json:
        print(json_text(letter_as_json(case, facts, now, sound=not report.faulty)))
    else:
        _hand_out(report, args.html, language)
    return FAULTY if report.faulty else 0


def _contested(text: str) -> tuple[Contested | None, str]:
    """A mail, or the message id of a Message-ID. Raises UserError of status 2 for what is
    neither.
    """
    path = Path(text)
    message = message_of(text)
    if message and not path.is_file():
        return None, message
    if "@" in text and "/" not in text and path.suffix != ".eml" and not path.is_file():
        # Of another program's form: there is no such letter here, and that can be said.
        return None, ""
    with path.open("rb") as file:
        data = file.read(MAX_MAIL_BYTES + 1)
    try:
        return read_contested(data), ""
    except ContestedRefused as error:
        raise UserError(N_("{file}: {why}"), 2, file=text, why=error.reason) from error


def _questions(contested: Contested | None, text: str) -> list[Question]:
    if contested is None:
        return [Question("message-id", text)]
    ids = (Question("message-id", identifier) for identifier in contested.ids)
    return [Question("mail", contested.digest), *ids]


def as_of(context: AppContext, args: argparse.Namespace) -> int:
    language: Language = args.lang or context.config.site.language
    instant = _instant(context, args.date)
    read = context.ledger.stored(STREAM)
    installation = [entry for entry, _ in read.values()]
    published = Published(installation)
    number = _list_number(published, args.list)
    person = identify(context.ledger, context.vault, args.address) if args.address else None
    if args.address and person is None:
        return _nothing_held(_about_address(context, args.address, language), args, language)
    dates = LedgerDates(context, installation)
    with refusing():
        held = (
            held_reading(context, read, person.read, person.subscriber)
            if person
            else context.tree.held({at: octets for at, (_, octets) in read.items()})
        )
    faults = [
        *(item.words for item in (*held.differences, *published.altered.values())),
        *dates.faults_at(instant, on_clock(context.config.site.timezone)),
    ]
    out = sys.stdout if args.csv is None and not args.json else sys.stderr
    for fault in faults:
        print(f"! {fault.said(translator(language))}", file=out)
    streams = iter([person.entries]) if person else everybody(context.database, context.ledger)
    report = MembershipReport(
        instant=instant,
        zone=context.config.site.timezone,
        list=number,
        rows=membership_rows(
            context.vault, published, streams, instant, dates.known_at(instant), number
        ),
    )
    if args.csv is not None:
        _write_table(report, args.csv, language)
    elif args.json:
        _print_json(report, with_addresses=args.addresses)
    else:
        for line in as_lines(report, language):
            print(line)
    return FAULTY if faults else 0


def _instant(context: AppContext, text: str) -> int:
    """A day without an hour is known at its end."""
    zone = context.config.site.timezone
    instant = read_date(text, zone)
    if not any(sign in text for sign in ":T"):
        midnight = to_local(instant + DAY + DAY // 8, zone).replace(
            hour=0, minute=0, second=0, microsecond=0, tzinfo=None
        )
        instant = min(to_instant(midnight, zone) - 1, max(instant, context.clock.now()))
    if instant > context.clock.now():
        raise UserError(N_("{date} lies in the future: nothing is known of it"), 2, date=text)
    return instant


def _list_number(published: Published, text: str) -> int:
    if not text:
        return 0
    number = published.list_number(text)
    if number is None:
        if not published.state.editions:
            raise UserError(NOTHING_PUBLISHED, 2)
        raise UserError(N_("no list {list} was ever published here"), 2, list=text)
    return number


def _write_table(report: MembershipReport, path: Path, language: Language) -> None:
    """UTF-8 with its mark, as spreadsheets want it."""
    with private_file(path, "utf-8-sig") as file:
        count = write_csv(report, file)
    ngettext = counting_translator(language)
    sentence = ngettext("{n} row written: {file}", "{n} rows written: {file}", count)
    print(sentence.format(n=count, file=path))


def _print_json(report: MembershipReport, *, with_addresses: bool) -> None:
    """One object; its rows are written as they come, however many there are."""
    sys.stdout.write(json_text(head_as_json(report), indent=None)[:-1] + ', "rows": [')
    between = "\n"
    for row in report.rows:
        address = {"address": row.address or None} if with_addresses else {}
        sys.stdout.write(between + json_text(row_as_json(row) | address, indent=None))
        between = ",\n"
    sys.stdout.write("\n]}\n")


def _letters(context: AppContext, person: Identity, language: Language) -> Mapping[str, str]:
    """What to call each letter, by its message."""
    fields = person.known.fields if person.known else {}
    current, _ = context.installation_stream.current(), translator(language)
    return letter_names(current, fields, person.entries, _)


def _facts(
    context: AppContext, person: Identity, language: Language, letters: Mapping[str, str]
) -> FactReport:
    read = context.ledger.stored(STREAM)
    installation = [entry for entry, _ in read.values()]
    with refusing():
        held = held_reading(context, read, person.read, person.subscriber)
    published, zone = Published(installation), context.config.site.timezone
    return FactReport(
        published=published,
        dates=LedgerDates(context, installation),
        pieces=person.pieces,
        zone=zone,
        language=language,
        letters=letters,
        held=held,
        faults=[*evidence_faults(person.entries, person.pieces, deletions(published, zone))],
    )


def _about_address(context: AppContext, text: str, language: Language) -> NothingHeld:
    hold_everything(context)
    with refusing():
        return nothing_held_about_address(context, address_of(text), language)


def _nothing_held(statement: NothingHeld, args: argparse.Namespace, language: Language) -> int:
    if args.json:
        print(json_text(statement.as_json()))
    elif getattr(args, "html", None) is not None:
        _hand_out(statement.report(language), args.html, language)
    else:
        print(statement.note, end="")
    return NOTHING_HELD


def _hand_out(report: Report, page: Path | None, language: Language) -> None:
    """On standard output, or as one page in a file that its owner alone may read."""
    if page is None:
        for line in as_text(report):
            print(line)
        return
    with private_file(page) as file:
        file.write(as_html(report))
    _ = translator(language)
    print(_("written: {file}").format(file=page))
