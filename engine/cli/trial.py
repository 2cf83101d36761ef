"""`relance trial`: whether this installation is a trial, whose clock was sped up; and `trial
reset`, which throws away everything it has lived.
"""

from __future__ import annotations

import argparse
import shutil
import sys

from engine.backup.copy_streams import AtWork, clear
from engine.cli.terminal import agreed
from engine.context import AppContext, DatabaseContext
from engine.i18n.language import N_, Say, counting_translator, grouped, translator
from engine.i18n.phrases import say_moment
from engine.i18n.user_error import UserError
from engine.runtime.announcement import engine_date
from engine.store.database import ensure_program_role

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
        if not args.yes and not _agreed(context, _):
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
            host=smtp.host,
        )


def _agreed(context: AppContext, _: Say) -> bool:
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
    asked = _(
        "Throw away everything this trial has lived ({n} entries of the ledger)? [y/N] "
    ).format(n=grouped(entries, _))
    return agreed(asked)
