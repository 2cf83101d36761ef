"""Publishing as a page: what would change and whom it touches, putting it in force, and the history
of editions, any two of which are held against each other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple, Protocol
from urllib.parse import quote

from fastapi.responses import Response

from engine.audience.trial_words import TrialViews, power_lines
from engine.authoring.dialogue_edits import sent_by
from engine.authoring.plan_words import changes_in_words, totals
from engine.authoring.publication import (
    ListCounts,
    NotApproved,
    Proposal,
    PublishedMeanwhile,
    PublishingStores,
    apply,
    approve,
    needs_approval,
    plan_between,
    plan_publication,
    plan_rollback,
    propose,
)
from engine.console.access import Right
from engine.console.first_steps import FirstStepsStores, StepViews, steps_for
from engine.console.placed_letter import reference_of
from engine.console.places import dialogue_url
from engine.console.visit import Mistake, Route, Visit
from engine.console.word_difference import Row, side_by_side
from engine.i18n.language import N_, Say
from engine.letter.published_letter import LAYOUT
from engine.sequence import mistakes as files
from engine.sequence.model import Plan
from engine.sequence.plan_source import CONFIG
from engine.vault.accounts import Accounts

_CONNECTION = re.compile(r"/connections/[a-z0-9-]{1,63}")
MEANWHILE = N_(
    "The files or what is in force have changed since you looked: read the plan again, it is not"
    " the one you agreed to."
)


class PublishViews(ListCounts, TrialViews, StepViews, Protocol): ...


class PublishStores(PublishingStores, FirstStepsStores, Protocol):
    @property
    def accounts(self) -> Accounts: ...
    @property
    def views(self) -> PublishViews: ...


class Change(NamedTuple):
    """A line of the plan: `mark` is "+", "-" or "~", `notes` what is said of it besides."""

    mark: str
    words: str
    notes: tuple[str, ...]


class ChangedText(NamedTuple):
    path: str
    mark: str
    rows: tuple[Row, ...]


class Found(NamedTuple):
    """A mistake of a file, where it stands; `url`: where it is mended, "" where not in a page."""

    place: str
    url: str
    words: str
    fatal: bool


class Approval(NamedTuple):
    """Where the approval of a plan by somebody else stands, and whose name belongs to it, "" for
    the command line or an account that is gone.
    """

    state: Literal["to-ask", "mine", "asked", "given"]
    name: str


class Published(NamedTuple):
    number: int
    at: int
    rolled_back_to: int
    in_force: bool
    before: int


def routes(stores: PublishStores) -> Sequence[Route]:
    return (
        Route("GET", "/publish", Right.SEE, lambda visit: _plan(stores, visit)),
        Route("POST", "/publish", Right.PUBLISH, lambda visit: _publish(stores, visit)),
        Route("POST", "/publish/propose", Right.PUBLISH, lambda visit: _propose(stores, visit)),
        Route("POST", "/publish/approve", Right.PUBLISH, lambda visit: _approve(stores, visit)),
        Route("GET", "/publish/history", Right.SEE, lambda visit: _history(stores, visit)),
        Route(
            "GET", "/publish/history/{before}/{after}", Right.SEE, lambda v: _compared(stores, v)
        ),
        Route("GET", "/publish/back", Right.SEE, lambda visit: _back(stores, visit)),
        Route("POST", "/publish/back", Right.PUBLISH, lambda visit: _go_back(stores, visit)),
    )


def _plan(stores: PublishStores, visit: Visit, mistakes: Sequence[Mistake] = ()) -> Response:
    try:
        proposal = plan_publication(stores)
    except files.Unpublishable as refused:
        return visit.page(
            "publish_refused.html",
            status=200,
            found=list(_found(refused.mistakes, Plan(), visit.say)),
        )
    return _shown(stores, visit, proposal, mistakes)


def _shown(
    stores: PublishStores, visit: Visit, proposal: Proposal, mistakes: Sequence[Mistake] = ()
) -> Response:
    backfill = visit.inputs.get("backfill", visit.query.get("backfill", "")) == "yes"
    language = visit.language
    told = [
        *changes_in_words(proposal, language, backfill=backfill),
        *power_lines(proposal, stores.views, language),
    ]
    return visit.page(
        "publish.html",
        mistakes=mistakes,
        proposal=proposal,
        digest=proposal.digest,
        backfill=backfill,
        changes=list(_changes(told)),
        texts=list(_texts(proposal)),
        totals=totals(proposal, language) if proposal.difference.count else "",
        stranded=sum(proposal.stranded.values()),
        found=list(_found(proposal.warnings, proposal.after, visit.say)),
        touched=any(proposal.people_on(key) for key, _id in proposal.difference.added),
        post="/publish/back" if proposal.rolled_back_to else "/publish",
        then=_then(visit),
        approval=_approval(stores, visit, proposal, backfill),
    )


def _approval(
    stores: PublishStores, visit: Visit, proposal: Proposal, backfill: bool
) -> Approval | None:
    """None where nobody has to approve."""
    installation = stores.installation_stream.current()
    if not needs_approval(stores, installation):
        return None
    digest = proposal.to_approve(backfill)
    if installation.is_approved(digest):
        return Approval("given", _name(stores, installation.approved[digest]))
    asked = installation.proposed.get(digest)
    if asked is None:
        return Approval("to-ask", "")
    mine = asked == visit.account.id
    return Approval("mine" if mine else "asked", _name(stores, asked))


def _name(stores: PublishStores, account: str) -> str:
    known = stores.accounts.account(account) if account else None
    return known.name if known is not None else ""


def _same_plan(stores: PublishStores, visit: Visit) -> Proposal | Response:
    """The plan that was looked at, going back or forward."""
    back = visit.inputs.get("back") == "yes"
    try:
        proposal = plan_rollback(stores) if back else plan_publication(stores)
    except files.Unpublishable:
        proposal = None
    if proposal is None:
        return visit.goes_to("/publish")
    if visit.inputs.get("digest") != proposal.digest:
        return _shown(stores, visit, proposal, [Mistake("", visit.say(MEANWHILE))])
    return proposal


def _backfilled(visit: Visit) -> bool:
    return visit.inputs.get("backfill") == "yes"


def _shown_again(proposal: Proposal, visit: Visit) -> str:
    if proposal.rolled_back_to:
        return "/publish/back"
    return "/publish?backfill=yes" if _backfilled(visit) else "/publish"


def _propose(stores: PublishStores, visit: Visit) -> Response:
    proposal = _same_plan(stores, visit)
    if isinstance(proposal, Response):
        return proposal
    _, digest = visit.say, proposal.to_approve(_backfilled(visit))
    propose(stores, digest, visit.account.id, visit.cause())
    done = _("Another is asked to approve this plan. Any change makes it another plan.")
    return visit.goes_to(_shown_again(proposal, visit), done)


def _approve(stores: PublishStores, visit: Visit) -> Response:
    proposal = _same_plan(stores, visit)
    if isinstance(proposal, Response):
        return proposal
    _, digest = visit.say, proposal.to_approve(_backfilled(visit))
    if not approve(stores, digest, visit.account.id, visit.cause()):
        return visit.refused(_("Nobody approves what they proposed themselves."), 403)
    done = _("This plan is approved: it may be put in force.")
    return visit.goes_to(_shown_again(proposal, visit), done)


def _publish(stores: PublishStores, visit: Visit) -> Response:
    try:
        proposal = plan_publication(stores)
    except files.Unpublishable:
        return visit.goes_to("/publish")
    return _put_in_force(stores, visit, proposal)


def _go_back(stores: PublishStores, visit: Visit) -> Response:
    proposal = plan_rollback(stores)
    if proposal is None:
        return visit.goes_to("/publish/history")
    return _put_in_force(stores, visit, proposal)


def _put_in_force(stores: PublishStores, visit: Visit, proposal: Proposal) -> Response:
    """Only the very plan that was looked at."""
    _ = visit.say
    if visit.inputs.get("digest") != proposal.digest:
        return _shown(stores, visit, proposal, [Mistake("", _(MEANWHILE))])
    if proposal.stranded and visit.inputs.get("stranded") != "yes":
        wanting = _("People stand on lists that would be gone: say that you know it.")
        return _shown(stores, visit, proposal, [Mistake("stranded", wanting)])
    try:
        edition = apply(stores, proposal, visit.cause(), backfill=_backfilled(visit))
    except PublishedMeanwhile:
        return _shown(stores, visit, proposal, [Mistake("", _(MEANWHILE))])
    except NotApproved:
        wanting = _("Somebody else has to approve this plan first.")
        return _shown(stores, visit, proposal, [Mistake("", wanting)])
    following = "/" if steps_for(stores, visit) is not None else "/publish/history"
    following = _then(visit) or following
    return visit.goes_to(following, _("Edition {n} is in force.").format(n=edition))


def _then(visit: Visit) -> str:
    """The page of a connection that led here, to which putting the plan in force leads back; "" for
    none.
    """
    asked = visit.inputs.get("then") or visit.query.get("then", "")
    return asked if _CONNECTION.fullmatch(asked) else ""


def _history(stores: PublishStores, visit: Visit) -> Response:
    installation = stores.installation_stream.current()
    numbers = sorted(installation.editions, reverse=True)
    editions = [
        Published(
            number,
            installation.editions[number].at,
            installation.editions[number].rolled_back_to,
            number == installation.edition,
            number - 1 if number - 1 in installation.editions else 0,
        )
        for number in numbers
    ]
    return visit.page("publish_history.html", editions=editions, numbers=numbers)


def _compared(stores: PublishStores, visit: Visit) -> Response:
    numbers = [visit.path["before"], visit.path["after"]]
    _ = visit.say
    if not all(number.isdecimal() and len(number) < 9 for number in numbers):
        return visit.not_found(_("There is no such edition."))
    proposal = plan_between(stores, int(numbers[0]), int(numbers[1]))
    if proposal is None:
        return visit.not_found(_("There is no such edition."))
    return visit.page(
        "publish_compared.html",
        before=int(numbers[0]),
        after=int(numbers[1]),
        changes=list(_changes(changes_in_words(proposal, visit.language))),
        texts=list(_texts(proposal)),
    )


def _back(stores: PublishStores, visit: Visit) -> Response:
    proposal = plan_rollback(stores)
    if proposal is None:
        return visit.refused(
            visit.say("there is nothing to go back to: this is the first edition"), 404
        )
    return _shown(stores, visit, proposal)


def _changes(lines: Iterable[str]) -> Iterator[Change]:
    mark, words, notes = "", "", []
    for line in lines:
        if line.startswith(" "):
            notes.append(line.strip())
            continue
        if words or notes:
            yield Change(mark, words, tuple(notes))
        mark, words, notes = line[:1], line[1:].strip(), []
    if words or notes:
        yield Change(mark, words, tuple(notes))


def _texts(proposal: Proposal) -> Iterator[ChangedText]:
    for path in proposal.difference.words:
        old, new = proposal.before.words.get(path, ""), proposal.after.words.get(path, "")
        mark = "~" if old and new else "+" if new else "-"
        yield ChangedText(path, mark, tuple(side_by_side(old, new)))


def _found(mistakes: Iterable[files.Mistake], plan: Plan, _: Say) -> Iterator[Found]:
    for mistake in mistakes:
        place = f"{mistake.file}:{mistake.line}"
        url = _mended_at(mistake.file, plan)
        yield Found(place, url, mistake.words.said(_), mistake.fatal)


def _mended_at(file: str, plan: Plan) -> str:
    """The page on which a file is written: a dialogue's, a letter's, the frame's."""
    if file == LAYOUT:
        return "/layout"
    if file.endswith(".toml") and file != CONFIG:
        return f"{dialogue_url(file)}/text"
    for dialogue in plan.titles:
        for sender, letter in sent_by(plan, dialogue):
            if letter.body == file:
                reference = reference_of(sender, letter)
                return f"{dialogue_url(dialogue)}/edit?letter={quote(reference, safe='')}"
    return ""
