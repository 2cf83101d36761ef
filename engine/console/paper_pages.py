"""The papers of whoever answers for the data, shown and handed out as the command line writes them;
and breaches of personal data, written down with what was learnt and done, and their 72 hours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, Protocol

from fastapi.responses import Response

from engine.console.access import Right
from engine.console.rendering import rendered
from engine.console.visit import Mistake, Route, Visit
from engine.i18n.dates import read_date
from engine.i18n.language import N_, Say
from engine.i18n.user_error import UserError
from engine.installation.breaches import RISKS, Breach, Risk, Step
from engine.privacy.breach_log import StepTaken, breach_log
from engine.privacy.paper_markdown import as_html, speech_in
from engine.privacy.papers import (
    PAPERS,
    TEXTS,
    IncompletePaper,
    NewStep,
    PaperName,
    PaperStores,
    StepRefused,
    paper,
    steps_taken,
    what_is_owed,
    write_step,
)
from engine.sequence.delay import HOUR
from engine.subscriber.terms import one_of
from engine.words import capitalised

TITLES: Mapping[PaperName, str] = {
    "register": N_("Register of processing"),
    "processor": N_("Annexes of processors"),
    "breaches": N_("Log of breaches"),
}
RISK_WORDS: Mapping[Risk, str] = {
    "unknown": N_("not known yet"),
    "none": N_("none"),
    "risk": N_("a risk"),
    "high": N_("a high risk"),
}
STEP_WORDS: Mapping[Step, str] = {
    "assessed": N_("Something was learnt or done"),
    "authority-told": N_("The authority was told"),
    "people-told": N_("Those affected were told"),
    "closed": N_("It is closed: nothing more is to be done"),
}
AT_FIRST: Sequence[str] = ("facts", "effects", "measures")


class PaperPageStores(PaperStores, Protocol):
    """What the papers are written from."""


class Standing(NamedTuple):
    """`hours`: until the authority must have been told, below 0 when it is late, None where it need
    not be.
    """

    breach: Breach
    risk: str
    hours: int | None


def routes(stores: PaperPageStores) -> Sequence[Route]:
    seeing, acting = Right.PAPERS, Right.HANDLE_RIGHTS
    at = "/operator/breaches"
    return (
        Route("GET", "/operator/papers", seeing, lambda visit: _paper(stores, visit)),
        Route("GET", "/operator/papers/{paper}", seeing, lambda visit: _file(stores, visit)),
        Route("GET", at, acting, lambda visit: _breaches(stores, visit)),
        Route("POST", at, acting, lambda visit: _record(stores, visit)),
        Route("GET", at + "/{breach}", acting, lambda visit: _breach(stores, visit)),
        Route("POST", at + "/{breach}", acting, lambda visit: _update(stores, visit)),
    )


# The papers.


def _written(stores: PaperPageStores, visit: Visit, name: PaperName) -> str:
    """As Markdown. Raises UserError. Whoever handles no rights is not told what was written of
    breaches, which may name people.
    """
    zone, now = stores.config.site.timezone, stores.clock.now()
    as_of = visit.query.get("as-of", "").strip()
    at = read_date(as_of, zone) if as_of else now
    if at > now:
        raise UserError(N_("This day is still to come."), 2)
    words = visit.account.may(Right.HANDLE_RIGHTS)
    return paper(stores, name, at, speech_in(visit.language, zone), breach_words=words)


def _paper(stores: PaperPageStores, visit: Visit) -> Response:
    _, wanted = visit.say, visit.query.get("paper")
    name: PaperName = next((one for one in PAPERS if one == wanted), "register")
    text, missing, why = "", list[str](), ""
    try:
        text = _written(stores, visit, name)
    except IncompletePaper as error:
        missing = [_(sentence) for sentence in error.missing]
    except UserError as error:
        why = error.said(_)
    return visit.page(
        "operator_papers.html",
        name=name,
        title=_(TITLES[name]),
        papers=[(one, _(TITLES[one])) for one in PAPERS],
        as_of=visit.query.get("as-of", "").strip(),
        paper=rendered(as_html(text)),
        missing=missing,
        why=why,
    )


def _file(stores: PaperPageStores, visit: Visit) -> Response:
    _, name = visit.say, visit.path["paper"]
    if name not in PAPERS:
        return visit.not_found(_("There is no such paper."))
    try:
        text = _written(stores, visit, one_of(name, PAPERS))
    except UserError as error:
        return visit.refused(error.said(_))
    disposition = f'attachment; filename="{name}.md"'
    headers = {"Content-Disposition": disposition, "X-Content-Type-Options": "nosniff"}
    return Response(text, headers=headers, media_type="text/markdown; charset=utf-8")


# Breaches.


def _breaches(stores: PaperPageStores, visit: Visit, mistakes: Sequence[Mistake] = ()) -> Response:
    known = stores.installation_stream.current().breaches
    return visit.page(
        "operator_breaches.html",
        mistakes=mistakes,
        breaches=[_standing(stores, breach, visit.say) for breach in reversed([*known.values()])],
        risks=_risks(visit.say),
        inputs=visit.inputs,
    )


def _standing(stores: PaperPageStores, breach: Breach, _: Say) -> Standing:
    due = 0 if breach.closed_at else breach.authority_due_at
    hours = (due - stores.clock.now()) // HOUR if due else None
    return Standing(breach, _(RISK_WORDS[breach.risk]), hours)


def _risks(_: Say) -> list[tuple[str, str]]:
    return [(risk, _(RISK_WORDS[risk])) for risk in RISKS]


def _record(stores: PaperPageStores, visit: Visit) -> Response:
    _ = visit.say
    mistakes = [
        Mistake(name, _("Say it, as far as it is known: it can be completed later."))
        for name in AT_FIRST
        if not visit.inputs.get(name, "").strip()
    ]
    written = _write(stores, visit, "", "detected", mistakes)
    if written is None:
        return _breaches(stores, visit, mistakes)
    done = _("The breach is written down. What is owed, and until when, stands here.")
    return visit.goes_to(f"/operator/breaches/{written.breach}", done)


def _write(
    stores: PaperPageStores, visit: Visit, breach: str, step: Step, mistakes: list[Mistake]
) -> Breach | None:
    """None where something is wrong, which is then among `mistakes`."""
    _, inputs = visit.say, visit.inputs
    at, people = 0, inputs.get("people", "").strip()
    try:
        at_text = inputs.get("at", "").strip()
        at = read_date(at_text, stores.config.site.timezone) if at_text else 0
    except UserError as error:
        mistakes.append(Mistake("at", capitalised(error.said(_))))
    if people and not (people.isdecimal() and len(people) < 10):
        words = _("the number of people is a whole number, 0 where it is not known")
        mistakes.append(Mistake("people", capitalised(words)))
    if mistakes:
        return None
    risk: Risk | Literal[""] = next((one for one in RISKS if one == inputs.get("risk")), "")
    texts = {name: inputs.get(name, "").replace("\r\n", "\n").strip() for name in TEXTS}
    new = NewStep(
        breach=breach,
        step=step,
        at=at,
        risk=risk,
        people=int(people or 0),
        words={name: text for name, text in texts.items() if text},
    )
    try:
        return write_step(stores, new, visit.account.operator)
    except StepRefused as error:
        mistakes.append(Mistake(error.about, capitalised(error.said(_))))
        return None


def _breach(stores: PaperPageStores, visit: Visit, mistakes: Sequence[Mistake] = ()) -> Response:
    _, zone, name = visit.say, stores.config.site.timezone, visit.path["breach"]
    breach = stores.installation_stream.current().breaches.get(name)
    if breach is None:
        return visit.not_found(_("There is no such breach."))
    steps: list[StepTaken] = [one for one in steps_taken(stores) if one.event.breach == name]
    log = breach_log(steps, stores.clock.now(), speech_in(visit.language, zone))
    return visit.page(
        "operator_breach.html",
        mistakes=mistakes,
        state=_standing(stores, breach, _),
        owed=what_is_owed(breach, zone, _),
        log=rendered(as_html(log[log.index("\n| ") :])),
        steps=[(step, _(words)) for step, words in STEP_WORDS.items()],
        risks=[("", _("as before")), *_risks(_)],
        inputs=visit.inputs,
    )


def _update(stores: PaperPageStores, visit: Visit) -> Response:
    _, name = visit.say, visit.path["breach"]
    if name not in stores.installation_stream.current().breaches:
        return visit.not_found(_("There is no such breach."))
    step = next((one for one in STEP_WORDS if one == visit.inputs.get("step")), None)
    mistakes: list[Mistake] = []
    if step is None:
        mistakes.append(Mistake("step", _("Say what has happened.")))
    elif step == "assessed" and not any(
        visit.inputs.get(one, "").strip() for one in (*TEXTS, "risk", "people")
    ):
        mistakes.append(Mistake("facts", _("Say what has been learnt or done.")))
    if _write(stores, visit, name, step or "assessed", mistakes) is None:
        return _breach(stores, visit, mistakes)
    return visit.goes_to(f"/operator/breaches/{name}", _("Written down."))
