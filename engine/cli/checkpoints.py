"""`audit checkpoint`, `witness`, `stamp`, `key`, `rotate-key` and `restored`: what is signed over
the ledger and in whose name, and taken to others who can say later that it was so.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TextIO
from urllib.parse import urlsplit

from engine.cli.progress import Progress
from engine.context import AppContext
from engine.i18n.language import N_, grouped, translator
from engine.i18n.user_error import UserError
from engine.proof.errors import ProofRefused
from engine.proof.signer import SigningRefused
from engine.runtime import stamping
from engine.runtime.clock_changes import check_clock
from engine.runtime.cosigning import cosign_now
from engine.runtime.startup import put_back
from engine.runtime.witnessing import witness_now
from engine.sending.relay_settings import route_settings
from engine.words import Words

Tell = Callable[[int, int], None]
MAX_SHOWN = 50
"""Differences that are printed; the others are counted."""
NOTHING_SIGNED = N_(
    "nothing is signed: {n} differences between ledger, tree, vault and what was signed, named"
    " above; keep everything as it is: it is evidence"
)


@contextmanager
def refusing() -> Iterator[None]:
    """Why nothing is signed, as a refusal of the command line."""
    try:
        yield
    except SigningRefused as error:
        raise UserError(error.words) from error
    except ProofRefused as error:
        raise UserError(str(error)) from error


def hold_everything(context: AppContext) -> None:
    """The whole ledger against its tree, before anything is signed at somebody's word. Raises
    UserError where anything differs, each difference being printed on standard error before.
    """
    label = N_("Recomputing the tree")
    differences = print_differences(context, label, context.tree.differences, sys.stderr)
    if differences:
        raise UserError(NOTHING_SIGNED, n=differences)


def print_differences(
    context: AppContext, label: str, differences: Callable[[Tell], Iterable[Words]], out: TextIO
) -> int:
    """Each difference between ledger, tree and what was signed or remembered, printed as soon as it
    is found; how many there are. Raises UserError.
    """
    _ = translator(context.config.site.language)
    count = 0
    with refusing(), Progress(_(label), say=_) as tell:
        for count, difference in enumerate(differences(tell), 1):
            if count <= MAX_SHOWN:
                tell.clear()
                print(difference.said(_), file=out, flush=True)
    return count


def checkpoint(context: AppContext, args: argparse.Namespace) -> int:
    """The signed note, and nothing else, on standard output."""
    hold_everything(context)
    with refusing():
        signed = context.tree.sign_now()
    sys.stdout.write(signed.note.decode())
    return 0


def key(context: AppContext, args: argparse.Namespace) -> int:
    """What an operator publishes elsewhere: in the privacy policy, in the DNS. The lines to be
    pasted are the same in every language.
    """
    _ = translator(context.config.site.language)
    with refusing():
        origin, vkey = context.tree.begin()
    host = urlsplit(f"//{origin}").hostname
    print(_("Origin of the checkpoints:"))
    print(f"    {origin}")
    print(
        _(
            "Their verifier key (C2SP signed-note), for the privacy policy and for whoever keeps"
            " checkpoints:"
        )
    )
    print(f"    {vkey}")
    print(_("The same as a record of the DNS:"))
    print(f'    _relance.{host}. IN TXT "{vkey}"')
    return 0


def rotate(context: AppContext, args: argparse.Namespace) -> int:
    _ = translator(context.config.site.language)
    check_clock(context)
    hold_everything(context)
    with refusing():
        signed = context.tree.rotate_key()
    print(
        _(
            "A new key signs from here on; the former one has named it in the ledger and is gone."
            " Publish it, and save data/secrets/proof.key:"
        )
    )
    print(f"    {context.tree.vkey}")
    print(_("Its first checkpoint covers {n} entries.").format(n=grouped(signed.size, _)))
    return 0


def restored(context: AppContext, args: argparse.Namespace) -> int:
    """For a ledger that was put back without this machine noticing by itself: as `run` does it when
    it notices.
    """
    _ = translator(context.config.site.language)
    check_clock(context)
    if context.ledger.head() == 0:
        raise UserError(N_("the ledger is empty: nothing was put back"))
    position = put_back(context)
    context.tree.anew()
    context.rollback_detection.note()
    with refusing():
        signed = context.tree.sign_now()
    print(
        _(
            "The ledger was put back and ended at position {n}; sending is paused until `relance"
            " resume`."
        ).format(n=grouped(position, _))
    )
    print(
        _("A new origin has begun: {origin}. Publish its key: `relance audit key`.").format(
            origin=signed.origin
        )
    )
    return 0


def stamp(context: AppContext, args: argparse.Namespace) -> int:
    """A checkpoint over everything, stamped now by the server of `[proof] stamp`."""
    _ = translator(context.config.site.language)
    if not context.config.proof.stamp:
        raise UserError(
            N_(
                "no time-stamping server is named: write it in config.toml, [proof] stamp and"
                " stamp_roots"
            ),
            2,
        )
    hold_everything(context)
    with refusing():
        signed = context.tree.sign_now()
    try:
        kept = stamping.stamp_one(context, signed)
    except stamping.NotStamped as error:
        context.processes.complain(stamping.TROUBLE, str(error))
        raise UserError(N_("the checkpoint is not stamped: {why}"), 1, why=error) from error
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
    """A checkpoint over everything, mailed now to each address of `[proof] witness`, and shown now
    to each witness of `[proof] witness_url` to be cosigned.
    """
    _ = translator(context.config.site.language)
    proof = context.config.proof
    if not proof.witness and not proof.witness_url:
        raise UserError(
            N_(
                "nobody is named to keep checkpoints: write their addresses in config.toml, [proof]"
                " witness or witness_url"
            ),
            2,
        )
    hold_everything(context)
    with refusing():
        signed = context.tree.sign_now()
    outcomes = [
        (cosigner.url, cosign_now(context, cosigner, signed), COSIGNED)
        for cosigner in proof.witness_url
    ]
    if proof.witness:
        settings = route_settings(context.config, context.config.mailbox_smtp_port)
        outcomes += [
            (address, witness_now(context, settings, address, signed), MAILED)
            for address in proof.witness
        ]
    for whom, why, done in outcomes:
        line = _("{address}: not taken: {why}") if why else _(done)
        print(line.format(address=whom, why=why, size=grouped(signed.size, _)))
    return 1 if any(why for _whom, why, _done in outcomes) else 0


MAILED = N_("{address}: the checkpoint over {size} entries is on its way")
COSIGNED = N_("{address}: the checkpoint over {size} entries is cosigned")
