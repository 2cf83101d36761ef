"""`relance audit PART`: which function answers each part. As in `dispatch`, the module of the typed
part alone is brought in.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

from engine.context import AppContext


def audit(context: AppContext, args: argparse.Namespace) -> int:
    return part(args.part)(context, args)


def part(name: str) -> Callable[[AppContext, argparse.Namespace], int]:
    """Raises KeyError for what is none of AUDIT_PARTS, and for `verify`, which needs no
    installation.
    """
    carry_out: Callable[[AppContext, argparse.Namespace], int]
    match name:
        case "story":
            from engine.cli.audit_reports import story as carry_out
        case "letter":
            from engine.cli.audit_reports import letter as carry_out
        case "as-of":
            from engine.cli.audit_reports import as_of as carry_out
        case "replay":
            from engine.cli.replay import replay as carry_out
        case "prove":
            from engine.cli.prove import prove as carry_out
        case "ledger":
            from engine.cli.prove import ledger as carry_out
        case "evidence":
            from engine.cli.audit_checks import evidence as carry_out
        case "retention":
            from engine.cli.audit_checks import retention as carry_out
        case "open-archive":
            from engine.cli.prove import open_archive as carry_out
        case "checkpoint":
            from engine.cli.checkpoints import checkpoint as carry_out
        case "key":
            from engine.cli.checkpoints import key as carry_out
        case "rotate-key":
            from engine.cli.checkpoints import rotate as carry_out
        case "restored":
            from engine.cli.checkpoints import restored as carry_out
        case "witness":
            from engine.cli.checkpoints import witness as carry_out
        case "stamp":
            from engine.cli.checkpoints import stamp as carry_out
        case _:
            raise KeyError(name)
    return carry_out
