"""`/l/TOKEN`, the way behind every link of every letter.

Opening changes nothing, whoever opens (C01). A POST from a page of ours acts, once its nonce is spent; RFC 8058's one-click POST acts without one.
The page may press its own button only while nothing suggests a robot, and that is decided anew when it does (C03).
"""

from __future__ import annotations

import asyncio
import secrets
import time
from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import PlainTextResponse, RedirectResponse, Response

from engine.deciding import Result, Wish
from engine.gathering import Gatherer, TooBusy
from engine.house import House
from engine.intake.clicks import MAY_ACT_ALONE, Body, act_of, command_of, read_body
from engine.link_token import LENGTH
from engine.subscriber.answering import CONTRADICTORY, is_contradiction, needs_consent
from engine.subscriber.commands import UndoMove
from engine.subscriber.decide import decide
from engine.subscriber.events import Cause
from engine.subscriber.outcome import Done, NothingToDo, Outcome, Refused
from engine.vault.commitment import Evidence, evidence
from engine.vault.vault import Keep
from engine.web.limits import visitor_of
from engine.web.link_fields import fields_of
from engine.web.link_pages import LinkPages, consent_text, purpose_name, thanks_address
from engine.web.nonces import is_nonce
from engine.web.opened import Opened, open_link, seconds_since_sent
from engine.web.pages import Pages
from engine.web.rate import Pace
from engine.web.robots import Visit, is_prefetch, is_scanner, may_act_alone

METHODS = ["GET", "HEAD", "OPTIONS", "POST"]
PREVIEW = "preview"
PRESS = Body("button")


@dataclass(frozen=True, slots=True)
class Visitor:
    """One request: who asks, and how."""

    method: str
    user_agent: str
    address: str
    sec_fetch_user: str
    prefetched: bool
    too_often: bool

    @property
    def robot(self) -> bool:
        return self.prefetched or is_scanner(self.user_agent)


def router(house: House, gatherer: Gatherer, pages: Pages) -> APIRouter:
    links, visits, presses = Links(house, pages), Pace(30), Pace(30)
    routes = APIRouter()

    @routes.api_route("/l/{token:path}", methods=METHODS, include_in_schema=False)
    async def link(token: str, request: Request) -> Response:
        posted = request.method == "POST"
        too_often = len(token) == LENGTH and not (presses if posted else visits).allows(token)
        visitor = _visitor(request, house.config.web.trusted_proxies, too_often)
        if token == PREVIEW:
            return links.pages.preview()
        if not posted:
            return await run_in_threadpool(links.look, token, visitor)
        body = read_body(await fields_of(request))
        step = await run_in_threadpool(links.prepare, token, body, visitor)
        if isinstance(step, Response):
            return step
        opened, wish = step
        try:
            result = await asyncio.wrap_future(gatherer.submit(wish))
        except TooBusy:
            return links.busy(opened, body)
        return await run_in_threadpool(links.finish, opened, body, result)

    return routes


