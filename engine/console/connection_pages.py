"""`/connections`: the shops and mail services that call this installation, each with its address,
what to press there, whether its secret is at hand, what came of its last calls, and a trial of a
body. What is typed to add or change one, connection_form.py reads.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple
from urllib.parse import quote, urlsplit

from fastapi.responses import Response

from engine.authoring.toml_changes import Change, RemoveTable
from engine.config import Config
from engine.console import connection_form
from engine.console.access import Right
from engine.console.change_trial import keep_change
from engine.console.connection_form import (
    ConnectionStores,
    PastedCall,
    file_of_secret,
    new_secret,
    occasions_in_words,
    pasted,
    rule_change,
    rule_rows,
    secret_mistake,
    then_choices,
)
from engine.console.connection_guides import GUIDES
from engine.console.open_dialogue import NoSuchPlace, draft_of, read_draft, sentence, told
from engine.console.places import dialogue_url
from engine.console.saved_draft import save_draft
from engine.console.visit import Mistake, Route, Visit
from engine.desk.clock import wall_now
from engine.desk.webhook_calls import WebhookCall
from engine.hooks.report import STANDINGS, HookReport, answer_in_words, hook_reports
from engine.i18n.language import N_, Say
from engine.inbound.handling import letter_domains
from engine.secret_files import read_secret
from engine.sequence.mistakes import Unreadable
from engine.sequence.model import Plan
from engine.sequence.webhooks import Webhook, WebhookFields
from engine.webhooks.call_outcomes import FACT_NAMES, outcome_in_words
from engine.webhooks.reading import read_delivery
from engine.webhooks.secret_files import write_secret
from engine.webhooks.sentences import TRUSTS, why_not_believed
from engine.webhooks.signatures import Refusal, Trust, certificate_url, verify
from engine.webhooks.trial import Declared, certificate_at, what_follows
from engine.words import Reason

log = logging.getLogger("relance.console")
CALLS_SHOWN = 20
LOCAL = ("localhost", "127.0.0.1", "::1")
State = Literal["in force", "new", "changed", "taken out"]


class SecretFile(NamedTuple):
    """`why` it cannot be used, "" where it can. `api_key`: it holds a key of the sender's API."""

    why: str
    api_key: bool


class FactRow(NamedTuple):
    name: str
    outcome: str
    subscriber: str


