"""`relance audit story`: every fact about a person in order, as text, as one page of HTML, or as
JSON. `relance show` is the author's short form.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import asdict

from engine.audit.covering_checkpoint import Covering
from engine.audit.event_sentences import BY_ID, sentence
from engine.audit.fact_report import Telling, large_gap, notice_of
from engine.audit.grounds_then import GroundsFollowed, GroundThen
from engine.audit.held_evidence import held
from engine.audit.identity import Whose, whose
from engine.audit.nothing_held_statement import nothing_held_about_address
from engine.audit.published import Published
from engine.audit.report import Line, Report, Section
from engine.cli.report_output import hand_out, output_arguments
from engine.cli.show import letter_names, standing
from engine.cli.terminal import json_text
from engine.context import AppContext
from engine.i18n.dates import shown
from engine.i18n.language import N_, Language, Say, translator
from engine.i18n.phrases import language_of
from engine.installation.events import STREAM
from engine.ledger.codec import Entry
from engine.privacy.fact_values import fact, iso
from engine.subscriber.events import LetterBegun, SubscriberErased


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "address",
        metavar="ADDRESS|ID",
        help=N_("of the person, also a former one the evidence still holds, or their opaque id"),
    )
    output_arguments(parser)


def run(context: AppContext, args: argparse.Namespace) -> int:
    language: Language = args.lang or language_of(context.config)
    found = whose(context, args.address)
    if found is None:
        return nothing_held_about_address(context, args, language)
    published = Published(context.ledger.stream(STREAM))
    if args.json:
        print(json_text(_plain(context, found, published, language)))
        return 0
    hand_out(_report(context, found, published, language), args.html, language)
    return 0


def _report(context: AppContext, found: Whose, published: Published, language: Language) -> Report:
    _, zone = translator(language), context.config.site.timezone
    letters = letter_names(context, found.subscriber, found.entries, _)
    telling = Telling(published, covering(context), found.pieces, zone, language, letters)
    facts = tuple(telling.line(entry, ground) for entry, ground in _with_grounds(found.entries))
    now = tuple(Line(each) for each in standing(context, found.subscriber, zone, _)) or (
        Line(_("on no list, with no ground")),
    )
    sections = (
        Section(_("Who"), tuple(_who(found, _))),
        Section(_("What happened, in order"), facts),
        Section(_("How it stands now"), now),
        Section(_("How to read this"), tuple(_limits(_))),
    )
    title = _("The story of {id}, told on {when} ({zone})")
    return Report(
        title.format(id=found.subscriber, when=shown(context.clock.now(), zone), zone=zone),
        sections,
        language,
    )


def covering(context: AppContext) -> Covering:
    return Covering(context.installation_stream.current().origins, context.tree.all_checkpoints())


def _with_grounds(entries: list[Entry]) -> Iterator[tuple[Entry, GroundThen | None]]:
    """Each fact, a letter's beginning with the ground it stood on."""
    following = GroundsFollowed()
    for entry in entries:
        yield entry, following.of(entry.event) if isinstance(entry.event, LetterBegun) else None
        following.see(entry)


def _who(found: Whose, _: Say) -> Iterator[Line]:
    if found.known is None:
        if any(isinstance(entry.event, SubscriberErased) for entry in found.entries):
            yield Line(_("they were erased: the vault holds no address for them any more"))
        else:
            yield Line(
                _("the vault holds no address for them, and the ledger no erasure that says why"),
                alarm=True,
            )
    else:
        yield Line(_("address: {address}").format(address=found.known.address))
        if found.known.fields:
            fields = "; ".join(
                f"{name}: {value}" for name, value in sorted(found.known.fields.items())
            )
            yield Line(_("fields: {fields}").format(fields=fields))
    if found.asked:
        said = _(
            "found by {address}: they are registered under another now, and had this one when an"
            " act was recorded"
        )
        yield Line(said.format(address=found.asked), alarm=True)
    for address in found.others:
        yield Line(_("another address in their evidence: {address}").format(address=address))


def _limits(_: Say) -> Iterator[Line]:
    yield Line(
        _(
            "The first date of a fact is what was claimed; the second is when this ledger took it"
            " down. A line with ! is not to be overlooked."
        )
    )
    yield Line(
        _(
            "A fact is no younger than the first signed checkpoint it is in: that date holds as far"
            " as somebody else keeps the checkpoint."
        )
    )
    yield Line(
        _("Whoever was erased and came back has a new story: nothing links it to the former one.")
    )


def _plain(
    context: AppContext, found: Whose, published: Published, language: Language
) -> dict[str, object]:
    known = found.known
    zone = context.config.site.timezone
    covered = covering(context)
    _ = translator(language)
    letters = letter_names(context, found.subscriber, found.entries, _)
    return {
        "subscriber": found.subscriber,
        "told_at": iso(context.clock.now()),
        "address": known.address if known else None,
        "fields": dict(known.fields) if known else {},
        "other_addresses": list(found.others),
        "found_by_former_address": bool(found.asked),
        "facts": [
            plain_fact(found, published, covered, entry, ground, zone, language, letters)
            for entry, ground in _with_grounds(found.entries)
        ],
        "standing": standing(context, found.subscriber, zone, _),
    }


def plain_fact(
    found: Whose,
    published: Published,
    covered: Covering,
    entry: Entry,
    ground: GroundThen | None,
    zone: str,
    language: Language,
    letters: Mapping[str, str] = BY_ID,
) -> dict[str, object]:
    proof = held(entry, found.pieces)
    kept = {entry.cause.evidence: proof.said} if proof.state in ("held", "altered") else {}
    notice = notice_of(published, entry)
    words: dict[str, object] = {
        "words": sentence(
            entry.event, published.plan_at(entry.position), zone, translator(language), letters
        )
    }
    more: dict[str, object] = {"evidence": proof.state, "large_gap_ms": large_gap(entry)}
    checkpoint = covered.of(entry.position)
    if checkpoint is not None:
        more["checkpoint"] = {
            "origin": checkpoint.origin,
            "size": checkpoint.size,
            "signed_at": iso(checkpoint.signed_at),
        }
    if notice is not None:
        more["notice"] = asdict(notice)
    if ground is not None:
        more["ground"] = plain_ground(ground)
    return fact(entry, kept) | words | more


def plain_ground(ground: GroundThen) -> dict[str, object]:
    return {
        "purpose": ground.purpose,
        "live": not ground.why_not,
        "why_not": ground.why_not,
        "basis": ground.basis,
        "proof": ground.proof,
        "given_at_position": ground.fact.position if ground.fact else None,
        "withdrawn_at_position": ground.withdrawn.position if ground.withdrawn else None,
    }
