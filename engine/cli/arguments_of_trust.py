"""Arguments of what an auditor asks, of what keeps an installation to be trusted, and of the papers
the law asks for.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine.api.scopes import SCOPES
from engine.i18n.language import LANGUAGES, N_

REPLACEABLE_SECRETS = ("link.key", "nonce.key")
"""As `engine.desk.processes` has them, which brings in the store."""


def _story_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "address",
        metavar="ADDRESS|ID|installation",
        help=N_(
            "of the person, also a former one the evidence still holds, or their opaque id; or the"
            " word `installation`: what was published, held and exported, and by whom"
        ),
    )
    _output_arguments(parser)


def _letter_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "mail",
        metavar="FILE.eml|MESSAGE-ID",
        help=N_("the contested mail as it was received, or its Message-ID"),
    )
    _output_arguments(parser)


def _output_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--html",
        type=Path,
        metavar="FILE",
        help=N_("write one self-contained page there instead (readable by its owner alone)"),
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help=N_("the same for a program: codes and milliseconds beside the words"),
    )
    parser.add_argument(
        "--lang",
        choices=LANGUAGES,
        help=N_("the language it is told in (default: the installation's)"),
    )


def _dossier_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("address", metavar="ADDRESS|ID", help=N_("the person, or their opaque id"))
    parser.add_argument(
        "-o",
        dest="output",
        type=_html_or_pdf,
        required=True,
        metavar="FILE.html|FILE.pdf",
        help=N_("where to write it (readable by its owner alone)"),
    )
    parser.add_argument(
        "--lang",
        choices=LANGUAGES,
        help=N_("the language it is told in (default: the installation's)"),
    )


def _html_or_pdf(text: str) -> Path:
    """Raises ArgumentTypeError for a file of another kind."""
    path = Path(text)
    if path.suffix.lower() not in (".html", ".pdf"):
        raise argparse.ArgumentTypeError(N_("write FILE.html or FILE.pdf"))
    return path


def as_of_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "date",
        metavar="DATE",
        help=N_("in the installation's zone: 2026-03-15 (the end of that day) or 2026-03-15T09:00"),
    )
    parser.add_argument(
        "address", nargs="?", default="", metavar="ADDRESS|ID", help=N_("only this person")
    )
    parser.add_argument(
        "--list",
        default="",
        metavar="ID",
        help=N_("only this list: its number, or a name it ever had"),
    )
    parser.add_argument(
        "--csv",
        type=Path,
        metavar="FILE",
        help=N_("write a table there instead (readable by its owner alone, inert in a sheet)"),
    )
    parser.add_argument(
        "--json", action="store_true", help=N_("the same for a program, with opaque ids only")
    )
    parser.add_argument("--addresses", action="store_true", help=N_("with --json: addresses too"))
    parser.add_argument(
        "--lang",
        choices=LANGUAGES,
        help=N_("the language it is told in (default: the installation's)"),
    )


def _broadcast_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "broadcast",
        metavar="FILE|ID",
        help=N_("of the broadcast, or the dialogue file in which it is the only one"),
    )
    parser.add_argument(
        "--occurrence",
        default="",
        metavar="DATE",
        help=N_("of a recurring one, such as 2027-03-01 (default: the latest)"),
    )
    parser.add_argument(
        "--csv",
        type=Path,
        metavar="FILE",
        help=N_("a table of everybody by their opaque ids (readable by its owner alone)"),
    )
    parser.add_argument(
        "--json", action="store_true", help=N_("the same for a program, with opaque ids only")
    )
    parser.add_argument(
        "--lang",
        choices=LANGUAGES,
        help=N_("the language it is told in (default: the installation's)"),
    )


def _prove_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("person", metavar="ADDRESS|ID", help=N_("the person, or their opaque id"))
    parser.add_argument(
        "-o", dest="target", required=True, metavar="FILE.zip", help=N_("where to write it")
    )
    parser.add_argument(
        "--size",
        type=int,
        metavar="N",
        help=N_("as of the checkpoint over so many entries (default: a new one, over everything)"),
    )


def _ledger_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-o",
        dest="target",
        required=True,
        metavar="DIR",
        help=N_("a folder that is empty, or not there yet"),
    )


def _verify_arguments(parser: argparse.ArgumentParser) -> None:
    from engine.proof import verify

    # The stand-alone verifier has its own French.
    verify.add_arguments(parser, getattr(parser, "language", "en"))


def _evidence_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "address", nargs="?", default="", help=N_("only this person (default: everybody)")
    )


def retention_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--json", action="store_true", help=N_("the same for programs; instants in ISO 8601")
    )


def _open_archive_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "id", help=N_("the person's opaque id, as the receipt of the erasure has it")
    )
    where = N_("where to; sealed as it is unless --identity is given")
    parser.add_argument("-o", dest="output", type=Path, required=True, metavar="FILE", help=where)
    parser.add_argument(
        "--identity",
        type=Path,
        default=None,
        metavar="FILE",
        help=N_("the auditor's private key, to unseal it here"),
    )


def _no_arguments(parser: argparse.ArgumentParser) -> None:
    """Of a part that is told nothing."""


@dataclass(frozen=True)
class Part:
    """A part of `relance audit`: what it is for, marked for the catalogue, and its arguments."""

    help: str
    arguments: Callable[[argparse.ArgumentParser], None] = _no_arguments


AUDIT_PARTS: dict[str, Part] = {
    "story": Part(
        N_("every fact about a person, with both dates, cause, ground and the words shown"),
        _story_arguments,
    ),
    "letter": Part(
        N_("from a contested mail to the person, the ground and the words"),
        _letter_arguments,
    ),
    "broadcast": Part(
        N_("who was chosen for a whole broadcast, who was not and why: from the ledger alone"),
        _broadcast_arguments,
    ),
    "dossier": Part(
        N_("one person's case as a document: who, what was shown, when, how, what is missing"),
        _dossier_arguments,
    ),
    "as-of": Part(
        N_("who was on which list, and on what ground, as it was known then"),
        as_of_arguments,
    ),
    "replay": Part(
        N_('make everything anew from the ledger, beside what is in use: "equal", or what differs'),
    ),
    "prove": Part(
        N_("one person's proof as a zip file, which anybody can verify without Relance"),
        _prove_arguments,
    ),
    "ledger": Part(
        N_("the whole ledger as a folder, which names nobody; verified without Relance too"),
        _ledger_arguments,
    ),
    "verify": Part(
        N_("verify such a zip file or folder, as whoever receives it does"),
        _verify_arguments,
    ),
    "evidence": Part(
        N_("for each ground to write to somebody: what its proof lacks"),
        _evidence_arguments,
    ),
    "retention": Part(
        N_("how long each thing may be kept, beside the oldest that is"),
        retention_arguments,
    ),
    "open-archive": Part(
        N_("open the sealed proof of somebody who was erased; each opening is recorded"),
        _open_archive_arguments,
    ),
    "checkpoint": Part(
        N_("sign the ledger as it is now, and print the signed checkpoint"),
    ),
    "witness": Part(
        N_(
            "sign the ledger as it is now, mail the checkpoint to who keeps it ([proof] witness),"
            " and have it cosigned ([proof] witness_url)"
        ),
    ),
    "stamp": Part(
        N_(
            "sign the ledger as it is now, and have the checkpoint stamped with the time"
            " ([proof] stamp)"
        ),
    ),
    "key": Part(
        N_("name and key of the checkpoints, to be published where nobody here can change them"),
    ),
    "rotate-key": Part(N_("a new signing key, which the present one names")),
    "restored": Part(
        N_(
            "say that the ledger was put back from a copy: checkpoints go on in a new name,"
            " which names the last one"
        ),
    ),
}
AUDIT_EPILOG = N_(
    "`story`, `letter` and `as-of` answer a contested case and change nothing. `prove` and `ledger`"
    " are for somebody who trusts neither you nor Relance. A checkpoint is a signed statement of"
    " everything recorded so far: whoever keeps one can tell later whether anything was changed."
    " docs/audit.md has ten cases, and how to verify what was handed over."
)


def audit_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = AUDIT_EPILOG
    parts = parser.add_subparsers(dest="part", required=True, metavar="PART")
    for name, part in AUDIT_PARTS.items():
        part.arguments(parts.add_parser(name, help=part.help, description=part.help))


def rebuild_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "view",
        nargs="*",
        metavar="VIEW",
        help=N_("of agenda, members, letters, silence (default: all)"),
    )


def accept_secret_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "name",
        choices=REPLACEABLE_SECRETS,
        metavar="NAME",
        help=N_("link.key or nonce.key; suppression.pepper is never replaced"),
    )
    parser.add_argument("--yes", action="store_true", help=N_("do not ask"))


def api_key_arguments(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(dest="act", required=True, metavar="ACT")
    new = acts.add_parser("create", help=N_("make a key; it is shown this once"))
    new.add_argument("name", help=N_("what you will know it by"))
    new.add_argument(
        "--scope",
        action="append",
        default=[],
        choices=SCOPES,
        help=N_("what it may do; more than once for more (default: subscribe)"),
    )
    new.add_argument(
        "--expires",
        metavar="WHEN",
        help=N_('after that it opens nothing: "90 days", or a date (default: never)'),
    )
    acts.add_parser(
        "list",
        help=N_("every key: id, name, what it may do, when it was last used, when it expires"),
    )
    acts.add_parser("revoke", help=N_("close a key for good")).add_argument(
        "id", help=N_("of the key, as `relance api-key list` has it")
    )


def papers_arguments(parser: argparse.ArgumentParser) -> None:
    papers = parser.add_subparsers(dest="paper", required=True, metavar="PAPER")
    _paper_arguments(
        papers.add_parser("register", help=N_("the record of processing activities (GDPR 30)"))
    )
    processor = papers.add_parser(
        "processor", help=N_("the annex to a processor's contract (GDPR 28)")
    )
    processor.add_argument(
        "--name", default="", help=N_("of the processor, as in config.toml (default: every one)")
    )
    _paper_arguments(processor)
    _paper_arguments(papers.add_parser("breaches", help=N_("the log of breaches (GDPR 33(5))")))


def _paper_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--as-of", default="", metavar="DATE", help=N_("as it was known on that day (default: now)")
    )
    parser.add_argument(
        "--lang",
        choices=LANGUAGES,
        default="",
        help=N_("its language (default: the installation's)"),
    )
    parser.add_argument(
        "-o",
        dest="file",
        default="",
        metavar="FILE",
        help=N_("write it there, as Markdown (default: to the screen)"),
    )


def breach_arguments(parser: argparse.ArgumentParser) -> None:
    parts = parser.add_subparsers(dest="part", required=True, metavar="PART")
    record = parts.add_parser("record", help=N_("write down a breach you have become aware of"))
    record.add_argument(
        "--detected",
        default="",
        metavar="DATE",
        help=N_("when you became aware of it (default: now)"),
    )
    _breach_texts(record, required=True)
    update = parts.add_parser("update", help=N_("write down what has been learnt or done since"))
    update.add_argument(
        "breach", metavar="ID", help=N_("of the breach, as `relance papers breaches` has it")
    )
    _breach_texts(update, required=False)
    told = update.add_mutually_exclusive_group()
    told.add_argument(
        "--authority-told",
        default="",
        metavar="DATE",
        help=N_("when the authority (CNIL) was told"),
    )
    told.add_argument(
        "--people-told", default="", metavar="DATE", help=N_("when those affected were told")
    )
    told.add_argument("--close", action="store_true", help=N_("nothing more is to be done"))


def _breach_texts(parser: argparse.ArgumentParser, *, required: bool) -> None:
    from engine.installation.breaches import RISKS

    parser.add_argument(
        "--facts", required=required, default="", help=N_("what happened, to which data, of whom")
    )
    parser.add_argument(
        "--effects", required=required, default="", help=N_("what may come of it for the people")
    )
    parser.add_argument(
        "--measures", required=required, default="", help=N_("what was or will be done about it")
    )
    parser.add_argument(
        "--reason",
        default="",
        help=N_("why the authority is told late, or not; why the people are not told"),
    )
    parser.add_argument(
        "--risk",
        choices=RISKS,
        default="",
        help=N_("for the people: none (the authority need not be told), risk, high"),
    )
    parser.add_argument(
        "--people", type=int, default=0, metavar="N", help=N_("about how many people are affected")
    )


ARGUMENTS: dict[str, Callable[[argparse.ArgumentParser], None]] = {
    "audit": audit_arguments,
    "rebuild": rebuild_arguments,
    "accept-secret": accept_secret_arguments,
    "api-key": api_key_arguments,
    "papers": papers_arguments,
    "breach": breach_arguments,
}
"""By verb."""
