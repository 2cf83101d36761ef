"""A press on a link's button as evidence: who pressed, on which words, and what that proves."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from engine.desk.desk import Page, PageOpening
from engine.i18n.language import translator
from engine.intake.clicks import Body, act_class_of
from engine.letter.french_spacing import spaced
from engine.sequence.model import MEASURE
from engine.subscriber.answering import needs_consent
from engine.vault.evidence import Evidence, kept, of_ground
from engine.web.link_pages import again_kind, asked_together
from engine.web.link_resolver import OpenedLink, readable
from engine.web.request import neighbourhood
from engine.web.robots import is_scanner
from engine.web.shown_words import CONFIRM, CONSENT, notice_key, words_of


@dataclass(frozen=True, slots=True)
class Visitor:
    """One request for a link: for which, who asks, and how."""

    token: str
    method: str
    user_agent: str
    address: str
    sec_fetch_user: str
    prefetched: bool
    too_often: bool
    gateway: bool = False
    query: str = ""

    @property
    def robot(self) -> bool:
        """It says so itself, or asks as no browser does."""
        return self.prefetched or self.method == "HEAD" or is_scanner(self.user_agent)

    def opening(self, page: Page, key: bytes, *, asked: bool) -> PageOpening:
        """What the desk remembers of it for a while: who and from where as hashes under `key`."""
        visitor = hmac.digest(
            key, f"visitor/v1\0{self.address}\0{self.user_agent}".encode(errors="replace"), "sha256"
        ).hex()[:24]
        network = hmac.digest(
            key, f"network/v1\0{neighbourhood(self.address)}".encode(errors="replace"), "sha256"
        ).hex()[:12]
        return PageOpening(
            page, asked and not self.robot, self.robot and not self.prefetched, visitor, network
        )


def consent_needed(opened: OpenedLink) -> str:
    person, link = opened.person, opened.click.link
    if link is None or person.suppressed or person.erased or not person.registered:
        return ""
    return needs_consent(person, opened.plan, link.target)


def _given(opened: OpenedLink, body: Body) -> tuple[str, str, str]:
    """What a press may give: the door of `required`, the kind of page it is on, and the purpose; ""
    for a press that gives no ground.
    """
    if body.kind == "again":
        return "page", again_kind(opened), opened.click.claim.purpose
    if opened.click.action == "confirm" and opened.click.claim.kind == "confirmation":
        return "confirm", CONFIRM, opened.click.claim.purpose
    return ("answer", CONSENT, body.consented) if body.consented else ("", "", "")


def notice_shown(opened: OpenedLink, body: Body) -> str:
    """The digest of the words the press was made under, as they were published; "" where it gives
    no ground.
    """
    _, kind, purpose = _given(opened, body)
    return (
        opened.installation.notices.get(notice_key(kind, purpose, opened.language), "")
        if kind
        else ""
    )


def evidence_of(opened: OpenedLink, body: Body, visitor: Visitor) -> tuple[Evidence, ...]:
    """The act first. Of what gives no ground the ledger says all there is to prove: what is kept
    beside it is the visitor's, with its short life.
    """
    about = _visit(visitor)
    method, kind, purpose = _given(opened, body)
    if not method:
        return kept({"act": act_class_of(body.kind), "page": "/l/", **about}, None, "visitor")
    words = words_of(kind, opened.plan, purpose, opened.language)
    content = of_ground(opened.installation, purpose, "consent", method) | {
        "act": act_class_of(body.kind),
        "by": "self",
        "page": "/l/",
        "button": words.button,
        "notice_digest": opened.click.notice,
        "language": opened.language,
        "message": opened.click.claim.message,
    }
    if kind == CONFIRM:
        content |= _shown_besides(opened)
    if kind == CONSENT:
        link = opened.click.link
        content["box"] = box_ticked("consent", words.box)
        content["link"] = {"number": link.index if link else -1, "label": readable(link)}
    return kept(content, about)


def evidence_of_measuring(opened: OpenedLink, body: Body, visitor: Visitor) -> tuple[Evidence, ...]:
    """Of the press that confirms what was ticked on a form: to be measured. Its words are those of
    the form, and the page said them again.
    """
    measured, pending = opened.plan.measured, opened.person.requests[opened.click.claim.purpose]
    content = of_ground(opened.installation, MEASURE, "consent", "page") | {
        "act": act_class_of(body.kind),
        "by": "self",
        "page": "/l/",
        "button": words_of(CONFIRM, opened.plan, pending.purpose, opened.language).button,
        "notice_digest": pending.notice,
        "form": pending.form,
        "language": opened.language,
        "message": opened.click.claim.message,
        "box": box_ticked(MEASURE, measured.name if measured else MEASURE),
    }
    return kept(content | _shown_besides(opened), _visit(visitor))


def box_ticked(name: str, label: str) -> dict[str, object]:
    return {"id": name, "label": label, "at_first": "not ticked", "ticked": True}


def _shown_besides(opened: OpenedLink) -> dict[str, object]:
    """It differs from person to person, so it stands in no published words."""
    besides = " ".join(asked_together(opened, translator(opened.language)))
    shown = spaced(besides) if opened.language == "fr" else besides
    return {"shown_besides": shown} if shown else {}


def _visit(visitor: Visitor) -> dict[str, object]:
    return {
        "ip": visitor.address,
        "user_agent": visitor.user_agent[:400],
        "sec_fetch_user": visitor.sec_fetch_user[:16],
    }
