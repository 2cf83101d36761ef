"""What is done for one person by hand: moved to another list, unsubscribed, corrected, frozen,
objected for, handed their data or their proof, erased. Each by the command that the command line
uses, with who did it in its evidence.
"""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Sequence
from typing import Protocol

from fastapi.responses import Response

from engine.commands.command_handler import CommandRequest, Result
from engine.console.access import Right
from engine.console.person_page import PersonStores, Subject, show, subject_of_visit
from engine.console.visit import Mistake, Route, Visit
from engine.i18n.dates import shown
from engine.i18n.in_words import in_words
from engine.i18n.language import N_
from engine.i18n.phrases import titled_list, titled_purpose
from engine.intake.own_data import ADDRESS, CorrectionFaults, read_address, read_corrections
from engine.privacy.correction import Correction, CorrectionStores, correction
from engine.privacy.erasure import (
    DELETED,
    ErasureStores,
    ScrubbingStores,
    erase,
    scrub_unless_followed,
    what_remains,
)
from engine.privacy.export import (
    UNSIGNED,
    ExportStores,
    ProofStores,
    as_csv,
    dossier,
    own_proof,
)
from engine.subscriber.commands import (
    AnyCommand,
    GrantAccess,
    Object,
    Restrict,
    Transfer,
    withdrawal,
)
from engine.subscriber.eligibility import EVERYTHING
from engine.subscriber.events import Cause
from engine.subscriber.outcome import Done, NothingToDo, Refused
from engine.vault.evidence import Evidence
from engine.vault.vault import VaultWrite
from engine.web.controls import UNFIT
from engine.web.own_data_pages import WRONG

log = logging.getLogger("relance.console")
BUSY = N_("Too much is changing for this person at once: please try again.")


class ActStores(
    PersonStores,
    CorrectionStores,
    ErasureStores,
    ScrubbingStores,
    ExportStores,
    ProofStores,
    Protocol,
):
    """What acts on a person's behalf need, together."""


def routes(stores: ActStores) -> Sequence[Route]:
    acting, rights = Right.ACT_ON_PEOPLE, Right.HANDLE_RIGHTS
    at = "/people/{subscriber}"
    return (
        Route("POST", f"{at}/transfer", acting, lambda visit: _transfer(stores, visit)),
        Route("POST", f"{at}/unsubscribe", acting, lambda visit: _unsubscribe(stores, visit)),
        Route("POST", f"{at}/correct", rights, lambda visit: _correct(stores, visit)),
        Route("POST", f"{at}/freeze", rights, lambda visit: _freeze(stores, visit)),
        Route("POST", f"{at}/object", rights, lambda visit: _object(stores, visit)),
        Route("POST", f"{at}/export", rights, lambda visit: _export(stores, visit)),
        Route("POST", f"{at}/proof", rights, lambda visit: _proof(stores, visit)),
        Route("GET", f"{at}/erase", rights, lambda visit: _before_erasing(stores, visit)),
        Route("POST", f"{at}/erase", rights, lambda visit: _erase(stores, visit)),
    )


def _subject(stores: ActStores, visit: Visit) -> Subject | Response:
    """Whom an act is for. An erased person is shown, and nothing more can be done for them."""
    subject = subject_of_visit(stores, visit)
    if isinstance(subject, Subject) and subject.person.erased:
        return visit.goes_to(_at(subject), visit.say("this person has been erased"))
    return subject


def _at(subject: Subject) -> str:
    return f"/people/{subject.id}"


def _done(
    stores: ActStores,
    visit: Visit,
    subject: Subject,
    command: AnyCommand,
    kept: Evidence,
    done: str,
) -> Response:
    vault_write = VaultWrite("", stores.clock.now(), evidence=(kept,))
    request = CommandRequest(command, stream=subject.id, vault_write=vault_write)
    return _ended(visit, subject, stores.command_handler.execute_one(request), done)


