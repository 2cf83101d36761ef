"""`relance audit PART`: what an auditor asks, one file a part."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from engine.context import AppContext


def audit(context: AppContext | Path, args: argparse.Namespace) -> int:
    return _part(args.part)(context, args)


def _part(name: str) -> Callable[..., int]:
    """What carries out a part of AUDIT_PARTS; it alone is brought in."""
    match name:
        case "story":
            from engine.cli.audit_reports import story

            return story
        case "letter":
            from engine.cli.audit_reports import letter

            return letter
        case "as-of":
            from engine.cli.audit_reports import as_of

            return as_of
        case "replay":
            from engine.cli.replay import replay

            return replay
        case "prove":
            from engine.cli.prove import prove

            return prove
        case "ledger":
            from engine.cli.prove import ledger

            return ledger
        case "verify":
            from engine.cli.prove import verify

            return verify
        case "evidence":
            from engine.cli.audit_checks import evidence

            return evidence
        case "retention":
            from engine.cli.audit_checks import retention

            return retention
        case "open-archive":
            from engine.cli.open_archive import open_archive

            return open_archive
        case "checkpoint":
            from engine.cli.attesting import checkpoint

            return checkpoint
        case "key":
            from engine.cli.attesting import key

            return key
        case "rotate-key":
            from engine.cli.attesting import rotate

            return rotate
        case "restored":
            from engine.cli.attesting import restored

            return restored
        case "witness":
            from engine.cli.audit_witness import witness

            return witness
        case "stamp":
            from engine.cli.audit_witness import stamp

            return stamp
    raise KeyError(name)
