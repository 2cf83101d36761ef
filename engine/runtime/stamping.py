"""The newest checkpoint is stamped by `[proof] stamp` once a day, and by `audit stamp` now; what
was stamped is stamped again in time (F10).
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Callable
from datetime import UTC, datetime

from engine.cli.attesting import refusing
from engine.context import AppContext
from engine.desk.clock import wall_now
from engine.desk.daily import Daily
from engine.desk.processes import Processes
from engine.i18n.language import N_, grouped, translator
from engine.i18n.phrases import language_of
from engine.i18n.refusal import Refusal
from engine.proof.errors import ProofRefused
from engine.proof.stamping import CONTENT_TYPE, KeptStamp, NotFetched, accepted, fetched, question
from engine.proof.store import SignedCheckpoint
from engine.sequence.delay import DAY

log = logging.getLogger("relance.proof")
TROUBLE = "stamp"
IN_TIME = 60 * DAY
"""How long before its end a stamp is followed by another."""
AT_ONCE = 100
"""So many old checkpoints are stamped again on one day; they all end together, when the server's
certificate does.
"""
Never = Callable[[], bool]


class NotStamped(Exception):
    """Why not, in a sentence."""


def daily(context: AppContext) -> Daily:
    return Daily(context.desk, TROUBLE, context.config.site.timezone, context.clock.now, wall_now)


def stamp_when_due(context: AppContext, stopped: Never = lambda: False) -> int:
    """How many checkpoints were stamped. What fails is said on the desk, and tried again."""
    signed = context.tree.latest()
    claimed = daily(context).claim() if signed is not None else None
    if signed is None or claimed is None:
        return 0
    try:
        stamped = _stamp_all(context, signed, stopped)
    except NotStamped as error:
        log.error("NO CHECKPOINT IS STAMPED", extra={"why": str(error)})
        Processes(context.database).complain(TROUBLE, str(error))
        return 0
    if not stopped():
        daily(context).done(claimed)
        Processes(context.database).relieve(TROUBLE)
    return stamped


def _stamp_all(context: AppContext, signed: SignedCheckpoint, stopped: Never) -> int:
    """The newest, if it has no stamp that lasts; then what was stamped before and ends soon, as
    long as the server's new stamps last longer.
    """
    soon, stamped = wall_now() + IN_TIME, 0
    held = context.tree.stamps.of(signed.origin, signed.size)
    if all(each.holds_until < soon for each in held):
        stamp_one(context, signed)
        stamped += 1
    lasts = max(each.holds_until for each in context.tree.stamps.of(signed.origin, signed.size))
    for each in context.tree.stamps.ending(min(soon, lasts), AT_ONCE):
        if stopped():
            break
        stamp_one(context, each)
        stamped += 1
    return stamped


def stamp_one(context: AppContext, signed: SignedCheckpoint) -> KeptStamp:
    """Raises NotStamped."""
    stamp_roots = context.config.proof.stamp_roots
    try:
        roots = (context.config.folder / stamp_roots).read_bytes()
    except OSError as error:
        raise NotStamped(
            f"[proof] stamp_roots {stamp_roots} cannot be read: {error.strerror}"
        ) from error
    try:
        asked = question(signed.note)
        stamp = accepted(
            fetched(context.config.proof.stamp, asked, {"Content-Type": CONTENT_TYPE}),
            asked,
            signed.note,
            roots,
        )
    except (NotFetched, ProofRefused) as error:
        raise NotStamped(str(error)) from error
    kept = KeptStamp(signed.origin, signed.size, stamp.response, roots, stamp.at, stamp.until)
    context.tree.stamps.add(kept)
    return kept


def stamp(context: AppContext, args: argparse.Namespace) -> int:
    """`audit stamp`: a checkpoint over everything, stamped now."""
    _ = translator(language_of(context.config))
    if not context.config.proof.stamp:
        raise Refusal(
            N_(
                "no time-stamping server is named: write it in config.toml, [proof] stamp and"
                " stamp_roots"
            ),
            2,
        )
    with refusing():
        signed = context.tree.sign_now()
    try:
        kept = stamp_one(context, signed)
    except NotStamped as error:
        Processes(context.database).complain(TROUBLE, str(error))
        raise Refusal(N_("the checkpoint is not stamped: {why}"), 1, why=error) from error
    daily(context).done()
    Processes(context.database).relieve(TROUBLE)
    said = _(
        "The checkpoint over {size} entries was there on {stamped} (UTC): stamped by {server}, with"
        " certificates that last until {until}."
    )
    stamped, until = (
        f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%d %H:%M:%S}"
        for at in (kept.stamped_at, kept.holds_until)
    )
    print(
        said.format(
            size=grouped(signed.size, _),
            stamped=stamped,
            server=context.config.proof.stamp,
            until=until[:10],
        )
    )
    return 0
