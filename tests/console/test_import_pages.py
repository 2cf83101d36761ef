"""Imports by a page: a file is sent, said, looked at and carried out; what is refused is a
sentence, and no file stays longer than it has to.
"""

from __future__ import annotations

import io
import os
import re
import resource
import shutil
import signal
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from engine.console import import_pages
from engine.console.access import Role
from engine.console.visit import Redirect
from engine.context import AppContext
from engine.imports import background, passes
from engine.imports.background import ImportRuns, Outcome, Progress
from engine.imports.uploads import MOST_WAITING, Upload, Uploads, safe_name
from tests.cli.bringing_in import FILES, entries, person, personal_rows, stream
from tests.console.importing import HERE, PEOPLE, SAID, Pages
from tests.console.serving import Browser, Served
from tests.console.visiting import words_of
from tests.running_installation import Installations

SEGMENT = '\n[[segment]]\nid = "salon"\nname = "Au salon"\nstatic = true\n'
DAY_SECONDS = 86_400
EXPORTS = Path(__file__).parent.parent / "imports" / "exports"
CHOSEN = re.compile(
    r'<select id="(column-\d+)"(?:(?!</select>).)*? value="([^"]+)" selected>', re.DOTALL
)


@pytest.fixture(scope="module")
def context(installations: Installations) -> Iterator[AppContext]:
    with installations.made(FILES | {"accueil.toml": FILES["accueil.toml"] + SEGMENT}) as made:
        yield made


@pytest.fixture
def pages(context: AppContext) -> Iterator[Pages]:
    pages = Pages(context)
    yield pages
    shutil.rmtree(pages.uploads.folder, ignore_errors=True)


def people(*names: str) -> str:
    return "email;Prénom\n" + "".join(f"{name}@lecteurs.example;{name}\n" for name in names)


def aged(uploads: Uploads, upload: Upload, days: float) -> None:
    """As if nobody had touched it for so long."""
    at = time.time() - days * DAY_SECONDS
    own = uploads.folder / upload.token
    for path in (own, *own.iterdir()):
        os.utime(path, (at, at))


def test_a_file_is_looked_at_and_nothing_is_written_before_somebody_says_go(
    context: AppContext, pages: Pages, tmp_path: Path
) -> None:
    upload = pages.sent(tmp_path)
    columns = words_of(pages.get(upload))
    assert "Column 1 “email”" in columns and "ana@lecteurs.example · bob@lecteurs" in columns
    before = (context.ledger.head(), personal_rows(context))
    answer = pages.say(upload)
    assert isinstance(answer, Redirect) and answer.headers["location"].endswith("/report")
    words = words_of(pages.report(upload))
    assert "2 join the list, not known before" in words and "3 rows read" in words
    assert "1 an address has exactly one @ sign (line 4)" in words
    assert (context.ledger.head(), personal_rows(context)) == before

    assert isinstance(pages.go(upload), Redirect)
    assert context.vault.people([stream(context, "ana@lecteurs.example")])
    assert "Step 3 of 3" in words_of(pages.report(upload))
    assert "join the list, not known before" in words_of(pages.report(upload))
    assert "rejoignent la liste" in words_of(pages.report(upload, "fr"))


def test_the_evidence_names_the_account_and_the_file_and_the_ledger_neither(
    context: AppContext, pages: Pages, tmp_path: Path
) -> None:
    upload = pages.sent(tmp_path, people("clea"), name="tres-secret.csv")
    pages.say(upload)
    pages.go(upload)
    found = stream(context, "clea@lecteurs.example")
    (entry, *_) = context.ledger.stream(found)
    kept = context.vault.evidence_of(found)[entry.cause.evidence]
    assert (kept["file"], kept["line"], kept["source"]) == ("tres-secret.csv", 2, "Salon du jardin")
    assert kept["by"] == {"operator": "Léa <b>", "account": "a1"}
    written = " ".join(map(repr, entries(context)))
    assert "tres-secret" not in written and "Salon du" not in written and "Léa" not in written


