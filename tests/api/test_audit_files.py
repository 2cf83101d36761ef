"""Who holds an auditor's key fetches checkpoint, tree and entries, and recomputes the root from
what they fetched; nobody else gets anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from engine.api import routes as api
from engine.api.api_keys import create
from engine.context import AppContext
from engine.proof.checkpoint import open_checkpoint
from engine.proof.signing import read_vkey
from engine.proof.tiles import ENTRIES, WIDTH, Edge, Tile, hashes_of, parse_bundle, tiles_of
from engine.proof.tree import HASH_BYTES, leaf_hash
from tests.proof.growing_ledger import states, write
from tests.proof.plain_tree import mth
from tests.running_installation import Installations
from tests.web.garden import GARDEN
from tests.web.visiting import Site, visited

pytestmark = pytest.mark.postgres


@dataclass(frozen=True)
class Auditor:
    site: Site
    key: str

    def get(self, path: str, method: str = "GET") -> httpx.Response:
        return self.site.client.request(
            method, f"/audit/{path}", headers={"Authorization": f"Bearer {self.key}"}
        )

    def tile(self, tile: Tile) -> bytes:
        answer = self.get(tile.path)
        assert answer.status_code == 200, (tile, answer.text)
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
        return answer.content


@pytest.fixture(scope="module")
def auditor(installations: Installations) -> Iterator[Auditor]:
    """Of a ledger of some seven hundred entries, a checkpoint over 600, and more since."""
    with installations.made(GARDEN) as context, visited(context) as site:
        write(context, 599 - context.ledger.head())  # and the beginning of the origin
        context.tree.sign_now()
        write(context, 100)
        context.tree.grow()
        yield Auditor(site, create(context.desk, "notaire", ["audit"]))


@pytest.fixture
def context(auditor: Auditor) -> AppContext:
    return auditor.site.context


def refused(answer: httpx.Response, status: int) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json" and answer.json()["detail"]


def partial(size: int, level: int) -> Iterator[Tile]:
    """The tiles of a level over `size` hashes or entries."""
    for number in range(-(-size // WIDTH)):
        yield Tile(level, number, min(WIDTH, size - number * WIDTH))


def test_the_root_is_recomputed_from_the_entries_alone(
    auditor: Auditor, context: AppContext
) -> None:
    answer = auditor.get("checkpoint")
    assert (
        answer.status_code,
        answer.headers["content-type"],
        answer.headers["cache-control"],
    ) == (200, "text/plain; charset=utf-8", "no-store")
    checkpoint = open_checkpoint(answer.content, [read_vkey(context.tree.vkey)])
    assert checkpoint.size == 600 < context.ledger.head()
    entries = [
        entry for tile in partial(600, ENTRIES) for entry in parse_bundle(auditor.tile(tile))
    ]
    assert entries == states(context, 600)
    assert mth(entries) == checkpoint.root


def test_the_tiles_of_hashes_are_those_of_the_tree_at_any_size(
    auditor: Auditor, context: AppContext
) -> None:
    leaves = [leaf_hash(entry) for entry in states(context)]
    for size in (1, 255, 256, 257, 512, 600, len(leaves)):
        built = Edge(0, {}).grow(leaves[:size])
        for tile in tiles_of(size):
            fetched = auditor.tile(tile)
            assert (
                fetched == built[tile.level, tile.number] and len(hashes_of(fetched)) == tile.width
            )
            assert len(fetched) == tile.width * HASH_BYTES


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/002.p/255",
        "tile/0/002",
        "tile/0/003.p/1",
        "tile/1/000",
        "tile/2/000.p/1",
        "tile/8/000.p/1",
        "tile/63/000",
        "tile/entries/002",
        "tile/entries/003.p/1",
        "tile/0/x009/x223/x372/x036/x854/x775/807",
        "tile/entries/x009/x223/x372/x036/x854/x775/807",
        "tile/0/000.p/256",
        "tile/0/0",
        "tile/entries",
        "tile/0/..%2f..%2fcheckpoint",
        "checkpoints",
        "",
        "vkey.txt",
    ],
)
def test_what_is_not_there_is_not_found_and_never_cached(auditor: Auditor, path: str) -> None:
    answer = auditor.get(path)
    refused(answer, 404)
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["checkpoint", "tile/0/000", "tile/entries/000", "nothing"])
def test_without_the_key_there_is_nothing(auditor: Auditor, context: AppContext, path: str) -> None:
    refused(auditor.site.client.get(f"/audit/{path}"), 401)
    refused(auditor.site.client.get(f"/audit/{path}?key={auditor.key}"), 401)
    refused(Auditor(auditor.site, "relance_no").get(path), 401)
    refused(
        Auditor(auditor.site, create(context.desk, "boutique", ["read", "metrics"])).get(path), 403
    )
    revoked = create(context.desk, "partie", ["audit"])
    found = context.desk.find_key(revoked)
    assert found is not None and context.desk.revoke_key(found.id)
    refused(Auditor(auditor.site, revoked).get(path), 401)


def test_an_auditors_key_reads_nobody(auditor: Auditor) -> None:
    said = {"Authorization": f"Bearer {auditor.key}"}
    refused(
        auditor.site.client.post(
            "/api/v1/people/lookup", json={"email": "a@b.example"}, headers=said
        ),
        403,
    )


def test_nothing_is_written_by_it(auditor: Auditor, context: AppContext) -> None:
    head = context.ledger.head()
    assert auditor.get("checkpoint", "HEAD").content == b""
    for method in ("POST", "PUT", "DELETE"):
        assert auditor.get("checkpoint", method).status_code == 405
    assert context.ledger.head() == head


def test_entries_are_served_once_the_tree_holds_them_so_that_each_can_be_proven(
    installations: Installations,
) -> None:
    with installations.made(GARDEN) as context, visited(context) as site:
        auditor, head = (
            Auditor(site, create(context.desk, "notaire", ["audit"])),
            context.ledger.head(),
        )
        refused(auditor.get(Tile(ENTRIES, 0, head).path), 404)
        context.tree.grow()
        assert parse_bundle(auditor.tile(Tile(ENTRIES, 0, head))) == states(context)


def test_before_anything_is_signed_there_is_no_checkpoint(installations: Installations) -> None:
    with installations.made(GARDEN) as context, visited(context) as site:
        refused(Auditor(site, create(context.desk, "notaire", ["audit"])).get("checkpoint"), 404)


def test_who_comes_too_often_is_told_when_to_come_back(
    installations: Installations, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "MAX_CALLS_PER_MINUTE", 3)
    with installations.made(GARDEN) as context, visited(context) as site:
        busy = Auditor(site, create(context.desk, "notaire", ["audit"]))
        answers = [busy.get("checkpoint") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [404, 404, 404, 429] and int(
            answers[-1].headers["retry-after"]
        ) > 0
