"""What a person asks for about their own data, as facts: the request, its deadline and its answer,
with the press as evidence. Blocking.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import cast

from engine.commands.command_handler import CommandRequest, Result
from engine.config import Site
from engine.i18n.language import Language
from engine.installation.state import Installation
from engine.intake.clicks import HUMAN
from engine.intake.own_data import Corrections
from engine.ledger.codec import Entry
from engine.privacy.correction import Correction, correction
from engine.privacy.erasure import Receipt, archiver, erase
from engine.sequence.delay import DAY
from engine.sequence.model import Plan
from engine.sequence.timing import later
from engine.subscriber.commands import (
    AnyCommand,
    ChangeProfile,
    ExerciseRight,
    GrantAccess,
    Object,
    Restrict,
)
from engine.subscriber.events import Cause, LetterBegun
from engine.subscriber.inactivity import retention_of
from engine.subscriber.outcome import Refused
from engine.subscriber.person import Person
from engine.subscriber.terms import AccessRight, Right
from engine.vault.evidence import Evidence, kept
from engine.vault.vault import VaultWrite
from engine.web.click_evidence import Visitor
from engine.web.link_resolver import LinkResolver
from engine.web.pages import spoken
from engine.web.stores import LinkStores, OwnDataStores


@dataclass(frozen=True, slots=True)
class OwnLetter:
    """`entry` began the letter; dates are told on the clock of `zone`."""

    token: str
    entry: Entry
    person: Person
    language: Language
    zone: str
    installation: Installation

    @property
    def plan(self) -> Plan:
        return self.installation.plan()

    @property
    def stream(self) -> str:
        return self.entry.stream

    @property
    def claim(self) -> LetterBegun:
        return cast(LetterBegun, self.entry.event)

    def now(self, person: Person, site: Site) -> OwnLetter:
        """The same letter once something has become of the person, who may speak another language
        now.
        """
        return replace(
            self,
            person=person,
            language=spoken(person.language, site),
            zone=person.timezone or self.plan.timezone,
        )


def own_letter(stores: LinkStores, token: str) -> OwnLetter | None:
    """The letter that a link of one's own came in; None for a token that is not ours."""
    resolved = LinkResolver(stores).genuine([token]).get(token)
    if resolved is None:
        return None
    entry, _action = resolved
    person = stores.command_handler.load([entry.stream])[entry.stream]
    installation = stores.installation_stream.current()
    return OwnLetter(
        token=token,
        entry=entry,
        person=person,
        language=spoken(person.language, stores.site),
        zone=person.timezone or installation.plan().timezone,
        installation=installation,
    )


MakeCommand = Callable[[int, Cause, str], AnyCommand]
"""A command, given the moment, its cause, and a fresh id for the request."""


class OwnRequests:
    def __init__(self, stores: OwnDataStores) -> None:
        self.stores = stores

    def is_granted(self, letter: OwnLetter, right: str) -> bool:
        """Whether this right was granted today already: one fact a day, however often the button is
        pressed.
        """
        return self._call(letter, right) in letter.person.calls

    def grant(self, letter: OwnLetter, visitor: Visitor, right: AccessRight) -> Result:
        call = self._call(letter, right)
        return self._request(
            letter,
            visitor,
            right,
            lambda now, cause, request: GrantAccess(
                at=now, cause=cause, right=right, request=request, call=call, act=HUMAN
            ),
        )

    def restrict(self, letter: OwnLetter, visitor: Visitor, *, lift: bool) -> Result:
        return self._request(
            letter,
            visitor,
            "restriction",
            lambda now, cause, request: Restrict(now, cause, request, lift),
        )

    def stop(self, letter: OwnLetter, visitor: Visitor) -> Result:
        return self._request(letter, visitor, "objection", Object)

    def resume(self, letter: OwnLetter, visitor: Visitor) -> Result:
        """They want letters again that were stopped because they were silent."""
        return self._request(
            letter,
            visitor,
            "resume",
            lambda now, cause, request: ChangeProfile(at=now, cause=cause, last_contact=now),
        )

    def ask_address(self, letter: OwnLetter, visitor: Visitor, address: str) -> Result:
        """Record that the address is to be changed. The operator changes it, after asking the
        person under the address that is known.
        """
        right: Right = "rectification"
        words = f"new address: {address}"
        return self._request(
            letter,
            visitor,
            right,
            lambda now, cause, request: ExerciseRight(now, cause, right, request),
            words=words,
        )

    def correct(
        self, letter: OwnLetter, visitor: Visitor, corrected: Corrections
    ) -> Result | Refused:
        wanted = Correction("", corrected.fields, corrected.timezone, corrected.language)
        cause, pieces = self._cause(letter, visitor, "rectification", **wanted.particulars)
        request = correction(self.stores, letter.stream, wanted, cause, pieces, own_act=True)
        return (
            request
            if isinstance(request, Refused)
            else self.stores.command_handler.execute_one(request)
        )

    def erase(self, letter: OwnLetter) -> tuple[Result, Receipt | None]:
        """The proof is sealed where an auditor is named. Nothing is kept of the press: it would be
        all that is left of the person.
        """
        archive = (
            archiver(self.stores, retention_of(letter.plan).proof)
            if self.stores.config.proof.archive_recipient
            else None
        )
        return erase(
            self.stores,
            letter.stream,
            Cause("click", letter.claim.message),
            self.stores.command_handler.execute_one,
            archive=archive,
        )

    def proof_until(self, letter: OwnLetter) -> int:
        """Until when (ms) proof would be kept after an erasure made now, 0 for not at all."""
        if not self.stores.config.proof.archive_recipient:
            return 0
        return later(
            self.stores.clock.now(),
            retention_of(letter.plan).proof,
            self.stores.config.site.timezone,
        )

    def _request(
        self,
        letter: OwnLetter,
        visitor: Visitor,
        right: str,
        command: MakeCommand,
        *,
        words: str = "",
    ) -> Result:
        cause, pieces = self._cause(letter, visitor, right, **({"words": words} if words else {}))
        now = self.stores.clock.now()
        vault_write = VaultWrite("", now, evidence=pieces)
        return self.stores.command_handler.execute_one(
            CommandRequest(
                command(now, cause, secrets.token_hex(16)),
                stream=letter.stream,
                vault_write=vault_write,
            )
        )

    def _cause(
        self, letter: OwnLetter, visitor: Visitor, right: str, **more: object
    ) -> tuple[Cause, tuple[Evidence, ...]]:
        about: dict[str, object] = {
            "ip": visitor.address,
            "user_agent": visitor.user_agent[:400],
            "sec_fetch_user": visitor.sec_fetch_user[:16],
        }
        pieces = kept({"act": HUMAN, "by": "self", "right": right, "page": "/l/", **more}, about)
        return Cause("click", letter.claim.message, evidence=pieces[0].commitment.hex()), pieces

    def _call(self, letter: OwnLetter, right: str) -> str:
        named = f"own-data/v1\0{letter.stream}\0{right}\0{self.stores.clock.now() // DAY}".encode()
        return hmac.new(self.stores.pepper, named, hashlib.sha256).hexdigest()[:32]
