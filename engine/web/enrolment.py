"""What a form well filled in leads to: a request for consent, or a place on a list, with its
evidence. The visitor is told nothing of it (G14).
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace

from engine.commands.command_handler import CommandRequest, Result
from engine.commands.group_commit import CommandGroupCommit, TooBusy
from engine.commands.orders import record_requests
from engine.desk.clock import wall_now
from engine.i18n.in_words import in_english
from engine.installation.publishing import AS_JSON, EMBEDDED, digest_of, notice_text
from engine.installation.state import Installation
from engine.intake.amounts import AmountRefused
from engine.intake.forms import AGE, AGREED, Answers, is_signed, joining, request_for
from engine.intake.orders import OrderRefused, PlacedOrder, read_bought
from engine.intake.preferences import ON_FORM, written_choice
from engine.secret_files import order_keys
from engine.sequence.mistakes import Unreadable
from engine.sequence.model import MEASURE, Form
from engine.subscriber.commands import NOTHING_CHOSEN
from engine.subscriber.events import Cause
from engine.subscriber.outcome import Refused
from engine.subscriber.person import NOBODY, Person, Request
from engine.vault.evidence import Evidence, kept, of_ground, unknown
from engine.vault.vault import VaultWrite
from engine.web.limits import Limits, asks
from engine.web.stores import FormStores

log = logging.getLogger("relance.web")
PATIENCE_SECONDS = 30
NEVER_MAILED = frozenset({"objected", "complained", "operator"})
"""Suppressions that no form gets round: anybody can type an address. The others may be lifted by a
confirmation of the person's own.
"""


class TryAgain(Exception):
    """Nothing was done, because too much is going on at once."""


class TooOften(Exception):
    """Nothing was done: too many forms have come from the visitor's part of the network within an
    hour.
    """


@dataclass(frozen=True, slots=True)
class Received:
    """How the post came in. `page` and `referrer` are without query; `rendering` is what its sender
    saw, as it was published; `shown_at` is wall-clock ms, 0 where that says nothing of it.

    `timely`: a person could have filled it in within the time it took.
    """

    visitor: str
    user_agent: str
    page: str
    referrer: str
    rendering: str
    shown_at: int
    timely: bool = True


@dataclass(frozen=True, slots=True)
class _Post:
    """One post of a form, well filled in, and who is known under its address. `signed`: by a shop,
    for an order of that address's.
    """

    answers: Answers
    form: Form
    installation: Installation
    received: Received
    person: Person
    fields: Mapping[str, str]
    signed: bool


class Enrolment:
    def __init__(
        self, stores: FormStores, group_commit: CommandGroupCommit, limits: Limits
    ) -> None:
        self.stores, self.group_commit, self.limits = stores, group_commit, limits

    def enrol(
        self, answers: Answers, form: Form, installation: Installation, received: Received
    ) -> None:
        """Raises TryAgain and TooOften, whoever's address it is; whatever else becomes of it, the
        visitor sees the same page.

        Anybody can type an address. So a form takes nobody anywhere at once but who is unknown,
        where it does not ask for a confirmation, or whose order a shop has signed: everybody else
        is asked by mail.
        """
        if answers.objects:
            return
        signed = self._is_signed(answers, form)
        if not signed and not self.limits.may_post(
            received.visitor, stamped=received.shown_at > 0 and received.timely
        ):
            raise TooOften
        calm = signed or self.limits.is_calm()
        hashed = self.stores.vault.hash(answers.address)
        suppressed = self.stores.vault.suppressed([hashed]).get(hashed, "")
        stream, person = self._known(answers.address)
        if person.objected or person.restricted or NEVER_MAILED & {suppressed, person.suppressed}:
            return
        post = _Post(
            answers,
            form,
            installation,
            received,
            person,
            self._fields(answers, stream, person, signed=signed),
            signed,
        )
        known = (
            bool(stream or suppressed) or self.stores.vault.formerly(answers.address) is not None
        )
        at_once = not suppressed and (
            signed or (calm and received.timely and not known and not form.confirm)
        )
        if at_once:
            result = self._join(post)
            if not (result.conflict or isinstance(result.outcome, Refused)):
                self._record_order(post)
                return
            # Somebody has got the address meanwhile, or has left: only a confirmed act of the
            # person's own changes that.
            post = replace(post, person=self._known(answers.address)[1])
        self._ask(post, calm=calm)
        self._record_order(post)

    def _record_order(self, post: _Post) -> None:
        """What a shop has signed was bought; of nobody else."""
        answers = post.answers
        if not (post.signed and answers.bought):
            return
        try:
            amount, currency, products = read_bought(answers.bought, post.installation.plan())
        except (AmountRefused, OrderRefused) as error:
            log.error("a signed order is not recorded", extra={"why": in_english(error.reason)})
            return
        order = PlacedOrder(
            address=answers.address,
            number=answers.order,
            amount=amount,
            currency=currency,
            products=products,
        )
        facts: dict[str, object] = {
            "method": "form",
            "by": "self",
            "form": post.form.name,
            "order": answers.order,
        }
        pieces = kept(facts | {"order_signed": True})
        cause = Cause("form", secrets.token_hex(16), evidence=pieces[0].commitment.hex())
        [request] = record_requests(
            self.stores.vault, [order], self.stores.clock.now(), lambda order: (cause, pieces)
        )
        if isinstance(request, CommandRequest):
            result = carried_out(self.group_commit, request)
            if result.conflict:
                raise TryAgain
            request = result.outcome if isinstance(result.outcome, Refused) else request
        if isinstance(request, Refused):
            log.error("a signed order is not recorded", extra={"why": in_english(request)})

    def _known(self, address: str) -> tuple[str, Person]:
        """Who stands behind an address, as they are at this moment."""
        stream = self.stores.vault.find(address) or ""
        return stream, self.stores.command_handler.load([stream])[stream] if stream else NOBODY

    def _is_signed(self, answers: Answers, form: Form) -> bool:
        file = self.stores.config.form.order_key_file
        if not (file and answers.proof):
            return False
        try:
            keys = order_keys(self.stores.config.folder / file)
        except Unreadable as error:
            log.error("signed orders are asked to confirm by mail", extra={"why": str(error)})
            return False
        return is_signed(
            keys,
            form.name,
            answers.order,
            answers.address,
            answers.proof,
            wall_now() // 1000,
            answers.bought,
        )

    def _fields(
        self, answers: Answers, stream: str, person: Person, *, signed: bool
    ) -> dict[str, str]:
        """What the vault is to keep at once: anybody can type an address, and must not rewrite a
        person's name. Of whoever has once agreed to something nothing, before they confirm; of the
        others what was missing.
        """
        if person.grounds and not signed:
            return {}
        known = self.stores.vault.people([stream]).get(stream) if stream else None
        standing: Mapping[str, str] = known.fields if known else {}
        return {name: value for name, value in answers.fields.items() if not standing.get(name)}

    def _join(self, post: _Post) -> Result:
        """Join at once. A conflict, where nobody was known: somebody has got the address
        meanwhile.
        """
        vault_write, notice, cause, fields = self._kept(post, ask=False)
        call = self._call(post.form, post.answers.order)
        chosen = NOTHING_CHOSEN if post.person.registered else post.answers.chosen
        if chosen.measured:
            own = self._measuring(post, vault_write.at)
            chosen = replace(chosen, evidence=own[0].commitment.hex())
            vault_write = replace(vault_write, evidence=(*vault_write.evidence, *own))
        command = joining(
            post.answers,
            post.form,
            vault_write.at,
            cause,
            call,
            notice,
            post.form.language,
            fields,
            chosen,
        )
        result = carried_out(
            self.group_commit,
            CommandRequest(
                command,
                address=post.answers.address,
                vault_write=vault_write,
                only_new=not post.signed,
            ),
        )
        if result.conflict and post.signed:
            raise TryAgain
        return result

    def _ask(self, post: _Post, *, calm: bool) -> None:
        """Ask by mail, if there is anything to ask and the person was not asked just now; while too
        many are posted, later.
        """
        vault_write, notice, cause, fields = self._kept(post, ask=True)
        plan = post.installation.plan()
        command = request_for(
            post.answers,
            post.form,
            vault_write.at,
            cause,
            cause.ref,
            notice,
            post.form.language,
            fields,
        )
        if not asks(command, post.person, plan):
            return
        if not calm:
            wait = self.limits.hold()
            if wait is None:
                raise TryAgain
            command = replace(command, hold_until=vault_write.at + wait * 1000)
        if not self.limits.permit(command, post.answers.address, post.person, plan):
            pending = post.person.requests.get(post.form.purpose)
            if pending is None or pending.expires_at <= vault_write.at:
                return
            command = replace(command, hold_until=_leaves_at(pending))
        if carried_out(
            self.group_commit,
            CommandRequest(command, address=post.answers.address, vault_write=vault_write),
        ).conflict:
            raise TryAgain

    def _kept(self, post: _Post, *, ask: bool) -> tuple[VaultWrite, str, Cause, tuple[str, ...]]:
        """What the vault keeps of the post; the digest of the words shown, the cause of what comes
        of it, and the names of fields that are new.
        """
        now, plan = self.stores.clock.now(), post.installation.plan()
        facts = _facts(post.answers, post.form, post.installation, post.received, now, ask) | (
            {"order_signed": True} if post.signed else {}
        )
        pieces = kept(facts, {"ip": post.received.visitor, "user_agent": post.received.user_agent})
        cause = Cause("form", secrets.token_hex(16), evidence=pieces[0].commitment.hex())
        vault_write = VaultWrite("", now, fields=post.fields, evidence=pieces, form=post.form.name)
        return (
            vault_write,
            digest_of(notice_text(plan, post.form.name)),
            cause,
            tuple(sorted(post.fields)),
        )

    def _measuring(self, post: _Post, now: int) -> tuple[Evidence, ...]:
        """Of the consent to be measured, which stands on the form beside another."""
        installation = post.installation
        measured = installation.plan().measured
        facts = _facts(post.answers, post.form, installation, post.received, now, ask=False)
        own = of_ground(installation, MEASURE, "consent", "form") | {
            "box": _box(ON_FORM + MEASURE, measured.name if measured else MEASURE, ticked=True)
        }
        return kept(
            facts | own, {"ip": post.received.visitor, "user_agent": post.received.user_agent}
        )

    def _call(self, form: Form, order: str) -> str:
        """The same order posted twice is one act."""
        message = f"order/v1\0{form.name}\0{order}".encode()
        return (
            hmac.new(self.stores.pepper, message, hashlib.sha256).hexdigest()[:32] if order else ""
        )


def _leaves_at(pending: Request) -> int:
    """When a mail may leave that asks for more than the `pending` request does (ms): when that
    one's mail is tried again, where it has not left yet, else when the request expires.

    Until then a confirmation of the pending request confirms this one too.
    """
    mail = pending.letters.get(pending.first_letter)
    if mail is None:
        return pending.asked_at
    return mail.retry_at if mail.status == "deferred" else pending.expires_at


def _facts(
    answers: Answers,
    form: Form,
    installation: Installation,
    received: Received,
    now: int,
    ask: bool,
) -> dict[str, object]:
    """Everything of D02 that there is to know at this moment. An author's copy of the form has a
    page of its own, which only its referrer tells.
    """
    plan = installation.plan()
    file, rendered = installation.forms.get(received.rendering, ("", ""))
    facts: dict[str, object] = of_ground(installation, form.purpose, form.basis, "form") | {
        "by": "self",
        "confirmed_by_mail": ask,
        "form": form.name,
        "form_file": file,
        "form_digest": rendered,
        "copied": received.rendering == f"{form.name}/{EMBEDDED}",
        "notice_digest": digest_of(notice_text(plan, form.name)),
        "language": form.language,
        "lists": [answers.list],
        "page": received.page,
        "referrer": received.referrer,
        "source": answers.source,
        "campaign": answers.campaign,
        "box": (
            _box(AGREED, form.checkbox, answers.ticked)
            if form.checkbox and form.basis == "consent"
            else None
        ),
        "objection": (
            _box(AGREED, form.checkbox, answers.ticked)
            if form.checkbox and form.basis != "consent"
            else None
        ),
        "age": _box(AGE, form.age, answers.of_age) if form.age else None,
        "button": form.button,
        "answers": {"email": answers.address, **answers.fields},
        "choice": (
            {"question": form.question.label, "answer": answers.choice} if form.question else None
        ),
        "order": answers.order,
        "function": answers.fields.get(form.function_field, "") if form.function_field else "",
        "timezone": answers.timezone,
        "shown_at": received.shown_at or None,
        "received_at": now,
    }
    if received.rendering == f"{form.name}/{AS_JSON}":
        facts["own_page"] = True
    if form.ask:
        facts["preferences"] = written_choice(answers.chosen)
    return unknown(facts, ("source", "campaign", "timezone", "shown_at", "age"))


def _box(name: str, label: str, ticked: bool) -> dict[str, object]:
    return {"id": name, "label": label, "at_first": "not ticked", "ticked": ticked}


def carried_out(group_commit: CommandGroupCommit, request: CommandRequest) -> Result:
    """Wait for a request's result; raises TryAgain when the installation is too busy."""
    try:
        result = group_commit.submit(request).result(timeout=PATIENCE_SECONDS)
    except (TooBusy, TimeoutError) as error:
        raise TryAgain(str(error) or "this takes too long; please try again") from error
    return result
