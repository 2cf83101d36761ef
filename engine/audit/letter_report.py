"""A contested letter's case as a report and as JSON: what the mail is, whose, what became of it, on
what ground it stood, and in what words it was published.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import cast

from engine.audience.segments import around, own_lines
from engine.audit.committed_address import address_lines
from engine.audit.fact_report import FactReport, ground_as_json, held_as_json
from engine.audit.letter_case import Comparison, LetterCase
from engine.audit.letter_search import marks_in_words
from engine.audit.report import Line, Note, Report, Section
from engine.i18n.dates import shown
from engine.i18n.language import Language, Say
from engine.i18n.phrases import quoted, titled_list, titled_purpose
from engine.intake.address import AddressRefused, normalise
from engine.ledger.codec import Entry, iso
from engine.sequence.condition import InSegment, reads_vault
from engine.sequence.model import Plan, Segment
from engine.subscriber import events as e
from engine.subscriber.evolve import fold
from engine.subscriber.truth import SegmentConditions


def letter_report(case: LetterCase, asked: str, facts: FactReport, now: int) -> Report:
    """`asked` is what the auditor typed, a file or a Message-ID; `facts` words the facts of the
    case's person; `now` is engine time (ms).
    """
    _, zone = facts.say, facts.zone
    sections = (
        *facts.sections(),
        Section(_("The mail that is contested"), tuple(_mail(case, asked, facts.language, _))),
        Section(_("The letter and its reader"), tuple(_letter(case, facts, _))),
        Section(_("What became of it"), tuple(_outcomes(case, facts, _))),
        Section(_("The ground it stood on"), tuple(_ground(case, facts, _))),
        Section(_("The words as they were published"), tuple(_words(case, facts, _))),
        Section(_("The contested words held against them"), tuple(_comparison(case, facts, _))),
    )
    title = _("A contested letter, looked into on {when} ({zone})")
    return Report(title.format(when=shown(now, zone), zone=zone), sections, facts.language)


def _mail(case: LetterCase, asked: str, language: Language, _: Say) -> Iterator[Line]:
    mail = case.contested
    if mail is None:
        yield from marks_in_words(case.found, (asked,), (case.letter.message,), None, language, _)
        return
    for head, value in (
        ("From", mail.sender),
        ("To", mail.to),
        ("Subject", mail.subject),
        ("Date", mail.date),
    ):
        if value:
            yield Line(f"{head}: {value}")
    yield Line(_("SHA-256 of the file: {digest}").format(digest=mail.digest))
    yield from marks_in_words(case.found, mail.ids, mail.messages, mail.tokens, language, _)


def _letter(case: LetterCase, facts: FactReport, _: Say) -> Iterator[Line]:
    known = case.person.known
    if known is None:
        yield Line(
            _("person {id}; their address is no longer held").format(id=case.person.subscriber)
        )
    else:
        yield Line(
            _("person {id}, today under {address}").format(
                id=case.person.subscriber, address=known.address
            )
        )
        to = _normal(case.contested.to) if case.contested is not None else ""
        if to and to != known.address:
            yield Line(
                _("the mail says it went to {to}: another address than theirs today").format(to=to),
                mark="pointer",
            )
    yield from address_lines(case.person.committed, _)
    plan = facts.published.plan_at(case.begun.position)
    values = {
        "letter": facts.letters.get(case.letter.message) or quoted(case.letter.letter, _),
        "purpose": titled_purpose(plan, case.letter.purpose),
    }
    if case.letter.list:
        sentence = _("letter {letter} of list {list}, for “{purpose}”")
        yield Line(sentence.format(**values, list=titled_list(plan, case.letter.list)))
    else:
        yield Line(_("letter {letter}, for “{purpose}”").format(**values))
    if segment := plan.segments.get(case.letter.segment):
        sentence = _("it went to the segment “{segment}”, in which was who fits all of this:")
        yield Line(
            sentence.format(segment=segment.name),
            tuple(
                Note(f"{one.id}, {way}: {line}")
                for one in around(plan, segment)
                for way, line in own_lines(one)
            ),
        )
        yield _recomputed(case, facts, plan, segment, _)
    if version := case.letter.version:
        yield Line(
            _("it went in version {version}, which is drawn for them").format(version=version)
        )
    yield from map(facts.line, case.attempts)


def _recomputed(case: LetterCase, facts: FactReport, plan: Plan, segment: Segment, _: Say) -> Line:
    """Whether they were in it when the mailing fell due, by their facts up to then that were known
    when the letter was begun.
    """
    conditions = SegmentConditions(plan)
    condition = conditions.resolved(InSegment(segment.id))
    if reads_vault(condition):
        return Line(_("not reproducible once a field has changed or gone: it is not asked again"))
    calendar = facts.published.calendar_at(case.begun.position)
    fell_due = next((o.at for o in calendar if o.key == case.letter.key), case.letter.at)
    known = (
        cast(e.PersonEvent, entry.event)
        for entry in case.person.entries
        if entry.version < case.begun.version and entry.event.at <= fell_due
    )
    truth, _changes = conditions.truth_of(condition, fold(known), None, fell_due)
    when = shown(fell_due, facts.zone)
    if truth:
        return Line(_("asked again of their facts up to {when}: they were in it").format(when=when))
    sentence = _("asked again of their facts up to {when}: they were NOT in it")
    return Line(sentence.format(when=when), mark="pointer")


def _normal(address: str) -> str:
    try:
        return normalise(address)
    except AddressRefused:
        return ""


def _outcomes(case: LetterCase, facts: FactReport, _: Say) -> Iterator[Line]:
    yield from map(facts.line, case.outcomes)
    if not case.outcomes:
        yield Line(_("nothing is recorded yet of how it ended"), mark="pointer")


def _ground(case: LetterCase, facts: FactReport, _: Say) -> Iterator[Line]:
    ground = facts.ground(case.ground, facts.published.plan_at(case.begun.position))
    yield Line(ground.text, mark=ground.mark)
    for entry in case.about:
        line = facts.line(entry)
        yield Line(line.text, (*_moment(case, entry, _), *line.notes), line.mark)


def _moment(case: LetterCase, entry: Entry, _: Say) -> Iterator[Note]:
    """Whether a fact was known before the letter was begun; a withdrawal between its beginning and
    its end is a letter under way.
    """
    if entry == case.ground.fact and not case.ground.why_not:
        yield Note(_("this is the ground the letter stood on"))
    elif entry == case.ground.withdrawn:
        yield Note(_("this took the ground back, before the letter"), "pointer")
    elif entry.version < case.begun.version:
        yield Note(_("before this letter"))
    elif isinstance(entry.event, e.ConsentWithdrawn) and any(
        outcome.name == "letter-sent" and outcome.version > entry.version
        for outcome in case.outcomes
    ):
        yield Note(_("while this letter was being handed over"), "pointer")
    else:
        yield Note(_("after this letter"))


def _words(case: LetterCase, facts: FactReport, _: Say) -> Iterator[Line]:
    words = case.words
    if words is None:
        sentence = _("edition {edition} has no letter “{letter}”: its words cannot be shown")
        yield Line(
            sentence.format(edition=case.letter.edition, letter=case.letter.letter), mark="fault"
        )
        return
    yield Line(
        _("edition {edition}, published {when}").format(
            edition=words.edition, when=shown(words.published_at, facts.zone)
        )
    )
    if words.digest in facts.published.altered:
        sentence = _("{file}: the words published then are not in this ledger any more")
        yield Line(sentence.format(file=words.source.path), mark="fault")
        return
    yield Line(_("subject: {subject}").format(subject=words.source.subject))
    if words.digest:
        yield Line(
            _("{file}, SHA-256 {digest}:").format(file=words.source.path, digest=words.digest),
            (Note("", verbatim=words.source.body),),
        )
    else:
        yield Line(_("the engine's own words:"), (Note("", verbatim=words.source.body),))


def _comparison(case: LetterCase, facts: FactReport, _: Say) -> Iterator[Line]:
    if case.contested is None:
        yield Line(_("only an id was given: no words to compare"))
        return
    if case.words is not None and case.words.digest in facts.published.altered:
        yield Line(_("not compared: the words published then are not held any more"))
        return
    for name, comparison in (
        (_("subject"), case.subject),
        (_("text part"), case.text),
        (_("HTML part"), case.html),
    ):
        if comparison is not None:
            yield _compared_part(name, comparison, _)
    yield Line(
        _(
            "white space and the site's host count for nothing; the foot is made anew from"
            " config.toml as it is today"
        )
    )


def _compared_part(name: str, comparison: Comparison, _: Say) -> Line:
    sentences = {
        "same": _("{part}: word for word what was published, with the fields held today"),
        "same-but-fields": _(
            "{part}: what was published, with other or no fields of the person than are held today"
        ),
        "added": _("{part}: what was published stands in it, with words of others before or after"),
        "differs": _("{part}: NOT what was published"),
        "absent": _("{part}: the mail has none"),
    }
    notes: tuple[Note, ...] = ()
    if comparison.fields:
        fields = " · ".join(f"“{field}”" for field in comparison.fields)
        notes = (Note(_("in the place of the fields stands: {said}").format(said=fields)),)
    if comparison.verdict == "differs":
        excerpts = (
            _("published here: {words}").format(words=comparison.published),
            _("contested here: {words}").format(words=comparison.contested),
        )
        notes = tuple(map(Note, excerpts))
    sentence = sentences[comparison.verdict].format(part=name)
    return Line(sentence, notes, "fault" if comparison.verdict == "differs" else "")


def letter_as_json(
    case: LetterCase, facts: FactReport, now: int, *, sound: bool
) -> dict[str, object]:
    """The same findings as codes, positions and instants; `now` is engine time (ms). `sound`: its
    report has no fault.
    """
    found, mail, words = case.found, case.contested, case.words
    return {
        "held": True,
        "sound": sound,
        "told_at": iso(now),
        "not_as_signed": held_as_json(facts),
        "mail": (
            None
            if mail is None
            else {
                "sha256": mail.digest,
                "to": mail.to,
                "subject": mail.subject,
                "date": mail.date,
                "ids": list(mail.ids),
            }
        ),
        "found": {
            "by_message_id": found.by_message,
            "by_link": found.by_link,
            "forged_links": found.forged,
            "two_letters": found.mixed,
        },
        "subscriber": case.person.subscriber,
        "address": case.person.known.address if case.person.known else None,
        "message": case.letter.message,
        "position": case.begun.position,
        "segment": case.letter.segment or None,
        "version": case.letter.version or None,
        "attempts": _facts(facts, case.attempts),
        "became": _facts(facts, case.outcomes),
        "ground": ground_as_json(case.ground),
        "purpose": _facts(facts, case.about),
        "words": (
            None
            if words is None
            else {
                "edition": words.edition,
                "published_at": iso(words.published_at),
                "file": words.source.path,
                "sha256": words.digest,
                "subject": words.source.subject,
                "body": words.source.body,
            }
        ),
        "compared": {
            name: asdict(comparison)
            for name, comparison in (
                ("subject", case.subject),
                ("text", case.text),
                ("html", case.html),
            )
            if comparison is not None
        },
    }


def _facts(facts: FactReport, entries: Sequence[Entry]) -> list[dict[str, object]]:
    return [facts.as_json(entry) for entry in entries]
