"""The annex to a processor's contract (GDPR 28(3)): what they may do for the controller, on which
data, and what they owe. Pure.

The sentences say what article 28(3)(a) to (h) wants said; they are a draft for whoever signs, and
no legal advice.
"""

from __future__ import annotations

from collections.abc import Iterator

from engine.i18n.language import N_
from engine.privacy.paper_markdown import (
    Speech,
    bullets,
    clause,
    heading,
    plain,
    processor_in_words,
    rows,
)
from engine.privacy.processing_register import CONTROLLER, InForce, retention
from engine.sequence.declared import Processor


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
    """Markdown. Only for a publication in which nothing is missing (`missing_in_annex`)."""
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
        f"{processor.country}"
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
    return bullets(sentence.format(**processor_in_words(other)) for other in engaged)
