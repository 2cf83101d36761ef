"""Who has been silent too long, and what becomes of them: asked once, erased where no answer came;
and requests nobody confirmed (D11, D12).
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from engine.commands.command_handler import CommandRequest
from engine.context import AppContext
from engine.privacy.erasure import Seal, erase
from engine.privacy.retention_due import Terms
from engine.privacy.sealed_archive import archiver
from engine.sequence.declared import Retention
from engine.subscriber.commands import AskAgain
from engine.subscriber.events import Cause
from engine.subscriber.inactivity import NOT_TO_BE_ASKED, is_unanswered
from engine.subscriber.outcome import Done

AT_ONCE = 200
ENGINE = Cause("engine")


class NightlyCap:
    """How many people this night may still ask or erase, whatever the rule: a mistake in a duration
    stays small.
    """

    def __init__(self, most: int) -> None:
        self.left = most


def ask_the_silent(context: AppContext, terms: Terms, cap: NightlyCap, declared: Retention) -> int:
    """How many were asked or, where nobody may write to them any more, erased at once."""
    done, passed = 0, set[str]()
    while cap.left > 0:
        listed = context.views.long_silent("silent", terms.silent, AT_ONCE + len(passed))
        found = [who for who, _ in listed if who not in passed][: min(AT_ONCE, cap.left)]
        if not found:
            return done
        passed |= set(found)
        now = context.clock.now()
        requests = [
            CommandRequest(AskAgain(now, ENGINE, secrets.token_hex(16)), stream=who)
            for who in found
        ]
        for who, result in zip(found, context.command_handler.execute(requests), strict=True):
            refused = result.outcome == NOT_TO_BE_ASKED
            if (refused and _erased(context, who, "retention", declared)) or isinstance(
                result.outcome, Done
            ):
                done, cap.left = done + 1, cap.left - 1
    return done


def erase_the_unanswered(
    context: AppContext, terms: Terms, cap: NightlyCap, declared: Retention
) -> int:
    """Those who were asked whether to go on, and were silent until their term."""
    return _erase_all(context, "unanswered", terms.unanswered, cap, declared)


def erase_the_unconfirmed(
    context: AppContext, terms: Terms, cap: NightlyCap, declared: Retention
) -> int:
    """Those of whom nothing is known but a request that they never confirmed."""
    return _erase_all(context, "unconfirmed", terms.unconfirmed, cap, declared)


def _erase_all(
    context: AppContext, rule: str, upto: int, cap: NightlyCap, declared: Retention
) -> int:
    done, passed = 0, set[str]()
    while cap.left > 0:
        found = [
            who
            for who, _ in context.views.long_silent(rule, upto, AT_ONCE + len(passed))
            if who not in passed
        ][:AT_ONCE]
        if not found:
            return done
        passed |= set(found)
        for who in _still(context, rule, found):
            if cap.left > 0 and _erased(
                context, who, "retention" if rule == "unanswered" else "unconfirmed", declared
            ):
                done, cap.left = done + 1, cap.left - 1
    return done


def _still(context: AppContext, rule: str, found: Sequence[str]) -> list[str]:
    """Those the rule concerns as they are at this moment: a view may lag behind."""
    now, people = context.clock.now(), context.command_handler.load(found)
    if rule == "unanswered":
        return [who for who in found if is_unanswered(people[who], now)]
    return [
        who
        for who in found
        if not people[who].grounds
        and not any(request.expires_at > now for request in people[who].requests.values())
    ]


def _erased(context: AppContext, subscriber: str, basis: str, declared: Retention) -> bool:
    """Whoever had not asked to be left alone may come back by any door: only the hashes that stand
    already stay.
    """
    seal = _seal(context, basis, declared)
    result, receipt = erase(
        context,
        subscriber,
        ENGINE,
        context.command_handler.execute_one,
        basis=basis,
        suppression="leave",
        seal=seal,
    )
    return receipt is not None and not result.conflict


def _seal(context: AppContext, basis: str, declared: Retention) -> Seal | None:
    """The proof of those who had agreed stays sealed for as long as was declared, where there is an
    auditor to seal it to (D13).
    """
    wanted = basis == "retention" and context.config.proof.archive_recipient
    return archiver(context, declared.proof) if wanted else None
