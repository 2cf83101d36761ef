"""What is signed over the ledger, for whoever verifies it: checkpoints and who else has signed or
holds them, the key, what was last recomputed, and what an auditor takes along.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from functools import partial
from typing import IO, NamedTuple, Protocol
from urllib.parse import urlsplit

from fastapi.responses import Response, StreamingResponse

from engine.audit.attesting import AttestingStores, NotAttested, packed_ledger, sign_now
from engine.config import Config
from engine.console.access import Right
from engine.console.visit import Route, Visit
from engine.desk.operations import Operation
from engine.i18n.language import N_, grouped
from engine.proof.handover import ledger_tools
from engine.status.finding_words import FindingWords
from engine.status.findings import of_proof
from engine.status.gather import StatusStores, gather
from engine.words import capitalised

SHOWN = 12
MAX_ENTRIES = 200_000
"""A longer ledger is read whole at the command line, which says how far it is."""
PIECE = 1 << 16
AT = "/operator/proof"
TOO_LONG = N_(
    "The whole ledger is read for this, and it is long: do it at the command line, which says how"
    " far it is."
)
KINDS = {
    "replay": N_("`relance audit replay` recomputed tree, evidence, views and broadcasts"),
    "prove": N_("`relance audit prove` handed over the proof of one person"),
    "ledger": N_("the whole ledger was handed over"),
}


class ProofPageStores(AttestingStores, StatusStores, Protocol):
    @property
    def config(self) -> Config: ...


class LastCheck(NamedTuple):
    """`words`: what was done, `done` whether it ever was, within what the desk remembers."""

    words: str
    done: Operation | None


def routes(stores: ProofPageStores) -> Sequence[Route]:
    audit = Right.AUDIT
    return (
        Route("GET", AT, audit, lambda visit: _show(stores, visit)),
        Route("POST", f"{AT}/sign", Right.OPERATE, lambda visit: _sign(stores, visit)),
        Route("GET", f"{AT}/checkpoint", audit, lambda visit: _latest(stores, visit)),
        Route("GET", f"{AT}/tool/{{name}}", audit, _tool),
        Route("POST", f"{AT}/ledger", audit, lambda visit: _ledger(stores, visit)),
    )


def _show(stores: ProofPageStores, visit: Visit) -> Response:
    tree, proof, _ = stores.tree, stores.config.proof, visit.say
    origin, entries = tree.origin, stores.ledger.head()
    checkpoints = tree.recent(SHOWN)
    words = FindingWords(stores.installation_stream.current().plan(), visit.language)
    trouble = tree.key_trouble()
    return visit.page(
        "operator_proof.html",
        findings=[
            (finding.level, words.what(finding), words.remedy(finding))
            for finding in of_proof(gather(stores))
        ],
        trouble=trouble.said(_) if trouble is not None else "",
        checkpoints=checkpoints,
        entries=entries,
        since=entries - checkpoints[0].size if checkpoints else entries,
        too_long=entries > MAX_ENTRIES,
        origin=origin,
        vkey=tree.vkey,
        dns=_record(origin, tree.vkey) if origin else "",
        cosigners=[witness.name for witness in proof.witness_url],
        witnesses=proof.witness,
        stamp=proof.stamp,
        every=words.seconds(proof.every.nominal_ms / 1000),
        checks=list(_checks(stores, visit)),
        digest=hashlib.sha256(ledger_tools()["verify.py"]).hexdigest(),
    )


def _checks(stores: ProofPageStores, visit: Visit) -> Iterator[LastCheck]:
    latest = partial(stores.operations.latest, limit=1)
    for kind, done in (
        ("replay", latest("replay")),
        ("prove", latest("prove")),
        ("ledger", latest("ledger")),
    ):
        yield LastCheck(visit.say(KINDS[kind]), done[0] if done else None)


def _record(origin: str, vkey: str) -> str:
    """As a zone file has it."""
    return f'_relance.{urlsplit(f"//{origin}").hostname}. IN TXT "{vkey}"'


def _sign(stores: ProofPageStores, visit: Visit) -> Response:
    _ = visit.say
    if stores.ledger.head() > MAX_ENTRIES:
        return visit.refused(f"{_(TOO_LONG)} relance audit checkpoint")
    try:
        signed = sign_now(stores)
    except NotAttested as error:
        return visit.refused(capitalised(error.words.said(_)))
    done = _("Signed: a checkpoint over {n} entries.").format(n=grouped(signed.size, _))
    return visit.goes_to(AT, done)


def _latest(stores: ProofPageStores, visit: Visit) -> Response:
    """With the lines of witnesses, byte for byte."""
    signed = stores.tree.latest()
    if signed is None:
        return visit.not_found(visit.say(N_("Nothing has been signed yet.")))
    return _download(stores.tree.cosigned(signed), "checkpoint")


def _tool(visit: Visit) -> Response:
    tool = ledger_tools().get(visit.path["name"])
    if tool is None:
        return visit.not_found(visit.say(N_("There is no such file.")))
    return _download(tool, visit.path["name"])


def _download(octets: bytes, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(octets, headers=headers, media_type="text/plain; charset=utf-8")


def _ledger(stores: ProofPageStores, visit: Visit) -> Response:
    """Names nobody, so that an auditor may have it."""
    _ = visit.say
    if stores.ledger.head() > MAX_ENTRIES:
        return visit.refused(f"{_(TOO_LONG)} relance audit ledger -o ledger")
    try:
        file = packed_ledger(stores)
    except NotAttested as error:
        return visit.refused(capitalised(error.words.said(_)))
    headers = {"Content-Disposition": 'attachment; filename="ledger.zip"'}
    return StreamingResponse(_pieces(file), headers=headers, media_type="application/zip")


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(PIECE):
            yield piece
