"""`relance backup` and `relance restore`: a copy of everything, the vault apart; put back, it
brings nobody back who has left (E04).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.backup.copy_streams import CopyFailed
from engine.backup.manifest import CopyRefused, Manifest
from engine.backup.restore import open_copy, replace
from engine.backup.stop_replay import Applied, apply_again, read_journals
from engine.backup.take import TAR, take
from engine.cli.catch_up import catch_up
from engine.cli.terminal import agreed
from engine.context import DatabaseContext
from engine.i18n.language import N_, Say, grouped, translator
from engine.i18n.user_error import UserError
from engine.privacy.erasure import STAYS_IN_LOG, note_erased, scrub_when_due


def backup(database_context: DatabaseContext, args: argparse.Namespace) -> int:
    _ = translator(database_context.config.site.language)
    target: Path = args.output
    if target.exists():
        raise UserError(N_("{file} is there already: choose another name"), file=target)
    if not target.parent.is_dir():
        raise UserError(N_("there is no folder {folder}"), 2, folder=target.parent)
    with _refusing(N_("no copy was made: {why}")):
        with database_context.open_context() as context:
            now = context.clock.now()
        manifest = take(database_context.owner, database_context.secrets.pepper, target, now)
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


def restore(database_context: DatabaseContext, args: argparse.Namespace) -> int:
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
            if not args.yes and not _agreed(manifest, _):
                raise UserError(N_("nothing was changed"))
            replace(database_context.owner, database_context.config, manifest, files)
        with database_context.open_context() as context:
            put_back(context)
            applied = apply_again(context, stops, unreadable)
            catch_up(context)
            context.rollback_detection.note()
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
    others = counts["restriction"] + counts["suppression"] + counts["hash"]
    yield sentence.format(erased=counts["erasure"], withdrawn=counts["withdrawal"], others=others)
    for path, lines in applied.unreadable.items():
        yield _(
            "{file}: {n} lines could not be read: torn by a crash before they counted, or damaged"
        ).format(file=path, n=lines)
    if applied.conflicts:
        yield _("{n} could not be applied: too much was changing; restore again").format(
            n=applied.conflicts
        )


def _agreed(manifest: Manifest, _: Say) -> bool:
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
