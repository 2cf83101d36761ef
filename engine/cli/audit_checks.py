"""What an auditor has recomputed: `audit evidence` (what the proof of a ground lacks, D02), `audit
retention` (what is kept past its declared time, D14), `audit replay` and `rebuild` (views and tree
are nothing but what the ledger says; stopping at any point loses nothing).
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterator

from engine.audit.broadcast_replay import claims_decided_again
from engine.audit.broadcast_report import fault_in_words
from engine.audit.evidence import GroundProof
from engine.audit.membership_report import everybody
from engine.audit.published import Published
from engine.audit.vault_check import audited_people, deletions, vault_faults
from engine.cli.checkpoints import print_differences
from engine.cli.progress import Progress, catch_up
from engine.cli.terminal import json_text
from engine.context import AppContext, DatabaseContext
from engine.desk.operations import Operation
from engine.i18n.dates import shown
from engine.i18n.language import N_, Say, grouped, translator
from engine.i18n.phrases import say_delay
from engine.i18n.user_error import UserError, address_of
from engine.installation.events import STREAM, RetentionApplied
from engine.intake.evidence_requirements import missing
from engine.ledger.codec import EntryRefused, iso
from engine.privacy.retention import RULES, past_their_time, terms
from engine.sequence.declared import Retention
from engine.sequence.delay import Delay
from engine.subscriber.inactivity import retention_of

MAX_SHOWN = 50
"""Lines of faults that are printed; the others are counted."""
NIGHTS = 7
NAMELESS = N_("the vault holds no address for them, and the ledger no erasure that says why")
UNTOLD = N_("brought by others more than a month ago, and no letter has said from where")


def evidence(context: AppContext, args: argparse.Namespace) -> int:
    """0 when nothing is missing; otherwise each fault with its person's opaque id, and status 1."""
    _ = translator(context.config.site.language)
    only = _known(context, args.address) if args.address else ""
    grounds = fault_lines = 0
    faults = Counter[str]()
    deleted = deletions(Published(context.ledger.stream(STREAM)), context.config.site.timezone)
    streams = (
        iter([context.ledger.stream(only)]) if only else everybody(context.database, context.ledger)
    )
    now = context.clock.now()
    for person in audited_people(streams, context.ledger, context.vault, deleted, now):
        lacking = [proof for proof in person.grounds if missing(proof.particulars)]
        lines = [f"{person.subscriber}  {_lacking(proof, _)}" for proof in lacking]
        lines += [
            _("{person}  position {position}: {said}").format(
                person=person.subscriber, position=fault.position, said=fault.said(_)
            )
            for fault in person.faults
        ]
        lines += [f"{person.subscriber}  {_(UNTOLD)}"] if person.untold else []
        lines += [f"{person.subscriber}  {_(NAMELESS)}"] if person.nameless else []
        grounds += len(person.grounds)
        faults.update(name for proof in lacking for name in missing(proof.particulars))
        faults.update(fault.code for fault in person.faults)
        faults.update(["told"] if person.untold else [])
        faults.update(["nameless"] if person.nameless else [])
        for line in lines[: max(0, MAX_SHOWN - fault_lines)]:
            print(line)
        fault_lines += len(lines)
    if not faults:
        print(_("grounds with a whole proof: {n}").format(n=grounds))
        return 0
    if fault_lines > MAX_SHOWN:
        print(_("… and {n} more").format(n=fault_lines - MAX_SHOWN))
    for name, count in faults.most_common():
        print(f"{name}: {count}")
    raise UserError(
        N_("of {n} grounds some have no whole proof, or evidence is not as it was: see above"),
        n=grounds,
    )


def _known(context: AppContext, address: str) -> str:
    subscriber = context.vault.find(address_of(address))
    if subscriber is None:
        raise UserError(N_("nobody is known under this address"))
    return subscriber


def _lacking(proof: GroundProof, _: Say) -> str:
    names = ", ".join(missing(proof.particulars))
    gone = _(" (the vault holds nothing of it any more)") if proof.gone else ""
    return (
        _("“{purpose}”, by {door}: missing {names}").format(
            purpose=proof.particulars["purpose"], door=proof.entry.cause.door, names=names
        )
        + gone
    )


