"""The page behind "Choose what I receive" at each letter's foot: opened without an account, and
changing nothing until its button is pressed.

Whoever presses is taken for the person the letter went to, as with every other link of it.
Blocking.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from urllib.parse import parse_qsl

from fastapi.responses import Response

from engine.commands.command_handler import CommandRequest
from engine.i18n.language import translator
from engine.installation.publishing import digest_of
from engine.intake.clicks import HUMAN
from engine.intake.preferences import OFFERED, Choice, form_to_switch_on, read_choice
from engine.letter import link_token
from engine.sequence.model import MEASURE
from engine.subscriber.commands import SetPreferences, SwitchOn
from engine.subscriber.events import Cause
from engine.subscriber.outcome import Refused
from engine.vault.evidence import Evidence, kept, of_ground
from engine.vault.vault import VaultWrite
from engine.web.click_evidence import Visitor, box_ticked
from engine.web.limits import Limits
from engine.web.link_pages import LinkPages
from engine.web.own_requests import OwnLetter, own_letter
from engine.web.page_signatures import is_nonce
from engine.web.preference_offer import offer, published_as
from engine.web.preference_pages import CHANGED, LATE, PreferencePages, changed_parts
from engine.web.stores import LinkStores


def is_of_preferences(token: str) -> bool:
    """Whether the token claims to be of this page; its MAC is verified later."""
    claimed = link_token.read_token(token)
    return claimed is not None and claimed.action == link_token.PREFERENCES


class PreferenceCentre:
    def __init__(self, stores: LinkStores, link_pages: LinkPages) -> None:
        self.stores = stores
        self.pages = PreferencePages(stores, link_pages)
        self.limits = Limits(stores.desk, stores.pepper)

    def answer(self, visitor: Visitor, posted: Mapping[str, str] | None) -> Response:
        """The page for a visit; `posted` is None where the link was only opened."""
        letter = own_letter(self.stores, visitor.token)
        if letter is None:
            unknown = self.pages.unknown()
            # Nothing was done: a mail client must not tell its reader so.
            unknown.status_code = 200 if posted is None else 404
            return unknown
        if not letter.person.registered or letter.person.erased:
            return self.pages.nothing_held(letter)
        if posted is None:
            if visitor.method == "GET":
                page = letter.claim.message, link_token.PREFERENCES
                self.stores.desk.note_shown(
                    [visitor.opening(page, self.stores.pepper, asked=False)]
                )
            query = dict(parse_qsl(visitor.query, keep_blank_values=True))
            return self.pages.page(letter, query=query)
        if visitor.too_often:
            return self.pages.too_often(letter)
        nonce = posted.get("nonce", "")
        if "List-Unsubscribe" in posted or posted.get("act") != "save":
            return self.pages.page(letter, status=400)
        if not is_nonce(self.stores.nonce_key, letter.token, nonce, time.time()):
            return self.pages.page(letter, posted=posted, sentence=LATE)
        if posted.get(OFFERED) != digest_of(offer(letter.plan, letter.language).notice):
            return self.pages.page(letter, sentence=CHANGED, status=422)
        choice = read_choice(posted, letter.plan, self.stores.clock.now(), letter.zone)
        if isinstance(choice, str):
            return self.pages.page(letter, posted=posted, wrong=choice, status=422)
        if not self.stores.desk.spend_nonces({nonce}):
            return self.pages.shown_at(letter)
        if not self.limits.may_change(letter.stream):
            return self.pages.too_often(letter)
        return self._save(letter, choice, visitor)

    def _save(self, letter: OwnLetter, choice: Choice, visitor: Visitor) -> Response:
        now = self.stores.clock.now()
        address, suppressed = self._address(letter.stream)
        about: dict[str, object] = {
            "ip": visitor.address,
            "user_agent": visitor.user_agent[:400],
            "sec_fetch_user": visitor.sec_fetch_user[:16],
        }
        press = kept({"act": HUMAN, "page": "/l/", **about}, None, "visitor")
        switches, pieces = self._switches(letter, choice, about)
        form = published_as(letter.language)
        command = SetPreferences(
            at=now,
            cause=Cause("click", letter.claim.message, evidence=press[0].commitment.hex()),
            themes=choice.themes,
            contents=choice.contents,
            frequency=choice.frequency,
            paused_until=choice.paused_until,
            on=switches,
            off=choice.off,
            offered=letter.installation.notices.get(form, ""),
            form=form,
            act=HUMAN,
        )
        if not self.limits.permit(command, address, letter.person, letter.plan):
            return self.pages.too_often(letter)
        result = self.stores.command_handler.execute_one(
            CommandRequest(
                command,
                stream=letter.stream,
                vault_write=VaultWrite(
                    "",
                    now,
                    evidence=(*press, *pieces),
                    lift=suppressed == "objected"
                    and any(
                        not switch.request and switch.purpose != MEASURE for switch in switches
                    ),
                ),
            )
        )
        if result.conflict:
            return self.pages.busy(letter)
        if result.person.erased or not result.person.registered:
            return self.pages.nothing_held(letter)
        if isinstance(result.outcome, Refused):
            return self.pages.refused(letter, result.outcome)
        return self.pages.shown_at(letter, changed_parts(letter.person, result.person, letter))

    def _switches(
        self, letter: OwnLetter, choice: Choice, about: Mapping[str, object]
    ) -> tuple[tuple[SwitchOn, ...], tuple[Evidence, ...]]:
        """Each purpose that is switched on, with evidence of its own."""
        _ = translator(letter.language)
        switches: list[SwitchOn] = []
        pieces: tuple[Evidence, ...] = ()
        for purpose in choice.on:
            form = form_to_switch_on(letter.plan, purpose)
            agreed = letter.plan.agreed_to(purpose)
            if agreed is None or (form is None and purpose != MEASURE):
                continue
            content = of_ground(letter.installation, purpose, "consent", "page") | {
                "act": HUMAN,
                "by": "self",
                "page": "/l/",
                "button": _("Save my choices"),
                "notice_digest": letter.installation.notices.get(published_as(letter.language), ""),
                "language": letter.language,
                "message": letter.claim.message,
                "box": box_ticked(purpose, agreed.name),
            }
            own = kept(content, about)
            request = secrets.token_hex(16) if form and form.confirm else ""
            number = form.list if form else 0
            switches.append(SwitchOn(purpose, number, own[0].commitment.hex(), request))
            pieces += own
        return tuple(switches), pieces

    def _address(self, stream: str) -> tuple[str, str]:
        """The person's address, and why it may not be written to ("" where it may)."""
        known = self.stores.vault.people([stream]).get(stream)
        if known is None:
            return "", ""
        hashed = self.stores.vault.hash(known.address)
        return known.address, self.stores.vault.suppressed([hashed]).get(hashed, "")
