"""Files that somebody has sent to a page to be imported. Each lies in a folder of its own below
`data/uploads/`, which its random token names, with the answers about it, what is being done with it
and what came of that.

A file holds personal data: it and its rejected rows are readable by us alone, the file is removed
when its import has ended, and both a day after the last act. What is left then is the report, which
names nobody, for thirteen months.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Literal
from unicodedata import normalize

from engine.desk.clock import wall_now
from engine.sequence.delay import DAY, HOUR
from engine.store.files import opened, take

FILE_KEPT_MILLIS = DAY
REPORT_KEPT_MILLIS = 395 * DAY
INCOMING_KEPT_MILLIS = HOUR
"""What is older was left by a process that was killed."""
MOST_WAITING = 20
PATIENCE_SECONDS, PAUSE_SECONDS = 0.5, 0.01
LOCK = "lock"
"""Held by the process that imports; who it imports for stands in it."""
Kind = Literal["import", "suppress"]
State = Literal["running", "ended", "stopped", "refused", "broken"]
"""refused: nothing was done, since an answer is needed first; broken: it ended by itself."""
Pairs = Sequence[tuple[str, str]]
_TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")
_REJECTED = ".rejected.csv"
MOST_NAME_OCTETS, MOST_ENDING = 150, 10


class TooManyWaiting(Exception):
    """There is no room for one file more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """`token` is all that knows it; `name` is the file's, made safe; `by` named the account when it
    was sent, at `at` (wall clock, ms).
    """

    token: str
    name: str
    octets: int
    kind: Kind
    account: str
    by: str
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One way through a file, rehearsed or in earnest; instants are of the wall clock (ms), `done`
    of `total` is in octets. `answers` is the digest of the answers about the file then. `counts`
    are those of the report so far, `report` is what a page made of it, by language. `columns` are
    those (from 0) that have to be explained first, each with what it most likely means; `about` is
    what else needs an answer.
    """

    rehearsed: bool
    by: str
    begun: int
    answers: str = ""
    state: State = "running"
    ended: int = 0
    done: int = 0
    total: int = 0
    rows: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    report: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    about: str = ""


class Uploads:
    """Those of one installation on this machine. Everything is asked of the disk, so that several
    processes may serve them and a kill loses nothing.
    """

    def __init__(self, data: Path) -> None:
        self.folder = data / "uploads"
        self.incoming = self.folder / "incoming"
        """Where files lie while a page is answered that they were sent to."""

    # What lies there.

    def keep(self, source: Path, name: str, kind: Kind, account: str, by: str) -> Upload:
        """The file leaves `source`. Raises TooManyWaiting, OSError."""
        if sum(self.file(upload) is not None for upload in self.all()) >= MOST_WAITING:
            raise TooManyWaiting
        upload = Upload(
            token=secrets.token_urlsafe(16),
            name=safe_name(name),
            octets=source.stat().st_size,
            kind=kind,
            account=account,
            by=by,
            at=wall_now(),
        )
        own = self._own(upload.token)
        (own / "rows").mkdir(mode=0o700, parents=True)
        for folder in (self.folder, own):
            folder.chmod(0o700)
        path = own / "rows" / upload.name
        shutil.move(source, path)
        path.chmod(0o600)
        self._write(upload.token, "upload", asdict(upload))
        return upload

    def get(self, token: str) -> Upload | None:
        content = self._read(token, "upload") if _TOKEN.fullmatch(token) else None
        return Upload(**content) if content is not None else None  # type: ignore[arg-type]

    def all(self) -> list[Upload]:
        """The latest first."""
        uploads = [upload for token in self._tokens() if (upload := self.get(token)) is not None]
        return sorted(uploads, key=lambda upload: upload.at, reverse=True)

    def file(self, upload: Upload) -> Path | None:
        """None once it is gone."""
        path = self._own(upload.token) / "rows" / upload.name
        return path if path.is_file() else None

    def rejected(self, upload: Upload) -> Path | None:
        """The rows that were rejected last, as a table."""
        path = self._own(upload.token) / "rows" / f"{upload.name}{_REJECTED}"
        return path if path.is_file() else None

    def gone_at(self, upload: Upload) -> int:
        """Until when the file and its rejected rows are kept (wall clock, ms)."""
        return self._touched(upload.token) + FILE_KEPT_MILLIS

    # The answers about it.

    def keep_answers(self, upload: Upload, pairs: Pairs) -> None:
        self._write(upload.token, "answers", {"pairs": [list(pair) for pair in pairs]})

    def answers(self, upload: Upload) -> Pairs:
        """In the order they were typed; none where nobody has given any yet."""
        content = self._read(upload.token, "answers") or {}
        pairs = content.get("pairs", [])
        assert isinstance(pairs, list)
        return [(str(name), str(value)) for name, value in pairs]

    def digest(self, upload: Upload) -> str:
        """Of the answers as they are now."""
        return sha256(json.dumps([upload.kind, *self.answers(upload)]).encode()).hexdigest()

    def means(self, upload: Upload, kind: Kind) -> None:
        """What is to be done with it; answers and a rehearsal for another kind are forgotten."""
        self._write(upload.token, "upload", asdict(upload) | {"kind": kind})
        for name in ("answers", "rehearsal"):
            (self._own(upload.token) / f"{name}.json").unlink(missing_ok=True)

    # What is done with it.

    def run(self, upload: Upload) -> Run | None:
        """The latest; one that nobody is carrying out any more is broken."""
        runs = [run for name in ("rehearsal", "run") if (run := self._run(upload.token, name))]
        if not runs:
            return None
        return max(runs, key=lambda run: run.begun)

    def earnest(self, upload: Upload) -> Run | None:
        """The latest that was no rehearsal."""
        return self._run(upload.token, "run")

    def _run(self, token: str, name: str) -> Run | None:
        content = self._read(token, name)
        if content is None:
            return None
        if content.get("state") == "running" and self.under_way() != token:
            # It may have written its end since.
            content = self._read(token, name) or content
            if content.get("state") == "running":
                content["state"] = "broken"
        return Run(**content)  # type: ignore[arg-type]

    def write_run(self, token: str, run: Run) -> None:
        self._write(token, "rehearsal" if run.rehearsed else "run", asdict(run))

    def under_way(self) -> str:
        """The token of the file that is being gone through, "" for none."""
        try:
            descriptor = os.open(self.folder / LOCK, os.O_RDONLY)
        except FileNotFoundError:
            return ""
        try:
            is_free = take(descriptor, fcntl.LOCK_SH)
            return "" if is_free else os.pread(descriptor, 100, 0).decode()
        finally:
            os.close(descriptor)

    def begin(self, upload: Upload) -> int | None:
        """The lock, to be closed at the end; None while another file is gone through. What the
        former way left is removed. Raises OSError.
        """
        descriptor = opened(self.folder / LOCK)
        # Whoever looks whether it is free holds it for a moment.
        end = time.monotonic() + PATIENCE_SECONDS
        while not take(descriptor, fcntl.LOCK_EX):
            if time.monotonic() > end:
                os.close(descriptor)
                return None
            time.sleep(PAUSE_SECONDS)
        try:
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, upload.token.encode(), 0)
            (self._own(upload.token) / "stop").unlink(missing_ok=True)
            if rejected := self.rejected(upload):
                rejected.unlink(missing_ok=True)
        except OSError:
            # On a full disk the next one finds the lock free.
            os.close(descriptor)
            raise
        return descriptor

    def stop(self, upload: Upload) -> None:
        """What is under way ends after the rows it is writing."""
        os.close(opened(self._own(upload.token) / "stop"))

    def is_to_stop(self, token: str) -> bool:
        return (self._own(token) / "stop").exists()

    # What goes.

    def remove_file(self, token: str) -> None:
        upload = self.get(token)
        if upload is not None and (path := self.file(upload)):
            path.unlink(missing_ok=True)

    def remove(self, upload: Upload) -> None:
        """The file and its rejected rows, and all else unless something was done with it."""
        own = self._own(upload.token)
        gone = own / "rows" if self.earnest(upload) is not None else own
        shutil.rmtree(gone, ignore_errors=True)

    def sweep(self) -> None:
        """What is past its time goes."""
        now, busy = wall_now(), self.under_way()
        for token in self._tokens():
            age, own = now - self._touched(token), self._own(token)
            if token == busy or age <= FILE_KEPT_MILLIS:
                continue
            shutil.rmtree(own / "rows", ignore_errors=True)
            if age > REPORT_KEPT_MILLIS or not (own / "run.json").exists():
                shutil.rmtree(own, ignore_errors=True)
        for folder in self.incoming.glob("*"):
            with suppress(FileNotFoundError):
                if now - 1000 * folder.stat().st_mtime > INCOMING_KEPT_MILLIS:
                    shutil.rmtree(folder, ignore_errors=True)

    # The disk.

    def _own(self, token: str) -> Path:
        return self.folder / token

    def _tokens(self) -> Iterator[str]:
        if self.folder.is_dir():
            yield from (p.name for p in self.folder.iterdir() if _TOKEN.fullmatch(p.name))

    def _touched(self, token: str) -> int:
        times = [0.0]
        for path in (self._own(token), *self._own(token).glob("*.json")):
            with suppress(FileNotFoundError):
                times.append(path.stat().st_mtime)
        return int(1000 * max(times))

    def _read(self, token: str, name: str) -> dict[str, object] | None:
        try:
            content = json.loads((self._own(token) / f"{name}.json").read_bytes())
        except (FileNotFoundError, ValueError):
            return None
        return content if isinstance(content, dict) else None

    def _write(self, token: str, name: str, content: Mapping[str, object]) -> None:
        """Whole, or as it was. Nothing is brought back that was removed meanwhile."""
        path = self._own(token) / f"{name}.json"
        beside = path.with_suffix(f".{secrets.token_hex(4)}.new")
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(content, file)
        beside.replace(path)


def safe_name(name: str) -> str:
    """Of a file, in one line and of one folder; its ending stays."""
    last = re.split(r"[/\\]", normalize("NFC", name))[-1].strip().lstrip(".")
    shown = "".join(character if character.isprintable() else "_" for character in last)
    stem, dot, ending = shown.rpartition(".")
    if not stem or len(ending) > MOST_ENDING:
        stem, dot, ending = shown, "", ""
    room = MOST_NAME_OCTETS - len(f"{dot}{ending}".encode())
    whole = stem.encode()[:room].decode("utf-8", "ignore").strip()
    return f"{whole or 'file'}{dot}{ending}"
