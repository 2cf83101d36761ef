"""What becomes of a visit to a link: a page, or an act and then a page.

Opening changes nothing, whoever opens (C01). A POST from a page of ours acts, once its nonce is
spent; RFC 8058's one-click POST acts without one. The page may press its own button only while
nothing suggests a robot, and that is decided anew when it does (C03).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from fastapi.responses import PlainTextResponse, RedirectResponse, Response

from engine.commands.command_handler import CommandRequest, Result
from engine.desk.desk import LinkHistory, PageOpening, VisitCell
from engine.intake.clicks import MAY_ACT_ALONE, Body, command_of, contradicts
from engine.subscriber.agenda_key import letter_ref
from engine.subscriber.answering import can_undo, is_contradiction
from engine.subscriber.commands import Confirm
from engine.subscriber.decide import decide
from engine.subscriber.events import MoveUndone
from engine.subscriber.outcome import NothingToDo, Outcome, Refusal, Refused
from engine.vault.evidence import Evidence
from engine.vault.vault import VaultWrite
from engine.views import week_of
from engine.web import robots
from engine.web.batch_loaders import LinkLoaders, Steps, run_together
from engine.web.click_evidence import (
    Visitor,
    consent_needed,
    evidence_of,
    evidence_of_measuring,
    notice_shown,
)
from engine.web.link_pages import LinkPages, thanks_address
from engine.web.link_resolver import OpenedLink, readable, sent_at, sent_later
from engine.web.measured_visits import PersonalVisit
from engine.web.page_signatures import is_nonce, made_at
from engine.web.request import neighbourhood
from engine.web.robots import LoggedVisit, Visit
from engine.web.stores import LinkStores

AGAIN = "again"


def _shown_at(opened: OpenedLink, state: str = "") -> Response:
    """A page of its own for what a press has come to: going back and reloading do nothing more."""
    return RedirectResponse(f"/l/{opened.token}" + (f"?{state}" if state else ""), 303)


def _is_contradicted(opened: OpenedLink) -> bool:
    """Two automatic answers to this letter contradicted each other, and no person has answered it
    since.
    """
    link, message = opened.click.link, opened.click.claim.message
    return (
        link is not None
        and link.kind == "move"
        and opened.person.contradicted == message
        and opened.person.standing_by(message) is None
    )


class LinkVisits:
    """`answers` blocks while it reads and writes."""

    def __init__(self, stores: LinkStores, pages: LinkPages) -> None:
        self.stores, self.pages, self.loaders = stores, pages, LinkLoaders(stores)

    def answers(
        self, visits: Sequence[tuple[Visitor, Body | None]]
    ) -> Sequence[Response | Exception]:
        """What each gets; a body is a POST's."""
        steps = (
            self._looking(visitor) if body is None else self._posting(visitor, body)
            for visitor, body in visits
        )
        return run_together(steps, self.loaders.in_order)

    def busy(self, token: str, body: Body | None) -> Response:
        """Nothing has happened; a provider's machine tries again later, a person presses again."""
        if body is not None and body.kind == "one-click":
            return PlainTextResponse("please try again\n", 503, {"Retry-After": "60"})
        return self.pages.busy(token, again=body is not None and body.kind in ("button", "auto"))

    def _looking(self, visitor: Visitor) -> Steps[Response]:
        opened = yield from self.loaders.open_link(visitor.token)
        if opened is None:
            return self.pages.unknown()
        self._count(opened, visitor)
        opened = yield from self._with_ticked(opened)
        return (yield from self._page(opened, visitor, alone=True))

    def _count(self, opened: OpenedLink, visitor: Visitor) -> None:
        claim, action = opened.click.claim, opened.click.action
        told, at = sent_at(opened)
        link = opened.click.link
        words = (readable(link) or f"#{link.index + 1}") if link is not None else ""
        ref, now = letter_ref(claim.key, claim.letter), self.stores.clock.now()
        self.stores.visit_counts.note(
            LoggedVisit(
                at=self.stores.visit_counts.now(),
                letter=claim.message,
                link=f"{action} {words}",
                visitor=f"{visitor.address} {visitor.user_agent[:400]}",
                network=neighbourhood(visitor.address, v6=48),
                withdraws=action in ("unsubscribe", "everything"),
                suspect=visitor.robot or visitor.too_often or (told and at is None),
            ),
            VisitCell(ref, action, words, week_of(now)),
            PersonalVisit(opened.token, ref, "clicked", words, now) if link is not None else None,
        )

    def _with_ticked(self, opened: OpenedLink) -> Steps[OpenedLink]:
        """With what was ticked on a form that a press would confirm."""
        click = opened.click
        if opened.plan.measured is None or click.action != "confirm" or not click.told:
            return opened
        told = yield from self.loaders.told((opened.stream, click.told))
        return replace(opened, measures=told.chosen.measured)

    def _posting(self, visitor: Visitor, body: Body) -> Steps[Response]:
        """Whoever may not act gets the page instead: at worst one more button (C04)."""
        opened = yield from self.loaders.open_link(visitor.token)
        if opened is None:
            page = self.pages.unknown()
            # Nobody was unsubscribed: a mail client must not tell its reader so.
            page.status_code = 404
            return page
        opened = yield from self._with_ticked(opened)
        if not (yield from self._may_press(opened, visitor, body)):
            if body.kind in ("button", "auto", "again"):
                return _shown_at(opened)
            page = yield from self._page(
                (yield from self.loaders.open_again(visitor.token)) or opened, visitor
            )
            if body.kind == "nothing":
                # Neither a form of ours nor RFC 8058's: whoever sent it must not take it for done.
                page.status_code = 400
            return page
        if (
            body.kind != "one-click"
            and (needed := consent_needed(opened))
            and (body.consented != needed or body.kind == "auto")
        ):
            return self.pages.consent(opened, needed, missing=True)
        now = self.stores.clock.now()
        if notice := notice_shown(opened, body):
            opened = replace(opened, click=replace(opened.click, notice=notice))
        kept = evidence_of(opened, body, visitor)
        command = command_of(opened.click, body, now, opened.person, kept[0].commitment.hex())
        if isinstance(command, Refused):
            return self.pages.refused(opened, command)
        vault_write = yield from self._vault_write(opened, body, kept, now)
        if isinstance(command, Confirm) and opened.click.told:
            told = yield from self.loaders.told((opened.stream, opened.click.told))
            command = replace(command, fields=tuple(sorted(told.fields)), chosen=told.chosen)
            vault_write = replace(vault_write, fields=told.fields)
            if opened.measures:
                own = evidence_of_measuring(opened, body, visitor)
                chosen = replace(told.chosen, evidence=own[0].commitment.hex())
                command = replace(command, chosen=chosen)
                vault_write = replace(vault_write, evidence=(*kept, *own))
        request = CommandRequest(command, stream=opened.stream, vault_write=vault_write)
        result = yield from self.loaders.execute((request, opened.person))
        if result.conflict:
            return self.busy(visitor.token, body)
        yield from self.loaders.note_pressed(opened.page)
        return self._done_by(opened, body, result)

    def _may_press(self, opened: OpenedLink, visitor: Visitor, body: Body) -> Steps[bool]:
        action = opened.click.action
        if body.kind == "one-click":
            return action == "unsubscribe"
        if (
            body.kind == "nothing"
            or visitor.too_often
            or not is_nonce(self.stores.nonce_key, opened.token, body.nonce, time.time())
        ):
            return False
        if not (yield from self.loaders.spend_nonce(body.nonce)):
            return False
        if body.kind == "again":
            return action in ("unsubscribe", "everything")
        if body.kind == "auto":
            noted = yield from self.loaders.note_shown(self._opening(opened, visitor))
            if time.time() - made_at(body.nonce) < robots.WAIT_SECONDS - 1:
                return False
            # What contradicts an automatic answer is taken back by the core, and the page asks
            # (C09).
            contradicting = contradicts(opened.click, opened.person, self.stores.clock.now())
            return contradicting or (yield from self._may_act_alone(opened, visitor, noted))
        return True

    def _done_by(self, opened: OpenedLink, body: Body, result: Result) -> Response:
        outcome = result.outcome
        if body.kind == "one-click":
            return PlainTextResponse("unsubscribed\n")
        if isinstance(outcome, Refused) and outcome.code is not Refusal.ANSWERS_CONTRADICT:
            return self.pages.refused(opened, outcome)
        if (
            (address := thanks_address(opened))
            and not is_contradiction(outcome)
            and not isinstance(outcome, Refused)
        ):
            return RedirectResponse(address, 303)
        return _shown_at(opened, AGAIN if body.kind == "again" else "")

    def _page(
        self, opened: OpenedLink, visitor: Visitor, *, alone: bool = False
    ) -> Steps[Response]:
        """The link as it stands: done already, no longer possible, or a button. What a press would
        do is asked of the same `decide` that does it.
        """
        purpose = consent_needed(opened)
        foreseen = self._foreseen(opened, Body("button", consented=purpose))
        if isinstance(foreseen, NothingToDo):
            return (yield from self._done(opened))
        if isinstance(foreseen, Refused):
            return self.pages.refused(opened, foreseen)
        if visitor.query == AGAIN and opened.click.action in ("unsubscribe", "everything"):
            return self.pages.done(opened, again=True)
        if _is_contradicted(opened):
            return self.pages.choose(opened)
        noted = None
        if visitor.method in ("GET", "HEAD"):
            noted = yield from self.loaders.note_shown(self._opening(opened, visitor))
        if purpose:
            return self.pages.consent(opened, purpose, missing=False)
        alone = (
            alone and noted is not None and (yield from self._may_act_alone(opened, visitor, noted))
        )
        return self.pages.ask(opened, wait=robots.WAIT_SECONDS if alone else 0)

    def _done(self, opened: OpenedLink) -> Steps[Response]:
        message = opened.click.claim.message
        if opened.click.action == "undo":
            entries = yield from self.loaders.entries_after((opened.stream, opened.entry.version))
            if not any(
                isinstance(entry.event, MoveUndone) and entry.event.message == message
                for entry in entries
            ):
                return self.pages.nothing_to_take_back(opened)
        return self.pages.done(opened, undoable=can_undo(message, opened.person, opened.plan))

    def _foreseen(self, opened: OpenedLink, body: Body) -> Outcome:
        command = command_of(opened.click, body, self.stores.clock.now(), opened.person)
        return (
            command if isinstance(command, Refused) else decide(command, opened.person, opened.plan)
        )

    def _opening(self, opened: OpenedLink, visitor: Visitor) -> PageOpening:
        return visitor.opening(opened.page, self.stores.pepper, asked=True)

    def _may_act_alone(
        self, opened: OpenedLink, visitor: Visitor, noted: LinkHistory
    ) -> Steps[bool]:
        if opened.click.action not in MAY_ACT_ALONE:
            return False
        told, at = sent_at(opened)
        if not told:
            at = sent_later(
                opened,
                (yield from self.loaders.entries_after((opened.stream, opened.entry.version))),
            )
        age = self.stores.clock.wall_age(at) if at is not None else None
        seen = (
            age,
            visitor.user_agent,
            visitor.prefetched,
            noted.others,
            visitor.too_often,
            noted.pressed,
        )
        return robots.may_act_alone(Visit(*seen, noted.robot, noted.hurried, visitor.gateway))

    def _vault_write(
        self, opened: OpenedLink, body: Body, kept: tuple[Evidence, ...], now: int
    ) -> Steps[VaultWrite]:
        again = body.kind == "again"
        if not (again or opened.click.action == "confirm"):
            return VaultWrite("", now, evidence=kept)
        reason = yield from self.loaders.suppression(opened.stream)
        lift = (again and reason == "objected") or (
            opened.click.action == "confirm" and reason not in ("", "complained")
        )
        return VaultWrite("", now, evidence=kept, lift=lift)
