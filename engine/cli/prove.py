"""`audit prove`, `ledger`, `verify` and `open-archive`: proof handed over to somebody who trusts
nobody, verified as they do, and the sealed proof of somebody who was erased (D13).
"""

from __future__ import annotations

import argparse
import secrets
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from engine.audit.attesting import hand_over_ledger
from engine.audit.committed_address import address_lines
from engine.audit.held import held_reading
from engine.audit.identity import identified
from engine.audit.published import Published
from engine.audit.vault_check import OTHER_EVIDENCE, deletions, evidence_faults
from engine.cli.checkpoints import MAX_SHOWN, NOTHING_SIGNED, hold_everything, refusing
from engine.cli.operator_acts import report
from engine.cli.private_file import write_private
from engine.cli.progress import Progress
from engine.commands.command_handler import CommandRequest
from engine.context import AppContext
from engine.desk.operations import Operation
from engine.i18n.dates import shown
from engine.i18n.language import N_, grouped, translator
from engine.i18n.printable import printable
from engine.i18n.user_error import UserError, address_of
from engine.installation.events import STREAM
from engine.ledger.codec import STREAM_ID
from engine.privacy.rights_requests import person_of
from engine.proof import verify as verifier
from engine.proof.bundle import BundleSources, bundle_files, zipped
from engine.proof.bundle_sources import Stores, head_of, holding_of
from engine.proof.handover import HandoverBroken, ledger_tools
from engine.proof.store import SignedCheckpoint
from engine.subscriber.commands import OpenProof
from engine.subscriber.events import Cause
from engine.vault.evidence import committed
from engine.vault.sealing import SealingRefused, unseal
from engine.words import Words, words


def prove(context: AppContext, args: argparse.Namespace) -> int:
    """One person's proof as a zip, readable by nobody but its owner: what is in it is personal. A
    piece that is gone without a fact that says why is named, and the status is 1.
    """
    _ = translator(context.config.site.language)
    stream = _stream(context, args.person)
    hold_person(context, stream)
    stores = Stores(context.ledger, context.vault, context.tree, context.installation_stream)
    with refusing():
        signed = context.tree.sign_now() if args.size is None else _checkpoint(context, args.size)
        head = head_of(stores, signed)
        if head.vkey != context.tree.vkey:
            raise UserError(
                N_(
                    "the checkpoint over {size} entries was signed with a key that is gone: take a"
                    " later one"
                ),
                2,
                size=signed.size,
            )
        holding = holding_of(stores, stream, signed)
        if not holding.versions:
            raise UserError(N_("nobody is known under this id"))
        _refuse(context, _differences(context, holding))
        files = bundle_files(head, holding, ledger_tools(), context.tree.sign)
    write_private(Path(args.target), zipped(files), status=2)
    sentence = _(
        "{file}: {n} facts and {evidence} pieces of evidence, as of the checkpoint over {size}"
        " entries. It holds personal data."
    )
    print(
        sentence.format(
            file=args.target,
            n=holding.versions,
            evidence=len(holding.evidence),
            size=grouped(signed.size, _),
        )
    )
    person = identified(context.ledger, context.vault, stream)
    faults = [line.text for line in address_lines(person.committed, _) if line.mark == "fault"]
    deleted = deletions(Published(context.ledger.stream(STREAM)), context.config.site.timezone)
    faults += [fault.said(_) for fault in evidence_faults(person.entries, person.pieces, deleted)]
    for fault in faults:
        print(f"! {printable(fault)}")
    context.operations.note(
        Operation(kind="prove", well=not faults, position=signed.size, faults=len(faults))
    )
    return 1 if faults else 0


def hold_person(context: AppContext, stream: str) -> None:
    """The whole ledger, and what it gives of this person, before anything is signed. Raises
    UserError.
    """
    own, installation = context.ledger.stored(stream), context.ledger.stored(STREAM)
    if not own:
        raise UserError(N_("nobody is known under this id"))
    hold_everything(context)
    with refusing():
        held = held_reading(context, installation, own, stream)
    published = Published([entry for entry, _ in installation.values()])
    _refuse(context, [item.words for item in (*held.differences, *published.altered.values())])


