"""What a form well filled in leads to: a request for consent, or a place on a list, with its evidence. The visitor is told nothing of it (G14)."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from engine.deciding import Result, Wish
from engine.gathering import Gatherer, TooBusy
from engine.house import House
from engine.installation.publishing import digest_of, notice_text
from engine.installation.state import Installation
from engine.intake.forms import Answers, joining, request_for
from engine.sequence.model import Form
from engine.subscriber.commands import RequestConsent, Subscribe
from engine.subscriber.events import Cause
from engine.subscriber.outcome import Refused
from engine.subscriber.person import NOBODY, Person
from engine.vault.commitment import evidence
from engine.vault.vault import Keep
from engine.web.limits import Limits

PATIENCE_SECONDS = 30


class TryAgain(Exception):
    """Nothing was done, because too much is going on at once."""


@dataclass(frozen=True, slots=True)
class Received:
    """How the post came in. `page` and `referrer` are without query; `shown_at` is wall-clock ms, 0 for a copied form, which says nothing of it."""

    visitor: str
    user_agent: str
    page: str
    referrer: str
    shown_at: int


class Enrolment:
    def __init__(self, house: House, gatherer: Gatherer, limits: Limits) -> None:
        self.house, self.gatherer, self.limits = house, gatherer, limits

    def carry_out(self, answers: Answers, form: Form, installation: Installation, received: Received) -> None:
        """Raises TryAgain; whatever else becomes of it, the visitor sees the same page."""
        if answers.objects or not self.limits.may_post(received.visitor, stamped=received.shown_at > 0) or not self.limits.is_calm():
            return
        hashed = self.house.vault.hash(answers.address)
        suppressed = self.house.vault.suppressed([hashed]).get(hashed, "")
        stream = self.house.vault.find(answers.address) or ""
        person = self.house.decisions.load([stream])[stream] if stream else NOBODY
        if "complained" in (suppressed, person.suppressed):
            return
        fields = self._fields(answers, stream)
        if form.basis != "consent":
            if not suppressed:
                self._submit(answers, form, installation, received, fields, person, ask=False)
        elif form.confirm or suppressed:
            self._submit(answers, form, installation, received, fields, person, ask=True)
        else:
            result = self._submit(answers, form, installation, received, fields, person, ask=False)
            if result is not None and isinstance(result.outcome, Refused):
                # Withdrawn or unreachable: anybody can type an address, so only a confirmed act of the person's own changes that.
                self._submit(answers, form, installation, received, fields, person, ask=True)

    def _fields(self, answers: Answers, stream: str) -> dict[str, str]:
        """What the vault is to keep. Of someone known only what was missing: anybody can type an address, and must not rewrite a person's name."""
        known = self.house.vault.people([stream]).get(stream) if stream else None
        standing: Mapping[str, str] = known.fields if known else {}
        return {name: value for name, value in answers.fields.items() if not standing.get(name)}

    def _submit(
        self, answers: Answers, form: Form, installation: Installation, received: Received, fields: dict[str, str], person: Person, *, ask: bool
    ) -> Result | None:
        plan, now, request = installation.plan(), self.house.clock.now(), secrets.token_hex(16)
        notice = digest_of(notice_text(plan, form.name))
        kept = evidence(secrets.token_bytes(32), self._said(answers, form, installation, received, notice, now, ask))
        cause = Cause("form", request, evidence=kept.commitment.hex())
        names = tuple(sorted(fields))
        command: RequestConsent | Subscribe
        if ask:
            command = request_for(answers, form, now, cause, request, notice, plan.language, names)
        else:
            command = joining(answers, form, now, cause, self._call(form, answers.order), notice, plan.language, names)
        if not self.limits.permit(command, answers.address, person, plan):
            return None
        wish = Wish(command, address=answers.address, keep=Keep("", now, fields=fields, evidence=(kept,)))
        result = carried_out(self.gatherer, wish)
        if result.conflict:
            raise TryAgain
        return result

    def _call(self, form: Form, order: str) -> str:
        """The same order posted twice is one act."""
        said = f"order/v1\0{form.name}\0{order}".encode()
        return hmac.new(self.house.secrets.pepper, said, hashlib.sha256).hexdigest()[:32] if order else ""

    def _said(
        self, answers: Answers, form: Form, installation: Installation, received: Received, notice: str, now: int, ask: bool
    ) -> dict[str, object]:
        """Everything of D02 that there is to know at this moment."""
        question = {"question": form.question.label, "answer": answers.choice} if form.question else None
        return {
            "method": "form, then confirmation by mail" if ask else "form",
            "form": form.name,
            "form_digest": dict(installation.editions[installation.edition].files).get(form.file, ""),
            "notice_digest": notice,
            "language": installation.plan().language,
            "purpose": form.purpose,
            "basis": form.basis,
            "list": answers.list,
            "page": received.page,
            "referrer": received.referrer,
            "checkbox": {"label": form.checkbox, "at_first": "not ticked", "ticked": answers.ticked} if form.checkbox else None,
            "button": form.button,
            "answers": {"email": answers.address, **answers.fields},
            "choice": question,
            "order": answers.order,
            "timezone": answers.timezone,
            "ip": received.visitor,
            "user_agent": received.user_agent,
            "shown_at": received.shown_at,
            "received_at": now,
        }


def carried_out(gatherer: Gatherer, wish: Wish) -> Result:
    """Wait for a wish's result; raises TryAgain when the house is too busy."""
    try:
        result = gatherer.submit(wish).result(timeout=PATIENCE_SECONDS)
    except (TooBusy, TimeoutError) as error:
        raise TryAgain(str(error) or "this takes too long; please try again") from error
    return result
