"""`relance audit PART`: what an auditor asks, one file a part."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine.context import AppContext
from engine.i18n.language import N_

Run = Callable[..., int]
Arguments = Callable[[argparse.ArgumentParser], None]


def _bare(parser: argparse.ArgumentParser) -> None:
    """Of a part that is told nothing."""


@dataclass(frozen=True)
class Part:
    help: str
    run: Run
    arguments: Arguments = _bare


def parts() -> dict[str, Part]:
    """Brought in when asked for: they need much that no other verb does, and every other verb would
    wait for it.
    """
    from engine.cli import attesting, audit_checks, audit_reports, audit_witness
    from engine.cli import open_archive as opening
    from engine.cli import prove as proving
    from engine.cli import replay as replaying

    return {
        "story": Part(
            N_("every fact about a person, with both dates, cause, ground and the words shown"),
            audit_reports.story,
            audit_reports.story_arguments,
        ),
        "letter": Part(
            N_("from a contested mail to the person, the ground and the words"),
            audit_reports.letter,
            audit_reports.letter_arguments,
        ),
        "as-of": Part(
            N_("who was on which list, and on what ground, as it was known then"),
            audit_reports.as_of,
            audit_reports.as_of_arguments,
        ),
        "replay": Part(
            N_(
                'make everything anew from the ledger, beside what is in use: "equal", or what'
                " differs"
            ),
            replaying.replay,
        ),
        "prove": Part(
            N_("one person's proof as a zip file, which anybody can verify without Relance"),
            proving.prove,
            proving.prove_arguments,
        ),
        "ledger": Part(
            N_("the whole ledger as a folder, which names nobody; verified without Relance too"),
            proving.ledger,
            proving.ledger_arguments,
        ),
        "verify": Part(
            N_("verify such a zip file or folder, as whoever receives it does"),
            proving.verify,
            proving.verify_arguments,
        ),
        "evidence": Part(
            N_("for each ground to write to somebody: what its proof lacks"),
            audit_checks.evidence,
            audit_checks.evidence_arguments,
        ),
        "retention": Part(
            N_("how long each thing may be kept, beside the oldest that is"),
            audit_checks.retention,
            audit_checks.retention_arguments,
        ),
        "open-archive": Part(
            N_("open the sealed proof of somebody who was erased; each opening is recorded"),
            opening.open_archive,
            opening.open_arguments,
        ),
        "checkpoint": Part(
            N_("sign the ledger as it is now, and print the signed checkpoint"),
            attesting.checkpoint,
        ),
        "witness": Part(
            N_(
                "sign the ledger as it is now, and mail the checkpoint to who keeps it ([proof]"
                " witness)"
            ),
            audit_witness.witness,
        ),
        "stamp": Part(
            N_(
                "sign the ledger as it is now, and have the checkpoint stamped with the time"
                " ([proof] stamp)"
            ),
            audit_witness.stamp,
        ),
        "key": Part(
            N_(
                "name and key of the checkpoints, to be published where nobody here can change them"
            ),
            attesting.key,
        ),
        "rotate-key": Part(N_("a new signing key, which the present one names"), attesting.rotate),
        "restored": Part(
            N_(
                "say that the ledger was put back from a copy: checkpoints go on in a new name,"
                " which names the last one"
            ),
            attesting.restored,
        ),
    }


EPILOG = N_(
    "`story`, `letter` and `as-of` answer a contested case and change nothing. `prove` and `ledger`"
    " are for somebody who trusts neither you nor Relance. A checkpoint is a signed statement of"
    " everything recorded so far: whoever keeps one can tell later whether anything was changed."
    " docs/audit.md has ten cases, and how to verify what was handed over."
)
WITHOUT_CONTEXT = frozenset({"verify"})
"""What was handed over is verified without an installation."""


def audit_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = EPILOG
    named = parser.add_subparsers(dest="part", required=True, metavar="PART")
    for name, part in parts().items():
        part.arguments(named.add_parser(name, help=part.help, description=part.help))


def audit(context: AppContext | Path, args: argparse.Namespace) -> int:
    return parts()[args.part].run(context, args)