class Links:
    """The steps of a visit; each blocks, and is run in a thread."""

    def __init__(self, house: House, pages: Pages) -> None:
        self.house, self.pages = house, LinkPages(house, pages)

    def look(self, token: str, visitor: Visitor) -> Response:
        opened = open_link(self.house, token)
        return self._page(opened, visitor, alone=True) if opened is not None else self.pages.unknown()

    def prepare(self, token: str, body: Body, visitor: Visitor) -> Response | tuple[Opened, Wish]:
        """What a POST asks to be carried out, or the page it gets instead: at worst one more button (C04)."""
        opened = open_link(self.house, token)
        if opened is None:
            return self.pages.unknown()
        action = opened.click.action
        if body.said == "one-click":
            if action != "unsubscribe":
                return self._page(opened, visitor)
            return self._wish(opened, body, visitor)
        if body.said == "nothing" or visitor.too_often or not self._fresh(token, body.nonce):
            return self._page(opened, visitor)
        if body.said == "again" and action not in ("unsubscribe", "everything"):
            return self._page(opened, visitor)
        if body.said == "auto" and not self._may_act_alone(opened, visitor, *self._note(opened, visitor)):
            return self._page(opened, visitor)
        needed = self._consent_needed(opened)
        if needed and (body.consented != needed or body.said == "auto"):
            return self.pages.consent(opened, needed, missing=True)
        return self._wish(opened, body, visitor)

    def finish(self, opened: Opened, body: Body, result: Result) -> Response:
        outcome = result.outcome
        if result.conflict:
            return self.busy(opened, body)
        self.house.desk.note_pressed(opened.click.claim.message, opened.action)
        if body.said == "one-click":
            return PlainTextResponse("unsubscribed\n")
        if is_contradiction(outcome) or outcome == Refused(CONTRADICTORY):
            return self.pages.choose(opened)
        if isinstance(outcome, Refused):
            return self.pages.refused(opened, outcome.why)
        if address := thanks_address(opened):
            return RedirectResponse(address, 303)
        return self._done(self._reloaded(opened), outcome, again=body.said == "again")

    def busy(self, opened: Opened, body: Body) -> Response:
        """Nothing has happened; a provider's machine tries again later, a person presses again."""
        if body.said == "one-click":
            return PlainTextResponse("please try again\n", 503, {"Retry-After": "60"})
        return self.pages.busy(opened)

    def _page(self, opened: Opened, visitor: Visitor, *, alone: bool = False) -> Response:
        """The link as it stands: done already, no longer possible, or a button. What a press would do is asked of the same `decide` that does it."""
        purpose = self._consent_needed(opened)
        foreseen = self._foreseen(opened, Body("button", consented=purpose))
        if isinstance(foreseen, NothingToDo):
            return self._done(opened, foreseen)
        if isinstance(foreseen, Refused):
            return self.pages.refused(opened, foreseen.why)
        noted = self._note(opened, visitor) if visitor.method == "GET" else (True, 0)
        if purpose:
            return self.pages.consent(opened, purpose, missing=False)
        return self.pages.ask(opened, alone=alone and self._may_act_alone(opened, visitor, *noted))

    def _done(self, opened: Opened, outcome: Outcome, *, again: bool = False) -> Response:
        if opened.click.action == "undo" and isinstance(outcome, NothingToDo):
            return self.pages.nothing_to_take_back(opened)
        return self.pages.done(opened, undoable=self._undoable(opened), again=again)

    def _foreseen(self, opened: Opened, body: Body) -> Outcome:
        command = command_of(opened.click, body, self.house.clock.now(), opened.person)
        return command if isinstance(command, Refused) else decide(command, opened.person, opened.plan)

    def _undoable(self, opened: Opened) -> bool:
        undo = UndoMove(self.house.clock.now(), Cause("click"), opened.click.claim.message)
        return isinstance(decide(undo, opened.person, opened.plan), Done)

    def _consent_needed(self, opened: Opened) -> str:
        person, link = opened.person, opened.click.link
        if link is None or person.suppressed or person.erased or not person.registered:
            return ""
        return needs_consent(person, opened.plan, link.target)

    def _note(self, opened: Opened, visitor: Visitor) -> tuple[bool, int]:
        return self.house.desk.note_shown(opened.click.claim.message, opened.action, asked=not visitor.robot)

    def _may_act_alone(self, opened: Opened, visitor: Visitor, pressed: bool, others: int) -> bool:
        if opened.click.action not in MAY_ACT_ALONE:
            return False
        age = seconds_since_sent(self.house, opened)
        return may_act_alone(Visit(age, visitor.user_agent, visitor.prefetched, others, visitor.too_often, pressed))

    def _fresh(self, token: str, nonce: str) -> bool:
        return is_nonce(self.house.secrets.nonce_key, token, nonce, time.time()) and self.house.desk.spend_nonce(nonce)

    def _wish(self, opened: Opened, body: Body, visitor: Visitor) -> Response | tuple[Opened, Wish]:
        now = self.house.clock.now()
        kept = self._evidence(opened, body, visitor, now)
        command = command_of(opened.click, body, now, opened.person, kept.commitment.hex())
        if isinstance(command, Refused):
            return self.pages.refused(opened, command.why)
        hashed = self._address_hash(opened)
        everything = opened.click.action == "everything" and body.said != "again"
        reason = self.house.vault.suppressed([hashed]).get(hashed, "")
        lift = (body.said == "again" and reason == "objected") or (opened.click.action == "confirm" and reason not in ("", "complained"))
        address_hash = hashed if everything or lift else b""
        keep = Keep("", now, evidence=(kept,), suppress="objected" if everything else "", lift=lift, address_hash=address_hash)
        return opened, Wish(command, stream=opened.stream, keep=keep)

    def _evidence(self, opened: Opened, body: Body, visitor: Visitor, now: int) -> Evidence:
        said: dict[str, object] = {
            "act": act_of(body.said),
            "user_agent": visitor.user_agent[:400],
            "ip": visitor.address,
            "sec_fetch_user": visitor.sec_fetch_user[:16],
            "page": "/l/",
        }
        if body.consented:
            said |= {"at": now, "consented": body.consented}
            said["text"] = f"{purpose_name(opened, body.consented)}\n{consent_text(opened, body.consented)}"
        return evidence(secrets.token_bytes(32), said)

    def _address_hash(self, opened: Opened) -> bytes:
        known = self.house.vault.people([opened.stream]).get(opened.stream)
        return self.house.vault.hash(known.address) if known is not None else b""

    def _reloaded(self, opened: Opened) -> Opened:
        return open_link(self.house, opened.token) or opened


def _visitor(request: Request, trusted: tuple[str, ...], too_often: bool) -> Visitor:
    headers = request.headers
    return Visitor(
        request.method,
        headers.get("user-agent", ""),
        visitor_of(request, trusted),
        headers.get("sec-fetch-user", ""),
        is_prefetch(headers),
        too_often,
    )