def test_the_file_is_ours_alone_and_gone_once_it_is_imported(pages: Pages, tmp_path: Path) -> None:
    upload = pages.sent(tmp_path, people("denis") + "nobody;\n")
    path = pages.uploads.file(upload)
    assert path is not None and path.stat().st_mode & 0o777 == 0o600
    assert all(folder.stat().st_mode & 0o077 == 0 for folder in (path.parent, path.parent.parent))
    pages.say(upload)
    pages.go(upload)
    assert pages.uploads.file(upload) is None
    rejected = pages.uploads.rejected(upload)
    assert rejected is not None and rejected.stat().st_mode & 0o777 == 0o600
    assert isinstance(pages.get(upload), Redirect), "nothing is left to be said of it"
    kept = "".join(p.read_text() for p in (pages.uploads.folder / upload.token).glob("*.json"))
    assert "lecteurs.example" not in kept


def test_the_rejected_rows_can_be_taken_before_and_afterwards(
    pages: Pages, tmp_path: Path, console: Served
) -> None:
    upload = pages.sent(tmp_path, "email\n=cmd|' /C calc'!A0\nfred@lecteurs.example\n")
    pages.say(upload, column_at_1="")
    with console.as_role() as browser:
        table = browser.get(f"/import/{upload.token}/rejected")
        assert table.status_code == 200
        assert "no-store" in table.headers["cache-control"]
        assert "\"'=cmd|" in table.text, "a sheet must not run it"
        assert "attachment" in table.headers["content-disposition"]
        pages.go(upload)
        assert browser.get(f"/import/{upload.token}/rejected").status_code == 200


def test_the_same_file_again_changes_nothing(
    context: AppContext, pages: Pages, tmp_path: Path
) -> None:
    for time_ in range(2):
        upload = pages.sent(tmp_path, people("gina", "hugo"))
        pages.say(upload, start="welcome", segment="salon")
        pages.go(upload)
        words = words_of(pages.report(upload))
        assert ("2 nothing to change" in words) == bool(time_)
    assert person(context, "gina@lecteurs.example").segments


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"source": ""}, "Say where these addresses come from"),
        ({"collected": ""}, "Say when they were collected"),
        ({"collected": "2999-01-01"}, "lies in the future"),
        ({"basis": ""}, "Say on what basis they are written to"),
        ({"basis": "b2b"}, "Say how they could object"),
        ({"list": "99"}, "there is no published list 99"),
        ({"segment": "nowhere"}, "nowhere"),
        ({"column_at_0": ""}, "Say which column holds the e-mail addresses"),
        ({"column_at_1": "email"}, "are said to be the same"),
    ],
)
def test_what_is_not_said_is_asked_for_and_what_was_said_stays(
    pages: Pages, tmp_path: Path, said: dict[str, str], sentence: str
) -> None:
    upload = pages.sent(tmp_path)
    answer = pages.say(upload, **{"objection": "", **said})
    words = words_of(answer)
    assert answer.status_code == 422 and sentence.lower() in words.lower()
    assert words.lstrip().startswith("Error:")
    if "source" not in said:
        assert b'value="Salon du jardin"' in answer.body
    assert pages.uploads.run(upload) is None, "nothing was looked at"


def test_a_column_that_may_say_who_refused_has_to_be_answered(
    context: AppContext, pages: Pages, tmp_path: Path
) -> None:
    text = "email,Prénom,désinscrit\nivan@lecteurs.example,I,\njo@lecteurs.example,J,oui\n"
    upload = pages.sent(tmp_path, text)
    assert "Most likely: yes or a date: they refused" in words_of(pages.get(upload))
    assert "may say who refused" in words_of(pages.say(upload))
    wrong = pages.say(upload, column_at_2="subscribed")
    assert isinstance(wrong, Redirect)
    assert "seems to be a refusal" in words_of(pages.report(upload))
    pages.say(upload, column_at_2="unsubscribed")
    assert "1 not known: only a hash is kept" in words_of(pages.report(upload))
    pages.go(upload)
    hashed = context.vault.hash("jo@lecteurs.example")
    assert context.vault.suppressed([hashed]) == {hashed: "unsubscribed"}
    assert context.vault.find("ivan@lecteurs.example") is not None


