"""A person's own data, from a link in each letter (GDPR 12, 15 to 21): shown, handed over, corrected, frozen, stopped, erased, each with its fact.

Opening the link shows nothing about anybody: letters are forwarded, and robots follow links. Whoever presses is taken for the person the letter went
to, as with every other link of it; and so nothing here moves an address, which would make the letters of one person another's. Blocking.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import secrets
import time
from collections.abc import Callable, Mapping

from fastapi.responses import Response

from engine import link_token
from engine.deciding import Result, Wish
from engine.house import House
from engine.intake.clicks import HUMAN
from engine.intake.own_data import READING, Act, Mistaken, Press, read_address, read_corrections, read_press
from engine.rights.archiving import archiver
from engine.rights.correcting import Correction, correction
from engine.rights.dossier import dossier
from engine.rights.erasing import archived_until, erase
from engine.rights.own_proof import UNSIGNED, own_proof
from engine.rights.sheet import sheet
from engine.sequence.delay import DAY
from engine.subscriber.commands import AnyCommand, ExerciseRight, GrantAccess, Object, Restrict
from engine.subscriber.events import Cause
from engine.subscriber.outcome import Done, Refused
from engine.subscriber.silence import retention_of
from engine.vault.commitment import Evidence, evidence
from engine.vault.vault import Keep
from engine.web.limits import Limits
from engine.web.nonces import is_nonce
from engine.web.opened import Opening
from engine.web.own_data_pages import NO_PROOF, OwnDataPages
from engine.web.own_letter import OwnLetter
from engine.web.pages import Pages, spoken
from engine.web.pressing import Visitor

log = logging.getLogger(__name__)
Made = Callable[[int, Cause], AnyCommand]
"""A command, given the moment and its cause."""


def is_of_own_data(token: str) -> bool:
    """Whether it says so; that it is ours is found out later."""
    claimed = link_token.read_token(token)
    return claimed is not None and claimed.action == link_token.MY_DATA


class OwnData:
    def __init__(self, house: House, pages: Pages) -> None:
        self.house, self.pages, self.limits = house, OwnDataPages(house, pages), Limits(house)

    def answer(self, visitor: Visitor, posted: Mapping[str, str] | None) -> Response:
        """`posted` is None where the link was only opened."""
        letter = self._letter(visitor.token)
        if letter is None:
            return self.pages.unknown()
        if not letter.person.registered or letter.person.erased:
            return self.pages.nothing_held(letter)
        if posted is None:
            if visitor.method == "GET":
                self.house.desk.note_shown({(letter.claim.message, link_token.MY_DATA): False})
            return self.pages.front(letter)
        if visitor.too_often:
            return self.pages.too_often(letter)
        press = read_press(posted)
        if press.act == "nothing" or not is_nonce(self.house.secrets.nonce_key, letter.token, press.nonce, time.time()):
            return self.pages.front(letter, late=press.act != "nothing")
        if press.act in READING:
            return self._read(letter, press.act, visitor)
        if press.act == "erase-now" and not press.sure:
            return self.pages.erase(letter, self._proof_until(letter), missing=True)
        if not self.house.desk.spend_nonces({press.nonce}):
            return self.pages.everything(letter, self._dossier(letter))
        if not self.limits.may_change(letter.stream):
            return self.pages.too_often(letter)
        return self._change(letter, press, posted, visitor)

    def _letter(self, token: str) -> OwnLetter | None:
        found = Opening(self.house).genuine([token]).get(token)
        if found is None:
            return None
        entry, _action = found
        person = self.house.decisions.load([entry.stream])[entry.stream]
        plan, site = self.house.publications.current().plan(), self.house.config.site
        return OwnLetter(token, entry, person, plan, spoken(person.language, site), person.timezone or plan.timezone)

    def _dossier(self, letter: OwnLetter) -> dict[str, object]:
        return dossier(self.house, letter.stream)

    def _read(self, letter: OwnLetter, act: Act, visitor: Visitor) -> Response:
        """Put together before the fact that says so: an answer that could not be made is none."""
        if act == "erase":
            return self.pages.erase(letter, self._proof_until(letter))
        right = "access" if act == "see" else "portability"
        match act:
            case "see":
                answer = self.pages.everything(letter, self._dossier(letter))
            case "json":
                text = json.dumps(self._dossier(letter), ensure_ascii=False, indent=2) + "\n"
                answer = self.pages.download(letter, text, "application/json", "json")
            case "csv":
                answer = self.pages.download(letter, sheet(self._dossier(letter)), "text/csv; charset=utf-8", "csv")
            case _proof:
                # Each is a signature, so they are counted.
                if not self.limits.may_change(letter.stream):
                    return self.pages.too_often(letter)
                try:
                    answer = self.pages.download(letter, own_proof(self.house, letter.stream), "application/zip", "zip")
                except UNSIGNED as error:
                    log.error("a person's proof cannot be made: %s", type(error).__name__)
                    return self.pages.busy(letter, NO_PROOF)
        # One fact a day, however often it is pressed: the same wish, honoured already.
        call = self._call(letter, right)
        if call in letter.person.calls:
            return answer
        request = secrets.token_hex(16)
        result = self._wish(letter, visitor, right, lambda now, cause: GrantAccess(now, cause, right, request, call, HUMAN))
        return self._unless_gone(letter, result) or answer

    def _change(self, letter: OwnLetter, press: Press, posted: Mapping[str, str], visitor: Visitor) -> Response:
        request = secrets.token_hex(16)
        match press.act:
            case "correct":
                return self._correct(letter, posted, visitor)
            case "address":
                return self._ask_address(letter, posted, visitor, request)
            case "erase-now":
                return self._erase(letter)
            case "object":
                result = self._wish(letter, visitor, "objection", lambda now, cause: Object(now, cause, request), suppress="objected")
            case act:
                lift = act == "lift"
                result = self._wish(letter, visitor, "restriction", lambda now, cause: Restrict(now, cause, request, lift))
        return self._unless_gone(letter, result) or self._after(letter, result, press.act)

    def _correct(self, letter: OwnLetter, posted: Mapping[str, str], visitor: Visitor) -> Response:
        person, known = letter.person, self.house.vault.people([letter.stream]).get(letter.stream)
        values = known.fields if known else {}
        read = read_corrections(posted, {name: values.get(name, "") for name in letter.plan.fields}, person.timezone, person.language)
        if isinstance(read, Mistaken):
            return self.pages.everything(letter, self._dossier(letter), mistaken=read, posted=posted)
        cause, kept = self._cause(letter, visitor, "rectification", fields=sorted(read.fields))
        wanted = Correction("", read.fields, read.timezone, read.language)
        wish = correction(self.house, letter.stream, wanted, cause, (kept,), own_act=True)
        if isinstance(wish, Refused):
            return self.pages.nothing_held(letter)
        result = self.house.decisions.one(wish)
        return self._unless_gone(letter, result) or self._after(letter, result, "correct")

    def _ask_address(self, letter: OwnLetter, posted: Mapping[str, str], visitor: Visitor, request: str) -> Response:
        """To be done by the operator, who asks the person under the address that is known."""
        known = self.house.vault.people([letter.stream]).get(letter.stream)
        read = read_address(posted, known.address if known else "")
        if isinstance(read, Mistaken):
            return self.pages.everything(letter, self._dossier(letter), mistaken=read, posted=posted)
        right, words = "rectification", f"new address: {read}"
        result = self._wish(letter, visitor, right, lambda now, cause: ExerciseRight(now, cause, right, request), words=words)
        return self._unless_gone(letter, result) or self._after(letter, result, "address")

    def _erase(self, letter: OwnLetter) -> Response:
        cause = Cause("click", letter.claim.message)
        span = retention_of(letter.plan).proof
        seal = archiver(self.house, span) if self.house.config.proof.archive_recipient else None
        result, receipt = erase(self.house, letter.stream, cause, self.house.decisions.one, seal=seal)
        if receipt is None:
            return self._unless_gone(letter, result) or self.pages.nothing_held(letter)
        return self.pages.erased(letter, receipt)

    def _proof_until(self, letter: OwnLetter) -> int:
        """Until when proof would be kept after an erasure, 0 for not at all."""
        if not self.house.config.proof.archive_recipient:
            return 0
        return archived_until(self.house.clock.now(), retention_of(letter.plan).proof, self.house.config.site.timezone)

    def _after(self, letter: OwnLetter, result: Result, act: Act) -> Response:
        """Everything again, as it is now."""
        letter, done = letter.now(result.person, self.house.config.site), isinstance(result.outcome, Done)
        return self.pages.everything(letter, self._dossier(letter), after=act, done=done)

    def _unless_gone(self, letter: OwnLetter, result: Result) -> Response | None:
        if result.conflict:
            return self.pages.busy(letter)
        if result.person.erased or not result.person.registered:
            return self.pages.nothing_held(letter)
        return self.pages.refused(letter, result.outcome.why) if isinstance(result.outcome, Refused) else None

    def _wish(self, letter: OwnLetter, visitor: Visitor, right: str, command: Made, *, suppress: str = "", words: str = "") -> Result:
        cause, kept = self._cause(letter, visitor, right, **({"words": words} if words else {}))
        now, known = self.house.clock.now(), self.house.vault.people([letter.stream]).get(letter.stream)
        hashed = self.house.vault.hash(known.address) if known and suppress else b""
        keep = Keep("", now, evidence=(kept,), suppress=suppress, address_hash=hashed)
        return self.house.decisions.one(Wish(command(now, cause), stream=letter.stream, keep=keep))

    def _cause(self, letter: OwnLetter, visitor: Visitor, right: str, **more: object) -> tuple[Cause, Evidence]:
        said: dict[str, object] = {
            "act": HUMAN,
            "right": right,
            "user_agent": visitor.user_agent[:400],
            "ip": visitor.address,
            "sec_fetch_user": visitor.sec_fetch_user[:16],
            "page": "/l/",
        }
        kept = evidence(secrets.token_bytes(32), said | more)
        return Cause("click", letter.claim.message, evidence=kept.commitment.hex()), kept

    def _call(self, letter: OwnLetter, right: str) -> str:
        named = f"own-data/v1\0{letter.stream}\0{right}\0{self.house.clock.now() // DAY}".encode()
        return hmac.new(self.house.secrets.pepper, named, hashlib.sha256).hexdigest()[:32]
