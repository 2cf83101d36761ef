"""`relance accept-secret NAME`: a secret that was replaced on purpose takes the place of the one
this database was begun with.
"""

from __future__ import annotations

import argparse
import sys

from engine.backup.copy_streams import at_work
from engine.cli.terminal import agreed
from engine.context import DatabaseContext
from engine.desk.agreement import accept_secret
from engine.i18n.language import N_, translator
from engine.i18n.user_error import UserError
from engine.store.database import ensure_program_role, program_role
from engine.store.migrate import migrate

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


def run(database_context: DatabaseContext, args: argparse.Namespace) -> int:
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
