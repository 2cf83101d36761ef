"""What a dead sender leaves behind is enough to tell sent, refused and in doubt apart."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine.sending import delivery_journal as module
from engine.sending.delivery_journal import (
    DOT,
    DeliveryJournal,
    JournalTaken,
    is_alive,
    is_complete,
    read_journal,
)

WRITER = """
import sys, time
from pathlib import Path
from engine.sending.delivery_journal import DeliveryJournal
journal = DeliveryJournal(Path(sys.argv[1]))
journal.dot("m1"); journal.answer("m1", 250)
journal.dot("m2"); journal.answer("m2", 451); journal.dot("m2")
journal.dot("m3"); journal.answer("m3", 550)
print("written", flush=True)
time.sleep(60)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "marks"


def test_a_killed_sender_s_marks_say_what_became_of_each_message(path: Path) -> None:
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "written\n"
        assert is_alive(path)
        with pytest.raises(JournalTaken, match="Another process"):
            DeliveryJournal(path)
    finally:
        writer.send_signal(signal.SIGKILL)
        writer.communicate()
    assert not is_alive(path)
    assert read_journal(path) == {"m1": 250, "m2": DOT, "m3": 550}
    journal = DeliveryJournal(path)
    assert journal.left == {"m1": 250, "m2": DOT, "m3": 550}
    assert is_alive(path)
    journal.close()
    assert not is_alive(path)


def test_a_file_is_complete_unless_it_was_shortened_or_the_machine_was_started_since(
    path: Path,
) -> None:
    journal = DeliveryJournal(path)
    journal.dot("m1")
    journal.close()
    assert is_complete(path)
    os.utime(path, (1, 1))
    assert not is_complete(path)


def test_a_file_that_is_not_there_holds_no_marks_and_no_life(path: Path) -> None:
    assert read_journal(path) == {}
    assert not is_alive(path)


def test_a_mark_is_on_the_file_before_the_call_returns(path: Path) -> None:
    journal = DeliveryJournal(path)
    journal.dot("m1")
    assert read_journal(path) == {"m1": DOT}
    journal.answer("m1", 250)
    assert read_journal(path) == {"m1": 250}
    journal.close()


def test_a_file_torn_anywhere_gives_the_marks_that_were_whole(path: Path) -> None:
    journal = DeliveryJournal(path)
    journal.dot("m1")
    journal.answer("m1", 250)
    journal.dot("m22")
    journal.close()
    whole = path.read_bytes()
    ends = [place + 1 for place, octet in enumerate(whole) if octet == ord("\n")]
    known: list[dict[str, int]] = [{}, {}, {"m1": DOT}, {"m1": 250}, {"m1": 250, "m22": DOT}]
    for length in range(len(whole) + 1):
        path.write_bytes(whole[:length])
        assert read_journal(path) == known[sum(end <= length for end in ends)]


def test_a_torn_line_does_not_grow_into_another_mark(path: Path) -> None:
    path.write_bytes(b"m1 dot\nm2 d")
    journal = DeliveryJournal(path)
    journal.dot("ot")
    journal.close()
    assert read_journal(path) == {"m1": DOT, "ot": DOT}


def test_nonsense_in_the_file_is_no_mark(path: Path) -> None:
    path.write_bytes(b"\xff\xfe\0\nm1 maybe\nm2  dot\nm3 dot x\nm4 999\nm5 250\n")
    assert read_journal(path) == {"m5": 250}


@pytest.mark.parametrize("key", ["", "a b", "a\nb", "a\u2028b", "a\x1c"])
def test_a_key_is_one_word(path: Path, key: str) -> None:
    journal = DeliveryJournal(path)
    with pytest.raises(ValueError, match="one word"):
        journal.dot(key)
    journal.close()
    assert path.read_bytes() == b""


def test_an_answer_stays_after_it_was_recorded(path: Path) -> None:
    """The database that recorded it may be followed by one that never heard of it."""
    journal = DeliveryJournal(path)
    journal.dot("m1")
    journal.answer("m1", 250)
    journal.dot("m2")
    journal.forget(["m1", "never-heard-of"])
    assert read_journal(path) == {"m1": 250, "m2": DOT}
    journal.close()


def test_a_large_file_shrinks_to_what_is_open_and_the_newest_answers_and_stays_locked(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_OCTETS", 1000)
    monkeypatch.setattr(module, "KEPT_OCTETS", 100)
    journal = DeliveryJournal(path)
    journal.dot("open")
    for number in range(100):
        journal.dot(f"m{number}")
        journal.answer(f"m{number}", 250)
    journal.forget([f"m{number}" for number in range(100)])
    assert path.read_bytes().startswith(b"open dot ") and path.stat().st_size < 200
    assert read_journal(path) == {"open": DOT, "m98": 250, "m99": 250}
    assert not is_complete(path)
    assert is_alive(path)
    journal.answer("open", 451)
    assert read_journal(path)["open"] == 451
    journal.close()
    assert not is_alive(path)


def test_a_disk_that_is_full_refuses_the_mark_and_leaves_no_half_of_it(path: Path) -> None:
    code = f"""
import resource, signal
from pathlib import Path
from engine.sending.delivery_journal import DeliveryJournal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
journal = DeliveryJournal(Path({str(path)!r}))
journal.dot("m1")
resource.setrlimit(resource.RLIMIT_FSIZE, (40, 40))
try:
    journal.dot("m2")
except OSError:
    print("refused")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30)
    assert done.stdout == "refused\n", done.stderr
    assert read_journal(path) == {"m1": DOT} and path.read_bytes().endswith(b"\n")


def test_the_file_is_its_owner_s_alone(path: Path) -> None:
    DeliveryJournal(path).close()
    assert os.stat(path).st_mode & 0o777 == 0o600
