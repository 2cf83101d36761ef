"""One person as who works here sees them: who they are, how they stand, what comes next, and what
happened, each fact in words with the reason for each letter.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple, Protocol

from fastapi.responses import Response

from engine.audit.event_sentences import cause_in_words, sentence
from engine.audit.person_history import NO_GROUND, GroundHistory, LetterGround
from engine.audit.standing import QuarantineView, StandingStores, letter_names, standing
from engine.config import Config
from engine.console.access import Right
from engine.console.places import letter_url
from engine.console.reading import ReadingStores, note_reading
from engine.console.visit import Mistake, Route, Visit
from engine.i18n.dates import moment_in_words, shown
from engine.i18n.evidence_words import EvidenceWords
from engine.i18n.language import LANGUAGES, Say
from engine.i18n.phrases import field_in_words, titled_list, titled_purpose
from engine.i18n.stored_words import stored_in_words
from engine.installation.events import STREAM
from engine.intake.own_data import ADDRESS, FIELD, LANGUAGE, ZONE
from engine.ledger.codec import STREAM_ID, Entry
from engine.ledger.names import NAME_OF
from engine.ledger.store import Ledger
from engine.sequence.model import Plan
from engine.subscriber import events as e
from engine.subscriber.agenda_key import letter_ref
from engine.subscriber.eligibility import live_ground
from engine.subscriber.events import LetterBegun, ProfileRead
from engine.subscriber.person import Person
from engine.vault.vault import KnownPerson
from engine.web.controls import Control

SHOWN = 200
"""Facts on one page, the latest first; older ones on the next."""
BESIDE_GROUNDS = tuple(sorted(NAME_OF[kind] for kind in NO_GROUND))
ABOUT_A_LETTER = (
    e.LetterSent, e.LetterDeferred, e.LetterFailed, e.LetterWithheld, e.LetterRetried,
    e.LetterInDoubt, e.ListMoved, e.ListCopied, e.LetterAnswered, e.MoveUndone, e.MailBounced,
)  # fmt: skip


class PersonViews(QuarantineView, Protocol):
    def first_begun(self, messages: Collection[str]) -> dict[str, int]:
        """The positions at which some letters were first begun, by their message."""


class PersonStores(StandingStores, ReadingStores, Protocol):
    @property
    def config(self) -> Config: ...
    @property
    def ledger(self) -> Ledger: ...
    @property
    def views(self) -> PersonViews: ...


class Fact(NamedTuple):
    """`why` is the ground that a letter stood on; `wrong`: it stood on none. `is_look`: somebody
    here read the page.
    """

    at: int
    words: str
    through: str
    why: str
    wrong: bool
    url: str
    message: str
    is_look: bool


class Subject(NamedTuple):
    """A person who is there, folded, and what the vault knows of them, if anything."""

    id: str
    person: Person
    known: KnownPerson | None


def routes(stores: PersonStores) -> Sequence[Route]:
    return (
        Route("GET", "/people/{subscriber}", Right.READ_PEOPLE, lambda visit: show(stores, visit)),
    )


def subject_of_visit(stores: PersonStores, visit: Visit) -> Subject | Response:
    """Whom the address of the page names, once it is recorded that they are read."""
    return named_subject(stores, visit, visit.path["subscriber"])


def named_subject(stores: PersonStores, visit: Visit, subscriber: str) -> Subject | Response:
    """Somebody by their stream, once it is recorded that they are read."""
    _ = visit.say
    if not STREAM_ID.fullmatch(subscriber) or subscriber == STREAM:
        return visit.not_found(_("There is nobody of this id."))
    if why := stores.views.why_quarantined(subscriber):
        # Nothing can be made of their facts, so nothing is read and nothing done here.
        set_aside = _("Set aside, nothing is sent: {why}").format(why=stored_in_words(why, _))
        return visit.refused(set_aside)
    person = stores.command_handler.load([subscriber])[subscriber]
    if not person.version:
        return visit.not_found(_("There is nobody of this id."))
    if not note_reading(stores, visit, subscriber):
        return visit.refused(
            _("That you read this could not be recorded, so nothing is shown: please try again."),
            503,
        )
    return Subject(subscriber, person, stores.vault.people([subscriber]).get(subscriber))


def show(
    stores: PersonStores,
    visit: Visit,
    mistakes: Sequence[Mistake] = (),
    subject: Subject | None = None,
) -> Response:
    """`mistakes` are those of the correction that was posted."""
    named = subject or subject_of_visit(stores, visit)
    if isinstance(named, Response):
        return named
    _, language, zone = visit.say, visit.language, stores.config.site.timezone
    moment = partial(moment_in_words, zone=zone, language=language)
    plan = stores.installation_stream.current().plan()
    # That they are read is the latest of their facts.
    later = stores.ledger.after({named.id: named.person.version})[named.id]
    told = named.person.version + len(later)
    known = named.known.fields if named.known is not None else {}
    last = min(visit.number("before") or told, told)
    sentences = [line.strip() for line in standing(stores, named.id, moment, _)]
    lists = [(number, titled_list(plan, number)) for number in sorted(named.person.memberships)]
    return visit.page(
        "person.html",
        mistakes=mistakes,
        subject=named,
        erased=named.person.erased,
        fields=_fields(named, plan),
        sentences=sentences,
        facts=list(reversed([*_facts(stores, named, visit, plan, last)])),
        older=max(0, last - SHOWN),
        last_contact=named.person.last_contact,
        lists=lists,
        targets=[(number, titled_list(plan, number)) for number in plan.lists],
        purposes=[
            (purpose, titled_purpose(plan, purpose))
            for purpose in named.person.grounds
            if live_ground(named.person, purpose) is not None
        ],
        controls=list(field_controls(plan, known, visit, mistakes)),
        zone=visit.inputs.get(ZONE, named.person.timezone),
        zone_name=ZONE,
        language_now=visit.inputs.get(LANGUAGE, named.person.language[:2]),
        language_name=LANGUAGE,
        languages=LANGUAGES,
        address_name=ADDRESS,
        address=visit.inputs.get(ADDRESS, named.known.address if named.known else ""),
        source=visit.inputs.get("source", ""),
        target=visit.inputs.get("target", ""),
        purpose=visit.inputs.get("purpose", ""),
        restricted=named.person.restricted,
        objected=named.person.objected,
    )


def _fields(named: Subject, plan: Plan) -> list[tuple[str, str]]:
    if named.known is None:
        return []
    return [
        (declared.label, field_in_words(plan, name, named.known.fields[name]))
        for name, declared in plan.fields.items()
        if named.known.fields.get(name)
    ]


def field_controls(
    plan: Plan, values: Mapping[str, str], visit: Visit, mistakes: Sequence[Mistake]
) -> Iterator[Control]:
    """Of each declared field: what was posted, else its value."""
    wrong = {mistake.input: mistake.words for mistake in mistakes}
    for name, declared in plan.fields.items():
        posted = FIELD + name
        yield Control.of(
            declared,
            visit.inputs.get(posted, values.get(name, "")),
            visit.language,
            id=posted,
            name=posted,
            wrong=wrong.get(posted, ""),
        )


def _facts(
    stores: PersonStores, named: Subject, visit: Visit, plan: Plan, last: int
) -> Iterator[Fact]:
    """Those up to the version `last`, as many as a page shows, the oldest of them first. Of what
    came before only what bears on the grounds of letters is read.
    """
    after = max(0, last - SHOWN)
    entries = stores.ledger.window(named.id, after, last)
    installation, _ = stores.installation_stream.current(), visit.say
    fields = named.known.fields if named.known is not None else {}
    begun_before = _begun_before(stores, entries)
    letters = letter_names(installation, fields, [*begun_before, *entries], _, ids=False)
    commitments = {entry.cause.evidence for entry in entries if entry.cause.evidence}
    evidence = stores.vault.evidence_of(named.id, commitments)
    words = EvidenceWords(visit.language, stores.config.site.timezone)
    moment = partial(shown, zone=stores.config.site.timezone)
    history = GroundHistory()
    for entry in stores.ledger.window(named.id, 0, after, BESIDE_GROUNDS):
        history.add(entry)
    for entry in entries:
        begun = entry.event if isinstance(entry.event, LetterBegun) else None
        ground = history.of_letter(begun) if begun is not None else None
        yield Fact(
            at=entry.event.at,
            words=sentence(entry.event, plan, moment, _, letters),
            through=cause_in_words(entry, words, evidence),
            why=_why(ground, plan, _) if ground is not None else "",
            wrong=ground is not None and bool(ground.why_not),
            url=_letter_url(entry),
            message=begun.message if begun is not None else "",
            is_look=isinstance(entry.event, ProfileRead),
        )
        history.add(entry)


def _begun_before(stores: PersonStores, entries: Sequence[Entry]) -> list[Entry]:
    """The beginnings of letters that these entries are about and do not begin."""
    about, begun = set[str](), set[str]()
    for entry in entries:
        if isinstance(entry.event, LetterBegun):
            begun.add(entry.event.message)
        elif isinstance(entry.event, ABOUT_A_LETTER):
            about.add(entry.event.message)
    positions = stores.views.first_begun(about - begun - {""})
    return list(stores.ledger.at_all(positions.values()).values())


def _letter_url(entry: Entry) -> str:
    if not isinstance(begun := entry.event, LetterBegun):
        return ""
    return letter_url(letter_ref(begun.key, begun.letter))


def _why(ground: LetterGround, plan: Plan, _: Say) -> str:
    if ground.why_not:
        why = stored_in_words(ground.why_not, _)
        return _("NO live ground when it was begun: {why}").format(why=why)
    return _("Ground: “{purpose}” — {basis}").format(
        purpose=titled_purpose(plan, ground.purpose), basis=stored_in_words(ground.basis, _)
    )
