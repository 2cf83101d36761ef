"""What a dead sender leaves behind is enough to tell sent, refused and in doubt apart."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine.sending import delivery_journal as module
from engine.sending.delivery_journal import DOT, Marks, MarksTaken, is_alive, read_marks

WRITER = """
import sys, time
from pathlib import Path
from engine.sending.delivery_journal import Marks
marks = Marks(Path(sys.argv[1]))
marks.dot("m1"); marks.answer("m1", 250)
marks.dot("m2"); marks.answer("m2", 451); marks.dot("m2")
marks.dot("m3"); marks.answer("m3", 550)
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
        with pytest.raises(MarksTaken, match="Another process"):
            Marks(path)
    finally:
        writer.send_signal(signal.SIGKILL)
        writer.communicate()
    assert not is_alive(path)
    assert read_marks(path) == {"m1": 250, "m2": DOT, "m3": 550}
    marks = Marks(path)
    assert marks.left == {"m1": 250, "m2": DOT, "m3": 550}
    assert is_alive(path)
    marks.close()
    assert not is_alive(path)


def test_a_file_that_is_not_there_holds_no_marks_and_no_life(path: Path) -> None:
    assert read_marks(path) == {}
    assert not is_alive(path)


def test_a_mark_is_on_the_file_before_the_call_returns(path: Path) -> None:
    marks = Marks(path)
    marks.dot("m1")
    assert read_marks(path) == {"m1": DOT}
    marks.answer("m1", 250)
    assert read_marks(path) == {"m1": 250}
    marks.close()


def test_a_file_torn_anywhere_gives_the_marks_that_were_whole(path: Path) -> None:
    marks = Marks(path)
    marks.dot("m1")
    marks.answer("m1", 250)
    marks.dot("m22")
    marks.close()
    whole = path.read_bytes()
    ends = [place + 1 for place, octet in enumerate(whole) if octet == ord("\n")]
    known: list[dict[str, int]] = [{}, {"m1": DOT}, {"m1": 250}, {"m1": 250, "m22": DOT}]
    for length in range(len(whole) + 1):
        path.write_bytes(whole[:length])
        assert read_marks(path) == known[sum(end <= length for end in ends)]


def test_a_torn_line_does_not_grow_into_another_mark(path: Path) -> None:
    path.write_bytes(b"m1 dot\nm2 d")
    marks = Marks(path)
    marks.dot("ot")
    marks.close()
    assert read_marks(path) == {"m1": DOT, "ot": DOT}


def test_nonsense_in_the_file_is_no_mark(path: Path) -> None:
    path.write_bytes(b"\xff\xfe\0\nm1 maybe\nm2  dot\nm3 dot x\nm4 999\nm5 250\n")
    assert read_marks(path) == {"m5": 250}


@pytest.mark.parametrize("key", ["", "a b", "a\nb", "a\u2028b", "a\x1c"])
def test_a_key_is_one_word(path: Path, key: str) -> None:
    marks = Marks(path)
    with pytest.raises(ValueError, match="one word"):
        marks.dot(key)
    marks.close()
    assert path.read_bytes() == b""


def test_what_is_recorded_elsewhere_is_forgotten_and_what_is_open_is_kept(path: Path) -> None:
    marks = Marks(path)
    marks.dot("m1")
    marks.answer("m1", 250)
    marks.dot("m2")
    marks.forget(["m1", "never-heard-of"])
    assert read_marks(path)["m2"] == DOT
    marks.answer("m2", 250)
    marks.forget(["m2"])
    assert path.stat().st_size == 0
    marks.dot("m3")
    assert read_marks(path) == {"m3": DOT}
    marks.close()


def test_a_large_file_shrinks_to_what_is_open_and_stays_locked(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LARGEST", 1000)
    marks = Marks(path)
    marks.dot("open")
    for number in range(100):
        marks.dot(f"m{number}")
        marks.answer(f"m{number}", 250)
    marks.forget([f"m{number}" for number in range(100)])
    assert path.read_bytes() == b"open dot\n"
    assert is_alive(path)
    marks.answer("open", 451)
    assert read_marks(path) == {"open": 451}
    marks.close()
    assert not is_alive(path)


def test_a_disk_that_is_full_refuses_the_mark_and_leaves_no_half_of_it(path: Path) -> None:
    code = f"""
import resource, signal
from pathlib import Path
from engine.sending.delivery_journal import Marks
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
marks = Marks(Path({str(path)!r}))
marks.dot("m1")
resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))
try:
    marks.dot("m2")
except OSError:
    print("refused")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30)
    assert done.stdout == "refused\n", done.stderr
    assert path.read_bytes() == b"m1 dot\n"


def test_the_file_is_its_owner_s_alone(path: Path) -> None:
    Marks(path).close()
    assert os.stat(path).st_mode & 0o777 == 0o600
