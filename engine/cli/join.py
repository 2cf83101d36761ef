"""`relance join`: a further host gets configuration and secrets from one that works.

Of the command line because both ends are somebody's at a terminal; the rooms are `engine/joining`.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import socket
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

from engine.cli.opened_context import ending_tidily, with_context
from engine.config import Config, read_config
from engine.context import AppContext
from engine.i18n.language import N_, Say, language_here, translator
from engine.i18n.user_error import UserError
from engine.joining.gathering import gather, refuse_unshared_store
from engine.joining.offering import MAX_WRONG, Offer, Outcome, new_offer
from engine.joining.protocol import Bundle, BundleRefused, TokenRefused, encoded, read_token
from engine.joining.taking import fetch, lay_out, read_address, refuse_taken_folder

TOKEN_VARIABLE = "RELANCE_JOIN_TOKEN"


def join(folder: Path, args: argparse.Namespace) -> int:
    if args.offer:
        if args.url or args.token:
            raise UserError(N_("`--offer` is said on the host that works, without address"), 2)
        if not folder.is_dir():
            raise UserError(N_("there is no folder {folder}"), 2, folder=folder)
        return _offer(read_config(folder), args)
    if not args.url:
        raise UserError(
            N_("say the address that `relance join --offer` printed on the host that works"), 2
        )
    return _take(folder, args)


def _offer(config: Config, args: argparse.Namespace) -> int:
    _ = translator(config.site.language)
    refuse_unshared_store(config)
    bundles: list[bytes] = []

    def gathered(context: AppContext) -> int:
        webhooks = context.installation_stream.current().plan().webhooks
        bundle = gather(config, tuple(webhooks.values()))
        bundles.append(encoded(bundle))
        if bundle.by_hand:
            _tell_by_hand(bundle.by_hand, _)
        return 0

    try:
        with_context(config, gathered)
    except BundleRefused as error:
        raise UserError(error.words) from error
    host, port = args.listen
    offer = new_offer(bundles[0], args.minutes)
    telling = partial(_tell, offer, host, args.minutes, _)
    try:
        with ending_tidily():
            outcome = asyncio.run(offer.serve(host, port, args.minutes * 60, telling))
    except OSError as error:
        raise UserError(
            N_("cannot listen on {host}:{port} ({why}): say another address with `--listen`"),
            host=host,
            port=port,
            # asyncio repeats the address in its own words.
            why=os.strerror(error.errno) if error.errno and error.errno > 0 else str(error),
        ) from error
    return _tell_end(outcome, _)


def _tell(offer: Offer, host: str, minutes: int, _: Say, port: int) -> None:
    """The lines to type on the new host."""
    reached = socket.gethostname() if host in ("", "0.0.0.0", "::") else host
    url = f"https://{f'[{reached}]' if ':' in reached else reached}:{port}"
    print(_("On the new host, where Relance is installed, within {n} min:").format(n=minutes))
    print(f"\n  relance -C FOLDER join {url} --token {offer.token.text()}\n")
    print(
        _(
            "FOLDER is empty or not there yet. The token opens everything, once: tell nobody. Where"
            " others have accounts on that host, type `--token -` and paste it then."
        ),
        flush=True,
    )


def _tell_end(outcome: Outcome, _: Say) -> int:
    match outcome:
        case Outcome.TAKEN:
            print(_("A host has taken configuration and secrets; the offer is over."))
            return 0
        case Outcome.UNCONFIRMED:
            raise UserError(
                N_(
                    "configuration and secrets were handed out, and nobody said that they arrived:"
                    " look at the new host, and offer again if they are not there"
                )
            )
        case Outcome.EXPIRED:
            raise UserError(N_("nobody came in time; the offer is over"))
        case Outcome.GUESSED:
            raise UserError(
                N_("{n} wrong tokens were shown; the offer is over: who reaches this port?"),
                n=MAX_WRONG,
            )


def _tell_by_hand(names: tuple[str, ...], _: Say) -> None:
    print(_("These files do not travel, and must be put there by hand:"))
    for name in names:
        print(f"  {name}")


def _take(folder: Path, args: argparse.Namespace) -> int:
    _ = translator(language_here())
    host, port = read_address(args.url)
    refuse_taken_folder(folder)
    try:
        token = read_token(_typed_token(args.token, _))
    except TokenRefused as error:
        raise UserError(error.words, 2) from error
    by_hand: list[str] = []

    def keep(bundle: Bundle) -> Config:
        config = lay_out(folder, bundle)
        by_hand.extend(
            name for name in bundle.by_hand if not (folder / Path(name).expanduser()).exists()
        )
        return config

    config = fetch(host, port, token, keep)
    _ = translator(config.site.language)
    print(_("{folder} has the configuration and the secrets.").format(folder=folder))
    if by_hand:
        _tell_by_hand(tuple(by_hand), _)
    _try_store(config)
    print(_("The database answers, and this program fits it. What is left to do here:"))
    print(f"  relance -C {folder} send")
    print(
        _(
            "or `run`, `web`, `follow`; and the firewall lets this host reach the database and the"
            " mail server."
        )
    )
    return 0


def _try_store(config: Config) -> None:
    """Raises UserError: the files stay."""
    try:
        with_context(replace(config, folder=config.folder.resolve()), lambda context: 0)
    except UserError as error:
        raise UserError(
            N_(
                "the files are there, but the database cannot be used from here: {why}; mend that,"
                " then `relance status` says whether it is"
            ),
            error.status,
            why=error.words,
        ) from error


def _typed_token(option: str, _: Say) -> str:
    """From where it was said: "-" is standard input."""
    if option == "-":
        if sys.stdin.isatty():
            print(_("Token: "), end="", flush=True)
        return sys.stdin.readline(1000).strip()
    if not (option or os.environ.get(TOKEN_VARIABLE)):
        raise UserError(N_("say the token: --token, or {variable}"), 2, variable=TOKEN_VARIABLE)
    return option or os.environ[TOKEN_VARIABLE].strip()
