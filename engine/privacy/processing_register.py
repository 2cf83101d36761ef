"""The record of processing activities (GDPR 30(1)): one activity for each purpose, as declared and
published on a day; and what is missing for it to be complete, since a paper with holes is worse
than none. The annex to each processor's contract (GDPR 28(3)) is made of the same. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from engine.i18n.language import N_
from engine.installation.events import ConfigurationPublished, InstallationEvent
from engine.installation.state import Installation
from engine.privacy.paper_markdown import (
    Speech,
    bases,
    bullets,
    clause,
    heading,
    plain,
    processor_in_words,
    rows,
)
from engine.sequence.declared import Declared, Processor, Retention
from engine.sequence.model import Plan, Purpose
from engine.sequence.parse_declared import AREA
from engine.sequence.parse_measure import COUNTS_NOTHING, Measure

CONTROLLER = {
    "name": N_("[controller] name: who answers for the data"),
    "address": N_("[controller] address: where they are"),
    "contact": N_("[controller] contact: how people reach them about their data"),
}


@dataclass(frozen=True, slots=True)
class InForce:
    """What was in force at `at` (engine time, ms), as it was known then. `published_at` is when it
    was published, `program` the version that ran it.
    """

    at: int
    published_at: int
    program: str
    installation: Installation

    @property
    def plan(self) -> Plan:
        return self.installation.plan()

    @property
    def declared(self) -> Declared:
        return self.plan.declared or Declared()


def in_force(recorded: Iterable[tuple[int, InstallationEvent]], at: int) -> InForce | None:
    """From (recorded_at, event) of the installation's stream in order; None when nothing had been
    published by then.
    """
    installation, program = Installation(), ""
    for recorded_at, event in recorded:
        if recorded_at > at:
            break
        installation = installation.evolve(event)
        if isinstance(event, ConfigurationPublished):
            program = event.program
    edition = installation.editions.get(installation.edition)
    return InForce(at, edition.at, program, installation) if edition is not None else None


def missing_in_register(then: InForce, *, relay: str) -> Iterator[str]:
    """English sentences, marked for the catalogue. `relay` names the mail server if it is somebody
    else's.
    """
    declared, plan = then.declared, then.plan
    for key, sentence in CONTROLLER.items():
        if not getattr(declared.controller, key):
            yield sentence
    if any(not purpose.description for purpose in plan.purposes.values()):
        yield N_("[[purpose]] description: each purpose says in a sentence what people receive")
    if relay and not declared.processors:
        yield N_(
            "[[processor]]: your letters are carried by a mail provider, which is one; so is who"
            " hosts this machine"
        )


def register(then: InForce, speech: Speech, *, measure: Measure = COUNTS_NOTHING) -> str:
    """Markdown. Only for a publication in which nothing is missing (`missing_in_register`).
    `measure`: what is counted of letters, now.
    """
    _ = speech._
    parts = [heading(1, _("Record of processing activities")), _head(then, speech)]
    parts += [heading(2, _("Whoever answers for the data")), _controller(then.declared, speech)]
    for number, purpose in enumerate(then.plan.purposes.values(), 1):
        parts += [
            heading(2, f"{number}. {plain(purpose.name)}"),
            rows(_activity(then, purpose, speech)),
        ]
    parts += _measuring(then, speech)
    parts += [heading(2, _("Who works on the data")), _recipients(then.declared, speech)]
    parts += [
        heading(2, _("How long what is kept")),
        rows(
            [
                *retention(then.declared.retention, speech),
                *_silent(then, speech),
                *_told_by_others(then, speech),
                *_counted(measure, speech),
                *_measured(then, speech),
            ]
        ),
    ]
    parts += [
        heading(2, _("Security (GDPR 32)")),
        bullets([*measures(speech), *map(plain, then.declared.controller.security)]),
    ]
    return "\n".join(parts)


def _measuring(then: InForce, speech: Speech) -> list[str]:
    """The activity of its own that measuring people is, where they are asked for it."""
    _, agreed = speech._, then.plan.measured
    if agreed is None:
        return []
    about = [
        (_("purpose"), plain(agreed.description)),
        (
            _("lawful because of"),
            _("consent, given apart from any other (CNIL 2026-042; GDPR 6(1)(a))"),
        ),
        (
            _("data"),
            _("letter, link that was clicked or picture that was loaded, and when; of who agreed"),
        ),
        (_("recipients"), _("nobody else")),
    ]
    return [heading(2, plain(agreed.name)), rows(about)]


def _told_by_others(then: InForce, speech: Speech) -> Iterator[tuple[str, str]]:
    _ = speech._
    if then.plan.webhooks:
        yield (
            _("what shops and mail services told of somebody, word for word"),
            speech.delay(then.declared.retention.ip),
        )


def _measured(then: InForce, speech: Speech) -> Iterator[tuple[str, str]]:
    _ = speech._
    if then.plan.measured is not None:
        yield (
            _("what people who agreed to be measured clicked and loaded"),
            _("thirteen months, or until they take it back"),
        )


def _counted(measure: Measure, speech: Speech) -> Iterator[tuple[str, str]]:
    _ = speech._
    how_long = _(
        "less than thirteen months, as numbers by letter, link and week that name nobody;"
        " address and browser for some minutes, in memory alone"
    )
    if measure.links:
        yield _("visits to ordinary links of letters"), how_long
    if measure.images:
        yield _("loads of the picture that letters hold"), how_long


def _head(then: InForce, speech: Speech) -> str:
    _ = speech._
    sentence = _(
        "As of {day}, as it was known then: edition {edition}, published on {published}, run by"
        " Relance {program}."
    )
    published = speech.instant(then.published_at)
    return (
        sentence.format(
            day=speech.instant(then.at),
            edition=then.installation.edition,
            published=published,
            program=plain(then.program),
        )
        + "\n"
    )


def _controller(declared: Declared, speech: Speech) -> str:
    _, who = speech._, declared.controller
    none = _("none designated")
    pairs = ((_("name"), who.name), (_("address"), who.address), (_("contact"), who.contact))
    union = (_("representative in the Union (GDPR 27)"), who.union_representative)
    others = (
        (_("legal representative"), who.representative or _("not said")),
        *((union,) if who.union_representative else ()),
        (_("data protection officer"), who.dpo or none),
    )
    return rows((name, plain(value)) for name, value in (*pairs, *others))


def _activity(then: InForce, purpose: Purpose, speech: Speech) -> Iterator[tuple[str, str]]:
    _, plan = speech._, then.plan
    lists = [listed for listed in plan.lists.values() if listed.purpose == purpose.id]
    forms = [form for form in plan.forms.values() if form.purpose == purpose.id]
    partner = then.declared.partner(purpose.partner) if purpose.partner else None
    grounds = bases(_)
    held = list(dict.fromkeys(form.basis for form in forms)) or ["consent"]
    yield _("purpose"), plain(purpose.description)
    if partner is not None:
        yield _("for a partner"), plain(f"{partner.name}, {partner.address}")
    yield _("lawful because of"), " · ".join(grounds[basis] for basis in held)
    yield (
        _("people"),
        plain(
            ", ".join(sorted({listed.group for listed in lists if listed.group}))
            or _("people who joined")
        ),
    )
    yield _("data"), " · ".join(_data(then, purpose, speech))
    yield (
        _("collected by"),
        plain(", ".join(sorted(_("form “{title}”").format(title=form.title) for form in forms)))
        or _("import, API or operator, each with its source"),
    )
    yield (
        _("recipients"),
        plain(
            ", ".join(
                [processor.name for processor in then.declared.processors]
                + ([partner.name] if partner else [])
            )
        )
        or _("nobody else"),
    )
    yield _("transfers outside the European Economic Area"), _transfers(then.declared, speech)


def _data(then: InForce, purpose: Purpose, speech: Speech) -> Iterator[str]:
    _, plan = speech._, then.plan
    yield _("email address, language and time zone")
    names = {
        field.name
        for form in plan.forms.values()
        if form.purpose == purpose.id
        for field in form.fields
    }
    labels = [plain(plan.fields[name].label) for name in sorted(names) if name in plan.fields]
    if labels:
        yield ", ".join(labels)
    if then.declared.products or any(form.order_field for form in plan.forms.values()):
        yield _("what they ordered: number, amount, products and date; what was paid back")
    yield _(
        "what they agreed to and when, with its proof; the answers they give by clicking; which"
        " letters were sent and what mail servers said"
    )


def _transfers(declared: Declared, speech: Speech) -> str:
    _ = speech._
    outside = [
        _("{name}: {value}").format(
            name=f"{plain(processor.name)} ({speech.country(processor.country)})",
            value=plain(processor.guarantee),
        )
        for processor in declared.processors
        if processor.country not in AREA
    ]
    return " · ".join(outside) or _("none")


def _recipients(declared: Declared, speech: Speech) -> str:
    _ = speech._
    if not declared.processors:
        return _("Nobody: everything is done on machines of one’s own.") + "\n"
    sentence = _("{name} ({country}): {task}. They see: {data}. Contract: {contract}.")
    return bullets(
        sentence.format(
            **processor_in_words(processor, speech), contract=clause(processor.contract)
        )
        for processor in declared.processors
    )


def _silent(then: InForce, speech: Speech) -> Iterator[tuple[str, str]]:
    """Who is not written to any more long before they are erased, because they did not answer."""
    _ = speech._
    for number, reactivation in then.plan.reactivations.items():
        purpose = then.plan.purposes[then.plan.lists[number].purpose]
        yield (
            _("people who do not react to “{purpose}”").format(purpose=plain(purpose.name)),
            _(
                "{time} after they were last heard of they are asked by letters, and not written to"
                " for this any more when no answer comes; nothing is erased by it"
            ).format(time=speech.delay(reactivation.silent_for)),
        )


def retention(kept: Retention, speech: Speech) -> Iterator[tuple[str, str]]:
    """Each kind of data and how long it is kept, from when."""
    _, delay = speech._, speech.delay
    yield (
        _("people who receive letters"),
        _(
            "{time} after they were last heard of; then they are asked once, and erased"
            " {answer} later"
        ).format(time=delay(kept.silent_after), answer=delay(kept.answer_within)),
    )
    yield (
        _("requests never confirmed"),
        _("{time} after the request").format(time=delay(kept.unconfirmed)),
    )
    yield _("proof of consent"), _("{time} after its end").format(time=delay(kept.proof))
    yield (
        _("what they ordered"),
        _("as long as they are known here; invoices are kept by the shop, and not by Relance"),
    )
    yield _("IP address and browser"), delay(kept.ip)
    yield _("what mail servers and mails that came back said"), delay(kept.delivery)
    end = (
        delay(kept.suppression)
        if kept.suppression is not None
        else _("as long as letters are sent")
    )
    yield _("addresses never to be written to (keyed hashes only)"), end
    yield (
        _("requests of people about their rights"),
        _("{time} after the answer").format(time=delay(kept.rights)),
    )
    yield _("logs"), delay(kept.logs)
    applied = (
        _("applied every night")
        if kept.mode == "enforce"
        else _("what is past its time is reported, and removed by hand")
    )
    yield _("how it is applied"), applied


def measures(speech: Speech) -> tuple[str, ...]:
    """What Relance itself does (GDPR 32(1)); whatever the installation adds stands in [controller]
    security.
    """
    _ = speech._
    return (
        _(
            "addresses, fields and proofs lie apart in a vault that can be erased; the ledger holds"
            " opaque identifiers and salted commitments"
        ),
        _(
            "addresses never to be written to are kept as keyed hashes; keys lie in files of their"
            " own, readable by the program alone"
        ),
        _(
            "every act is an event that is never changed, in a tree signed regularly, of which"
            " others hold copies"
        ),
        _("links in letters carry no personal data; opening one changes nothing"),
        _(
            "logs, error pages and URLs carry no address; erasures and withdrawals are applied"
            " again after a restore"
        ),
    )


def missing_in_annex(then: InForce) -> Iterator[str]:
    for key, sentence in CONTROLLER.items():
        if not getattr(then.declared.controller, key):
            yield sentence
    if not then.declared.processors:
        yield N_(
            "[[processor]]: no processor is declared, so there is nobody to make an annex with"
        )
    if not then.declared.controller.security:
        yield N_("[controller] security: the measures you expect of whoever works on the data")


def annex(then: InForce, processor: Processor, speech: Speech) -> str:
    """What a processor may do for the controller, on which data, and what they owe, as Markdown.
    Only for a publication in which nothing is missing (`missing_in_annex`).

    The sentences say what GDPR 28(3)(a) to (h) wants said: a draft for whoever signs, and no legal
    advice.
    """
    _, who = speech._, then.declared.controller
    title = _("Annex: processing of personal data by {processor} for {controller}")
    head = _("As of {day}. It completes (GDPR 28(3)): {contract}.")
    parts = [
        heading(1, title.format(processor=plain(processor.name), controller=plain(who.name))),
        head.format(day=speech.instant(then.at), contract=clause(processor.contract)) + "\n",
        heading(2, _("What it is about")),
        rows(_subject(then, processor, speech)),
        heading(2, _("What {processor} undertakes").format(processor=plain(processor.name))),
        bullets(_clauses(processor, speech)),
        heading(2, _("Security measures")),
        bullets(map(plain, who.security)),
        heading(2, _("Sub-processors")),
        _sub_processors(then, processor, speech),
        heading(2, _("How long what is kept")),
        rows(retention(then.declared.retention, speech)),
        heading(2, _("Signatures")),
        rows(((plain(who.name), "………"), (plain(processor.name), "………"))),
    ]
    return "\n".join(parts)


def _subject(then: InForce, processor: Processor, speech: Speech) -> Iterator[tuple[str, str]]:
    _, plan = speech._, then.plan
    groups = sorted({listed.group for listed in plan.lists.values() if listed.group})
    yield _("subject and nature"), plain(processor.task)
    yield (
        _("purposes"),
        plain(
            " · ".join(
                f"{purpose.name} – {clause(purpose.description)}"
                for purpose in plan.purposes.values()
            )
        ),
    )
    yield _("duration"), _("that of the contract")
    yield _("data"), plain(", ".join(processor.data))
    yield _("people"), plain(", ".join(groups) or _("people who joined"))
    yield (
        _("where"),
        speech.country(processor.country)
        + (f" ({plain(processor.guarantee)})" if processor.guarantee else ""),
    )


def _clauses(processor: Processor, speech: Speech) -> Iterator[str]:
    _ = speech._
    yield _(
        "(a) to act only on the controller’s written instructions, for transfers too, and to say at"
        " once when one seems unlawful"
    )
    yield _("(b) that everybody allowed to see the data is bound to keep it confidential")
    yield _("(c) to take the security measures below (GDPR 32)")
    yield _(
        "(d) to engage another processor only with the controller’s written permission and under"
        " the same duties"
    )
    yield _(
        "(e) to help answer people who use their rights: access, correction, erasure, restriction,"
        " portability, objection"
    )
    yield _(
        "(f) to help with security, breaches (told to the controller without undue delay) and"
        " impact assessments (GDPR 32 to 36)"
    )
    yield _(
        "(g) at the end, to give back or delete all data, as the controller chooses, and its copies"
    )
    yield _("(h) to show whatever proves that this is kept, and to allow audits")


def _sub_processors(then: InForce, processor: Processor, speech: Speech) -> str:
    _ = speech._
    engaged = [other for other in then.declared.processors if other.engaged_by == processor.name]
    if not engaged:
        return _("None is permitted without the controller’s written permission.") + "\n"
    sentence = _("{name} ({country}): {task}. They see: {data}.")
    return bullets(sentence.format(**processor_in_words(other, speech)) for other in engaged)