def _ended(visit: Visit, subject: Subject, result: Result, done: str) -> Response:
    """A refusal is said on a page of its own: nothing cheerful stands over an act that was not
    done.
    """
    if result.conflict:
        return visit.refused(visit.say(BUSY), 503)
    match result.outcome:
        case Refused() as refused:
            return visit.refused(in_words(refused, visit.say))
        case NothingToDo() as unchanged:
            return visit.goes_to(_at(subject), in_words(unchanged, visit.say))
        case Done():
            return visit.goes_to(_at(subject), done)


def _transfer(stores: ActStores, visit: Visit) -> Response:
    subject = _subject(stores, visit)
    if isinstance(subject, Response):
        return subject
    _, plan = visit.say, stores.installation_stream.current().plan()
    source, target = _list(visit, "source"), _list(visit, "target")
    if source not in subject.person.memberships or target not in plan.lists:
        wanting = _("Choose a list they are on, and one that is published.")
        return show(stores, visit, [Mistake("target", wanting)], subject)
    cause, kept = visit.cause()
    command = Transfer(stores.clock.now(), cause, source, target)
    done = _("Moved from list {source} to list {target}.").format(
        source=titled_list(plan, source), target=titled_list(plan, target)
    )
    return _done(stores, visit, subject, command, kept, done)


def _list(visit: Visit, name: str) -> int:
    text = visit.inputs.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _unsubscribe(stores: ActStores, visit: Visit) -> Response:
    subject = _subject(stores, visit)
    if isinstance(subject, Response):
        return subject
    _, plan = visit.say, stores.installation_stream.current().plan()
    purpose = visit.inputs.get("purpose", "")
    if purpose != EVERYTHING and purpose not in subject.person.grounds:
        wanting = _("Choose what they are to be unsubscribed from.")
        return show(stores, visit, [Mistake("purpose", wanting)], subject)
    cause, kept = visit.cause(purpose=purpose)
    command = withdrawal(stores.clock.now(), cause, purpose)
    done = (
        _("Withdrawn from everything.")
        if purpose == EVERYTHING
        else _("Withdrawn from “{purpose}”.").format(purpose=titled_purpose(plan, purpose))
    )
    return _done(stores, visit, subject, command, kept, done)


def _correct(stores: ActStores, visit: Visit) -> Response:
    subject = _subject(stores, visit)
    if isinstance(subject, Response):
        return subject
    _, plan = visit.say, stores.installation_stream.current().plan()
    known = subject.known
    if known is None:
        return visit.refused(_("The vault knows nothing of this person that could be corrected."))
    read = read_corrections(
        visit.inputs,
        [(declared, known.fields.get(name, "")) for name, declared in plan.fields.items()],
        subject.person.timezone,
        subject.person.language,
        "day-first" if visit.language == "fr" else None,
    )
    address: str | CorrectionFaults = ""
    if visit.inputs.get(ADDRESS, known.address).strip() != known.address:
        address = read_address(visit.inputs, known.address)
    reasons = {
        name: reason
        for faults in (read, address)
        if isinstance(faults, CorrectionFaults)
        for name, reason in faults.reasons.items()
        if reason != "same"
    }
    if reasons or isinstance(read, CorrectionFaults):
        mistakes = [Mistake(name, _(UNFIT.get(why) or WRONG[why])) for name, why in reasons.items()]
        return show(stores, visit, mistakes, subject)
    wanted = Correction(
        address if isinstance(address, str) else "", read.fields, read.timezone, read.language
    )
    if not (wanted.address or wanted.fields or wanted.timezone or wanted.language):
        return visit.goes_to(_at(subject), _("Nothing differs from what is known."))
    cause, kept = visit.cause(right="rectification", **wanted.particulars)
    made = correction(stores, subject.id, wanted, cause, (kept,))
    if isinstance(made, Refused):
        return visit.refused(in_words(made, _))
    return _ended(visit, subject, stores.command_handler.execute_one(made), _("Corrected."))


