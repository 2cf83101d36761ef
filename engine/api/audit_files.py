"""What a caller with an auditor's key may fetch: the newest checkpoint, the tree and the entries,
laid out as C2SP tlog-tiles v0.1.0 has it (F06).
"""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter, Request
from fastapi.responses import Response

from engine.api.problems import Problem
from engine.api.routes import Gateway
from engine.ledger.store import LOST
from engine.proof.errors import ProofRefused
from engine.proof.ledger_tree import LedgerTree
from engine.proof.tiles import Tile, parse_path

SCOPE = "audit"
CACHED_FOR_EVER = "private, max-age=31536000, immutable"
"""Leaves are only added: a full tile never changes, nor do the first hashes of one."""
NOT_CACHED = "no-store"


def router(tree: LedgerTree, gateway: Gateway) -> APIRouter:
    routes = APIRouter()

    def answer(request: Request, read: Callable[[], Response]) -> Response:
        try:
            gateway.key_of(request, SCOPE)
            return read()
        except Problem as problem:
            return problem.response()
        except LOST:
            return Problem(
                503, "the database does not answer", headers={"Retry-After": "1"}
            ).response()

    @routes.api_route("/audit/checkpoint", methods=["GET", "HEAD"], include_in_schema=False)
    def checkpoint(request: Request) -> Response:
        return answer(request, lambda: _checkpoint(tree))

    @routes.api_route("/audit/{path:path}", methods=["GET", "HEAD"], include_in_schema=False)
    def tile(request: Request, path: str) -> Response:
        return answer(request, lambda: _tile(tree, path))

    return routes


def _checkpoint(tree: LedgerTree) -> Response:
    """Raises Problem while nothing is signed."""
    signed = tree.latest()
    if signed is None:
        raise Problem(404, "nothing is signed yet", headers={"Cache-Control": NOT_CACHED})
    return Response(
        tree.cosigned(signed),
        media_type="text/plain; charset=utf-8",
        headers={"Cache-Control": NOT_CACHED},
    )


def _tile(tree: LedgerTree, path: str) -> Response:
    """Raises Problem for what is no tile, and for one the tree does not have yet."""
    try:
        wanted: Tile = parse_path(path)
        octets = tree.tile(wanted)
    except ProofRefused as error:
        raise Problem(404, str(error), headers={"Cache-Control": NOT_CACHED}) from error
    return Response(
        octets, media_type="application/octet-stream", headers={"Cache-Control": CACHED_FOR_EVER}
    )
