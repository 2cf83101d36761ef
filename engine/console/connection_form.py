"""What is typed to connect a shop: a new `[[webhook]]`, one more of its rules, its secret, and the
body of a call that is tried.
"""

from __future__ import annotations

import re
import secrets as random_source
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol, assert_never, cast
from urllib.parse import quote

from fastapi.responses import Response

from engine.authoring.toml_changes import AddTable, Change, TomlValue
from engine.console.access import Right
from engine.console.change_trial import dialogue_choices, keep_change
from engine.console.connection_guides import GUIDES
from engine.console.open_dialogue import AuthoringStores, NoSuchPlace, draft_of, read_draft, told
from engine.console.visit import Mistake, Route, Visit
from engine.desk.hooks import HookDesk
from engine.desk.webhook_calls import WebhookCalls
from engine.hooks.report import HeadOfLedger
from engine.i18n.language import N_, Say
from engine.i18n.phrases import say_list, say_segment
from engine.secret_files import MAX_SECRET_BYTES
from engine.sequence.draft import as_name
from engine.sequence.model import Plan
from engine.sequence.webhooks import OCCASIONS, Webhook, WebhookKind, WebhookRule, occasions_of
from engine.webhooks.body import Headers
from engine.webhooks.call_outcomes import FACT_NAMES
from engine.webhooks.secret_files import own_file

NOTHING_MORE = "nothing"
NOTHING_WORDS = N_("nothing more than what is recorded")
JOINS = N_("the person joins the list {list}")
LEAVES = N_("the person leaves the list {list}")
ENTERS = N_("the person is put into {segment}")
MAX_CHARACTERS = 500
SECRET_OCTETS = 32
_SECRET = re.compile(r"[!-~]+(?: [!-~]+)*")
_API_KEYS: Mapping[str, re.Pattern[str]] = {"helloasso": re.compile(r"[^:]+:.+")}


class ConnectionStores(AuthoringStores, Protocol):
    @property
    def webhook_calls(self) -> WebhookCalls: ...
    @property
    def hook_desk(self) -> HookDesk: ...
    @property
    def ledger(self) -> HeadOfLedger: ...


def routes(stores: ConnectionStores) -> Sequence[Route]:
    path = "/connections/_new/{kind}"
    return (
        Route("GET", path, Right.WRITE, told(lambda _, visit: _new(stores, visit), stores)),
        Route("POST", path, Right.WRITE, told(lambda _, visit: _add(stores, visit), stores)),
    )


def kind_of(visit: Visit) -> WebhookKind:
    """Raises NoSuchPlace."""
    kind = visit.path.get("kind", "")
    if kind not in GUIDES:
        raise NoSuchPlace(N_("no shop or mail service is called so here"))
    return cast(WebhookKind, kind)


# A new webhook.


def _new(stores: ConnectionStores, visit: Visit, mistakes: Sequence[Mistake] = ()) -> Response:
    kind = kind_of(visit)
    plan = read_draft(stores, draft_of(stores, visit)).plan
    occasions = occasions_in_words(kind, visit.say)
    given = visit.inputs
    return visit.page(
        "connection_new.html",
        mistakes=mistakes,
        kind=kind,
        guide=GUIDES[kind],
        name=given.get("name", _free_name(kind, plan)),
        address=f"{stores.config.site.url}/w/",
        dialogues=dialogue_choices(plan),
        file=given.get("file", ""),
        occasions=occasions,
        on=given.get("on", occasions[0][0]),
        thens=then_choices(plan, kind, visit.say),
        then=given.get("then", ""),
        product=given.get("product", ""),
    )


def _free_name(kind: WebhookKind, plan: Plan) -> str:
    free, count = str(kind), 2
    while free in plan.webhooks:
        free, count = f"{kind}-{count}", count + 1
    return free


def _add(stores: ConnectionStores, visit: Visit) -> Response:
    kind, guide = kind_of(visit), GUIDES[kind_of(visit)]
    plan = read_draft(stores, draft_of(stores, visit)).plan
    typed = visit.inputs.get("name", "").strip()[:MAX_CHARACTERS]
    name = as_name(typed)
    if not typed or name in plan.webhooks:
        wanting, taken = N_("Give it a name."), N_("Another connection has this name already.")
        return _new(stores, visit, [Mistake("name", visit.say(taken if typed else wanting))])
    values: dict[str, TomlValue] = {"name": name, "from": kind}
    if guide.secret:
        values["secret_file"] = own_file(name)
    if guide.api_key:
        values["api_key_file"] = own_file(name, api_key=True)
    changes: list[Change] = [AddTable((), "webhook", values)]
    if visit.inputs.get("then", NOTHING_MORE) != NOTHING_MORE:
        changes.append(AddTable((("webhook", name),), "do", rule_table(visit.inputs)))
    mistakes = keep_change(stores, visit, visit.inputs.get("file", ""), changes, "then")
    if mistakes:
        return _new(stores, visit, mistakes)
    done = N_("It is in your draft. Now do what is left, step by step.")
    return visit.goes_to(f"/connections/{quote(name)}", visit.say(done))


# What follows from a call.


class RuleRow(NamedTuple):
    """A `[[webhook.do]]` in words; `number` is its place in the file, from 0."""

    number: int
    when: str
    products: tuple[str, ...]
    then: str


def rule_rows(webhook: Webhook, plan: Plan, _: Say) -> Iterator[RuleRow]:
    for number, rule in enumerate(webhook.rules):
        yield RuleRow(number, _(FACT_NAMES[rule.on]), rule.products, _then(rule, plan, _))