def _differences(context: AppContext, holding: BundleSources) -> list[Words]:
    """What is handed over, held once more as it is."""
    altered = (
        words(OTHER_EVIDENCE, commitment=commitment)
        for commitment, (salt, payload) in holding.evidence.items()
        if committed(salt, payload).hex() != commitment
    )
    return [*(item.words for item in context.tree.held(holding.entries).differences), *altered]


def _refuse(context: AppContext, differences: Sequence[Words]) -> None:
    """Raises UserError where there is any, each being printed on standard error before."""
    _ = translator(context.config.site.language)
    for difference in differences[:MAX_SHOWN]:
        print(difference.said(_), file=sys.stderr)
    if differences:
        raise UserError(NOTHING_SIGNED, n=len(differences))


def _stream(context: AppContext, text: str) -> str:
    if STREAM_ID.fullmatch(text):
        if text == STREAM:
            raise UserError(N_("nobody is known under this id"))
        return text
    subscriber = context.vault.find(address_of(text))
    if subscriber is None:
        raise UserError(N_("nobody is known under this address"))
    return subscriber


def _checkpoint(context: AppContext, size: int) -> SignedCheckpoint:
    """One that was signed before, in the present origin's name."""
    known = [
        signed for signed in context.tree.all_checkpoints() if signed.origin == context.tree.origin
    ]
    chosen = next((signed for signed in known if signed.size == size), None)
    if chosen is None:
        sizes = ", ".join(str(signed.size) for signed in known[-10:])
        raise UserError(
            N_("there is no checkpoint over {size} entries; the last ones: {known}"),
            2,
            size=size,
            known=sizes or "-",
        )
    return chosen


def ledger(context: AppContext, args: argparse.Namespace) -> int:
    """The whole ledger, every checkpoint and the verifier; it names nobody."""
    _ = translator(context.config.site.language)
    target = Path(args.target)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise UserError(N_("{folder} is not an empty folder"), 2, folder=target)
    hold_everything(context)
    with refusing():
        signed = context.tree.sign_now()
    target.mkdir(parents=True, exist_ok=True)
    try:
        with Progress(_("Handing over"), say=_) as tell:
            hand_over_ledger(context, signed, target, tell)
    except HandoverBroken as error:
        raise UserError(
            N_("{why}: an entry was removed; keep everything as it is: it is evidence"), why=error
        ) from error
    print(
        _("{folder}: {n} entries, up to the checkpoint signed just now. It names nobody.").format(
            folder=target, n=grouped(signed.size, _)
        )
    )
    print(
        _("Verify it: python3 -I -S {program} {folder}").format(
            program=target / "verify.py", folder=target
        )
    )
    return 0


def verify(folder: Path, args: argparse.Namespace) -> int:
    """The very verifier that is handed over, in a process of its own and without anything of
    Relance; its exit status.
    """
    command = [sys.executable, "-I", "-S", verifier.__file__, *verifier.command_line_of(args)]
    sys.stdout.flush()
    return subprocess.run(command, check=False).returncode


def open_archive(context: AppContext, args: argparse.Namespace) -> int:
    """The fact is written first: what was handed out and not recorded must not be."""
    _ = translator(context.config.site.language)
    subscriber = person_of(context, args.id)
    archived = context.vault.archived(subscriber)
    if archived is None:
        raise UserError(
            N_("no proof is kept of this person: none was sealed, or its term has come")
        )
    if args.output.exists():
        raise UserError(N_("{file} is there already: choose another name"), file=args.output)
    sealed, ends_at = archived
    octets = _unsealed(sealed, args.identity) if args.identity else sealed
    result = context.command_handler.execute_one(
        CommandRequest(
            OpenProof(context.clock.now(), Cause("operator", secrets.token_hex(8))),
            stream=subscriber,
        )
    )
    if result.positions:
        write_private(args.output, octets)
    until = shown(ends_at, context.config.site.timezone)[:10]
    return report(
        result,
        _("the proof is in {file}; it is kept here until {date}").format(
            file=args.output, date=until
        ),
        _,
    )


def _unsealed(sealed: bytes, identity: Path) -> bytes:
    lines = identity.read_text(encoding="utf-8", errors="replace").splitlines()
    key = next((line.strip() for line in lines if line.startswith("AGE-SECRET-KEY-")), "")
    try:
        return unseal(sealed, key)
    except SealingRefused as error:
        raise UserError(N_("{file}: {why}"), 2, file=identity, why=error) from error
