"""The calls about other programs: what shops and mail services told, and what is told to others.
The same as `relance webhook log` and `relance hook`.
"""

from __future__ import annotations

from typing import get_args

from fastapi.responses import JSONResponse

from engine.api.api_call import Api, ApiCall, shown
from engine.api.operation import (
    SUBSCRIBER,
    Operation,
    Tag,
    array,
    boolean,
    integer,
    moment,
    nullable,
    object_of,
    object_with,
    text,
)
from engine.api.paging import Page, page_of, page_response
from engine.api.parameters import LIMIT, Parameter
from engine.api.problems import Problem, bad_body, readable
from engine.desk.clock import wall_now
from engine.desk.webhook_calls import WebhookCall
from engine.hooks.report import (
    STANDINGS,
    HookReport,
    answer_in_words,
    hook_reports,
    recorded_before,
)
from engine.hooks.settings import Hook
from engine.i18n.language import translator
from engine.intake.author_calls import REPLAY, read_replay
from engine.sequence.draft import NAME
from engine.webhooks.call_outcomes import outcome_in_words
from engine.webhooks.signatures import Trust
from engine.words import N_

_ = translator("en")


def list_webhooks(api: Api, call: ApiCall) -> JSONResponse:
    """Their secrets are published nowhere, and are not here either."""
    site, plan = api.stores.config.site, api.plan()
    return JSONResponse({
        "items": [
            {
                "name": webhook.name,
                "from": webhook.kind,
                "url": f"{site.url}/w/{webhook.name}",
                "dialogue": webhook.file,
            }
            for webhook in plan.webhooks.values()
        ]
    })  # fmt: skip


def webhook_calls(api: Api, call: ApiCall) -> JSONResponse:
    limit, before = call.number("limit"), call.number("after")
    webhook = call.text("webhook") or None
    found = api.stores.webhook_calls.recent(webhook, limit + 1, before)
    if webhook is not None and not found and webhook not in api.plan().webhooks:
        # Of one that is published no more the calls are still told.
        raise Problem(404, "no webhook of this name is published, and none has been called")
    page = found[:limit]
    rest = page[-1].id if len(found) > limit else 0
    return page_response(call, Page([_call(one) for one in page], rest))


def _call(came: WebhookCall) -> dict[str, object]:
    return {
        "id": came.id,
        "webhook": came.webhook,
        "at": shown(came.at),
        "trust": came.trust or None,
        "refusal": came.refusal or None,
        "why": outcome_in_words(came.refusal).said(_) if came.refusal else None,
        "facts": [
            {
                "name": fact.name,
                "outcome": fact.outcome,
                "said": outcome_in_words(fact.outcome).said(_),
                "subscriber": fact.subscriber or None,
            }
            for fact in came.facts
        ],
    }


def list_hooks(api: Api, call: ApiCall) -> JSONResponse:
    stores, config = api.stores, api.stores.config
    reports = hook_reports(config.hooks, config.folder, stores.hook_desk, stores.ledger)
    return JSONResponse({"items": [_hook(report) for report in reports]})


def _hook(report: HookReport) -> dict[str, object]:
    state = report.state
    return report.members(shown) | {
        "said": _(STANDINGS[report.standing]),
        "answer": answer_in_words(state.answer).said(_) if state and state.answer else None,
    }


def replay(api: Api, call: ApiCall) -> JSONResponse:
    stores = api.stores
    wanted = readable(read_replay(call.body, api.plan(), stores.clock.now()))
    hook = _named(api, call)
    if api.was_executed(call):
        return _answer("this call was carried out before", already=True)
    head, position = stores.ledger.head(), wanted.after
    if wanted.since:
        position = recorded_before(stores.ledger, wanted.since)
    if position > head:
        raise Problem(409, f"the ledger has the positions 1 to {head}")
    _begin(api, hook)
    stores.hook_desk.replay(hook.name, position)
    return _answer(f"it is told anew of what follows position {position}")


def switch_on(api: Api, call: ApiCall) -> JSONResponse:
    hook = _named(api, call)
    _empty(call)
    if api.was_executed(call):
        return _answer("this call was carried out before", already=True)
    _begin(api, hook)
    api.stores.hook_desk.switch_on(hook.name)
    return _answer("it goes on from where it stood")


def switch_off(api: Api, call: ApiCall) -> JSONResponse:
    hook = _named(api, call)
    _empty(call)
    if api.was_executed(call):
        return _answer("this call was carried out before", already=True)
    _begin(api, hook)
    api.stores.hook_desk.switch_off(hook.name, wall_now())
    return _answer("it is told nothing until it is switched on")


def _named(api: Api, call: ApiCall) -> Hook:
    for hook in api.stores.config.hooks:
        if hook.name == call.text("hook"):
            return hook
    raise Problem(404, "there is no [[hook]] of this name in config.toml")