def _then(rule: WebhookRule, plan: Plan, _: Say) -> str:
    match rule.then:
        case "join":
            return _(JOINS).format(list=say_list(plan, rule.list))
        case "move":
            source, target = say_list(plan, rule.source), say_list(plan, rule.list)
            moves = N_("the person moves from the list {source} to {list}")
            return _(moves).format(source=source, list=target)
        case "leave":
            return _(LEAVES).format(list=say_list(plan, rule.list))
        case "segment":
            return _(ENTERS).format(segment=say_segment(plan, rule.segment, _))
        case "nothing":
            return _(NOTHING_WORDS)
        case _:
            assert_never(rule.then)


def occasions_in_words(kind: WebhookKind, _: Say) -> list[tuple[str, str]]:
    told_of = occasions_of(kind)
    return [(name, _(FACT_NAMES[name])) for name in OCCASIONS if name in told_of]


def then_choices(plan: Plan, kind: WebhookKind, _: Say) -> list[tuple[str, str]]:
    """What a rule may do with a person, as `rule_table` takes it."""
    choices = [(NOTHING_MORE, _(NOTHING_WORDS))]
    lists = [(number, say_list(plan, number)) for number in plan.lists]
    if not occasions_of(kind) & {"bounce", "complaint"}:
        choices += [(f"join:{number}", _(JOINS).format(list=words)) for number, words in lists]
    choices += [(f"leave:{number}", _(LEAVES).format(list=words)) for number, words in lists]
    for segment in plan.segments.values():
        if segment.static:
            words = say_segment(plan, segment.id, _)
            choices.append((f"segment:{segment.id}", _(ENTERS).format(segment=words)))
    return choices


def rule_table(inputs: Mapping[str, str]) -> dict[str, TomlValue]:
    """A `[[webhook.do]]` as a form says it: what it means, reading the file says."""
    way, _, target = inputs.get("then", "").partition(":")
    codes = [code.strip() for code in inputs.get("product", "")[:MAX_CHARACTERS].split(",")]
    table: dict[str, TomlValue] = {"on": inputs.get("on", "")}
    if any(codes):
        table["product"] = [code for code in codes if code]
    match way:
        case "join" | "leave":
            table[way] = int(target) if target.isdecimal() and len(target) < 10 else target
        case "segment":
            table["segment"] = f"segment:{target}"
        case _:
            table["nothing"] = True
    return table


def rule_change(webhook: Webhook, inputs: Mapping[str, str]) -> AddTable:
    """One more rule, above the first that would leave it nothing: of those that are met the first
    counts.
    """
    table = rule_table(inputs)
    wide = (
        f"#{number}"
        for number, rule in enumerate(webhook.rules)
        if "product" in table and rule.on == table["on"] and not rule.products
    )
    return AddTable((("webhook", webhook.name),), "do", table, before=next(wide, ""))


# Its secret.


def new_secret(kind: WebhookKind) -> str:
    """One that may stand in an address as it is."""
    octets = random_source.token_bytes(SECRET_OCTETS)
    if kind == "generic":
        return f"whsec_{b64encode(octets).decode()}"
    return octets.hex()


def secret_mistake(kind: WebhookKind, typed: str, *, api_key: bool, say: Say) -> str:
    """What is wrong with a secret that was typed; "" for nothing."""
    guide = GUIDES[kind]
    if not typed:
        return say(N_("Paste it here."))
    if _SECRET.fullmatch(typed) is None or len(typed) > MAX_SECRET_BYTES:
        return say(N_("A secret is one line of letters, digits and signs."))
    if not api_key and not typed.startswith(guide.begins):
        return say(N_("This is another one: it begins with {begins}")).format(begins=guide.begins)
    if guide.begins and not api_key and " " in typed:
        return say(N_("This one is written without a blank."))
    if guide.begins and not api_key and typed == guide.begins:
        return say(N_("Paste the whole of it: this is only how it begins."))
    if api_key and kind in _API_KEYS and _API_KEYS[kind].fullmatch(typed) is None:
        return say(N_("Both are needed, with a colon between them."))
    return ""


def file_of_secret(webhook: Webhook, *, api_key: bool) -> str:
    """The file that a page writes, "" where the webhook has none of this kind."""
    return webhook.api_key_file if api_key else next(iter(webhook.secret_files), "")


# The body of a call that is tried.


class PastedCall(NamedTuple):
    """`bodies`: what the sender may have sent, the likeliest first: a page's text comes with its
    lines ended otherwise than it was copied.
    """

    headers: Headers
    bodies: tuple[bytes, ...]


def pasted(inputs: Mapping[str, str], say: Say) -> PastedCall | Mistake:
    headers = list[tuple[str, str]]()
    for line in inputs.get("headers", "").splitlines():
        name, colon, value = line.partition(":")
        if line.strip() and not (colon and name.strip()):
            return Mistake("headers", say(N_("A header is written “Name: value”, a line each.")))
        if line.strip():
            headers.append((name.strip(), value.strip()))
    text = inputs.get("body", "").replace("\r\n", "\n")
    if not text.strip():
        return Mistake("body", say(N_("Paste the body of a call.")))
    bare = text.strip("\n")
    texts = (text, bare, f"{bare}\n", text.replace("\n", "\r\n"))
    bodies = dict.fromkeys(one.encode("utf-8", "replace") for one in texts)
    return PastedCall(tuple(headers), tuple(bodies))
