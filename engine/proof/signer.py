"""A checkpoint is signed, and never one that contradicts one signed before (F07; C2SP
tlog-checkpoint, "Signatures").

Under one lock for all machines: read what was signed last, in the database and in this machine's
file; hold both against the tree; sign; write the file; then the row. A crash after the file leaves
a checkpoint that nobody else has seen: the next signature finds it there, holds it against the tree
like any other, and adds its row. So a crash at any moment leaves either nothing, or something that
all later checkpoints continue.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine.i18n.language import N_
from engine.installation.events import OriginBegun, SigningKeyChanged
from engine.installation.state import Installation, Origin
from engine.installation.stream import InstallationStream
from engine.proof import store
from engine.proof.checkpoint import (
    Checkpoint,
    check_statement,
    open_checkpoint,
    read_checkpoint,
)
from engine.proof.errors import ProofRefused
from engine.proof.note import MOST_BYTES
from engine.proof.signing import NoteSigner, read_vkey
from engine.proof.store import SQL, SignedCheckpoint, Tiles
from engine.secret_files import (
    SecretMissing,
    next_signing_seed,
    prepare_signing_seed,
    signing_seed,
    take_next_signing_seed,
)
from engine.store.database import Database
from engine.store.files import sync_folder
from engine.store.sql import AnyCursor
from engine.subscriber.events import Cause
from engine.words import WordedError, Words, words


class SigningRefused(WordedError):
    """Neither key nor tree is what the ledger says."""


UNREADABLE = N_(
    "{file} cannot be read ({why}): put your saved copy back; only if there is none, remove it, and"
    " the last checkpoint the database knows of counts"
)


class LastCheckpoint:
    def __init__(self, folder: Path) -> None:
        self.path = folder / "proof" / "last-checkpoint"

    def read(self) -> tuple[bytes, Checkpoint] | None:
        """The signed note and what it says; None where nothing was signed yet. Raises
        SigningRefused.
        """
        try:
            with self.path.open("rb") as file:
                note = file.read(MOST_BYTES + 1)
            return note, read_checkpoint(note)
        except FileNotFoundError:
            return None
        except (OSError, ProofRefused) as error:
            why = error.strerror or "?" if isinstance(error, OSError) else str(error)
            raise SigningRefused(UNREADABLE, file=str(self.path), why=why) from error

    def write(self, note: bytes) -> None:
        """On the disk when this returns, the name included. Raises OSError."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = self.path.with_name(f"{self.path.name}.{os.getpid()}")
        with os.fdopen(
            os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "wb"
        ) as file:
            file.write(note)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.path)
        sync_folder(self.path.parent)


SHORTER = N_(
    "nothing is signed: the ledger has {size} entries, and a checkpoint of {last} was signed"
    " ({origin}). If it was put back from a copy, start `relance run`, or say so with `relance"
    " audit restored`: a new origin begins, which names that checkpoint. If not, entries were"
    " removed: keep everything as it is, and compare with the checkpoints that others hold"
)
ANOTHER = N_(
    "nothing is signed: the first {last} entries are no longer those of the checkpoint that was"
    " signed over them ({origin}). `relance audit replay` names where they differ. If the ledger"
    " was put back from a copy, say so with `relance audit restored`; if not, somebody has"
    " changed it"
)
STRANGE = N_(
    "nothing is signed: this machine signed a checkpoint of {last} entries for {origin}, of which"
    " the ledger knows nothing. If it was put back from a copy, start `relance run`, or say so with"
    " `relance audit restored`; if data/ belongs to another installation, put the right one back"
)
OTHER_KEY = N_(
    "nothing is signed: the key in data/secrets/proof.key is not the one the ledger names ({vkey})."
    " Put that key back, from your saved copy or from the machine where it was changed"
)
NEXT_KEY = "next key"
"""The second line of the note in which a key names the one after it; never a number, so that no
such note is a checkpoint.
"""
EMPTY = N_("nothing is signed: the ledger is empty")


@dataclass(frozen=True, slots=True)
class SigningFiles:
    """Where an installation keeps what signing needs. `host` begins the name of each new origin,
    `mint` makes the random end of it.
    """

    data: Path
    secrets: Path
    host: str
    mint: Callable[[], str]


