"""A person's own data, from a link in each letter (GDPR 12, 15 to 21): shown, handed over,
corrected, frozen, stopped, erased, each with its fact.

Opening the link shows nothing about anybody: letters are forwarded, and robots follow links.
Whoever presses the button is taken for the person the letter went to, as with every other link of
it. So nothing here changes an address, which would make the letters of one person another's.
Blocking.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping
from urllib.parse import parse_qsl

from fastapi.responses import Response

from engine.commands.command_handler import Result
from engine.intake.field_reader import ORDER_OF_DATES
from engine.intake.own_data import (
    CHANGING,
    READING,
    Act,
    CorrectionFaults,
    Press,
    read_address,
    read_corrections,
    read_press,
)
from engine.letter import link_token
from engine.privacy.export import UNSIGNED, as_csv, dossier, own_proof
from engine.subscriber.outcome import Done, Refused
from engine.subscriber.terms import AccessRight
from engine.web.click_evidence import Visitor
from engine.web.limits import Limits
from engine.web.link_pages import LinkPages
from engine.web.own_data_pages import NO_PROOF, OwnDataPages, seeing
from engine.web.own_requests import OwnLetter, OwnRequests, own_letter
from engine.web.page_signatures import is_nonce
from engine.web.stores import LinkStores, OwnDataStores

log = logging.getLogger("relance.web")


def is_of_own_data(token: str) -> bool:
    """Whether the token claims to be of this page; its MAC is verified later."""
    claimed = link_token.read_token(token)
    return claimed is not None and claimed.action == link_token.MY_DATA


class OwnData:
    def __init__(self, stores: OwnDataStores, links: LinkStores, link_pages: LinkPages) -> None:
        self.stores, self.links = stores, links
        self.pages = OwnDataPages(stores, link_pages)
        self.limits = Limits(stores.desk, stores.pepper)
        self.requests = OwnRequests(stores)

    def answer(self, visitor: Visitor, posted: Mapping[str, str] | None) -> Response:
        """The page for a visit; `posted` is None where the link was only opened."""
        letter = own_letter(self.links, visitor.token)
        if letter is None:
            return self.pages.unknown()
        if not letter.person.registered or letter.person.erased:
            return self.pages.nothing_held(letter)
        if posted is None:
            if visitor.method == "GET":
                # Robots that try all links of a letter are told by it; nobody's answer was lost
                # where this one was not pressed.
                self.stores.desk.note_shown(
                    [
                        visitor.opening(
                            (letter.claim.message, link_token.MY_DATA),
                            self.stores.pepper,
                            asked=False,
                        )
                    ]
                )
            return self._seen(letter, dict(parse_qsl(visitor.query)))
        if visitor.too_often:
            return self.pages.too_often(letter)
        press = read_press(posted)
        if press.act == "nothing" or not is_nonce(
            self.stores.nonce_key, letter.token, press.nonce, time.time()
        ):
            return self.pages.front(letter, late=press.act != "nothing")
        if press.act in READING:
            return self._read(letter, press.act, visitor)
        if press.act == "erase-now" and not press.sure:
            return self.pages.erase(letter, self.requests.proof_until(letter), missing=True)
        if not self.stores.desk.spend_nonces({press.nonce}):
            return self.pages.shown_at(letter)
        if not self.limits.may_change(letter.stream):
            return self.pages.too_often(letter)
        return self._change(letter, press, posted, visitor)

    def _seen(self, letter: OwnLetter, query: Mapping[str, str]) -> Response:
        """The page shown after a press, as often as it is looked at; after half an hour the button
        is to be pressed again.
        """
        if "see" not in query:
            return self.pages.front(letter)
        if not is_nonce(self.stores.nonce_key, seeing(letter.token), query["see"], time.time()):
            return self.pages.front(letter, late=True)
        after = next(
            (act for act in CHANGING if act in (query.get("done"), query.get("same"))), None
        )
        return self._everything(letter, after=after, done="done" in query)

    def _read(self, letter: OwnLetter, act: Act, visitor: Visitor) -> Response:
        """The answer to a request to see or take the data. It is made before its fact is recorded:
        no fact claims an answer that could not be made.
        """
        match act:
            case "erase":
                return self.pages.erase(letter, self.requests.proof_until(letter))
            case "see":
                dossier(self.stores, letter.stream)
                answer = self.pages.shown_at(letter)
            case "json":
                text = (
                    json.dumps(dossier(self.stores, letter.stream), ensure_ascii=False, indent=2)
                    + "\n"
                )
                answer = self.pages.download(letter, text, "application/json", "json")
            case "csv":
                answer = self.pages.download(
                    letter,
                    as_csv(dossier(self.stores, letter.stream)),
                    "text/csv; charset=utf-8",
                    "csv",
                )
            case _proof:
                # Each is signed anew, so they are counted.
                if not self.limits.may_change(letter.stream):
                    return self.pages.too_often(letter)
                try:
                    answer = self.pages.download(
                        letter, own_proof(self.stores, letter.stream), "application/zip", "zip"
                    )
                except UNSIGNED as error:
                    log.error("a person's proof cannot be made: %s", type(error).__name__)
                    return self.pages.busy(letter, NO_PROOF)
        right: AccessRight = "access" if act == "see" else "portability"
        if self.requests.is_granted(letter, right):
            return answer
        return self._unless_gone(letter, self.requests.grant(letter, visitor, right)) or answer

    def _change(
        self, letter: OwnLetter, press: Press, posted: Mapping[str, str], visitor: Visitor
    ) -> Response:
        match press.act:
            case "erase-now":
                result, receipt = self.requests.erase(letter)
                if receipt is not None:
                    return self.pages.erased(letter, receipt)
                return self._unless_gone(letter, result) or self.pages.nothing_held(letter)
            case "correct":
                return self._correct(letter, posted, visitor)
            case "address":
                known = self.stores.vault.people([letter.stream]).get(letter.stream)
                address = read_address(posted, known.address if known else "")
                if isinstance(address, CorrectionFaults):
                    return self._everything(letter, mistaken=address, posted=posted)
                result = self.requests.ask_address(letter, visitor, address)
            case "object":
                result = self.requests.stop(letter, visitor)
            case "resume":
                result = self.requests.resume(letter, visitor)
            case act:
                result = self.requests.restrict(letter, visitor, lift=act == "lift")
        return self._after(letter, result, press.act)

    def _correct(self, letter: OwnLetter, posted: Mapping[str, str], visitor: Visitor) -> Response:
        person, known = letter.person, self.stores.vault.people([letter.stream]).get(letter.stream)
        values = known.fields if known else {}
        corrections = read_corrections(
            posted,
            [(field, values.get(name, "")) for name, field in letter.plan.fields.items()],
            person.timezone,
            person.language,
            ORDER_OF_DATES.get(letter.language),
        )
        if isinstance(corrections, CorrectionFaults):
            return self._everything(letter, mistaken=corrections, posted=posted)
        result = self.requests.correct(letter, visitor, corrections)
        return (
            self.pages.nothing_held(letter)
            if isinstance(result, Refused)
            else self._after(letter, result, "correct")
        )

    def _after(self, letter: OwnLetter, result: Result, act: Act) -> Response:
        """The page that shows everything, after a change."""
        return self._unless_gone(letter, result) or self.pages.shown_at(
            letter, act, done=isinstance(result.outcome, Done)
        )

    def _unless_gone(self, letter: OwnLetter, result: Result) -> Response | None:
        if result.conflict:
            return self.pages.busy(letter)
        if result.person.erased or not result.person.registered:
            return self.pages.nothing_held(letter)
        return (
            self.pages.refused(letter, result.outcome)
            if isinstance(result.outcome, Refused)
            else None
        )

    def _everything(
        self,
        letter: OwnLetter,
        *,
        mistaken: CorrectionFaults | None = None,
        posted: Mapping[str, str] | None = None,
        after: Act | None = None,
        done: bool = False,
    ) -> Response:
        held = dossier(self.stores, letter.stream)
        return self.pages.everything(
            letter, held, mistaken=mistaken, posted=posted, after=after, done=done
        )
