"""The calls of whoever writes dialogues from elsewhere: what publishing the folder would change,
and putting exactly that in force. The same as `relance publish`.
"""

from __future__ import annotations

from collections.abc import Sequence

from fastapi.responses import JSONResponse

from engine.api.api_call import Api, ApiCall, shown
from engine.api.operation import (
    Operation,
    Tag,
    array,
    boolean,
    integer,
    moment,
    nullable,
    object_of,
    text,
)
from engine.api.parameters import Parameter
from engine.api.problems import Problem, readable
from engine.audience.trial_words import power_lines
from engine.authoring.plan_words import tell
from engine.authoring.publication import (
    NotApproved,
    Proposal,
    PublishedMeanwhile,
    apply,
    needs_approval,
    plan_publication,
    propose,
)
from engine.i18n.language import translator
from engine.intake.author_calls import PUBLICATION, read_publication
from engine.intake.body_reader import YES_NO
from engine.sequence.mistakes import Mistake, Unpublishable
from engine.words import N_

ANOTHER_PLAN = "the files or what is in force have changed since: read the plan again"
STRANDED = (
    "people stand on lists that would be gone: send stranded as yes, or keep the lists until they"
    " have moved on"
)
TO_APPROVE = (
    "somebody else has to approve this plan, in the console under Publish; once they have, send the"
    " same call again"
)
_ = translator("en")


def look_at_plan(api: Api, call: ApiCall) -> JSONResponse:
    """Where the folder cannot be published, there is no digest and every mistake is told."""
    stores = api.stores
    installation = stores.installation_stream.current()
    edition = installation.editions.get(installation.edition)
    standing: dict[str, object] = {
        "edition": installation.edition,
        "published_at": shown(edition.at) if edition is not None else None,
    }
    try:
        proposal = plan_publication(stores)
    except Unpublishable as refused:
        return JSONResponse(
            standing
            | {
                "digest": None,
                "changes": 0,
                "lines": [],
                "mistakes": _told(refused.mistakes),
                "stranded": 0,
                "approval": "not-needed",
            }
        )
    backfill = call.text("backfill") == "yes"
    trials = power_lines(proposal, stores.views, "en")
    lines = list(tell(proposal, "en", backfill=backfill, trials=trials))
    return JSONResponse(
        standing
        | {
            "digest": proposal.digest,
            "changes": proposal.difference.count,
            "lines": lines,
            "mistakes": _told(proposal.warnings),
            "stranded": sum(proposal.stranded.values()),
            "approval": _approval(api, proposal, backfill),
        }
    )


def _told(mistakes: Sequence[Mistake]) -> list[dict[str, object]]:
    return [
        {
            "file": mistake.file,
            "line": mistake.line,
            "said": mistake.words.said(_),
            "fatal": mistake.fatal,
        }
        for mistake in mistakes
    ]


def _approval(api: Api, proposal: Proposal, backfill: bool) -> str:
    installation, digest = api.stores.installation_stream.current(), proposal.to_approve(backfill)
    if not needs_approval(api.stores, installation):
        return "not-needed"
    if installation.is_approved(digest):
        return "given"
    return "asked" if digest in installation.proposed else "to-ask"


def publish(api: Api, call: ApiCall) -> JSONResponse:
    """Only the very plan that was looked at: its digest says which."""
    wanted = readable(read_publication(call.body, api.plan(), api.stores.clock.now()))
    if api.was_executed(call):
        edition = api.stores.installation_stream.current().edition
        return _published("this call was carried out before", edition, already=True)
    try:
        proposal = plan_publication(api.stores)
    except Unpublishable as refused:
        mistakes = tuple(
            f"{mistake.file}:{mistake.line}: {mistake.words.said(_)}"
            for mistake in refused.mistakes
        )
        raise Problem(409, "what is in the folder cannot be published", mistakes) from None
    if wanted.digest != proposal.digest:
        raise Problem(409, ANOTHER_PLAN)
    if proposal.stranded and not wanted.stranded:
        raise Problem(409, STRANDED)
    facts: dict[str, object] = {"what": "publication", "digest": proposal.digest}
    made = api.act(call, facts)
    try:
        edition = apply(api.stores, proposal, made, backfill=wanted.backfill)
    except PublishedMeanwhile:
        raise Problem(409, ANOTHER_PLAN) from None
    except NotApproved as wanting:
        propose(api.stores, wanting.digest, "", made)
        raise Problem(409, TO_APPROVE) from None
    if edition == proposal.base:
        return _published("nothing differs", edition)
    return _published(f"edition {edition} is in force", edition, done=True)


def _published(
    said: str, edition: int, *, done: bool = False, already: bool = False
) -> JSONResponse:
    content: dict[str, object] = {"done": done, "said": said, "edition": edition}
    return JSONResponse(content | ({"already": True} if already else {}))


def editions(api: Api, call: ApiCall) -> JSONResponse:
    installation = api.stores.installation_stream.current()
    return JSONResponse({
        "items": [
            {
                "edition": number,
                "published_at": shown(installation.editions[number].at),
                "rolled_back_to": installation.editions[number].rolled_back_to or None,
                "in_force": number == installation.edition,
            }
            for number in sorted(installation.editions, reverse=True)
        ]
    })  # fmt: skip


MISTAKE = object_of(
    "MistakeInFile",
    file=text("Below sequences/, or config.toml.", example="onboarding.toml"),
    line=integer(),
    said=text(),
    fatal=boolean("Whether nothing can be published while it stands."),
)
BACKFILLED = Parameter(
    name="backfill",
    about="yes: as if new letters also went to those for whom their moment is past.",
    choices=YES_NO,
    default="no",
)
OPERATIONS = (
    Operation(
        id="read_plan",
        method="GET",
        path="publication",
        scope="publish",
        tag=Tag.PUBLICATION,
        about=N_("What publishing the folder would change, and whom it touches."),
        parameters=(BACKFILLED,),
        answer=object_of(
            "PublicationPlan",
            edition=integer("In force; 0 before the first."),
            published_at=nullable(moment()),
            digest=nullable(
                text(
                    "Names this very plan; null where the folder cannot be published.",
                    example="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                )
            ),
            changes=integer("How many things differ."),
            lines=array(text(example="+ letter merci"), "What differs, as `relance publish` says."),
            mistakes=array(MISTAKE, "Those that are not fatal only warn."),
            stranded=integer("How many people stand on lists that would be gone.", example=0),
            approval=text(
                "Whether somebody else approves it.",
                choices=("not-needed", "to-ask", "asked", "given"),
            ),
        ),
        handler=look_at_plan,
    ),
    Operation(
        id="publish",
        path="publication",
        scope="publish",
        tag=Tag.PUBLICATION,
        about=N_("Put in force the very plan that was looked at, and no other."),
        members=PUBLICATION,
        answer=object_of(
            "PublicationAnswer",
            optional=("already",),
            done=boolean("Whether this call changed anything."),
            already=boolean("True when this very call was carried out before.", example=False),
            said=text(),
            edition=integer("In force now."),
        ),
        handler=publish,
    ),
    Operation(
        id="read_editions",
        method="GET",
        path="publication/editions",
        scope="publish",
        tag=Tag.PUBLICATION,
        about=N_("Every edition that was published, the latest first."),
        answer=object_of(
            "Editions",
            items=array(
                object_of(
                    "Edition",
                    edition=integer(),
                    published_at=moment(),
                    rolled_back_to=nullable(integer("The edition it goes back to.")),
                    in_force=boolean(),
                )
            ),
        ),
        handler=editions,
    ),
)
