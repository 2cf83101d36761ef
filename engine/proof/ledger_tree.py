"""The tree over the ledger, as the rest of the program asks it: how large, which root, proofs,
checkpoints; and how it grows with the ledger.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import cast

from engine.i18n.language import N_
from engine.installation.stream import InstallationStream
from engine.ledger.chronology import date_faults
from engine.ledger.codec import EntryRefused
from engine.ledger.store import Ledger
from engine.proof import store
from engine.proof.errors import ProofRefused
from engine.proof.held_reading import Difference, HeldReading, differing_entries
from engine.proof.signer import Signer, SigningFiles, SigningRefused
from engine.proof.stamping import KeptStamp, Stamps, best
from engine.proof.store import (
    AttestedCheckpoint,
    Checkpoints,
    Cosignatures,
    SignedCheckpoint,
    Tiles,
)
from engine.proof.tiles import Edge, Tile, edge_places
from engine.proof.tree import HASH_BYTES, Span, consistency_spans, inclusion_spans, leaf_hash
from engine.proof.tree_replay import Replay, Signed
from engine.runtime.rollback_detection import RollbackDetection
from engine.secret_files import SecretMissing
from engine.sequence.delay import Delay
from engine.sequence.timing import later
from engine.store.database import Database
from engine.store.sql import AnyCursor
from engine.words import Words, words

BATCH_ENTRIES = 8192
SQL = store.SQL


NO_ENTRY = N_(
    "the tree holds {size} entries, and the ledger has none at position {size}: entries were"
    " removed, or one of the two was put back without the other. `relance audit replay` names what"
    " differs; if the ledger was put back from a copy, say so with `relance audit restored`"
)
OTHER_ENTRY = N_(
    "the ledger's entry at position {size} is not the one in the tree: somebody has been at one of"
    " them, or one was put back without the other. `relance audit replay` names what differs; if"
    " the ledger was put back from a copy, say so with `relance audit restored`"
)
GAP = N_(
    "the ledger has a gap after position {size}: entries were removed. Keep everything as it is,"
    " and compare with what others hold"
)
SPOILED = N_(
    "the tree's tiles do not fit together ({why}): somebody has been at them. `relance audit"
    " replay` names where; `relance audit restored` makes them anew from the ledger"
)


class TreeContradicted(SigningRefused):
    """The tree holds other entries than the ledger: somebody has been at one of them, or one was
    put back without the other.
    """


class TreeGrowth:
    """The tree follows the ledger: leaf hashes of the exact stored bytes, in batches, each batch a
    transaction under an advisory lock. A crash leaves the tree at the batch it had committed;
    whoever comes next goes on from there. Each step first holds the last leaf against the ledger's
    entry, so that a tree never grows on another ledger's.
    """

    def __init__(self, database: Database) -> None:
        self.database = database

    def step(self, upto: int) -> bool:
        """One batch, to the position `upto` at most; True when there is more to do. False too when
        another process is at it.

        Raises TreeContradicted.
        """
        with self.database.transaction() as connection, connection.cursor(binary=True) as cursor:
            if not _first(cursor, "grow_lock"):
                return False
            return self._grown(cursor, upto)

    def anew(self, upto: int, tell: Callable[[int, int], None] = lambda done, total: None) -> None:
        """The whole tree from the ledger, in one transaction: until it is done everybody sees the
        former one.
        """
        with self.database.transaction() as connection, connection.cursor(binary=True) as cursor:
            cursor.execute(SQL["rebuild_lock"])
            cursor.execute(SQL["forget_tiles"])
            while self._grown(cursor, upto):
                tell(store.size(cursor), upto)

    def _grown(self, cursor: AnyCursor, upto: int) -> bool:
        size = store.size(cursor)
        tiles = store.read(cursor, {*edge_places(size), (0, max(0, size - 1) // 256)})
        rows = cursor.execute(
            SQL["entries"],
            {"first": max(1, size), "last": max(size, min(upto, size + BATCH_ENTRIES))},
        ).fetchall()
        entries = cast(list[tuple[int, bytes]], rows)
        if size:
            self._check(size, tiles, entries)
            entries = entries[1:]
        if not entries:
            return False
        if entries[-1][0] != size + len(entries):
            raise TreeContradicted(GAP, size=size)
        try:
            edge = Edge(size, tiles)
        except ValueError as error:
            raise TreeContradicted(SPOILED, why=str(error)) from error
        store.write(cursor, edge.grow([leaf_hash(state) for _, state in entries]))
        return edge.size < upto

    def _check(
        self, size: int, tiles: dict[store.TilePlace, bytes], entries: list[tuple[int, bytes]]
    ) -> None:
        """That the last leaf is the ledger's entry at its position."""
        if not entries or entries[0][0] != size:
            raise TreeContradicted(NO_ENTRY, size=size)
        if tiles[0, (size - 1) // 256][-HASH_BYTES:] != leaf_hash(entries[0][1]):
            raise TreeContradicted(OTHER_ENTRY, size=size)


def _first(cursor: AnyCursor, name: str) -> object:
    row = cursor.execute(SQL[name]).fetchone()
    return row[0] if row is not None else None


log = logging.getLogger("relance.proof")
WAIT = 0.02
PUT_BACK = N_(
    "this machine knew the ledger up to position {position}, and it now ends at {head} or has"
    " another entry there: entries were removed, or it was put back from a copy. If it was put"
    " back, start `relance run`, or say so with `relance audit restored`; if not, keep everything"
    " as it is"
)
FORGOTTEN = N_(
    "{file} is gone, though this machine has signed a checkpoint: entries removed since then would"
    " not be noticed. Find out who removed it; `relance run` remembers the position anew"
)
NOT_HELD = N_("nothing is signed: {what}")


def refuse_to_sign(held: HeldReading, more: Iterable[Difference] = ()) -> None:
    """Raises SigningRefused where anything differs, with the first of it."""
    for difference in (*held.differences, *more):
        raise SigningRefused(NOT_HELD, what=difference.words)


class LedgerTree:
    """`trouble` says why this process lets the tree not grow, or signs nothing; "" while it
    does.
    """

    def __init__(
        self,
        database: Database,
        ledger: Ledger,
        installation_stream: InstallationStream,
        place: SigningFiles,
        rollback_detection: RollbackDetection,
        now: Callable[[], int],
        wall: Callable[[], int],
    ) -> None:
        self.ledger = ledger
        self.rollback_detection = rollback_detection
        self.installation_stream = installation_stream
        self._database = database
        self._wall = wall
        self._tiles = Tiles(database)
        self._checkpoints = Checkpoints(database)
        self._growing = TreeGrowth(database)
        self.stamps = Stamps(database)
        self.cosignatures = Cosignatures(database)
        self._signer = Signer(
            database, installation_stream, place, self._hold_what_is_remembered, now, wall
        )
        self._troubles: dict[str, str] = {}

    @property
    def trouble(self) -> str:
        return next((why for why in self._troubles.values() if why), "")

    def size(self) -> int:
        """How many entries the tree holds: those of positions 1 to `size()`."""
        return self._tiles.size()

    def behind(self) -> int:
        """How many entries of the ledger the tree does not hold yet."""
        return max(0, self.ledger.head() - self.size())

    def root_at(self, size: int) -> bytes:
        """The root over the first `size` entries. Raises ProofRefused for more than the tree
        holds.
        """
        return self._tiles.root_at(size)

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """The inclusion proof of the entry at position `index + 1` in the tree of the first `size`
        entries, from the leaf's sibling to the root's child (RFC 9162, 2.1.3). Raises ProofRefused.
        """
        return self._hashes(inclusion_spans(index, size), size)

    def consistency(self, old: int, size: int) -> list[bytes]:
        """The proof that the tree of `old` entries is the beginning of the one of `size` (RFC 9162,
        2.1.4). Raises ProofRefused.
        """
        return self._hashes(consistency_spans(old, size), size)

    def tile(self, wanted: Tile) -> bytes:
        """A tile of hashes or of entries, as C2SP tlog-tiles has it. Raises ProofRefused where the
        tree does not have so much.
        """
        return self._tiles.bytes_of(wanted)

    def _hashes(self, spans: Sequence[Span], size: int) -> list[bytes]:
        if size > (held := self.size()):
            raise ProofRefused(f"the tree has {held} leaves, not {size}")
        return self._tiles.hashes_of(spans)

    @property
    def origin(self) -> str:
        """In whose name checkpoints are signed now; "" before the first, and after a ledger was put
        back until the next.
        """
        origin = self.installation_stream.current().origin
        return origin.name if origin is not None else ""

    @property
    def vkey(self) -> str:
        """The verifier key of the present origin (C2SP signed-note), "" where there is none."""
        origin = self.installation_stream.current().origin
        return origin.vkeys[-1] if origin is not None else ""

    def latest(self) -> SignedCheckpoint | None:
        """The last checkpoint of the present origin."""
        origin = self.installation_stream.current().origin
        return self._checkpoints.last(origin.name) if origin is not None else None

    def recent(self, limit: int) -> list[AttestedCheckpoint]:
        """Checkpoints of the present origin, and who else has signed them; the last first."""
        return self._checkpoints.recent(self.origin, limit)

    def key_trouble(self) -> Words | None:
        """Why the key on this machine can sign nothing; None where it can."""
        return self._signer.key_trouble()

    def recorded_until(self, signed: SignedCheckpoint) -> int:
        """When the last entry that a checkpoint covers was recorded (ms, engine time); 0 where the
        ledger does not have it, or has another in its place.
        """
        try:
            last = self.ledger.at(signed.size)
        except EntryRefused:
            return 0
        return last.recorded_at if last is not None else 0

    def all_checkpoints(self) -> list[SignedCheckpoint]:
        """Every one ever signed, of former origins too, in the order in which it was signed."""
        return self._checkpoints.all()

    def cosigned(self, signed: SignedCheckpoint) -> bytes:
        """The signed note of a checkpoint with the lines of the witnesses that have cosigned it."""
        lines = (kept.line for kept in self.cosignatures.of(signed.origin, signed.size))
        return signed.note + "".join(lines).encode()

    def stamp_of(self, origin: str, size: int) -> KeptStamp | None:
        """The stamp over a checkpoint to be handed over with it; None where there is none."""
        return best(self.stamps.of(origin, size), self._wall())

    def sign_now(self) -> SignedCheckpoint:
        """A checkpoint over the whole ledger as it is; the last one where nothing has come since.
        Begins an origin where there is none.

        Before it signs it holds what this machine remembers, the last leaf, and the tree against
        what was signed last. It reads no older entry again: whoever signs at somebody's word asks
        for `replay` first; the checkpoint of each hour is signed without.

        Raises SigningRefused (F07), TreeContradicted, SecretMissing, OSError.
        """
        return self._signer.sign(self.grow)

    def _hold_what_is_remembered(self) -> None:
        """Remembered anew once it is held, and before anything is signed: cut off in between, this
        machine knows of no signature without its position.
        """
        refuse_to_sign(HeldReading(tuple(self._unlike_remembered())))
        self.rollback_detection.remember()

    def _unlike_remembered(self) -> Iterator[Difference]:
        """What this machine remembers of the ledger outside the database, and is not so. Raises
        SigningRefused where what it signed last cannot be read.
        """
        detection = self.rollback_detection
        if (remembered := detection.lost()) is not None:
            sentence = words(PUT_BACK, position=remembered.position, head=self.ledger.head())
            yield Difference("put-back", sentence)
        elif detection.forgotten and self._signer.file.read() is not None:
            yield Difference("position-forgotten", words(FORGOTTEN, file=str(detection.path)))

    def held(self, entries: Mapping[int, bytes]) -> HeldReading:
        """`entries`, exact bytes by position as somebody has just read them, held against the tree
        and the newest signed checkpoint; and the ledger's head against what this machine remembers.
        Raises SigningRefused where what it signed last cannot be read.
        """
        origins, size = self.installation_stream.current().origins, self.size()
        kept = {origin.name: origin.kept for origin in origins}
        largest = {
            item.checkpoint.origin: item
            for item in sorted(self._signed(), key=lambda item: item.checkpoint.size)
            if (end := kept.get(item.checkpoint.origin)) is None or item.checkpoint.size <= end
        }
        replay = self._replay_of([*largest.values(), *self._signed_here()])
        # In this order: what was signed before is in what the ledger holds now.
        differences, agreed = replay.by_the_tiles(self.ledger.head())
        with self._database.connection() as connection, connection.cursor() as cursor:
            return HeldReading(
                (
                    *self._unlike_remembered(),
                    *(Difference("checkpoint", sentence) for sentence in differences),
                    *differing_entries(cursor, entries, size, agreed),
                ),
                tuple(sorted(position for position in entries if position > size)),
                agreed,
            )

    def sign(self, text: str) -> bytes:
        """A signed note over a statement, by the key that signs checkpoints: see `check_statement`
        for why one key serves. Raises ProofRefused for a text that is none: checkpoints are signed
        by `sign_now` alone. Otherwise as `sign_now`.
        """
        return self._signer.sign_text(text, self.grow)

    def begin(self) -> tuple[str, str]:
        """Origin and verifier key; the first origin begins where there is none. Raises as
        `sign_now` does.
        """
        origin, signer = self._signer.key(self.grow)
        return origin.name, signer.vkey

    def rotate_key(self) -> SignedCheckpoint:
        """A last checkpoint by the present key, a new key that it names, and the first checkpoint
        of that one, which is returned (F13).
        """
        self.sign_now()
        self._signer.change_key(self.grow)
        return self.sign_now()

    def sign_when_due(self, every: Delay) -> SignedCheckpoint | None:
        """Sign if the last checkpoint is older than `every` by the wall clock, and the ledger has
        gone on. A refusal is kept in `trouble`, and said once; a lost database is raised.
        """
        try:
            latest = self.latest()
            if latest is not None and (
                self._wall() < later(latest.signed_at, every, "UTC")
                or self.ledger.head() == latest.size
            ):
                return None
            signed = self.sign_now() if self.ledger.head() else None
            self._is_troubled("signing", "")
            return signed
        except (SigningRefused, SecretMissing, ProofRefused, OSError) as error:
            self._is_troubled("signing", str(error))
            return None

    def _is_troubled(self, by: str, why: str) -> None:
        if why and why != self.trouble:
            log.error("NO CHECKPOINT IS SIGNED", extra={"why": why})
        self._troubles[by] = why

    def grow(self, stopped: Callable[[], bool] = lambda: False) -> int:
        """Follow the ledger to its head as it is now; the size the tree has then. Raises
        TreeContradicted.
        """
        head = self.ledger.head()
        while not stopped():
            if self._growing.step(head):
                continue
            if self.size() >= head:
                break
            # Another process is at it.
            time.sleep(WAIT)
        return self.size()

    def grow_quietly(self, stopped: Callable[[], bool]) -> None:
        """The same for who does it again and again: a contradiction is kept in `trouble`."""
        try:
            self.grow(stopped)
            self._is_troubled("growing", "")
        except TreeContradicted as error:
            self._is_troubled("growing", str(error))

    def anew(self, tell: Callable[[int, int], None] = lambda done, total: None) -> None:
        """All tiles from the ledger once more: after one was put back without the other.
        Checkpoints stay.
        """
        self._growing.anew(self.ledger.head(), tell)

    def replay(
        self, tell: Callable[[int, int], None] = lambda done, total: None
    ) -> Iterator[Words]:
        """The whole tree once more from the ledger's bytes: what differs from the tiles, from any
        checkpoint ever signed, or from what this machine remembers; and dates of recording that
        cannot be true. Raises SigningRefused where what it signed last cannot be read.
        """
        yield from self.differences(tell)
        replay = self._replay_of([*self._signed(), *self._signed_here()])
        times = replay.signing_times(self.ledger.head(), self.stamps.first_times())
        yield from date_faults(self.ledger, times)

    def differences(
        self, tell: Callable[[int, int], None] = lambda done, total: None
    ) -> Iterator[Words]:
        """The same without dates, which are what somebody wrote and signed: what was altered or
        removed since.
        """
        yield from (difference.words for difference in self._unlike_remembered())
        # In this order: what was signed or grew before is in what the ledger holds now.
        replay = self._replay_of([*self._signed(), *self._signed_here()])
        yield from replay.differences(self.ledger.head(), tell)

    def _signed(self) -> list[Signed]:
        return [Signed(kept, "proof.checkpoint") for kept in self.all_checkpoints()]

    def _signed_here(self) -> Iterator[Signed]:
        """What this machine signed last, by its file."""
        held = self._signer.file.read()
        if held is not None:
            note, last = held
            signed = SignedCheckpoint(last.origin, last.size, last.root, note, 0)
            yield Signed(signed, str(self._signer.file.path))

    def _replay_of(self, signed: Sequence[Signed]) -> Replay:
        installation, held = self.installation_stream.current(), self._signer.file.read()
        put_back = installation.restored and installation.origin is None
        awaited = held[1].origin if held is not None and put_back else ""
        return Replay(self._database, installation.origins, signed, awaited)

    def lost(self) -> int | None:
        """The size of what this machine signed last, where the ledger no longer holds so much, or
        knows nothing of the name it was signed in.
        """
        try:
            held = self._signer.file.read()
        except SigningRefused:
            return None
        if held is None:
            return None
        last_signed, origins = held[1], self.installation_stream.current().origins
        known = next((origin for origin in origins if origin.name == last_signed.origin), None)
        if known is None:
            return (
                None
                if any(origin.previous == last_signed.origin for origin in origins)
                else last_signed.size
            )
        return (
            last_signed.size
            if known.kept is None and last_signed.size > self.ledger.head()
            else None
        )
