"""What a form well filled in leads to: a request for consent, or a place on a list, with its evidence. The visitor is told nothing of it (G14)."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from engine.deciding import Result, Wish
from engine.evidence.keeping import kept, of_ground, unknown
from engine.gathering import Gatherer, TooBusy
from engine.house import House
from engine.installation.publishing import EMBEDDED, digest_of, notice_text
from engine.installation.state import Installation
from engine.intake.forms import AGE, AGREED, Answers, joining, request_for
from engine.sequence.model import Form
from engine.subscriber.commands import RequestConsent, Subscribe
from engine.subscriber.events import Cause
from engine.subscriber.outcome import Refused
from engine.subscriber.person import NOBODY, Person
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
        pieces = kept(_said(answers, form, installation, received, now, ask), {"ip": received.visitor, "user_agent": received.user_agent})
        cause = Cause("form", request, evidence=pieces[0].commitment.hex())
        names = tuple(sorted(fields))
        command: RequestConsent | Subscribe
        if ask:
            command = request_for(answers, form, now, cause, request, notice, plan.language, names)
        else:
            command = joining(answers, form, now, cause, self._call(form, answers.order), notice, plan.language, names)
        if not self.limits.permit(command, answers.address, person, plan):
            return None
        wish = Wish(command, address=answers.address, keep=Keep("", now, fields=fields, evidence=pieces))
        result = carried_out(self.gatherer, wish)
        if result.conflict:
            raise TryAgain
        return result

    def _call(self, form: Form, order: str) -> str:
        """The same order posted twice is one act."""
        said = f"order/v1\0{form.name}\0{order}".encode()
        return hmac.new(self.house.secrets.pepper, said, hashlib.sha256).hexdigest()[:32] if order else ""


def _said(answers: Answers, form: Form, installation: Installation, received: Received, now: int, ask: bool) -> dict[str, object]:
    """Everything of D02 that there is to know at this moment. An author's copy of the form has a page of its own, which only its referrer tells."""
    plan, copied = installation.plan(), not received.shown_at
    file, rendered = installation.forms.get(f"{form.name}/{EMBEDDED}" if copied else form.name, ("", ""))
    said: dict[str, object] = of_ground(installation, form.purpose, form.basis, "form") | {
        "by": "self",
        "confirmed_by_mail": ask,
        "form": form.name,
        "form_file": file,
        "form_digest": rendered,
        "copied": copied,
        "notice_digest": digest_of(notice_text(plan, form.name)),
        "language": plan.language,
        "lists": [answers.list],
        "page": received.page,
        "referrer": received.referrer,
        "source": answers.source,
        "campaign": answers.campaign,
        "box": _box(AGREED, form.checkbox, answers.ticked) if form.checkbox and form.basis == "consent" else None,
        "objection": _box(AGREED, form.checkbox, answers.ticked) if form.checkbox and form.basis != "consent" else None,
        "age": _box(AGE, form.age, answers.of_age) if form.age else None,
        "button": form.button,
        "answers": {"email": answers.address, **answers.fields},
        "choice": {"question": form.question.label, "answer": answers.choice} if form.question else None,
        "order": answers.order,
        "function": answers.fields.get(form.function_field, "") if form.function_field else "",
        "timezone": answers.timezone,
        "shown_at": received.shown_at or None,
        "received_at": now,
    }
    return unknown(said, ("source", "campaign", "timezone", "shown_at", "age"))


def _box(name: str, label: str, ticked: bool) -> dict[str, object]:
    return {"id": name, "label": label, "at_first": "not ticked", "ticked": ticked}


def carried_out(gatherer: Gatherer, wish: Wish) -> Result:
    """Wait for a wish's result; raises TryAgain when the house is too busy."""
    try:
        result = gatherer.submit(wish).result(timeout=PATIENCE_SECONDS)
    except (TooBusy, TimeoutError) as error:
        raise TryAgain(str(error) or "this takes too long; please try again") from error
    return result
