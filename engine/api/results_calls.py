"""The calls that read what came of letters and forms: counters that name nobody. The same numbers
as `relance results --json`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from fastapi.responses import JSONResponse

from engine.api.api_call import Api, ApiCall
from engine.api.operation import (
    Operation,
    Tag,
    array,
    integer,
    object_of,
    text,
)
from engine.api.parameters import Parameter, Schema
from engine.api.problems import Problem
from engine.audience.result_files import as_rows
from engine.audience.results import EPOCH, letters_meant, name_of, results, visits_of
from engine.audience.trial_words import told_trial
from engine.i18n.user_error import UserError
from engine.sequence.delay import DAY
from engine.sequence.model import Plan
from engine.subscriber.terms import one_of
from engine.views import FIRST_WEEK, GROUPINGS, LAST_WEEK, Grouping, week_of
from engine.words import N_


def of_letters(api: Api, call: ApiCall) -> JSONResponse:
    installation = api.stores.installation_stream.current()
    plan, views = installation.plan(), api.stores.views
    since, until = _weeks(call)
    by: Grouping = one_of(call.text("by"), GROUPINGS)
    letters: Sequence[str] = ("",)
    if call.text("letter"):
        counted = {count.letter for count in views.counted([""])}
        try:
            letters = letters_meant(plan, counted, call.text("letter"))
        except UserError as error:
            raise Problem(404, str(error)) from None
    found = results(views, plan, letters, by, since, until)
    visits = visits_of(api.stores.desk, letters, since, until) if by == "letter" else {}
    tried = {
        one.name: trial[1]
        for one in found
        if by == "letter" and (trial := told_trial(installation, one.name, views))
    }
    rows = as_rows(found, visits, None, tried)
    for row in rows:
        row["name"] = _name(str(row["name"]), by, plan)
    return JSONResponse({"items": rows})


def _name(name: str, by: Grouping, plan: Plan) -> str:
    """A letter as an author names it, "prise-en-main/welcome"; any other group as it is."""
    if by == "letter":
        return name_of(plan, name)
    ref, blank, occurrence = name.partition(" ")
    return f"{name_of(plan, ref)}{blank}{occurrence}" if by == "mailing" else name


def of_forms(api: Api, call: ApiCall) -> JSONResponse:
    since, _until = _weeks(call)
    return JSONResponse({
        "items": [
            {
                "form": count.form,
                "week": (EPOCH + timedelta(days=count.week)).isoformat(),
                "asked": count.asked,
                "confirmed": count.confirmed,
            }
            for count in api.stores.views.form_weeks(since)
        ]
    })  # fmt: skip


def _weeks(call: ApiCall) -> tuple[int, int]:
    """The Mondays of the weeks asked for; nothing lies between two that are the wrong way round."""
    since, until = call.text("since"), call.text("until")
    return (_week(since) if since else FIRST_WEEK), (_week(until) if until else LAST_WEEK)


def _week(day: str) -> int:
    return week_of((date.fromisoformat(day) - EPOCH).days * DAY)


SINCE = Parameter(
    name="since",
    about="Of letters begun in the week of this day, or later.",
    kind="day",
    example="2026-11-02",
)
UNTIL = Parameter(
    name="until",
    about="Of letters begun in the week of this day, or before.",
    kind="day",
    example="2026-11-30",
)
COUNTS: Schema = {"type": "object", "additionalProperties": {"type": "integer"}}
SALES = array(
    object_of(
        "Sales",
        currency=text("Of ISO 4217.", example="EUR"),
        orders=integer(),
        amount=integer("In the currency's smallest unit.", example=4990),
        refunds=integer(example=0),
        refunded=integer("In the currency's smallest unit.", example=0),
    )
)
RESULT = object_of(
    "Result",
    optional=("measured", "versions"),
    name=text("What they are grouped by.", example="prise-en-main/welcome"),
    due=integer("All that fell due.", example=120),
    accepted=integer("Taken by a mail server: what shares are of.", example=117),
    refused=integer(example=1),
    withheld=integer(example=2),
    put_off=integer(example=0),
    in_doubt=integer(example=0),
    under_way=integer(example=0),
    reasons=COUNTS | {"description": "Why they were withheld."},
    bounced=COUNTS | {"description": "By kind: hard, soft, blocked, gave-up."},
    complained=integer(example=0),
    unsubscribed=integer(example=1),
    answered=integer("People who answered.", example=40),
    unanswered=integer(example=77),
    answers=array(
        object_of(
            "AnswerCount",
            label=text("The words of the link."),
            people=integer(),
            by_page=integer("Of them, those whose page acted by itself."),
        )
    ),
    moved=COUNTS | {"description": "By list."},
    copied=COUNTS | {"description": "By list."},
    sales=SALES | {"description": "Within seven days of the letter."},
    after_act=SALES | {"description": "Within seven days of an act in it."},
    visits=array(
        object_of(
            "VisitCount",
            kind=text(),
            link=text(),
            visits=integer("Whoever came, robots too."),
            presumed_human=integer(),
        ),
        "To its links; by letter only. Neither is an act.",
    ),
    versions=array({"type": "object"}, "How its trial stands, where it is tried."),
)
OPERATIONS = (
    Operation(
        id="read_results",
        method="GET",
        path="results/letters",
        scope="results",
        tag=Tag.RESULTS,
        about=N_("What came of letters and broadcasts, added up as you say."),
        parameters=(
            Parameter(name="by", about="What is added up.", choices=GROUPINGS, default="letter"),
            Parameter(
                name="letter",
                about="One letter (prise-en-main/welcome), broadcast, or dialogue's file.",
            ),
            SINCE,
            UNTIL,
        ),
        answer=object_of("Results", items=array(RESULT)),
        may_lack=True,
        handler=of_letters,
    ),
    Operation(
        id="read_results_of_forms",
        method="GET",
        path="results/forms",
        scope="results",
        tag=Tag.RESULTS,
        about=N_("How many each form asked to confirm, week by week, and how many of them did."),
        parameters=(SINCE,),
        answer=object_of(
            "FormResults",
            items=array(
                object_of(
                    "FormCount",
                    form=text(example="inscription"),
                    week=text("Its Monday.", example="2026-11-23"),
                    asked=integer(example=12),
                    confirmed=integer(example=10),
                )
            ),
        ),
        handler=of_forms,
    ),
)
