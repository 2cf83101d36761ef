"""`audit stamp` and `audit witness`: the ledger as it is now, signed and taken to others who
can say later that it was so.
"""

from __future__ import annotations

import argparse
from datetime import UTC, datetime

from engine.cli.attesting import refusing
from engine.context import AppContext
from engine.i18n.language import N_, grouped, translator
from engine.i18n.refusal import Refusal
from engine.runtime import stamping
from engine.runtime.witnessing import witness_now
from engine.sending.relay_settings import relay_of


def stamp(context: AppContext, args: argparse.Namespace) -> int:
    """A checkpoint over everything, stamped now by the server of `[proof] stamp`."""
    _ = translator(context.config.site.language)
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
        kept = stamping.stamp_one(context, signed)
    except stamping.NotStamped as error:
        context.processes.complain(stamping.TROUBLE, str(error))
        raise Refusal(N_("the checkpoint is not stamped: {why}"), 1, why=error) from error
    stamping.daily(context).done()
    context.processes.relieve(stamping.TROUBLE)
    stamped, until = (
        f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%d %H:%M:%S}"
        for at in (kept.stamped_at, kept.holds_until)
    )
    sentence = _(
        "The checkpoint over {size} entries was there on {stamped} (UTC): stamped by {server}, with"
        " certificates that last until {until}."
    )
    print(
        sentence.format(
            size=grouped(signed.size, _),
            stamped=stamped,
            server=context.config.proof.stamp,
            until=until[:10],
        )
    )
    return 0


def witness(context: AppContext, args: argparse.Namespace) -> int:
    """A checkpoint over everything, mailed now to each address of `[proof] witness`."""
    _ = translator(context.config.site.language)
    if not context.config.proof.witness:
        raise Refusal(
            N_(
                "nobody is named to keep checkpoints: write their addresses in config.toml, [proof]"
                " witness"
            ),
            2,
        )
    settings = relay_of(context.config, context.config.mailbox_smtp_port)
    with refusing():
        signed = context.tree.sign_now()
    failed = 0
    for address in context.config.proof.witness:
        why = witness_now(context, settings, address, signed)
        failed += bool(why)
        line = (
            _("{address}: not taken: {why}")
            if why
            else _("{address}: the checkpoint over {size} entries is on its way")
        )
        print(line.format(address=address, why=why, size=grouped(signed.size, _)))
    return 1 if failed else 0