def test_what_only_the_whole_file_shows_is_asked_on_the_page_of_its_columns(
    pages: Pages, tmp_path: Path
) -> None:
    rows = "".join(f"k{n}@lecteurs.example,K,\n" for n in range(150))
    upload = pages.sent(tmp_path, f"email,Prénom,ville\n{rows}z@lecteurs.example,Z,unsubscribed\n")
    assert "Most likely" not in words_of(pages.get(upload))
    pages.say(upload)
    report = pages.report(upload)
    assert "Say of each of these columns what it means" in words_of(report)
    assert f'href="/import/{upload.token}#column-2"'.encode() in report.body
    assert "Most likely: yes or a date: they refused" in words_of(pages.get(upload))
    assert pages.say(upload).status_code == 422
    assert isinstance(pages.say(upload, column_at_2="unsubscribed"), Redirect)


def test_dates_that_read_two_ways_are_asked_about(pages: Pages, tmp_path: Path) -> None:
    upload = pages.sent(tmp_path, "email,le\nl@lecteurs.example,02/03/2024\n")
    pages.say(upload, column_at_1="collected", collected="")
    assert "say which is right" in words_of(pages.report(upload))
    pages.say(upload, column_at_1="collected", collected="", date_order="day-first")
    assert "1 join the list" in words_of(pages.report(upload))


def test_a_column_that_is_not_used_is_taken_for_nothing(
    context: AppContext, pages: Pages, tmp_path: Path
) -> None:
    upload = pages.sent(tmp_path, people("mona"))
    pages.say(upload, column_at_1="")
    pages.go(upload)
    found = stream(context, "mona@lecteurs.example")
    assert context.vault.people([found])[found].fields == {}


def test_addresses_are_never_written_to_again_after_the_same_look(
    context: AppContext, pages: Pages, tmp_path: Path
) -> None:
    upload = pages.sent(tmp_path, people("nina", "omar"), name="bounces.csv")
    page = words_of(pages.get(upload))
    assert "Its name speaks of people who must not be written to" in page
    pages.post(upload, f"{HERE}/kind", kind="suppress")
    upload = replace(upload, kind="suppress")
    assert b'value="bounced" selected' in pages.get(upload).body
    before = personal_rows(context)
    pages.post(upload, **{"column-0": "email", "reason": "bounced"})
    assert "2 not known: only a hash is kept" in words_of(pages.report(upload))
    assert personal_rows(context) == before
    pages.go(upload)
    hashed = context.vault.hash("nina@lecteurs.example")
    assert context.vault.suppressed([hashed]) == {hashed: "bounced"}


def test_a_file_named_as_refusals_is_not_imported_as_members(pages: Pages, tmp_path: Path) -> None:
    upload = pages.sent(tmp_path, name="unsubscribed_2024.csv")
    pages.say(upload)
    assert "is named as a file of people who must not be written to" in words_of(
        pages.report(upload)
    )


def zipped() -> bytes:
    """A sheet that says it unpacks to a gigabyte."""
    octets = io.BytesIO()
    with zipfile.ZipFile(octets, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 50_000_000)
    return octets.getvalue()


@pytest.mark.parametrize(
    ("content", "name", "sentence"),
    [
        (b"", "a.csv", "is empty"),
        (b"\n\n \n", "a.csv", "blank lines only"),
        (zipped(), "a.xlsx", "save it as CSV"),
        (b"%PDF-1.7", "a.csv", "a PDF"),
        (b"\x89PNG\r\n", "a.csv", "a picture"),
        (b"<!doctype html><p>", "a.csv", "a web page"),
        (b"email\na@x.example\0\n", "a.csv", "NUL characters"),
        ("email\na@x.example\n".encode("utf-32"), "a.csv", "UTF-32"),
        (bytes(range(1, 256)) * 40, "a.csv", "not text"),
        (b"email," + b"x" * 300_000, "a.csv", "longer than"),
    ],
)
def test_what_is_no_table_is_refused_with_a_sentence_and_not_kept(
    pages: Pages, tmp_path: Path, content: bytes, name: str, sentence: str
) -> None:
    answer = pages.send(tmp_path, content, name)
    words = words_of(answer)
    assert answer.status_code == 422 and sentence in words
    assert "--" not in words.partition("Import")[2].partition("Send a file")[0]
    assert pages.uploads.all() == []


