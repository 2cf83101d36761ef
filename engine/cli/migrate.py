"""`relance migrate`: a database of a former release is brought to this one, beside programs of the
former release that go on working on it. New views are built before anybody asks them.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from engine import __version__
from engine.cli.progress import Progress
from engine.context import DatabaseContext
from engine.i18n.language import Say, translator
from engine.store.database import ensure_program_role, program_role
from engine.store.migrate import Migration
from engine.store.migrate import migrate as migrate_stores


def migrate(database_context: DatabaseContext, args: argparse.Namespace) -> int:
    """The stores, then the views. Doing it again does what is left."""
    config, owner = database_context.config, database_context.owner
    _ = translator(config.site.language)
    ours, password = config.store_url == "embedded", config.secrets / "database.password"
    role = program_role(ensure_program_role(owner, password, ours=ours))
    done = migrate_stores(owner, role)
    for line in _told(done, _):
        print(line)
    with database_context.open_context(views_may_be_broken=True) as context:
        new = [view for view, position, _fault in context.views.positions() if not position]
        if new and context.ledger.head():
            with Progress(_("Rebuilding"), say=_) as tell:
                context.views.rebuild(new, tell)
            print(_("rebuilt: {views}").format(views=", ".join(_(view) for view in new)))
        if not done.older:
            context.views.drop_former()
    return 0


def _told(done: Migration, _: Say) -> Iterator[str]:
    values = {"former": done.former, "own": __version__}
    if not done.former:
        yield _("the tables of the database are made, for Relance {own}").format(**values)
    elif done.changed and done.former == __version__:
        yield _("the tables of the database are those of Relance {own}").format(**values)
    elif done.changed:
        sentence = _("the tables of the database are those of Relance {own}; they were {former}'s")
        yield sentence.format(**values)
    else:
        sentence = _("nothing to do: the tables of the database are those of Relance {former}")
        yield sentence.format(**values)
    for process in done.older:
        yield _("{parts} on {host} (process {pid}) is Relance {version}, and goes on").format(
            parts=", ".join(process.parts),
            host=process.host,
            pid=process.pid,
            version=process.version,
        )
    if done.older:
        yield _(
            "once they are upgraded, say `relance migrate` again: it takes away what only they need"
        )
