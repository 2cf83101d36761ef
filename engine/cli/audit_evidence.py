"""`relance audit evidence`: whether each live ground's proof holds all that D02 lists, and what is
missing.

Also who was brought by somebody else more than a month ago and has had no letter that says from
where (GDPR 14(3)(a)).
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence

from engine.audit.evidence_dossier import Proof, proofs
from engine.context import AppContext
from engine.evidence.required import missing
from engine.i18n.language import N_, Say, translator
from engine.i18n.phrases import language_of
from engine.i18n.refusal import Refusal, address_of
from engine.ledger.codec import Entry
from engine.sequence.delay import DAY
from engine.subscriber import events as e

PAGE = 500
SHOWN = 50
MONTH = 30 * DAY
UNTOLD = N_("brought by others more than a month ago, and no letter has said from where")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "address", nargs="?", default="", help=N_("only this person (default: everybody)")
    )


def run(context: AppContext, args: argparse.Namespace) -> int:
    """0 when nothing is missing; otherwise each fault with its person's opaque id, and status 1."""
    _ = translator(language_of(context.config))
    grounds, faults = 0, Counter[str]()
    shown = 0
    for subscriber, found, untold in _audited(context, args.address):
        lines = [f"{subscriber}  {_said(proof, _)}" for proof in found if missing(proof.said)] + (
            [f"{subscriber}  {_(UNTOLD)}"] if untold else []
        )
        grounds += len(found)
        faults.update(name for proof in found for name in missing(proof.said))
        faults.update(["told"] if untold else [])
        for line in lines[: max(0, SHOWN - shown)]:
            print(line)
        shown += len(lines)
    if not faults:
        print(_("grounds with a whole proof: {n}").format(n=grounds))
        return 0
    if shown > SHOWN:
        print(_("… and {n} more").format(n=shown - SHOWN))
    for name, count in faults.most_common():
        print(f"{name}: {count}")
    raise Refusal(
        N_("of {n} grounds some have no whole proof: what is missing stands above"), n=grounds
    )


def _audited(context: AppContext, address: str) -> Iterator[tuple[str, list[Proof], bool]]:
    """Each person with the grounds that hold now, and whether somebody owes them the word where
    their address came from.
    """
    now = context.clock.now()
    for page in _pages(context, address):
        people = [subscriber for subscriber, _source, _since in page]
        streams = context.ledger.after(dict.fromkeys(people, 0))
        pieces = context.vault.evidence_of_many(people)
        for subscriber, source, since in page:
            entries = streams[subscriber]
            untold = (
                bool(source)
                and now - since > MONTH
                and not any(isinstance(each.event, e.LetterSent) for each in entries)
            )
            yield subscriber, list(live(entries, list(proofs(entries, pieces[subscriber])))), untold


def _pages(context: AppContext, address: str) -> Iterator[list[tuple[str, str, int]]]:
    if address:
        subscriber = context.vault.find(address_of(address))
        if subscriber is None:
            raise Refusal(N_("nobody is known under this address"))
        yield [
            (
                subscriber,
                context.vault.people([subscriber])[subscriber].source,
                context.ledger.stream(subscriber)[0].recorded_at,
            )
        ]
        return
    after = ""
    while page := context.vault.people_after(after, PAGE):
        yield page
        after = page[-1][0]


def live(entries: Sequence[Entry], found: Sequence[Proof]) -> Iterator[Proof]:
    """The last ground of each purpose, unless it was withdrawn since."""
    withdrawn = {
        each.event.purpose: each.version
        for each in entries
        if isinstance(each.event, e.ConsentWithdrawn)
    }
    last = {str(proof.said["purpose"]): proof for proof in found}
    for purpose, proof in last.items():
        if proof.entry.version > max(withdrawn.get(purpose, 0), withdrawn.get("*", 0)):
            yield proof


def _said(proof: Proof, _: Say) -> str:
    names = ", ".join(missing(proof.said))
    gone = _(" (the vault holds nothing of it any more)") if proof.gone else ""
    return (
        _("“{purpose}”, by {door}: missing {names}").format(
            purpose=proof.said["purpose"], door=proof.entry.cause.door, names=names
        )
        + gone
    )