class CallRow(NamedTuple):
    """`refused` says why nothing was done, "" where something may have been."""

    call: WebhookCall
    trust: str
    refused: str
    facts: tuple[FactRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenWebhook:
    """As it is written, or as it is in force where it is written no more; `plan` is where it
    stands. `drafted`: its file waits in the draft of whoever looks.
    """

    webhook: Webhook
    plan: Plan
    state: State
    drafted: bool

    @property
    def url(self) -> str:
        return f"/connections/{quote(self.webhook.name)}"


class Row(NamedTuple):
    opened: OpenWebhook
    title: str
    secrets: list[SecretFile]
    last: CallRow | None


class HookRow(NamedTuple):
    """A program that is told of facts; `answer` is its last, "" for none."""

    report: HookReport
    standing: str
    answer: str
    fault: str


class Tried(NamedTuple):
    """`good`: it would be believed, and can be read."""

    lines: list[str]
    good: bool


def routes(stores: ConnectionStores) -> Sequence[Route]:
    pages = _Pages(stores)

    one = "/connections/{webhook}"
    write = Right.WRITE
    return (
        Route("GET", "/connections", Right.SEE, told(lambda _, v: pages.all(v), stores)),
        *connection_form.routes(stores),
        Route(
            "POST", "/connections/_hooks", Right.OPERATE, told(lambda _, v: pages.hooks(v), stores)
        ),
        Route("GET", one, Right.SEE, told(lambda _, v: pages.show(v), stores)),
        Route("GET", f"{one}/calls", Right.SEE, told(lambda _, v: pages.calls(v), stores)),
        Route("POST", f"{one}/try", write, told(lambda _, v: pages.attempt(v), stores)),
        Route("POST", f"{one}/rules", write, told(lambda _, v: pages.rules(v), stores)),
        Route("POST", f"{one}/secret", Right.OPERATE, told(lambda _, v: pages.secret(v), stores)),
        Route("POST", f"{one}/save", write, told(lambda _, v: pages.save(v), stores)),
        Route("POST", f"{one}/remove", write, told(lambda _, v: pages.remove(v), stores)),
    )


class _Pages:
    def __init__(self, stores: ConnectionStores) -> None:
        self._stores = stores

    # What is seen.

    def all(self, visit: Visit) -> Response:
        config = self._stores.config
        latest = {call.webhook: call for call in self._stores.webhook_calls.latest()}
        rows = [
            Row(
                opened,
                visit.say(GUIDES[opened.webhook.kind].title),
                list(secret_files_of(opened.webhook, config, visit.say)),
                call_row(latest[opened.webhook.name], visit.say)
                if opened.webhook.name in latest
                else None,
            )
            for opened in self._opened(visit)
        ]
        return visit.page(
            "connections.html",
            rows=rows,
            address=f"{config.site.url}/w/",
            kinds=[(kind, visit.say(guide.title), guide.tells) for kind, guide in GUIDES.items()],
            dialogues=any(row for row in rows) or bool(self._written(visit).titles),
            hooks=list(self._hooks(visit.say)),
            unpublished=any(row.opened.state != "in force" for row in rows),
        )

    def _hooks(self, say: Say) -> Iterator[HookRow]:
        config, desk = self._stores.config, self._stores.hook_desk
        for report in hook_reports(config.hooks, config.folder, desk, self._stores.ledger):
            answer = report.state.answer if report.state is not None else ""
            yield HookRow(
                report,
                say(STANDINGS[report.standing]),
                answer_in_words(answer).said(say) if answer else "",
                report.fault.said(say) if report.fault is not None else "",
            )

    def hooks(self, visit: Visit) -> Response:
        """One is told nothing for a while, or goes on from where it stood."""
        stores, name, _ = self._stores, visit.inputs.get("hook", ""), visit.say
        if name not in {hook.name for hook in stores.config.hooks}:
            raise NoSuchPlace(N_("no program is told of facts by this name (any more)"))
        now = wall_now()
        stores.hook_desk.begin([name], stores.ledger.head(), now)
        if visit.inputs.get("do") == "off":
            stores.hook_desk.switch_off(name, now)
            return visit.goes_to("/connections#told", _("It is told nothing until you say so."))
        stores.hook_desk.switch_on(name)
        return visit.goes_to("/connections#told", _("It goes on from where it stood."))

    def show(
        self,
        visit: Visit,
        mistakes: Sequence[Mistake] = (),
        tried: Tried | None = None,
        made: str = "",
    ) -> Response:
        opened, config = self._open(visit), self._stores.config
        webhook, guide = opened.webhook, GUIDES[opened.webhook.kind]
        calls = self._calls(visit)
        return visit.page(
            "connection.html",
            mistakes=mistakes,
            opened=opened,
            webhook=webhook,
            title=visit.say(guide.title),
            guide=guide,
            address=address_of(webhook, config),
            with_secret=address_of(webhook, config, made) if made and guide.in_url else "",
            is_local=urlsplit(config.site.url).hostname in LOCAL,
            made=made,
            secrets=list(secret_files_of(webhook, config, visit.say)),
            rules=list(rule_rows(webhook, opened.plan, visit.say)),
            occasions=occasions_in_words(webhook.kind, visit.say),
            thens=then_choices(opened.plan, webhook.kind, visit.say),
            given=visit.inputs,
            calls=calls,
            tried=tried,
            edit_url=f"{dialogue_url(webhook.file)}/text" if webhook.file else "",
        )

    def calls(self, visit: Visit) -> Response:
        opened = self._open(visit)
        return visit.page("connection_calls.html", calls=self._calls(visit), opened=opened)

    def _calls(self, visit: Visit) -> list[CallRow]:
        recent = self._stores.webhook_calls.recent(visit.path["webhook"], CALLS_SHOWN)
        return [call_row(call, visit.say) for call in recent]

    def attempt(self, visit: Visit) -> Response:
        call = pasted(visit.inputs, visit.say)
        if isinstance(call, Mistake):
            return self.show(visit, [call])
        return self.show(
            visit, tried=tried(self._open(visit), call, self._stores.config, visit.say)
        )

    def _written(self, visit: Visit) -> Plan:
        return read_draft(self._stores, draft_of(self._stores, visit)).plan

    def _opened(self, visit: Visit) -> Iterator[OpenWebhook]:
        """All that are written, and after them those that are only in force still."""
        in_force = self._stores.installation_stream.current().plan()
        draft = draft_of(self._stores, visit)
        drafted, written = set(draft.paths()), read_draft(self._stores, draft).plan
        for webhook in written.webhooks.values():
            published = in_force.webhooks.get(webhook.name)
            state: State = "new" if published is None else "in force"
            if published is not None and replace(published, file=webhook.file) != webhook:
                state = "changed"
            yield OpenWebhook(
                webhook=webhook, plan=written, state=state, drafted=webhook.file in drafted
            )
        for webhook in in_force.webhooks.values():
            if webhook.name not in written.webhooks:
                state = "taken out" if written.titles else "in force"
                yield OpenWebhook(
                    webhook=webhook, plan=in_force, state=state, drafted=webhook.file in drafted
                )

    def _open(self, visit: Visit) -> OpenWebhook:
        for opened in self._opened(visit):
            if opened.webhook.name == visit.path["webhook"]:
                return opened
        raise NoSuchPlace(N_("no shop or mail service is connected by this name (any more)"))

    # What is changed.

    def rules(self, visit: Visit) -> Response:
        opened = self._open(visit)
        number = visit.inputs.get("rule", "")
        change: Change = rule_change(opened.webhook, visit.inputs)
        if visit.inputs.get("do") == "remove":
            change = RemoveTable((("webhook", opened.webhook.name), ("do", f"#{number}")))
        mistakes = keep_change(self._stores, visit, opened.webhook.file, [change], "then")
        if mistakes:
            return self.show(visit, mistakes)
        done = N_("Kept in your draft: save and publish it to put it in force.")
        return visit.goes_to(f"{opened.url}#rules", visit.say(done))

    def secret(self, visit: Visit) -> Response:
        """A secret that is made here is on this page, this once, and in no session or address."""
        opened, _ = self._open(visit), visit.say
        webhook, api_key = opened.webhook, visit.inputs.get("what") == "api_key"
        is_made = visit.inputs.get("do") == "make" and not api_key
        typed = new_secret(webhook.kind) if is_made else visit.inputs.get("secret", "").strip()
        control = "api_key" if api_key else "secret"
        if wrong := secret_mistake(webhook.kind, typed, api_key=api_key, say=_):
            return self.show(visit, [Mistake(control, wrong)])
        config, file = self._stores.config, file_of_secret(webhook, api_key=api_key)
        try:
            write_secret(config.folder, file, typed.encode())
        except Unreadable as error:
            return self.show(visit, [Mistake(control, sentence(visit, error.words))])
        except OSError as error:
            message = _("{file} could not be written ({why}).")
            why = error.strerror or type(error).__name__
            return self.show(visit, [Mistake(control, message.format(file=file, why=why))])
        log.info(
            "a secret of a webhook was written",
            extra={"webhook": webhook.name, "account": visit.account.id},
        )
        if is_made:
            return self.show(visit, made=typed)
        return visit.goes_to(
            f"{opened.url}#its-secret", _("The secret is there, and nobody sees it.")
        )

    def save(self, visit: Visit) -> Response:
        return save_draft(self._stores, visit, self._open(visit).url)

    def remove(self, visit: Visit) -> Response:
        opened = self._open(visit)
        change = RemoveTable((("webhook", opened.webhook.name),))
        mistakes = keep_change(self._stores, visit, opened.webhook.file, [change])
        if mistakes:
            return self.show(visit, mistakes)
        return visit.goes_to("/connections", visit.say(N_("Taken out of your draft.")))


def address_of(webhook: Webhook, config: Config, secret: str = "") -> str:
    """Where the sender calls; with a secret as the password of the address."""
    parts = urlsplit(f"{config.site.url}/w/{webhook.name}")
    if not secret:
        return parts.geturl()
    return parts._replace(netloc=f"relance:{quote(secret, safe='')}@{parts.netloc}").geturl()


def secret_files_of(webhook: Webhook, config: Config, say: Say) -> Iterator[SecretFile]:
    files = [(file, False) for file in webhook.secret_files]
    if webhook.api_key_file:
        files.append((webhook.api_key_file, True))
    for file, api_key in files:
        why = ""
        try:
            read_secret(config.folder / file)
        except Unreadable as error:
            is_there = (config.folder / file).exists()
            nothing = say(N_("there is nothing yet in {file}")).format(file=file)
            why = error.words.said(say) if is_there else nothing
        yield SecretFile(why, api_key)


def call_row(call: WebhookCall, say: Say) -> CallRow:
    return CallRow(
        call,
        next((say(words) for trust, words in TRUSTS.items() if trust == call.trust), ""),
        outcome_in_words(call.refusal).said(say) if call.refusal else "",
        tuple(
            FactRow(
                say(FACT_NAMES.get(fact.name, fact.name)),
                outcome_in_words(fact.outcome).said(say),
                fact.subscriber,
            )
            for fact in call.facts
        ),
    )


def tried(opened: OpenWebhook, call: PastedCall, config: Config, say: Say) -> Tried:
    """What a pasted call would lead to; the first of its bodies that is believed counts."""
    webhook = opened.webhook
    raw = call.bodies[0]
    belief: Trust | Refusal | None = None
    secrets = list(_readable(webhook, config))
    if call.headers and (secrets or webhook.kind == "sumup"):
        for raw in call.bodies:
            certificate = certificate_at(
                certificate_url(webhook.kind, call.headers, raw), config.dns
            )
            belief = verify(
                webhook.kind, secrets, call.headers, raw, wall_now(), certificate=certificate
            )
            if not isinstance(belief, Reason):
                break
        else:
            raw = call.bodies[0]
    match belief:
        case None if not call.headers:
            about = say(N_("No headers were pasted: the signature was not looked at."))
        case None:
            about = say(N_("No secret is there: the signature was not looked at."))
        case Reason():
            message = say(N_("it would not be believed: {why}"))
            about = message.format(why=why_not_believed(belief).said(say))
        case _:
            about = say(TRUSTS[belief])
    fields = webhook.fields if webhook.kind == "generic" else WebhookFields()
    delivery = read_delivery(webhook.kind, call.headers, raw, fields)
    follows = what_follows(delivery, Declared(webhook, opened.plan), letter_domains(config))
    good = not isinstance(belief, Reason) and not isinstance(delivery, Reason)
    return Tried([about, *(line.said(say) for line in follows)], good)


def _readable(webhook: Webhook, config: Config) -> Iterator[bytes]:
    for file in webhook.secret_files:
        try:
            yield read_secret(config.folder / file)
        except Unreadable:
            continue