def retention(context: AppContext, args: argparse.Namespace) -> int:
    """Exit status 1 while something is kept past its time."""
    catch_up(context)
    declared = retention_of(context.installation_stream.current().plan())
    within = terms(declared, context.clock.now(), context.config.site.timezone)
    kept = past_their_time(context, within)
    nights = [
        entry.event
        for entry in context.ledger.stream(STREAM)
        if isinstance(entry.event, RetentionApplied)
    ][-NIGHTS:]
    late = any(count for count, _oldest in kept.values())
    if args.json:
        rules = {
            rule: {
                "past": kept[rule][0],
                "oldest": iso(kept[rule][1]) if kept[rule][1] else None,
            }
            for rule in RULES
        }
        applied = [
            {
                "night": night.night,
                "mode": night.mode,
                "rules": [list(rule) for rule in night.rules],
            }
            for night in nights
        ]
        print(json_text({"mode": declared.mode, "rules": rules, "nights": applied}))
    else:
        print("\n".join(_retention_lines(context, declared, kept, nights)))
    return 1 if late else 0


def _retention_lines(
    context: AppContext,
    declared: Retention,
    kept: dict[str, tuple[int, int]],
    nights: list[RetentionApplied],
) -> Iterator[str]:
    language, zone = context.config.site.language, context.config.site.timezone
    _ = translator(language)
    names = _names(_)
    spans = _declared(declared, lambda delay: say_delay(delay, language), _)
    heads = ("", _("declared"), _("oldest kept"), _("past its time"))
    rows = [
        heads,
        *(
            (names[rule], spans[rule], shown(oldest, zone) if oldest else "–", grouped(count, _))
            for rule, (count, oldest) in kept.items()
        ),
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(heads))]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
    yield ""
    if declared.mode == "report":
        sentence = _(
            "nothing is asked, erased or purged: [retention] mode is “report”; with “enforce”, at"
            " most {n} people a night"
        )
        yield sentence.format(n=declared.nightly_cap)
    else:
        yield _("applied every night, to at most {n} people").format(n=declared.nightly_cap)
    for night in nights:
        rules = (
            (names[rule], due, count)
            for rule, due, count, _oldest in night.rules
            if rule in names and (due or count)
        )
        done = ", ".join(
            f"{name} {grouped(count, _)}/{grouped(due, _)}" for name, due, count in rules
        )
        yield _("night of {night} ({mode}): {done}").format(
            night=night.night, mode=night.mode, done=done or _("nothing was past its time")
        )
    yield _(
        "letters and their outcomes are facts of the ledger, kept as proof: they name nobody once"
        " the person is erased"
    )


def _names(_: Say) -> dict[str, str]:
    return {
        "silent": _("silent people, to be asked once"),
        "unanswered": _("asked, and no answer: to be erased"),
        "unconfirmed": _("requests nobody confirmed"),
        "visitor": _("IP addresses and browsers"),
        "relay": _("mail servers’ words"),
        "archive": _("sealed proof of erased people"),
        "suppression": _("hashes never to be written to"),
    }


def _declared(declared: Retention, delay: Callable[[Delay], str], _: Say) -> dict[str, str]:
    end = delay(declared.suppression) if declared.suppression is not None else _("no end")
    return {
        "silent": delay(declared.silent_after),
        "unanswered": delay(declared.answer_within),
        "unconfirmed": delay(declared.unconfirmed),
        "visitor": delay(declared.ip),
        "relay": delay(declared.delivery),
        "archive": delay(declared.proof),
        "suppression": end,
    }


VIEWS = ("agenda", "members", "letters", "silence", "choices", "delivery")


