"""The demonstration: the sample with a few readers and the clock sped up, so that ten days are
lived in a minute and stay clickable.
"""

from __future__ import annotations

import argparse
import secrets
import socket
import tempfile
from contextlib import ExitStack
from pathlib import Path

from engine.authoring import publication, starter
from engine.authoring.new_installation import copy_sample, sample_folder
from engine.authoring.starter import Ports
from engine.cli import run as running
from engine.cli.opened_context import with_context
from engine.commands.command_handler import CommandRequest
from engine.context import AppContext
from engine.i18n.language import N_, translator
from engine.i18n.phrases import command, say_list
from engine.i18n.user_error import UserError
from engine.subscriber.commands import Subscribe
from engine.subscriber.events import Cause
from engine.vault.evidence import evidence
from engine.vault.vault import VaultWrite

READERS = (
    ("camille@lecteurs.example", "Camille"),
    ("noe@lecteurs.example", "Noé"),
    ("ines@lecteurs.example", "Inès"),
)


def demo(folder: Path, args: argparse.Namespace) -> int:
    """In a folder of its own, on ports of its own, beside whatever runs; both are gone
    afterwards.
    """
    with tempfile.TemporaryDirectory(prefix="relance-demo-", ignore_cleanup_errors=True) as place:
        config = copy_sample(
            Path(place),
            starter.on_ports(
                (sample_folder() / "config.toml").read_text(encoding="utf-8"), _free_ports()
            ),
        )
        status = with_context(config, lambda context: _live(context, args))
    _ = translator(config.site.language)
    print(_("The demonstration is over, and its folder is gone."))
    return status


def _free_ports() -> Ports:
    """Four that the system has to give at this moment."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(4)]
        for reserved in sockets:
            reserved.bind(("127.0.0.1", 0))
        return Ports(*(int(reserved.getsockname()[1]) for reserved in sockets))


def _live(context: AppContext, args: argparse.Namespace) -> int:
    _ = translator(context.config.site.language)
    publication.publish_first(context)
    plan = context.installation_stream.current().plan()
    started = [listed for listed in plan.lists.values() if listed.letters]
    if not started:
        raise UserError(N_("the demonstration has no list with letters"), 2)
    start = max(started, key=lambda listed: sum(len(letter.links) for letter in listed.letters))

    def enter() -> None:
        """Once the ports are had, so that nobody is added who gets no letter."""
        context.command_handler.execute(
            [
                _joining(context, start.id, address, name, "first_name" in plan.fields)
                for address, name in READERS
            ]
        )
        day = f"{86_400 / args.speed:.1f}".removesuffix(".0").replace(".", _("."))
        print(
            _("Three readers stand on list {list}. A day lasts {seconds} seconds.").format(
                list=say_list(plan, start.id), seconds=day
            )
        )
        print(
            _(
                "Answer some of their letters in the mailbox, and see what follows, in another"
                " terminal:"
            )
        )
        print(f"  {command(context.config.folder, 'show', READERS[0][0])}")

    return running.run(context, args, enter)


def _joining(
    context: AppContext, number: int, address: str, name: str, named: bool
) -> CommandRequest:
    now = context.clock.now()
    kept = evidence(
        secrets.token_bytes(32),
        {"source": "demonstration", "operator": "relance demo", "email": address},
    )
    cause = Cause("operator", secrets.token_hex(8), evidence=kept.commitment.hex())
    fields = {"first_name": name} if named else {}
    command = Subscribe(
        at=now,
        cause=cause,
        list=number,
        basis="consent",
        proof="declared",
        declared_at=now,
        fields=tuple(fields),
    )
    return CommandRequest(
        command, address=address, vault_write=VaultWrite("", now, fields=fields, evidence=(kept,))
    )
