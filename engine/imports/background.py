"""Going through a file beside the pages that ask for it: one file at a time, in a thread of this
process. How far it is stands on the disk, where every page finds it.

Stopping, the end of the process and a kill are alike harmless: what was begun is one transaction,
and the same file again changes nothing of what is done.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from engine.desk.clock import wall_now
from engine.imports.report import ImportReport, SuppressReport
from engine.imports.uploads import Run, Upload, Uploads
from engine.store.safe_error_text import safe_error_text

log = logging.getLogger("relance.import")
WRITTEN_EVERY_SECONDS = 0.5
PATIENCE_SECONDS = 0.7
"""So long a page waits for the end: of most files it shows the report at once."""
CLOSING_SECONDS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What `Run` has of the same names."""

    state: Literal["ended", "stopped", "refused"]
    report: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    about: str = ""


class Progress:
    """What `run_import` and `run_suppress` are handed: `begun`, `tell` and `stopping`."""

    def __init__(self, uploads: Uploads, token: str, run: Run, closing: threading.Event) -> None:
        self.uploads, self.token, self.run, self.closing = uploads, token, run, closing
        self._report: ImportReport | SuppressReport | None = None
        self._written = 0.0

    def begun(self, report: ImportReport | SuppressReport) -> None:
        self._report = report

    def tell(self, done: int, total: int) -> None:
        self.run = replace(self.run, done=done, total=total)
        if time.monotonic() - self._written >= WRITTEN_EVERY_SECONDS:
            self.write(self.run)

    def stopping(self) -> bool:
        return self.closing.is_set() or self.uploads.is_to_stop(self.token)

    def write(self, run: Run) -> None:
        """With what has been counted."""
        self._written = time.monotonic()
        if self._report is not None:
            run = replace(run, rows=self._report.rows, counts=dict(self._report.counts))
        self.uploads.write_run(self.token, run)


Work = Callable[[Progress], Outcome]


class ImportRuns:
    """Those that this process carries out."""

    def __init__(self, uploads: Uploads) -> None:
        self.uploads = uploads
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self, upload: Upload, work: Work, by: str, *, rehearsed: bool) -> bool:
        """False where another file is gone through. A short one is done when this returns. Raises
        OSError where the disk does not take that it has begun.
        """
        lock = self.uploads.begin(upload)
        if lock is None:
            return False
        try:
            answers = self.uploads.digest(upload)
            run = Run(rehearsed=rehearsed, by=by, begun=wall_now(), answers=answers)
            progress = Progress(self.uploads, upload.token, run, self._closing)
            progress.write(run)
            self._thread = threading.Thread(
                target=self._run, args=(progress, work, lock), name="import", daemon=True
            )
            self._thread.start()
        except BaseException:
            os.close(lock)
            raise
        self._thread.join(PATIENCE_SECONDS)
        return True

    def close(self) -> None:
        """What is under way stops between two steps."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join(CLOSING_SECONDS)

    def _run(self, progress: Progress, work: Work, lock: int) -> None:
        """The lock is let go last, so that an end is on the disk before anybody misses it."""
        try:
            end = self._end(progress, work)
            if end.state == "ended" and not end.rehearsed:
                progress.uploads.remove_file(progress.token)
            progress.write(end)
        except FileNotFoundError:
            log.info("an import has ended whose file was removed")
        finally:
            os.close(lock)

    def _end(self, progress: Progress, work: Work) -> Run:
        try:
            outcome = work(progress)
        except Exception as error:
            # Neither its words nor its trace: they may quote a row.
            log.error("an import has broken off", extra={"why": safe_error_text(error)})
            return replace(progress.run, state="broken", ended=wall_now())
        return replace(
            progress.run,
            state=outcome.state,
            ended=wall_now(),
            report=outcome.report,
            columns=outcome.columns,
            about=outcome.about,
        )