def replay(context: AppContext, args: argparse.Namespace) -> int:
    """Rebuild the tree from the ledger's bytes, each commitment from the vault's, and every view
    beside the live ones from one snapshot, and decide every claim of a broadcast again; "equal", or
    what differs, printed as it is found, and status 1.
    """
    head = context.ledger.head()
    in_tree = print_differences(
        context, N_("Recomputing the tree"), context.tree.replay, sys.stdout
    )
    in_vault = print_differences(
        context,
        N_("Reading the vault"),
        lambda tell: vault_faults(context.ledger, context.vault),
        sys.stdout,
    )
    in_views = _print_rows(context)
    in_claims = 0 if in_tree or in_vault or in_views else _print_claims(context)
    faults = in_tree + in_vault + in_views + in_claims
    context.operations.note(Operation(kind="replay", well=not faults, position=head, faults=faults))
    if in_tree:
        sentence = N_(
            "not equal: {n} differences between ledger, tree and checkpoints (at most 50 are"
            " shown); keep everything as it is: it is evidence"
        )
        raise UserError(sentence, n=in_tree)
    if in_vault:
        sentence = N_(
            "not equal: {n} pieces of evidence in the vault are not what the ledger commits to (at"
            " most 50 are shown); keep everything as it is: it is evidence"
        )
        raise UserError(sentence, n=in_vault)
    if in_views:
        sentence = N_(
            "not equal: {n} rows differ (at most 50 of each kind are shown); `relance rebuild`"
            " makes the views anew"
        )
        raise UserError(sentence, n=in_views)
    if in_claims:
        sentence = N_(
            "not equal: {n} claims of broadcasts do not follow from the facts before them (at most"
            " 50 are shown); `relance audit broadcast ID` says more"
        )
        raise UserError(sentence, n=in_claims)
    # The word a script looks for, the same in every language.
    print("equal")
    return 0


def _print_claims(context: AppContext) -> int:
    """Who was chosen for broadcasts, decided again; how many claims do not follow, each printed."""
    _ = translator(context.config.site.language)
    published = Published(context.ledger.stream(STREAM))
    same = unknown = faulty = 0
    with Progress() as progress:
        for entries in everybody(context.database, context.ledger):
            for again in claims_decided_again(entries, published):
                if again is None or (again.fault is None and again.should == "unknown"):
                    unknown += 1
                elif again.fault is None:
                    same += 1
                else:
                    faulty += 1
                    if faulty <= MAX_SHOWN:
                        progress.clear()
                        print(f"{entries[0].stream}  {fault_in_words(again.fault, _)}")
                if (same + unknown + faulty) % 1000 == 0:
                    claims = grouped(same + unknown + faulty, _)
                    progress.show(_("{n} claims of broadcasts decided again").format(n=claims))
    if same:
        print(_("claims of broadcasts that follow: {n}").format(n=grouped(same, _)))
    if unknown:
        sentence = _("claims of broadcasts that a field decided, not reproducible: {n}")
        print(sentence.format(n=grouped(unknown, _)))
    return faulty


def _print_rows(context: AppContext) -> int:
    """Rows of the views that differ from rebuilt ones, printed; how many there are."""
    _ = translator(context.config.site.language)
    try:
        with Progress(_("Replaying"), say=_) as tell:
            differences = context.views.compare(tell)
    except EntryRefused as error:
        print(_("the views cannot be rebuilt: {why}").format(why=error))
        return 1
    places = {
        "live only": _("live only"),
        "rebuilt only": _("rebuilt only"),
        "ahead": _("ahead of the ledger, which ends before this position"),
    }
    for difference in differences:
        where = places.get(difference.where, difference.where)
        print(f"{difference.table}: {where}: {difference.row}")
    return len(differences)


def rebuild(database_context: DatabaseContext, args: argparse.Namespace) -> int:
    _ = translator(database_context.config.site.language)
    for name in args.view:
        if name not in VIEWS:
            raise UserError(
                N_("there is no view {view}; there are: {known}"),
                2,
                view=name,
                known=", ".join(VIEWS),
            )
    with (
        database_context.open_context(views_may_be_broken=True) as context,
        Progress(_("Rebuilding"), say=_) as tell,
    ):
        context.views.rebuild(args.view, tell)
    print(_("rebuilt: {views}").format(views=", ".join(args.view or VIEWS)))
    return 0
