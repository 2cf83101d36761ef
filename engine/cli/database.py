"""Verbs that replace what is in the database, or the terms on which it opens. `relance backup` and
`restore`: a copy of everything, the vault apart; put back, it brings nobody back who has left
(E04). `relance trial reset`: everything a trial, whose clock was sped up, has lived is thrown away.
`relance accept-secret NAME`: a secret replaced on purpose takes the place of the former one.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.audit.copy_trial import try_copy
from engine.backup.copies import TAR, open_copy, replace, take
from engine.backup.copy_streams import AtWork, CopyFailed, at_work, clear
from engine.backup.manifest import CopyRefused, Manifest
from engine.backup.stop_replay import Applied, apply_again, read_journals
from engine.cli.progress import Progress, catch_up
from engine.cli.terminal import agreed
from engine.context import AppContext, DatabaseContext
from engine.desk.operations import Operation, OperationKind, place_of
from engine.desk.processes import accept_secret
from engine.i18n.language import N_, Say, counting_translator, grouped, translator
from engine.i18n.phrases import say_moment
from engine.i18n.user_error import UserError
from engine.privacy.erasure import STAYS_IN_LOG, note_erased, scrub_when_due
from engine.runtime.announcement import engine_date
from engine.store.database import ensure_program_role, program_role
from engine.store.migrate import migrate

MAX_SHOWN = 50
"""Faults of a copy that are printed; the others are counted."""


def backup(database_context: DatabaseContext, args: argparse.Namespace) -> int:
    _ = translator(database_context.config.site.language)
    target: Path = args.output
    if target.exists():
        raise UserError(N_("{file} is there already: choose another name"), file=target)
    if not target.parent.is_dir():
        raise UserError(N_("there is no folder {folder}"), 2, folder=target.parent)
    # Views are in no copy: one is made whatever has become of them.
    with (
        _refusing(N_("no copy was made: {why}")),
        database_context.open_context(views_may_be_broken=True) as context,
    ):
        pepper, now = database_context.secrets.pepper, context.clock.now()
        try:
            manifest = take(database_context.owner, pepper, target, now)
        except (CopyFailed, OSError) as error:
            why = error.strerror or "?" if isinstance(error, OSError) else str(error)
            failed = Operation(kind="backup", well=False, place=place_of(target), why=why)
            context.operations.note(failed)
            raise
        context.operations.note(_of_copy("backup", manifest, target))
    print(
        _("a copy up to entry {position} is in {file}").format(
            position=grouped(manifest.position, _), file=target
        )
    )
    if not target.name.endswith(TAR):
        print(
            _("vault.dump is personal: keep it apart from ledger.dump, and no longer than a month")
        )
    print(
        _(
            "not in it, and to be kept apart from it: {secrets}; and {journal}, newer than any copy"
        ).format(
            secrets=database_context.config.secrets,
            journal=database_context.config.data / "stop.journal",
        )
    )
    return 0


def _of_copy(kind: OperationKind, manifest: Manifest, place: Path, faults: int = 0) -> Operation:
    return Operation(
        kind=kind,
        well=not faults,
        position=manifest.position,
        octets=sum(part.bytes for part in manifest.parts.values()),
        place=place_of(place),
        copy=manifest.seal,
        faults=faults,
    )


def _trial(database_context: DatabaseContext, args: argparse.Namespace) -> int:
    """What is in use goes on meanwhile, and is left as it is. Exit status 1 where the copy is not
    as it should be.
    """
    _, owner = translator(database_context.config.site.language), database_context.owner
    data = database_context.config.data
    with (
        _refusing(N_("the copy cannot be put back: {why}")),
        database_context.open_context(views_may_be_broken=True) as context,
    ):
        note = context.operations.note
        try:
            with (
                open_copy(
                    data, database_context.secrets.pepper, args.copy, args.vault, args.unsealed
                ) as (manifest, files),
                Progress(_("Recomputing the tree"), say=_) as tell,
            ):
                faults = try_copy(owner, data, manifest, files, tell)
        except (CopyRefused, CopyFailed) as error:
            place = place_of(args.copy)
            note(Operation(kind="trial", well=False, place=place, faults=1, why=str(error)))
            raise
        note(_of_copy("trial", manifest, args.copy, len(faults)))
    for fault in faults[:MAX_SHOWN]:
        print(f"! {fault.said(_)}")
    if faults:
        sentence = N_("the copy differs from what it proves ({n} differences): use another")
        raise UserError(sentence, n=len(faults))
    sentence = _("tried: entry {position}, of {at}; it can be put back and is as it was signed")
    print(sentence.format(position=grouped(manifest.position, _), at=manifest.at))
    return 0


def restore(database_context: DatabaseContext, args: argparse.Namespace) -> int:
    if args.trial:
        return _trial(database_context, args)
    # Here, because every other verb does without what a start brings in.
    from engine.runtime.startup import put_back

    _ = translator(database_context.config.site.language)
    own = database_context.config.data / "stop.journal"
    with _refusing(N_("nothing was changed: {why}")):
        # Read before anything is touched: a journal that is not there must not be found out
        # afterwards.
        stops, unreadable = read_journals([*([own] if own.exists() else []), *args.journal])
        with open_copy(
            database_context.config.data,
            database_context.secrets.pepper,
            args.copy,
            args.vault,
            args.unsealed,
        ) as (manifest, files):
            if not args.yes and not _restore_agreed(manifest, _):
                raise UserError(N_("nothing was changed"))
            replace(database_context.owner, database_context.config, manifest, files)
        with database_context.open_context() as context:
            put_back(context)
            applied = apply_again(context, stops, unreadable)
            catch_up(context)
            context.rollback_detection.note()
            context.operations.note(_of_copy("restore", manifest, args.copy))
            # What stood there before is gone, and who was erased since the copy with it.
            note_erased(context)
            if scrub_when_due(context).refused:
                print(_(STAYS_IN_LOG), file=sys.stderr)
    print(
        _("put back: entry {position}, of {at}").format(
            position=grouped(manifest.position, _), at=manifest.at
        )
    )
    for line in told(applied, _):
        print(line)
    print(
        _(
            "keys for the API are those of the copy; one revoked since opens again: `relance"
            " api-key list`"
        )
    )
    print(_("sending is paused; `relance resume` says what will leave, and lets it"))
    return 1 if applied.conflicts else 0


def told(applied: Applied, _: Say) -> Iterator[str]:
    counts = applied.counts
    sentence = _(
        "applied again from the stop journal: {erased} erasures, {withdrawn} withdrawals, {others}"
        " others"
    )
    others = sum(counts[kind] for kind in ("restriction", "suppression", "pause", "hash"))
    yield sentence.format(erased=counts["erasure"], withdrawn=counts["withdrawal"], others=others)
    for path, lines in applied.unreadable.items():
        yield _(
            "{file}: {n} lines could not be read: torn by a crash before they counted, or damaged"
        ).format(file=path, n=lines)
    if applied.conflicts:
        yield _("{n} could not be applied: too much was changing; restore again").format(
            n=applied.conflicts
        )


def _restore_agreed(manifest: Manifest, _: Say) -> bool:
    if not sys.stdin.isatty():
        raise UserError(N_("what is in the database gives way to the copy: say --yes"))
    sentence = _(
        "Whatever is in the database gives way to the copy of {at} (entry {position}). Put it back?"
        " [y/N] "
    )
    return agreed(sentence.format(at=manifest.at, position=grouped(manifest.position, _)))


@contextmanager
def _refusing(sentence: str) -> Iterator[None]:
    try:
        yield
    except CopyRefused as error:
        raise UserError(error.words) from error
    except CopyFailed as error:
        raise UserError(sentence, why=error) from error


LIVED = ("mailbox", "marks", "preview", "proof", "ledger-position.json", "stop.journal")
"""What the program leaves in data/ of what it has lived. The secrets, and whatever somebody else
keeps there, stay.
"""


def trial(database_context: DatabaseContext, args: argparse.Namespace) -> int:
    """`reset`: the files first, then the database as a whole. Broken off in between, it is a trial
    still, and may be reset again.
    """
    config = database_context.config
    _ = translator(config.site.language)
    program = ensure_program_role(database_context.owner, config.secrets / "database.password")
    with database_context.open_context() as context:
        refuse_what_is_no_trial(context)
        if not args.yes and not _reset_agreed(context, _):
            raise UserError(N_("nothing was changed"))
    try:
        with clear(database_context.owner, program):
            for place in (config.data / name for name in LIVED):
                if place.is_dir():
                    shutil.rmtree(place)
                else:
                    place.unlink(missing_ok=True)
    except AtWork:
        raise UserError(
            N_("Relance runs on this database, here or on another machine: stop it first")
        ) from None
    print(
        _(
            "The trial is gone: nobody is registered, nothing is published, no key for the API is"
            " known, and the clock is real time."
        )
    )
    print(
        _("config.toml, sequences/ and data/secrets are as they were; `relance run` begins afresh.")
    )
    return 0


def refuse_what_is_no_trial(context: AppContext) -> None:
    """Only what never held anybody at real time, and wrote to nobody, may be thrown away."""
    begun, smtp = context.clock.trial, context.config.smtp
    if begun is None:
        raise UserError(
            N_(
                "this installation is no trial: its clock was never sped up, and nothing of it is"
                " thrown away"
            )
        )
    if begun.over_people:
        zone, language = context.config.site.timezone, context.config.site.language
        since = say_moment(begun.since, zone, language)
        raise UserError(
            N_(
                "people were registered here at real time before the trial began ({since}): nothing"
                " of it is thrown away"
            ),
            since=since,
        )
    if smtp.reaches_people and context.desk.mark(smtp.armed_mark) is not None:
        raise UserError(
            N_("letters have gone to people through {host}: nothing of it is thrown away"),
            host=smtp.relay or context.config.direct.helo,
        )


def _reset_agreed(context: AppContext, _: Say) -> bool:
    if not sys.stdin.isatty():
        raise UserError(N_("everything this trial has lived is thrown away: say --yes"))
    ngettext = counting_translator(context.config.site.language)
    people, entries = sum(context.views.standing().values()), context.ledger.head()
    print(engine_date(context.config, context.clock))
    print(
        ngettext("{n} person stands on a list.", "{n} people stand on lists.", people).format(
            n=grouped(people, _)
        )
    )
    question = _(
        "Throw away everything this trial has lived ({n} entries of the ledger)? [y/N] "
    ).format(n=grouped(entries, _))
    return agreed(question)


COSTS = {
    "link.key": N_(
        "No link of a letter that has left works any more, those for unsubscribing neither; answers"
        " by mail still arrive."
    ),
    "nonce.key": N_(
        "Pages and forms that are open at this moment ask to be sent once more; nothing else"
        " changes."
    ),
}


def replace_secret(database_context: DatabaseContext, args: argparse.Namespace) -> int:
    config, secrets = database_context.config, database_context.secrets
    _ = translator(config.site.language)
    program = program_role(
        ensure_program_role(
            database_context.owner,
            config.secrets / "database.password",
            ours=config.store_url == "embedded",
        )
    )
    if at_work(database_context.owner, program):
        raise UserError(
            N_("Relance runs on this database, here or on another machine: stop it first")
        )
    print(_(COSTS[args.name]))
    if not args.yes and not (
        sys.stdin.isatty() and agreed(_("Take the new {name}? [y/N] ").format(name=args.name))
    ):
        raise UserError(N_("nothing was changed; to take it, say --yes"))
    migrate(database_context.owner, program)
    accept_secret(database_context.owner, args.name, secrets.fingerprints(), config.secrets)
    print(
        _(
            "{name} is the one in {folder} from now on: copy it to every machine, and keep it apart"
            " as well"
        ).format(name=args.name, folder=config.secrets)
    )
    return 0