def test_hostile_cells_are_shown_as_words(pages: Pages, tmp_path: Path) -> None:
    tag = "<img src=x onerror=alert(1)>"
    text = f"email;{tag};'x\n{'n@lecteurs.example'};{tag}\x1b[2J;=1+1\n{'y' * 90_000};a;b\n"
    upload = pages.sent(tmp_path, text, name=f"../../{tag}.csv")
    assert "/" not in upload.name
    for page in (pages.get(upload), pages.send(tmp_path, "")):
        assert b"<img" not in page.body and b"\x1b" not in page.body
    pages.say(upload, column_at_1="")
    report = pages.report(upload)
    assert b"<img" not in report.body
    assert "1 join the list" in words_of(report)


def test_a_wrong_encoding_is_said_of_its_rows(pages: Pages, tmp_path: Path) -> None:
    upload = pages.sent(
        tmp_path, "email;Prénom\nené@lecteurs.example;FranÃ§ois\n".encode(), name="é.csv"
    )
    pages.say(upload)
    assert "garbled" in words_of(pages.report(upload))
    # Nothing that is left can be brought in.
    assert "Bring them in" not in words_of(pages.report(upload))


def test_only_who_may_import_comes_here(console: Served, pages: Pages, tmp_path: Path) -> None:
    upload = pages.sent(tmp_path)
    for role, reads, status in (
        (Role.AUTHOR, False, 403),
        (Role.AUDITOR, False, 403),
        (Role.RIGHTS, False, 403),
        (Role.AUTHOR, True, 200),
    ):
        with console.as_role(role, reads=reads) as browser:
            assert browser.get("/import").status_code == status
            assert browser.get(f"/import/{upload.token}").status_code == status
            assert ('href="/import"' in browser.get("/d").text) == (status == 200)


