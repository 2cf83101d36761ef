"""`run` and its parts `web`, `follow`, `send`: what works until it is told to stop. SIGTERM and
Ctrl-C finish what is on the wire and record it.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import logging
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace

from engine.context import AppContext
from engine.desk.processes import Disagreement
from engine.i18n.language import N_
from engine.i18n.user_error import UserError
from engine.ledger.store import LOST
from engine.runtime import logs
from engine.runtime.rollback_detection import Restored
from engine.runtime.shutdown import STOP_SIGNALS
from engine.store.safe_error_text import safe_error_text

log = logging.getLogger("relance.run")
PARTS = ("web", "console", "follow", "send")
TURN_SECONDS = 0.0005


def run(
    context: AppContext, args: argparse.Namespace, begin: Callable[[], None] = lambda: None
) -> int:
    parts = (*PARTS, "inbound") if context.config.inbound.takes_mail else PARTS
    return _run(context, parts, args.seconds, args.speed, args.trial, begin)


def web(context: AppContext, args: argparse.Namespace) -> int:
    return _run(context, ("web",), args.seconds)


def follow(context: AppContext, args: argparse.Namespace) -> int:
    return _run(context, ("follow",), args.seconds)


def send(context: AppContext, args: argparse.Namespace) -> int:
    return _run(context, ("send",), args.seconds)


def listen(context: AppContext, args: argparse.Namespace) -> int:
    """`relance inbound --listen`."""
    if not context.config.inbound.takes_mail:
        raise UserError(
            N_("nothing of [inbound] in config.toml takes mail in: see docs/arriving.md")
        )
    return _run(context, ("inbound",), args.seconds)


def console(context: AppContext, args: argparse.Namespace) -> int:
    port = context.config.console.port if args.port is None else args.port
    url = context.config.console.url if args.port is None else ""
    served = replace(context.config.console, port=port, url=url)
    return _run(
        replace(context, config=replace(context.config, console=served)), ("console",), args.seconds
    )


def _collect_seldom() -> None:
    """Python looks for cycles after every few hundred new objects, and now and then among all that
    lives: where thousands of people pass through, a tenth of the time. What is there at the start
    stays out of it.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def _take_turns_often() -> None:
    """Each answer of a server, each mark and each row of the database costs a thread its turn, and
    Python lets whoever computes keep it for 5 ms: letters were handed over only now and then while
    others were composed. It costs nothing while one thread alone has work.
    """
    sys.setswitchinterval(TURN_SECONDS)


def _run(
    context: AppContext,
    parts: Sequence[str],
    seconds: float,
    speed: int = 0,
    trial: bool = False,
    begin: Callable[[], None] = lambda: None,
) -> int:
    # Here, because every other verb does without what sending, serving and scheduling bring in.
    from engine.mime.self_test import self_test
    from engine.runtime.supervisor import RunOptions, run_parts
    from engine.sending.connection_limit import raise_descriptor_limit

    logs.to_standard_error()
    raise_descriptor_limit()
    self_test()
    _collect_seldom()
    _take_turns_often()
    options = RunOptions(
        parts=frozenset(parts), seconds=seconds, speed=speed, trial=trial, begin=begin
    )
    before = {number: signal.getsignal(number) for number in STOP_SIGNALS}
    try:
        import uvloop
    except ImportError:
        failures = asyncio.run(run_parts(context, options))
    else:
        failures = uvloop.run(run_parts(context, options))
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    for error in failures:
        if isinstance(error, Restored | Disagreement):
            log.error(str(error))
        elif isinstance(error, LOST):
            log.error(
                "ended because the database was lost: start again",
                extra={"why": safe_error_text(error)},
            )
        else:
            log.error("ended by an error nobody expected", exc_info=error)
    return 1 if failures else 0
