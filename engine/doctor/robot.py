"""The installation's own robot (`[doctor] robot`): every night it goes through each form as a
visitor does, confirms, gets its letter, and unsubscribes by the letter's link, by one click and by
mail. Each trial is a fact (`form-tried`), and a step that does not come about is a finding.

Its letters go out the ordinary way and come back by the ordinary door of `[inbound]`. One trial is
under way at a time, on one host; how far it has come stands on the desk, so that a kill loses none.
For each trial it is somebody new, who is erased afterwards, and whose id keeps them out of every
count (`subscriber.own_robot`).
"""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Literal, Protocol
from urllib.parse import unquote, urljoin

from engine.commands.command_handler import CommandHandler, CommandRequest
from engine.desk.clock import wall_now
from engine.desk.robot import RobotDesk, Trial
from engine.doctor.form_filling import filled, first_form
from engine.doctor.link_host import ONE_CLICK
from engine.doctor.looking import eyes_of
from engine.doctor.nightly import DoctorStores, Stopped, may_look
from engine.doctor.world import Answer, BadCertificate, NotReached, Page, Seen
from engine.i18n.user_error import UserError
from engine.inbound.mail import InboundRefused, Part, parse_mail, words_of
from engine.installation.events import FormTried
from engine.installation.state import Installation
from engine.ledger.store import Ledger
from engine.mime.header_values import message_id
from engine.mime.headers import HeaderRefused, Mailbox
from engine.mime.message import Mail, serialize
from engine.sending.envelope import Envelope
from engine.sending.inert_letter import send_one
from engine.sequence.model import Form, Plan
from engine.sequence.timing import ANY_HOUR, to_local
from engine.subscriber.commands import Erase
from engine.subscriber.events import Cause, LetterBegun
from engine.subscriber.own_robot import is_own_robot, tagged
from engine.vault.vault import Erasing, Vault, VaultWrite

log = logging.getLogger("relance.doctor")
Step = Literal["form", "confirmation", "confirming", "letter", "leaving"]
STEP_SECONDS = 15 * 60
"""Of wall time, within which what is waited for has to come."""
FILLING_SECONDS = 4.0
"""Nobody fills in a form faster: it would be taken for a robot's."""
SOON_MS = 10 * 60_000
LEASE_MS = 5 * 60_000
MARK = "robot"
Look = Callable[[Page], Answer]
Send = Callable[[Envelope], None]


class RobotStores(DoctorStores, Protocol):
    @property
    def ledger(self) -> Ledger: ...
    @property
    def vault(self) -> Vault: ...
    @property
    def command_handler(self) -> CommandHandler: ...
    @property
    def robot_desk(self) -> RobotDesk: ...


class _Ending(Exception):
    """The process ends; the step is done again by the next."""


class Failed(Exception):
    """A step did not come about."""

    def __init__(self, step: Step, why: str) -> None:
        super().__init__(why)
        self.step = step


def try_forms(
    stores: RobotStores,
    stopped: Stopped,
    look: Look | None = None,
    send: Send | None = None,
) -> FormTried | None:
    """One step further; the fact, where a trial has ended with it. Takes up to a minute. `look` and
    `send` are the ordinary ways where they are not given.
    """
    config, now = stores.config, wall_now()
    if not config.doctor.robot or not may_look(stores):
        return None
    held = stores.desk.mark(MARK) or (0, 0)
    mine = (now + LEASE_MS, 0)
    if now < held[0] <= now + LEASE_MS or not stores.desk.replace_mark(MARK, held, *mine):
        return None
    try:
        usual = partial(send_one, config)
        return Robot(stores, stopped, look or _looking(stores), send or usual).go_on()
    finally:
        stores.desk.replace_mark(MARK, mine, 0, 0)


def _looking(stores: DoctorStores) -> Look:
    return lambda page: asyncio.run(eyes_of(stores.config).answer(page))