class Signer:
    def __init__(
        self,
        database: Database,
        installation_stream: InstallationStream,
        place: SigningFiles,
        hold: Callable[[], None],
        now: Callable[[], int],
        wall: Callable[[], int],
    ) -> None:
        """`hold` raises SigningRefused where the ledger is not what this machine remembers. `now`
        is the engine's time, which stands in events; `wall` the wall clock's, when a checkpoint was
        signed. Both in ms.
        """
        self.database = database
        self.installation_stream = installation_stream
        self.place = place
        self.hold = hold
        self.now = now
        self.wall = wall
        self.tiles, self.file = Tiles(database), LastCheckpoint(place.data)

    def sign(self, grow: Callable[[], int]) -> SignedCheckpoint:
        """The checkpoint over the ledger as it is now; the last one again where nothing has come.
        `grow` lets the tree follow to the ledger's head.

        Raises SigningRefused, TreeContradicted, SecretMissing, OSError.
        """
        with self.database.transaction() as connection, connection.cursor(binary=True) as cursor:
            cursor.execute(SQL["sign_lock"])
            if grow() == 0:
                raise SigningRefused(EMPTY)
            origin = self.installation_stream.current().origin or self._begin(cursor)
            size = grow()
            signer = self._key(origin)
            self._agree(cursor, origin, size)
            last = store.last(cursor, origin.name)
            if last is not None and last.size == size:
                return last
            root = self.tiles.root_at(size)
            note = signer.sign(str(Checkpoint(origin.name, size, root)))
            signed = SignedCheckpoint(origin.name, size, root, note, self.wall())
            self.file.write(note)
            if not store.add(cursor, signed):
                raise SigningRefused(ANOTHER, last=size, origin=origin.name)
        return signed

    def key(self, grow: Callable[[], int]) -> tuple[Origin, NoteSigner]:
        """In whose name is signed, and the key that does; a first origin begins where there is
        none. Raises as `sign` does.
        """
        with self.database.transaction() as connection, connection.cursor(binary=True) as cursor:
            cursor.execute(SQL["sign_lock"])
            grow()
            origin = self.installation_stream.current().origin or self._begin(cursor)
            return origin, self._key(origin)

    def sign_text(self, text: str, grow: Callable[[], int]) -> bytes:
        """The signed note over a statement. Raises ProofRefused for a text that is none, otherwise
        as `sign` does.
        """
        with self.database.transaction() as connection, connection.cursor(binary=True) as cursor:
            cursor.execute(SQL["sign_lock"])
            grow()
            origin = self.installation_stream.current().origin or self._begin(cursor)
            signer = self._key(origin)
            check_statement(text, origin.name)
            self._agree(cursor, origin, grow())
            return signer.sign(text)

    def change_key(self, grow: Callable[[], int]) -> NoteSigner:
        """A new key in the same name, which the present one names in a note of the ledger (F13);
        that new one. The present one is then gone for good.

        Cut off before the note is in the ledger, nothing has happened; after it, the next signature
        takes the new key. Raises as `sign` does.
        """
        with self.database.transaction() as connection, connection.cursor(binary=True) as cursor:
            cursor.execute(SQL["sign_lock"])
            grow()
            origin = self.installation_stream.current().origin or self._begin(cursor)
            signer = self._key(origin)
            self.hold()
            following = NoteSigner(origin.name, prepare_signing_seed(self.place.secrets))
            note = signer.sign(f"{origin.name}\n{NEXT_KEY}\n{following.vkey}\n")
            now = self.now()
            self.installation_stream.execute(
                lambda state: [SigningKeyChanged(now, following.vkey, note.decode())],
                Cause("operator"),
                now,
            )
            take_next_signing_seed(self.place.secrets)
        return following

    def key_trouble(self) -> Words | None:
        """Why nothing can be signed with the key that is here: it is missing, or another than the
        ledger names. Changes nothing.
        """
        origin, secrets = self.installation_stream.current().origin, self.place.secrets
        try:
            seeds = [signing_seed(secrets), next_signing_seed(secrets)]
        except SecretMissing as error:
            return error.words
        if origin is None or any(
            seed is not None and NoteSigner(origin.name, seed).vkey == origin.vkeys[-1]
            for seed in seeds
        ):
            return None
        return words(OTHER_KEY, vkey=origin.vkeys[-1])

    def _key(self, origin: Origin) -> NoteSigner:
        """The key the ledger names. One that was prepared to follow and is named there already
        takes its place now: the change was cut off.
        """
        seed = signing_seed(self.place.secrets)
        signer = NoteSigner(origin.name, seed)
        if signer.vkey == origin.vkeys[-1]:
            return signer
        prepared = next_signing_seed(self.place.secrets)
        if prepared is not None and NoteSigner(origin.name, prepared).vkey == origin.vkeys[-1]:
            take_next_signing_seed(self.place.secrets)
            return NoteSigner(origin.name, prepared)
        raise SigningRefused(OTHER_KEY, vkey=origin.vkeys[-1])

    def _begin(self, cursor: AnyCursor) -> Origin:
        """A new origin, in the ledger: the first, or the one after a ledger that was put back,
        which names the last checkpoint of the former.
        """
        name = f"{self.place.host}/relance/{self.place.mint()}"
        vkey = NoteSigner(name, signing_seed(self.place.secrets)).vkey
        now = self.now()

        def decide(installation: Installation) -> list[OriginBegun]:
            if installation.origin is not None:
                return []
            former = self._former(cursor, installation)
            named = (
                (former.origin, former.size, former.root.hex())
                if former is not None
                else ("", 0, "")
            )
            return [OriginBegun(now, name, vkey, *named)]

        self.installation_stream.execute(decide, Cause("engine"), now)
        origin = self.installation_stream.current().origin
        assert origin is not None, "an origin never ends without another"
        return origin

    def _former(self, cursor: AnyCursor, installation: Installation) -> Checkpoint | None:
        """The last checkpoint signed before: this machine's file may know of one that the database
        has forgotten, and gives it back.
        """
        held, origins = self._held(), installation.origins
        known = store.last(cursor, origins[-1].name) if origins else None
        former = Checkpoint(known.origin, known.size, known.root) if known is not None else None
        if held is None:
            return former
        note, last_signed = held
        if (
            former is not None
            and last_signed.origin != former.origin
            and any(
                last_signed.origin in (former_origin.name, former_origin.previous)
                for former_origin in origins
            )
        ):
            # This machine was away while the others went on to a later origin.
            return former
        if (
            former is not None
            and last_signed.origin == former.origin
            and last_signed.size <= former.size
        ):
            return former
        if not installation.restored:
            # Entries were removed, the one that began its origin among them, and nobody has said
            # that a copy was put back.
            raise SigningRefused(STRANGE, last=last_signed.size, origin=last_signed.origin)
        store.add(
            cursor,
            SignedCheckpoint(
                last_signed.origin, last_signed.size, last_signed.root, note, self.wall()
            ),
        )
        return last_signed

    def _agree(self, cursor: AnyCursor, origin: Origin, size: int) -> None:
        """That the tree continues whatever was signed in this origin's name, and the ledger what
        this machine remembers. Raises SigningRefused.
        """
        known = store.last(cursor, origin.name)
        if known is not None:
            self._continues(Checkpoint(known.origin, known.size, known.root), size)
        self._continues_here(cursor, origin, size)
        self.hold()

    def _continues_here(self, cursor: AnyCursor, origin: Origin, size: int) -> None:
        """That the tree continues what this machine has signed, by its file."""
        held = self._held()
        if held is None:
            return
        note, last_signed = held
        if last_signed.origin != origin.name:
            origins = self.installation_stream.current().origins
            if (
                all(
                    last_signed.origin not in (former_origin.name, former_origin.previous)
                    for former_origin in origins
                )
                and store.last(cursor, last_signed.origin) is None
            ):
                raise SigningRefused(STRANGE, last=last_signed.size, origin=last_signed.origin)
            return
        self._continues(last_signed, size)
        store.add(
            cursor,
            SignedCheckpoint(
                last_signed.origin, last_signed.size, last_signed.root, note, self.wall()
            ),
        )

    def _held(self) -> tuple[bytes, Checkpoint] | None:
        """What this machine signed last, if the signature is one of ours. Raises SigningRefused."""
        held = self.file.read()
        if held is None:
            return None
        note, last_signed = held
        keys = [
            read_vkey(vkey)
            for origin in self.installation_stream.current().origins
            if origin.name == last_signed.origin
            for vkey in origin.vkeys
        ]
        # A ledger that was put back may have forgotten the origin: the key has not.
        keys.append(NoteSigner(last_signed.origin, signing_seed(self.place.secrets)).verifier)
        try:
            return note, open_checkpoint(note, keys)
        except ProofRefused as error:
            raise SigningRefused(UNREADABLE, file=str(self.file.path), why=str(error)) from error

    def _continues(self, signed: Checkpoint, size: int) -> None:
        if signed.size > size:
            raise SigningRefused(SHORTER, size=size, last=signed.size, origin=signed.origin)
        if not self.tiles.lead_to(signed.size, signed.root):
            raise SigningRefused(ANOTHER, last=signed.size, origin=signed.origin)