def test_a_file_is_sent_by_a_browser_and_too_much_is_refused(
    console: Served, pages: Pages, operator: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {"file": ("contacts.csv", PEOPLE.encode())}
    answer = operator.submit("/import", {"kind": "import"}, files)
    assert answer.status_code == 303 and "contacts" not in answer.headers["location"]
    assert "ana@lecteurs.example" in operator.read(answer.headers["location"])
    monkeypatch.setattr("engine.console.posted.MAX_UPLOAD_OCTETS", 1000)
    large = operator.submit("/import", {"kind": "import"}, {"file": ("a.csv", b"x" * 2000)})
    assert large.status_code == 413 and "more than can be sent" in large.text
    assert len(pages.uploads.all()) == 1
    assert list(pages.uploads.incoming.iterdir()) == []


def test_an_upload_is_known_by_its_token_alone(
    pages: Pages, tmp_path: Path, operator: Browser
) -> None:
    upload = pages.sent(tmp_path)
    assert len(upload.token) >= 22
    for token in ("0" * 22, "lock", upload.token[:-1], "%2e%2e%2fuploads", "1"):
        assert operator.get(f"/import/{token}").status_code == 404, token
        assert operator.get(f"/import/{token}/report").status_code == 404
        assert operator.get(f"/import/{token}/rejected").status_code == 404


def test_no_token_leads_out_of_the_folder(pages: Pages, tmp_path: Path) -> None:
    upload = pages.sent(tmp_path)
    outside = pages.uploads.folder / "incoming"
    shutil.copytree(pages.uploads.folder / upload.token, outside)
    for token in ("incoming", f"../uploads/{upload.token}", f"{upload.token}/."):
        assert pages.uploads.get(token) is None, token


def test_nothing_is_carried_out_that_was_not_looked_at_as_it_is_said_now(
    context: AppContext, pages: Pages, tmp_path: Path
) -> None:
    upload, before = pages.sent(tmp_path, people("tess")), context.ledger.head()
    assert pages.go(upload).headers["location"] == f"/import/{upload.token}"
    pages.say(upload)
    assert pages.say(upload, source="").status_code == 422
    words = words_of(pages.report(upload))
    assert "Something else is said of it since" in words and "Bring them in" not in words
    assert pages.go(upload).headers["location"] == f"/import/{upload.token}"
    assert context.ledger.head() == before


def test_what_is_past_its_time_goes_and_reports_stay(pages: Pages, tmp_path: Path) -> None:
    waiting, done = pages.sent(tmp_path), pages.sent(tmp_path, people("pia") + "nobody;\n")
    pages.say(done)
    pages.go(done)
    for upload in (waiting, done):
        aged(pages.uploads, upload, 0.9)
    pages.uploads.sweep()
    assert pages.uploads.file(waiting) is not None
    for upload in (waiting, done):
        aged(pages.uploads, upload, 1.1)
    pages.uploads.sweep()
    assert pages.uploads.get(waiting.token) is None
    assert pages.uploads.rejected(done) is None
    assert "1 join the list" in words_of(pages.report(done))
    aged(pages.uploads, done, 396)
    pages.uploads.sweep()
    assert pages.uploads.get(done.token) is None


def test_what_a_killed_process_has_left_goes_too(pages: Pages) -> None:
    left, fresh = pages.uploads.incoming / "left", pages.uploads.incoming / "fresh"
    for folder in (left, fresh):
        folder.mkdir(parents=True)
        (folder / "0").write_text(PEOPLE)
    os.utime(left, (time.time() - 4000,) * 2)
    pages.uploads.sweep()
    assert list(pages.uploads.incoming.iterdir()) == [fresh]


def test_removing_takes_the_file_and_leaves_what_was_done(pages: Pages, tmp_path: Path) -> None:
    upload = pages.sent(tmp_path)
    pages.post(upload, f"{HERE}/remove")
    assert not (pages.uploads.folder / upload.token).exists()
    upload = pages.sent(tmp_path, people("quentin") + "nobody;\n")
    pages.say(upload)
    pages.go(upload)
    pages.post(upload, f"{HERE}/remove")
    assert pages.uploads.rejected(upload) is None
    assert "1 join the list" in words_of(pages.report(upload))


def test_rejected_rows_that_were_mended_are_sent_as_any_file(pages: Pages, tmp_path: Path) -> None:
    rows = people("wanda") + "nobody;\n"
    upload = pages.sent(tmp_path, rows, name="contacts.csv.rejected.csv")
    pages.say(upload)
    assert pages.uploads.file(upload) is not None and pages.uploads.rejected(upload) is not None
    pages.go(upload)
    assert "1 join the list" in words_of(pages.report(upload))
    assert pages.uploads.file(upload) is None and pages.uploads.rejected(upload) is not None


def test_columns_that_a_sheet_has_added_are_not_asked_about(
    context: AppContext, pages: Pages, tmp_path: Path
) -> None:
    added = ";" * 1_000
    rows = f"{added}email;Prénom\n{added}ulla@lecteurs.example;Ulla\n"
    upload = pages.sent(tmp_path, rows)
    page = bytes(pages.get(upload).body)
    assert page.count(b"<select") < 10 and b"column-1000" in page and b"Ulla" in page
    assert b'href="#column-1000"' in pages.post(upload, **{"column-1001": ""}).body
    answer = pages.say(upload, **{"column-1000": "email", "column-0": "", "column-1": ""})
    assert isinstance(answer, Redirect)
    assert "1 join the list" in words_of(pages.report(upload))
    pages.go(upload)
    assert context.vault.people([stream(context, "ulla@lecteurs.example")])


def test_a_table_too_wide_for_a_page_is_refused_and_not_kept(pages: Pages, tmp_path: Path) -> None:
    before = len(pages.uploads.all())
    answer = pages.send(tmp_path, ";".join(["email", *map(str, range(300))]) + "\n")
    assert "It has 301 columns, and a page shows 300 at most" in words_of(answer)
    assert len(pages.uploads.all()) == before


def test_only_so_many_files_wait(pages: Pages, tmp_path: Path) -> None:
    for _ in range(MOST_WAITING):
        pages.sent(tmp_path)
    assert "Too many files wait" in words_of(pages.send(tmp_path, PEOPLE))


Slow = tuple[Pages, Upload, threading.Event]


@pytest.fixture
def slow(
    context: AppContext, pages: Pages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Slow]:
    """Fifty people who come in ten at a time, held after the second ten until the event is set."""
    monkeypatch.setattr(passes, "CHUNK", 10)
    monkeypatch.setattr(background, "PATIENCE_SECONDS", 0.1)
    monkeypatch.setattr(background, "WRITTEN_EVERY_SECONDS", 0)
    upload = pages.sent(tmp_path, people(*(f"{tmp_path.name}-{n}" for n in range(50))))
    pages.say(upload)
    until(lambda: state(pages, upload) == "ended")
    free, tell = threading.Event(), Progress.tell

    def held(progress: Progress, done: int, total: int) -> None:
        tell(progress, done, total)
        if progress.run.counts.get("joined", 0) >= 0 and joined(pages, upload) >= 20:
            free.wait(20)

    monkeypatch.setattr(Progress, "tell", held)
    pages.go(upload)
    until(lambda: joined(pages, upload) >= 20)
    yield pages, upload, free
    free.set()
    until(lambda: not pages.uploads.under_way())


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def state(pages: Pages, upload: Upload) -> str:
    run = pages.uploads.run(upload)
    return run.state if run is not None else ""


def joined(pages: Pages, upload: Upload) -> int:
    run = pages.uploads.run(upload)
    return run.counts.get("joined", 0) if run is not None and not run.rehearsed else 0


def test_progress_survives_a_reload_and_ends_by_loading_the_report(slow: Slow) -> None:
    pages, upload, free = slow
    for _ in range(2):
        words = words_of(pages.report(upload))
        assert "20 join the list" in words and "reload it to see how far it is" in words
    assert "under way" in words_of(pages.get(upload, "/import"))
    piece = pages.get(upload, f"{HERE}/progress")
    assert piece.status_code == 200 and b"<progress" in piece.body and b"<html" not in piece.body
    assert b"<a " not in piece.body and b"<button" not in piece.body, "it holds no focus"
    free.set()
    until(lambda: state(pages, upload) == "ended")
    assert pages.get(upload, f"{HERE}/progress").headers["hx-refresh"] == "true"
    assert "50 join the list" in words_of(pages.report(upload))


def test_it_stops_between_two_steps_and_going_on_does_the_rest(slow: Slow) -> None:
    pages, upload, free = slow
    pages.post(upload, f"{HERE}/stop")
    free.set()
    until(lambda: state(pages, upload) == "stopped")
    done = joined(pages, upload)
    assert 20 <= done < 50 and done % 10 == 0
    words = words_of(pages.report(upload))
    assert "Stopped before the end of the file" in words and f"{done} join the list" in words
    pages.go(upload)
    until(lambda: state(pages, upload) == "ended")
    words = words_of(pages.report(upload))
    assert f"{50 - done} join the list" in words and f"{done} nothing to change" in words


def test_one_goes_at_a_time_and_it_is_said(slow: Slow, tmp_path: Path) -> None:
    pages, upload, _ = slow
    other = pages.sent(tmp_path, people("second"))
    answer = pages.say(other)
    assert answer.status_code == 409 and "one goes at a time" in words_of(answer)
    for at in (HERE, f"{HERE}/remove"):
        assert pages.post(upload, at, **SAID).headers["location"].endswith("/report")
    assert pages.uploads.file(upload) is not None, "nobody takes it from under the import"


def test_what_cannot_begin_keeps_no_other_file_waiting(pages: Pages, tmp_path: Path) -> None:
    upload = pages.sent(tmp_path)
    shutil.rmtree(pages.uploads.folder / upload.token)
    with pytest.raises(FileNotFoundError):
        ImportRuns(pages.uploads).begin(
            upload, lambda progress: Outcome(state="ended"), "Léa", rehearsed=True
        )
    assert not pages.uploads.under_way()


def test_what_cannot_be_taken_over_keeps_no_other_file_waiting(
    pages: Pages, tmp_path: Path
) -> None:
    upload = pages.sent(tmp_path)
    (in_the_way := pages.uploads.folder / upload.token / "stop").mkdir()
    with pytest.raises(OSError):
        pages.uploads.begin(upload)
    in_the_way.rmdir()
    assert not pages.uploads.under_way()


def test_the_end_of_the_program_stops_between_two_steps(
    context: AppContext, pages: Pages, tmp_path: Path
) -> None:
    runs = ImportRuns(pages.uploads)
    upload = pages.sent(tmp_path)
    begun = threading.Event()

    def work(progress: Progress) -> Outcome:
        begun.set()
        while not progress.stopping():
            time.sleep(0.01)
        return Outcome(state="stopped")

    background_start = threading.Thread(
        target=runs.begin, args=(upload, work, "Léa"), kwargs={"rehearsed": False}
    )
    background_start.start()
    assert begun.wait(10)
    runs.close()
    background_start.join(10)
    assert state(pages, upload) == "stopped"


def test_one_that_was_killed_says_what_is_done_and_that_going_on_is_safe(
    pages: Pages, tmp_path: Path
) -> None:
    upload = pages.sent(tmp_path, people("rosa"))
    pages.say(upload)
    run = pages.uploads.run(upload)
    assert run is not None
    killed = replace(
        run, rehearsed=False, begun=run.begun + 1, state="running", counts={"joined": 20}
    )
    pages.uploads.write_run(upload.token, killed)
    words = words_of(pages.report(upload))
    assert "It ended before the end of the file" in words and "20 join the list" in words
    assert "Going on is safe" in words
    pages.go(upload)
    assert "1 join the list" in words_of(pages.report(upload))


def test_what_breaks_off_is_told_without_a_word_of_the_file(
    pages: Pages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    upload = pages.sent(tmp_path)
    pages.say(upload)

    def broken(*values: object) -> None:
        raise ValueError("ana@lecteurs.example")

    monkeypatch.setattr(import_pages, "run_import", broken)
    pages.go(upload)
    assert state(pages, upload) == "broken"
    assert "ana@" not in caplog.text and "broken off" in caplog.text


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("contacts.csv", "contacts.csv"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\Léa\\été.csv", "été.csv"),
        (".hidden", "hidden"),
        ("a\0\n\u202eb.csv", "a___b.csv"),
        ("", "file"),
        ("x" * 500 + ".csv", "x" * 146 + ".csv"),
    ],
)
def test_the_name_of_a_file_is_made_safe(name: str, safe: str) -> None:
    assert safe_name(name) == safe


@contextmanager
def full_disk() -> Iterator[None]:
    """No file takes an octet."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)


def test_a_full_disk_is_told_in_words(pages: Pages, tmp_path: Path) -> None:
    upload = pages.sent(tmp_path)
    with full_disk():
        answers_refused = pages.say(upload)
    pages.say(upload)
    with full_disk():
        import_refused = pages.go(upload)
    for answer in (answers_refused, import_refused):
        assert answer.status_code == 409
        assert "could not be written on this machine (File too large)" in words_of(answer)
    pages.go(upload)
    assert state(pages, upload) == "ended"


def test_a_file_that_the_disk_does_not_take_is_refused_in_words(
    pages: Pages, tmp_path: Path
) -> None:
    shutil.rmtree(pages.uploads.folder, ignore_errors=True)
    pages.uploads.folder.symlink_to(tmp_path / "gone" / "far")
    answer = pages.send(tmp_path, PEOPLE)
    pages.uploads.folder.unlink()
    assert "could not be written on this machine" in words_of(answer)


def test_an_export_of_a_known_tool_needs_no_column_said(pages: Pages, tmp_path: Path) -> None:
    export = EXPORTS / "mailchimp" / "subscribed_members_export_1a2b3c.csv"
    upload = pages.sent(tmp_path, export.read_bytes(), name=export.name)
    page = pages.get(upload)
    assert "It looks like an export of Mailchimp" in words_of(page)
    answers = dict(CHOSEN.findall(bytes(page.body).decode()))
    assert {"email", "collected", "tags", "timezone"} <= set(answers.values())
    said = {"list": "10", "basis": "consent", "source": "Mailchimp", "start": "none"}
    assert isinstance(pages.post(upload, HERE, **answers, **said), Redirect)
    assert "2 join the list" in words_of(pages.report(upload))
