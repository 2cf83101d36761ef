"""A contested letter's case as a report: what the mail is, whose, what became of it, on what ground
it stood, and in what words it was published.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.audit.comparison import Compared
from engine.audit.fact_report import Telling
from engine.audit.found_letter import identity
from engine.audit.letter_case import Case
from engine.audit.published import Published
from engine.audit.report import Line, Note, Report, Section
from engine.cli.audit_story import covering
from engine.context import AppContext
from engine.i18n.dates import shown
from engine.i18n.language import Language, Say, translator
from engine.i18n.phrases import say_list
from engine.intake.address import AddressRefused, normalise
from engine.ledger.codec import Entry
from engine.subscriber import events as e


def report(
    context: AppContext, case: Case, asked: str, published: Published, language: Language
) -> Report:
    _, zone = translator(language), context.config.site.timezone
    telling = Telling(published, covering(context), case.whose.pieces, zone, language)
    sections = (
        Section(_("The mail that is contested"), tuple(_mail(case, asked, language, _))),
        Section(_("The letter and its reader"), tuple(_letter(case, published, telling, _))),
        Section(_("What became of it"), tuple(_became(case, telling, _))),
        Section(_("The ground it stood on"), tuple(_ground(case, telling, _))),
        Section(_("The words as they were published"), tuple(_words(case, zone, _))),
        Section(_("The contested words held against them"), tuple(_comparison(case, _))),
    )
    title = _("A contested letter, looked into on {when} ({zone})")
    return Report(
        title.format(when=shown(context.clock.now(), zone), zone=zone), sections, language
    )


def _mail(case: Case, asked: str, language: Language, _: Say) -> Iterator[Line]:
    mail = case.contested
    if mail is None:
        yield from identity(case.found, (asked,), (case.letter.message,), None, language, _)
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
    yield from identity(case.found, mail.ids, mail.messages, mail.tokens, language, _)


def _letter(case: Case, published: Published, telling: Telling, _: Say) -> Iterator[Line]:
    known = case.whose.known
    if known is None:
        yield Line(
            _("person {id}; their address is no longer held").format(id=case.whose.subscriber)
        )
    else:
        yield Line(
            _("person {id}, today under {address}").format(
                id=case.whose.subscriber, address=known.address
            )
        )
        to = _normal(case.contested.to) if case.contested is not None else ""
        if to and to != known.address:
            yield Line(
                _("the mail says it went to {to}: another address than theirs today").format(to=to),
                alarm=True,
            )
    plan = published.plan_at(case.begun.position)
    if case.letter.list:
        said = _("letter “{letter}” of list {list}, for “{purpose}”")
        yield Line(
            said.format(
                letter=case.letter.letter,
                list=say_list(plan, case.letter.list),
                purpose=case.letter.purpose,
            )
        )
    else:
        yield Line(
            _("letter “{letter}”, for “{purpose}”").format(
                letter=case.letter.letter, purpose=case.letter.purpose
            )
        )
    yield from (telling.line(each) for each in case.attempts)


def _normal(said: str) -> str:
    try:
        return normalise(said)
    except AddressRefused:
        return ""


def _became(case: Case, telling: Telling, _: Say) -> Iterator[Line]:
    yield from (telling.line(each) for each in case.became)
    if not case.became:
        yield Line(_("nothing is recorded yet of how it ended"), alarm=True)


def _ground(case: Case, telling: Telling, _: Say) -> Iterator[Line]:
    ground = telling.ground(case.ground)
    yield Line(ground.text, alarm=ground.alarm)
    for entry in case.about:
        line = telling.line(entry)
        yield Line(line.text, (*_moment(case, entry, _), *line.notes), line.alarm)


def _moment(case: Case, entry: Entry, _: Say) -> Iterator[Note]:
    """Whether a fact was known before the letter was begun; a withdrawal between its beginning and
    its end is a letter under way.
    """
    if entry == case.ground.fact and not case.ground.why_not:
        yield Note(_("this is the ground the letter stood on"))
    elif entry == case.ground.withdrawn:
        yield Note(_("this took the ground back, before the letter"), alarm=True)
    elif entry.version < case.begun.version:
        yield Note(_("before this letter"))
    elif isinstance(entry.event, e.ConsentWithdrawn) and any(
        each.name == "letter-sent" and each.version > entry.version for each in case.became
    ):
        yield Note(_("while this letter was being handed over"), alarm=True)
    else:
        yield Note(_("after this letter"))


def _words(case: Case, zone: str, _: Say) -> Iterator[Line]:
    words = case.words
    if words is None:
        said = _("edition {edition} has no letter “{letter}”: its words cannot be shown")
        yield Line(said.format(edition=case.letter.edition, letter=case.letter.letter), alarm=True)
        return
    yield Line(
        _("edition {edition}, published {when}").format(
            edition=words.edition, when=shown(words.published_at, zone)
        )
    )
    yield Line(_("subject: {subject}").format(subject=words.source.subject))
    if words.digest:
        yield Line(
            _("{file}, SHA-256 {digest}:").format(file=words.source.path, digest=words.digest),
            (Note("", verbatim=words.source.body),),
        )
    else:
        yield Line(_("the engine's own words:"), (Note("", verbatim=words.source.body),))


def _comparison(case: Case, _: Say) -> Iterator[Line]:
    if case.contested is None:
        yield Line(_("only an id was given: no words to compare"))
        return
    for name, compared in (
        (_("subject"), case.subject),
        (_("text part"), case.text),
        (_("HTML part"), case.html),
    ):
        if compared is not None:
            yield Line(*_said(name, compared, _))
    yield Line(
        _(
            "white space and the site's host count for nothing; the foot is made anew from"
            " config.toml as it is today"
        )
    )


def _said(name: str, compared: Compared, _: Say) -> tuple[str, tuple[Note, ...], bool]:
    words = {
        "same": _("{part}: word for word what was published, with the fields held today"),
        "same-but-fields": _(
            "{part}: what was published, with other or no fields of the person than are held today"
        ),
        "added": _("{part}: what was published stands in it, with words of others before or after"),
        "differs": _("{part}: NOT what was published"),
        "absent": _("{part}: the mail has none"),
    }
    notes: tuple[Note, ...] = ()
    if compared.fields:
        said = " · ".join(f"“{each}”" for each in compared.fields)
        notes = (Note(_("in the place of the fields stands: {said}").format(said=said)),)
    if compared.verdict == "differs":
        here = (
            _("published here: {words}").format(words=compared.published),
            _("contested here: {words}").format(words=compared.contested),
        )
        notes = tuple(Note(each) for each in here)
    return words[compared.verdict].format(part=name), notes, compared.verdict == "differs"