def _freeze(stores: ActStores, visit: Visit) -> Response:
    subject = _subject(stores, visit)
    if isinstance(subject, Response):
        return subject
    _, lift = visit.say, visit.inputs.get("lift") == "yes"
    cause, kept = visit.cause(right="restriction")
    command = Restrict(stores.clock.now(), cause, secrets.token_hex(16), lift)
    done = (
        _("The restriction is lifted.")
        if lift
        else _("Frozen: nothing is sent and nothing is deleted, until it is lifted.")
    )
    return _done(stores, visit, subject, command, kept, done)


def _object(stores: ActStores, visit: Visit) -> Response:
    subject = _subject(stores, visit)
    if isinstance(subject, Response):
        return subject
    cause, kept = visit.cause(right="objection")
    command = Object(stores.clock.now(), cause, secrets.token_hex(16))
    done = visit.say("withdrawn from everything; their objection is noted")
    return _done(stores, visit, subject, command, kept, done)


def _export(stores: ActStores, visit: Visit) -> Response:
    """The answer to a request for access, written before the fact that says it was given."""
    subject = _subject(stores, visit)
    if isinstance(subject, Response):
        return subject
    held = dossier(stores, subject.id)
    table = visit.inputs.get("as") == "csv"
    text = as_csv(held) if table else json.dumps(held, ensure_ascii=False, indent=2) + "\n"
    cause, kept = visit.cause(right="access")
    command = GrantAccess(stores.clock.now(), cause, "access", secrets.token_hex(16))
    vault_write = VaultWrite("", stores.clock.now(), evidence=(kept,))
    result = stores.command_handler.execute_one(
        CommandRequest(command, stream=subject.id, vault_write=vault_write)
    )
    if not isinstance(result.outcome, Done):
        return _ended(visit, subject, result, "")
    kind, name = ("text/csv", "csv") if table else ("application/json", "json")
    return _file(text.encode(), f"{kind}; charset=utf-8", f"{subject.id}.{name}")


def _proof(stores: ActStores, visit: Visit) -> Response:
    subject = _subject(stores, visit)
    if isinstance(subject, Response):
        return subject
    try:
        zipped = own_proof(stores, subject.id)
    except UNSIGNED as error:
        log.warning("no proof was made", extra={"why": type(error).__name__})
        _ = visit.say
        return visit.refused(
            _("No proof can be signed just now: the state of things says why."), 503
        )
    return _file(zipped, "application/zip", f"{subject.id}.zip")


def _file(octets: bytes, kind: str, name: str) -> Response:
    disposition = f'attachment; filename="{name}"'
    return Response(octets, headers={"Content-Disposition": disposition}, media_type=kind)


def _before_erasing(stores: ActStores, visit: Visit, mistakes: Sequence[Mistake] = ()) -> Response:
    subject = _subject(stores, visit)
    if isinstance(subject, Response):
        return subject
    remains = [visit.say(kept.what) for kept in what_remains(barred=True, archived=0)]
    return visit.page("person_erase.html", mistakes=mistakes, subject=subject, remains=remains)


def _erase(stores: ActStores, visit: Visit) -> Response:
    """No evidence is kept of it, not even who did it by name: the cause is an opaque id."""
    subject = _subject(stores, visit)
    if isinstance(subject, Response):
        return subject
    _ = visit.say
    if visit.inputs.get("sure") != "yes":
        wanting = _("An erasure cannot be taken back: say that you know it.")
        return _before_erasing(stores, visit, [Mistake("sure", wanting)])
    cause = Cause("operator", secrets.token_hex(8))
    result, receipt = erase(stores, subject.id, cause, stores.command_handler.execute_one)
    if receipt is None:
        return _ended(visit, subject, result, "")
    scrub_unless_followed(stores)
    zone = stores.config.site.timezone
    return visit.page(
        "person_erased.html",
        subject=subject,
        receipt=receipt,
        at=shown(receipt.at, zone),
        deleted=[(_(DELETED[what]), count) for what, count in receipt.deleted.items()],
        remains=[
            _(kept.what).format(date=shown(kept.until, zone)[:10] if kept.until else "")
            for kept in receipt.kept
        ],
    )