class Robot:
    def __init__(self, stores: RobotStores, stopped: Stopped, look: Look, send: Send) -> None:
        self.stores, self.stopped, self.look, self.send = stores, stopped, look, send
        self.desk = stores.robot_desk
        self.config = stores.config

    def go_on(self) -> FormTried | None:
        installation = self.stores.installation_stream.current()
        plan = installation.plan()
        trial = self.desk.trial()
        if trial is None:
            trial = self._next(installation, plan)
            if trial is None:
                return None
            # First of all, so that whoever it becomes is erased whatever is killed.
            self.desk.put_trial(trial, STEP_SECONDS)
        form = plan.forms.get(trial.form)
        if form is None:
            self._forget(trial)
            return None
        try:
            following = self._step(trial, form, plan)
        except _Ending:
            return None
        except Failed as failed:
            log.error(
                "THE ROBOT DID NOT GET THROUGH A FORM",
                extra={"form": form.name, "step": failed.step, "why": str(failed)},
            )
            return self._end(trial, failed.step)
        if following is None:
            return self._end(trial, "")
        if following != trial:
            self.desk.put_trial(following, STEP_SECONDS)
        elif trial.is_late:
            return self._end(trial, trial.step)
        return None

    def _next(self, installation: Installation, plan: Plan) -> Trial | None:
        """The first form and way of leaving that were not tried today (`[site] timezone`)."""
        if installation.paused:
            return None
        zone = self.config.site.timezone
        today = to_local(self.stores.clock.now(), zone).date()
        for form in plan.forms.values():
            if form.order_field:
                continue
            for way in ways(plan, form, by_mail=bool(self.config.smtp.return_path)):
                at, _failed = installation.forms_tried.get((form.name, way), (0, ""))
                if not at or to_local(at, zone).date() < today:
                    address = tagged(self.config.doctor.robot, secrets.token_hex(6))
                    return Trial(form.name, way, address, "form")
        return None

    def _step(self, trial: Trial, form: Form, plan: Plan) -> Trial | None:
        """The trial as it goes on; itself, where it waits; None where it is done."""
        match trial.step:
            case "form":
                self._fill_in(form, trial.address)
                asks = form.basis == "consent" and form.confirm
                step: Step = "confirmation" if asks else "letter"
                return trial._replace(step=step)
            case "confirmation":
                mail = self._mail(is_letter=False)
                if mail is None:
                    return trial
                self._press(self._link_in(words_of(mail)), "confirming")
                return trial._replace(step="letter")
            case "letter" if not trial.way:
                return None if self._stands_on(trial, form) else trial
            case "letter":
                mail = self._mail(is_letter=True)
                if mail is None:
                    return trial
                self._leave(trial, mail)
                return trial._replace(step="leaving")
            case _:
                return trial if self._stands_on(trial, form) else None

    def _fill_in(self, form: Form, address: str) -> None:
        url = f"{self.config.site.url}/f/{form.name}"
        page = self._seen(Page(url), "form")
        found = first_form(page.body.decode("utf-8", "replace"))
        if found is None:
            raise Failed("form", "the page holds no form")
        if not self.stopped():
            time.sleep(FILLING_SECONDS)
        answer = self._seen(Page(urljoin(url, found.action), posted=filled(found, address)), "form")
        if not 300 <= answer.status < 400:
            raise Failed("form", f"the form answered {answer.status}")

    def _press(self, url: str, step: Step) -> None:
        page = self._seen(Page(url), step)
        found = first_form(page.body.decode("utf-8", "replace"))
        if found is None:
            raise Failed(step, "the page holds no button")
        self._seen(Page(urljoin(url, found.action), posted=filled(found, "")), step)

    def _seen(self, page: Page, step: Step) -> Seen:
        """Only pages of our own are opened: whoever writes to the robot leads it nowhere."""
        if not page.url.startswith(f"{self.config.site.url}/"):
            raise Failed(step, "the link leads elsewhere")
        if self.stopped():
            raise _Ending
        answer = self.look(page)
        if isinstance(answer, BadCertificate):
            raise Failed(step, answer.why)
        if not isinstance(answer, Seen):
            raise Failed(step, answer.why.said() if isinstance(answer, NotReached) else "?")
        if answer.status >= 400:
            raise Failed(step, f"the page answered {answer.status}")
        return answer

    def _mail(self, *, is_letter: bool) -> Part | None:
        """The first of ours: anybody may write to the robot."""
        for octets in self.desk.mails():
            try:
                mail = parse_mail(octets)
            except InboundRefused:
                continue
            named = mail.value("list-unsubscribe") if is_letter else words_of(mail)
            if self._link_in(named) and bool(mail.value("list-unsubscribe")) == is_letter:
                return mail
        return None

    def _link_in(self, text: str) -> str:
        """The first link of ours, "" for none."""
        link = re.search(re.escape(self.config.site.url) + r"/l/[A-Za-z0-9_-]{1,100}", text)
        return link[0] if link else ""

    def _leave(self, trial: Trial, mail: Part) -> None:
        offered = mail.value("list-unsubscribe")
        page = self._link_in(offered)
        if trial.way == "link":
            self._press(page, "leaving")
        elif trial.way == "one-click":
            if mail.value("list-unsubscribe-post") != ONE_CLICK:
                raise Failed("leaving", "the letter offers no one-click unsubscribing")
            self._seen(Page(page, posted=ONE_CLICK), "leaving")
        else:
            mailto = re.search(r"<mailto:([^<>?]{1,400})", offered)
            self._write(trial.address, unquote(mailto[1]) if mailto else "")

    def _write(self, address: str, to: str) -> None:
        name, domain = secrets.token_bytes(16), address.rpartition("@")[2]
        try:
            mail = Mail(
                Mailbox("", address),
                Mailbox("", to),
                None,
                "unsubscribe",
                datetime.now(UTC),
                message_id(name, domain),
                (),
                "unsubscribe",
                None,
            )
            self.send(Envelope(name.hex(), address, to, serialize(mail)))
        except (HeaderRefused, UserError) as error:
            raise Failed("leaving", str(error)) from error

    def _stands_on(self, trial: Trial, form: Form) -> bool:
        stream = self.stores.vault.find(trial.address)
        if not stream:
            return False
        person = self.stores.command_handler.load([stream])[stream]
        return not person.memberships.keys().isdisjoint(form.lists)

    def _end(self, trial: Trial, failed: str) -> FormTried:
        now = self.stores.clock.now()
        tried = FormTried(now, trial.form, trial.way, failed)
        self.stores.installation_stream.execute(lambda _state: [tried], Cause("engine"), now)
        self._forget(trial)
        return tried

    def _forget(self, trial: Trial) -> None:
        """Of whom the robot was, nothing stays but facts that name nobody. No file of the database
        is written anew for it, as it is for people.
        """
        stream = self.stores.vault.find(trial.address)
        if stream and is_own_robot(stream):
            now, entries = self.stores.clock.now(), self.stores.ledger.stream(stream)
            messages = [e.event.message for e in entries if isinstance(e.event, LetterBegun)]
            write = VaultWrite(stream, now, lift=True, erasing=Erasing(tuple(messages)))
            command = Erase(
                at=now,
                cause=Cause("engine"),
                request=secrets.token_hex(16),
                sealed=entries[-1].version,
            )
            self.stores.command_handler.execute_one(
                CommandRequest(command, stream=stream, vault_write=write)
            )
        self.desk.end_trial()


def ways(plan: Plan, form: Form, *, by_mail: bool) -> Iterator[str]:
    """How to leave after this form; "" alone where no letter follows soon enough to leave by."""
    if not _writes_soon(plan, form):
        yield ""
        return
    yield from ("link", "one-click")
    if by_mail:
        yield "mail"


def _writes_soon(plan: Plan, form: Form) -> bool:
    listed = plan.lists.get(form.lists[0]) if form.lists else None
    first = listed.letters[0] if listed is not None and listed.letters else None
    return (
        first is not None
        and first.after is not None
        and first.after.nominal_ms <= SOON_MS
        and first.hours == ANY_HOUR
        and not first.only
        and not first.versions
    )