def _begin(api: Api, hook: Hook) -> None:
    api.stores.hook_desk.begin([hook.name], api.stores.ledger.head(), wall_now())


def _empty(call: ApiCall) -> None:
    if call.body != {}:
        raise bad_body(("the body is an empty JSON object",))


def _answer(said: str, *, already: bool = False) -> JSONResponse:
    return JSONResponse(
        {"done": not already, "said": said} | ({"already": True} if already else {})
    )


HOOK = Parameter(
    name="hook", about="The hook's name.", pattern=NAME.pattern, example="tableau-de-bord"
)
ANSWER = object_of(
    "HookAnswer",
    optional=("already",),
    done=boolean("Whether this call changed anything."),
    already=boolean("True when this very call was carried out before.", example=False),
    said=text(),
)
OPERATIONS = (
    Operation(
        id="read_webhooks",
        method="GET",
        path="webhooks",
        scope="hooks",
        tag=Tag.CONNECTIONS,
        about=N_("The shops and mail services that call here, each with its address."),
        answer=object_of(
            "Webhooks",
            items=array(
                object_with(
                    "Webhook",
                    {
                        "name": text(example="boutique"),
                        "from": text("Whose calls they are.", example="stripe"),
                        "url": text("Where they are sent to."),
                        "dialogue": text("The file it is declared in."),
                    },
                )
            ),
        ),
        handler=list_webhooks,
    ),
    Operation(
        id="read_webhook_calls",
        method="GET",
        path="webhooks/calls",
        scope="hooks",
        tag=Tag.CONNECTIONS,
        about=N_("What shops and mail services told, the latest first, and what came of it."),
        parameters=(
            LIMIT,
            Parameter(
                name="after",
                about="The `next` of the page before. Left out: from the latest.",
                kind="integer",
                default=0,
            ),
            Parameter(name="webhook", about="Only of this one.", pattern=NAME.pattern),
        ),
        may_lack=True,
        answer=page_of(
            "WebhookCalls",
            object_of(
                "WebhookCall",
                id=integer(example=17),
                webhook=text(example="boutique"),
                at=moment("Wall clock."),
                trust=nullable(
                    text("How far it is believed; null where it is not.", choices=get_args(Trust))
                ),
                refusal=nullable(text("Why nothing was done, as a code.")),
                why=nullable(text("The same for people.")),
                facts=array(
                    object_of(
                        "FactOfCall",
                        name=text(example="purchase"),
                        outcome=text("What came of it, as a code.", example="fact:done"),
                        said=text("The same for people.", example="it was done"),
                        subscriber=nullable(SUBSCRIBER),
                    )
                ),
            ),
            cursor=integer("Of the next page; null on the last.", example=17),
        ),
        handler=webhook_calls,
    ),
    Operation(
        id="read_hooks",
        method="GET",
        path="hooks",
        scope="hooks",
        tag=Tag.CONNECTIONS,
        about=N_("The programs that are told of facts, and how each stands."),
        answer=object_of(
            "Hooks",
            items=array(
                object_of(
                    "Hook",
                    name=text(example="tableau-de-bord"),
                    host=text(
                        "Of its address, which is as good as a password.", example="x.example"
                    ),
                    events=array(text(example="list-joined")),
                    standing=text(choices=tuple(STANDINGS)),
                    said=text("The same for people."),
                    secret_usable=boolean(),
                    position=nullable(integer("Told up to here.", example=4711)),
                    behind=integer("Entries it was not looked through for.", example=0),
                    taken=integer("Messages it took.", example=120),
                    failures=integer(example=0),
                    failing_since=nullable(moment()),
                    answer=nullable(text("The last one, for people.")),
                    answered_at=nullable(moment()),
                    retries=integer("Messages to be tried again.", example=0),
                    given_up=integer("Messages that are not.", example=0),
                    first_given_up=nullable(integer("The position of the first of them.")),
                )
            ),
        ),
        handler=list_hooks,
    ),
    Operation(
        id="replay_hook",
        path="hooks/{hook}/replay",
        scope="hooks",
        tag=Tag.CONNECTIONS,
        about=N_("Tell a program anew of what follows a position or a moment."),
        parameters=(HOOK,),
        members=REPLAY,
        exactly_one=("after", "since"),
        answer=ANSWER,
        handler=replay,
    ),
    Operation(
        id="enable_hook",
        path="hooks/{hook}/enable",
        scope="hooks",
        tag=Tag.CONNECTIONS,
        about=N_("Go on telling a program, from where it stood."),
        parameters=(HOOK,),
        answer=ANSWER,
        handler=switch_on,
    ),
    Operation(
        id="disable_hook",
        path="hooks/{hook}/disable",
        scope="hooks",
        tag=Tag.CONNECTIONS,
        about=N_("Tell a program nothing until it is switched on."),
        parameters=(HOOK,),
        answer=ANSWER,
        handler=switch_off,
    ),
)
