"""`/import`: a file is sent, its columns are explained, what would happen is shown, then it
happens in the background; and what came of each. The same for a file of people never to be written
to again.

The file's token is random, and nothing of the file stands in an address. One file is gone through
at a time; stopping and going on are harmless, since who came in already is left as they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple, Protocol, assert_never

from fastapi.responses import FileResponse, Response

from engine.config import Config
from engine.console.access import Right
from engine.console.import_form import (
    MEANING_WORDS,
    FilePreview,
    Form,
    called,
    choices,
    preview_of,
)
from engine.console.import_words import counted, in_every_language, refusal_sentence
from engine.console.posted import MAX_UPLOAD_OCTETS
from engine.console.rendering import OF_A_PAGE
from engine.console.visit import Mistake, Route, Visit
from engine.i18n.language import N_, Language, grouped, translator
from engine.imports.agreement import file_speaks
from engine.imports.background import ImportRuns, Outcome, Progress
from engine.imports.passes import ImportOptions, SuppressOptions, run_import, run_suppress
from engine.imports.refusals import TableFault, TableRefused
from engine.imports.report import ImportReport, SuppressReport
from engine.imports.scan import ColumnsRefused
from engine.imports.stores import ImportStores
from engine.imports.uploads import Kind, Run, TooManyWaiting, Upload, Uploads
from engine.installation.stream import InstallationStream
from engine.sequence.model import Plan
from engine.words import LANGUAGES

REPORTS_SHOWN = 30
MAX_COLUMNS = 300
STOP_POLLING = 286
"""htmx asks no more after this status."""
NO_PREVIEW = FilePreview((), ())
KINDS: tuple[Kind, ...] = ("import", "suppress")
ABOUT: Mapping[TableFault, str] = {
    TableFault.DATES_CONTRADICT: "date_order",
    TableFault.DATES_READ_BOTH_WAYS: "date_order",
    TableFault.NAMED_AS_REFUSALS: "kind",
}
"""Where on the page each needed answer is given."""


class ImportPageStores(Protocol):
    @property
    def config(self) -> Config: ...
    @property
    def installation_stream(self) -> InstallationStream: ...
    def importing(self) -> ImportStores:
        """What an import is handed."""


class Row(NamedTuple):
    """An upload of the first page: `run` is the latest way through it, `waits` while it can be
    gone on with.
    """

    upload: Upload
    run: Run | None
    waits: bool
    until: int


def routes(stores: ImportPageStores, runs: ImportRuns | None = None) -> Sequence[Route]:
    pages = ImportPages(stores, runs or ImportRuns(Uploads(stores.config.data)))
    here = "/import/{upload}"
    return (
        Route("GET", "/import", Right.IMPORT, pages.start),
        Route("POST", "/import", Right.IMPORT, pages.send, uploads=True),
        Route("GET", here, Right.IMPORT, pages.columns),
        Route("POST", here, Right.IMPORT, pages.rehearse),
        Route("POST", f"{here}/kind", Right.IMPORT, pages.means),
        Route("GET", f"{here}/report", Right.IMPORT, pages.report),
        Route("GET", f"{here}/progress", Right.IMPORT, pages.progress),
        Route("GET", f"{here}/rejected", Right.IMPORT, pages.rejected),
        Route("POST", f"{here}/go", Right.IMPORT, pages.go),
        Route("POST", f"{here}/stop", Right.IMPORT, pages.stop),
        Route("POST", f"{here}/remove", Right.IMPORT, pages.remove),
    )


class ImportPages:
    def __init__(self, stores: ImportPageStores, runs: ImportRuns) -> None:
        self.stores, self.runs, self.uploads = stores, runs, runs.uploads

    @property
    def plan(self) -> Plan:
        return self.stores.installation_stream.current().plan()

    # A file is sent.

    def start(self, visit: Visit, mistakes: Sequence[Mistake] = ()) -> Response:
        self.uploads.sweep()
        rows = [self._row(upload) for upload in self.uploads.all()]
        under_way = [row for row in rows if row.run is not None and row.run.state == "running"]
        still = [row for row in rows if row not in under_way]
        return visit.page(
            "import.html",
            mistakes=mistakes,
            published=bool(self.plan.lists),
            kind=self._kind(visit),
            most=MAX_UPLOAD_OCTETS // 1_048_576,
            under_way=under_way,
            waiting=[row for row in still if row.waits],
            reports=[row for row in still if row.run and not (row.waits or row.run.rehearsed)][
                :REPORTS_SHOWN
            ],
        )

    def _row(self, upload: Upload) -> Row:
        waits = self.uploads.file(upload) is not None
        return Row(upload, self.uploads.run(upload), waits, self.uploads.gone_at(upload))

    def _kind(self, visit: Visit) -> Kind:
        return next((kind for kind in KINDS if kind == visit.inputs.get("kind")), "import")

    def send(self, visit: Visit) -> Response:
        """Kept only if it is a table that a page can show."""
        _, sent = visit.say, visit.files.get("file")
        if sent is None:
            return self.start(visit, [Mistake("file", _("Choose a file."))])
        try:
            upload = self.uploads.keep(
                sent.path, sent.name, self._kind(visit), visit.account.id, visit.account.name
            )
        except TooManyWaiting:
            full = _("Too many files wait already: remove one first.")
            return self.start(visit, [Mistake("file", full)])
        except OSError as error:
            return self.start(visit, [Mistake("file", _not_written(error, visit))])
        try:
            columns = len(self._form(upload, {}).preview.columns)
        except TableRefused as error:
            self.uploads.remove(upload)
            return self.start(visit, [Mistake("file", refusal_sentence(error.reason, _))])
        if columns > MAX_COLUMNS:
            self.uploads.remove(upload)
            wide = _(
                "It has {n} columns, and a page shows {most} at most: keep those that are needed,"
                " or use relance import."
            )
            return self.start(
                visit, [Mistake("file", wide.format(n=grouped(columns, _), most=MAX_COLUMNS))]
            )
        return visit.goes_to(f"/import/{upload.token}")

    def _form(self, upload: Upload, meanings: Mapping[str, str]) -> Form:
        """The answers about its columns so far, or guesses. Raises TableRefused."""
        path = self._path(upload)
        preview = preview_of(path, self.stores.importing(), meanings)
        return Form(preview, self.uploads.answers(upload), file_speaks(upload.name))

    def _path(self, upload: Upload) -> Path:
        path = self.uploads.file(upload)
        if path is None:
            raise TableRefused(TableFault.FILE_MISSING, file=upload.name)
        return path

    # What its columns are.

    def _upload(self, visit: Visit) -> Upload | Response:
        """With its file, and nobody going through it."""
        upload = self.uploads.get(visit.path["upload"])
        if upload is None:
            return self._gone(visit)
        if self.uploads.under_way() == upload.token:
            return visit.goes_to(f"/import/{upload.token}/report")
        if self.uploads.file(upload) is None:
            known = self.uploads.run(upload) is not None
            return visit.goes_to(f"/import/{upload.token}/report") if known else self._gone(visit)
        return upload

    def _gone(self, visit: Visit) -> Response:
        sentence = N_("This file is not here (any more): what is sent is kept for a day.")
        return visit.not_found(visit.say(sentence))

    def columns(self, visit: Visit) -> Response:
        upload = self._upload(visit)
        if isinstance(upload, Response):
            return upload
        return self._columns(visit, upload)

    def _columns(
        self,
        visit: Visit,
        upload: Upload,
        form: Form | None = None,
        mistakes: Sequence[Mistake] = (),
    ) -> Response:
        _, plan = visit.say, self.plan
        try:
            form = form or self._form(upload, self._meanings(upload))
        except TableRefused as error:
            return visit.refused(refusal_sentence(error.reason, _))
        return visit.page(
            "import_columns.html",
            mistakes=mistakes,
            upload=upload,
            form=form,
            choices=choices(plan, self.stores.importing(), upload.kind, _),
            called=[called(column, _) for column in form.preview.columns],
            likely={meaning: _(words) for meaning, words in MEANING_WORDS.items()},
            speaks=upload.kind == "import" and bool(file_speaks(upload.name)),
            until=self.uploads.gone_at(upload),
        )

    def _meanings(self, upload: Upload) -> Mapping[str, str]:
        run = self.uploads.run(upload)
        return run.columns if run is not None and run.state == "refused" else {}

    def means(self, visit: Visit) -> Response:
        upload = self._upload(visit)
        if isinstance(upload, Response):
            return upload
        self.uploads.means(upload, self._kind(visit))
        return visit.goes_to(f"/import/{upload.token}")

    def rehearse(self, visit: Visit) -> Response:
        """Keeps the answers and looks at what the file would do."""
        upload = self._upload(visit)
        if isinstance(upload, Response):
            return upload
        meanings = self._meanings(upload)
        pairs = [pair for pair in visit.all_inputs if pair[0] != "csrf"]
        try:
            self.uploads.keep_answers(upload, pairs)
        except OSError as error:
            return visit.refused(_not_written(error, visit))
        try:
            form = self._form(upload, meanings)
        except TableRefused as error:
            return visit.refused(refusal_sentence(error.reason, visit.say))
        mistakes = list(form.mistakes(self.stores.importing(), upload.kind, visit.say))
        if mistakes:
            return self._columns(visit, upload, form, mistakes)
        return self._begun(visit, upload, form, rehearsed=True)

    # What it would do, and does.

    def _begun(self, visit: Visit, upload: Upload, form: Form, *, rehearsed: bool) -> Response:
        importing, path = self.stores.importing(), self._path(upload)
        options: ImportOptions | SuppressOptions | None = (
            form.import_options(path, importing)
            if upload.kind == "import"
            else form.suppress_options(path)
        )
        if options is None:
            return self._columns(
                visit, upload, form, list(form.mistakes(importing, upload.kind, visit.say))
            )
        options = replace(options, dry_run=rehearsed, operator=visit.account.operator)
        if isinstance(options, ImportOptions):
            options = replace(options, shows_rejected=True)
        columns = form.columns_in_words(self.plan, importing, upload.kind)
        work = partial(_carried_out, importing, options, columns)
        try:
            begun = self.runs.begin(upload, work, visit.account.name, rehearsed=rehearsed)
        except OSError as error:
            return visit.refused(_not_written(error, visit))
        if not begun:
            busy = N_(
                "Another file is being gone through: one goes at a time. Yours is kept; try again"
                " when it has ended."
            )
            return visit.refused(visit.say(busy))
        return visit.goes_to(f"/import/{upload.token}/report")

    def go(self, visit: Visit) -> Response:
        """After what it would do was shown, or where it stopped; with the answers as they are."""
        upload = self._upload(visit)
        if isinstance(upload, Response):
            return upload
        run = self.uploads.run(upload)
        if run is None or not self._may_go(upload, run):
            return visit.goes_to(f"/import/{upload.token}")
        try:
            form = self._form(upload, {})
        except TableRefused as error:
            return visit.refused(refusal_sentence(error.reason, visit.say))
        return self._begun(visit, upload, form, rehearsed=False)

    def _may_go(self, upload: Upload, run: Run) -> bool:
        can_follow = run.state == "ended" if run.rehearsed else run.state in ("stopped", "broken")
        return (
            can_follow
            and self.uploads.file(upload) is not None
            and run.answers == self.uploads.digest(upload)
        )

    def report(self, visit: Visit) -> Response:
        upload = self.uploads.get(visit.path["upload"])
        run = self.uploads.run(upload) if upload is not None else None
        if upload is None or run is None:
            return visit.goes_to(f"/import/{upload.token}") if upload else self._gone(visit)
        plan, form = self.plan, Form(NO_PREVIEW, self.uploads.answers(upload))
        number = form.get("list")
        known = number.isdecimal() and len(number) < 10 and int(number) in plan.lists
        return visit.page(
            "import_report.html",
            upload=upload,
            run=run,
            shown=run.report.get(visit.language, {}),
            done=counted(run.counts, visit.say),
            list=plan.lists[int(number)].name if known and upload.kind == "import" else "",
            reason=form.reason,
            waits=self.uploads.file(upload) is not None,
            may_go=self._may_go(upload, run),
            has_rejected=self.uploads.rejected(upload) is not None,
            until=self.uploads.gone_at(upload),
        )

    def progress(self, visit: Visit) -> Response:
        """The piece of the report that renews itself; once it is at its end, the whole page is
        loaded anew.
        """
        upload = self.uploads.get(visit.path["upload"])
        run = self.uploads.run(upload) if upload is not None else None
        if upload is None or run is None or run.state != "running":
            return Response("", STOP_POLLING, {"HX-Refresh": "true"}, media_type="text/html")
        return visit.page("import_progress.html", run=run, done=counted(run.counts, visit.say))

    def rejected(self, visit: Visit) -> Response:
        upload = self.uploads.get(visit.path["upload"])
        path = self.uploads.rejected(upload) if upload is not None else None
        if path is None:
            sentence = N_("There are no rejected rows here (any more).")
            return visit.not_found(visit.say(sentence))
        return FileResponse(
            path, headers=OF_A_PAGE, media_type="text/csv; charset=utf-8", filename=path.name
        )

    def stop(self, visit: Visit) -> Response:
        upload = self.uploads.get(visit.path["upload"])
        if upload is None:
            return self._gone(visit)
        if self.uploads.under_way() == upload.token:
            self.uploads.stop(upload)
        done = N_("It stops after the rows that are being written.")
        return visit.goes_to(f"/import/{upload.token}/report", visit.say(done))

    def remove(self, visit: Visit) -> Response:
        """The file and its rejected rows."""
        upload = self.uploads.get(visit.path["upload"])
        if upload is None:
            return self._gone(visit)
        if self.uploads.under_way() == upload.token:
            return visit.goes_to(f"/import/{upload.token}/report")
        self.uploads.remove(upload)
        return visit.goes_to("/import", visit.say(N_("The file is removed.")))


def _carried_out(
    stores: ImportStores,
    options: ImportOptions | SuppressOptions,
    columns: Mapping[Language, Sequence[tuple[str, str]]],
    progress: Progress,
) -> Outcome:
    """In the thread of the import."""
    try:
        match options:
            case ImportOptions():
                report: ImportReport | SuppressReport = run_import(
                    stores, options, progress.tell, progress.stopping, progress.begun
                )
            case SuppressOptions():
                report = run_suppress(
                    stores, options, progress.tell, progress.stopping, progress.begun
                )
            case _:
                assert_never(options)
    except TableRefused as error:
        return Outcome(
            state="refused",
            report={
                language: {"why": refusal_sentence(error.reason, translator(language))}
                for language in LANGUAGES
            },
            columns=(
                {str(place): meaning for place, meaning in error.columns.items()}
                if isinstance(error, ColumnsRefused)
                else {}
            ),
            about=ABOUT.get(error.reason.code, ""),
        )
    return Outcome(
        state="stopped" if report.interrupted else "ended",
        report=in_every_language(report, columns),
    )


def _not_written(error: OSError, visit: Visit) -> str:
    message = N_("It could not be written on this machine ({why}): nothing was done.")
    return visit.say(message).format(why=error.strerror or type(error).__name__)
