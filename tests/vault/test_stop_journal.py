"""The stop journal: on the disk before the commit, whole lines only, harmless when nothing came of
it; and a full disk stops nobody from leaving.
"""

from __future__ import annotations

import errno
import json
import os
import stat
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.commands.command_handler import CommandRequest, Result
from engine.context import AppContext
from engine.i18n.in_words import in_english
from engine.subscriber import commands
from engine.subscriber.commands import Erase, Subscribe, Suppress, WithdrawEverything
from engine.subscriber.events import Cause
from engine.subscriber.outcome import Done, Refused
from engine.vault import stop_journal
from engine.vault.stop_journal import Stop, StopJournal, each_once, later_than, read
from engine.vault.vault import Erasing, VaultWrite
from tests.cli.asking import FILES, join
from tests.conftest import MakeContext

ONE = Stop("withdrawal", 1000, "s1", "conseils", "ab")
TWO = Stop("erasure", 2000, "s2", why="asked")
CLICK = Cause("click")


def test_what_is_noted_is_read_again_in_order(tmp_path: Path) -> None:
    journal = StopJournal(tmp_path)
    journal.note([ONE])
    journal.note([TWO, ONE])
    assert read(journal.path) == ([ONE, TWO, ONE], 0)
    assert list(each_once(read(journal.path)[0])) == [ONE, TWO]
    assert stat.S_IMODE(journal.path.stat().st_mode) == 0o600


def test_a_torn_last_line_is_left_alone_and_the_next_one_stands_whole(tmp_path: Path) -> None:
    journal = StopJournal(tmp_path)
    journal.note([ONE])
    with journal.path.open("ab") as file:
        file.write(TWO.line()[:20])
    journal.note([TWO])
    assert read(journal.path) == ([ONE, TWO], 1)


@given(st.binary(max_size=200))
def test_whatever_stands_in_the_file_is_read_as_far_as_it_can_be(octets: bytes) -> None:
    path = Path(os.environ.get("TMPDIR", "/tmp")) / f"journal-{os.getpid()}-{threading.get_ident()}"
    try:
        path.write_bytes(ONE.line() + octets + b"\n" + TWO.line())
        stops, _unreadable = read(path)
        assert ONE in stops and TWO in stops
    finally:
        path.unlink(missing_ok=True)


@pytest.mark.parametrize("after", [-1, 0, 1, 999, 2995, 2999, 5000])
def test_the_latest_lines_are_found_from_the_end(tmp_path: Path, after: int) -> None:
    journal = StopJournal(tmp_path)
    journal.note([Stop("withdrawal", n, "s" * 36, "conseils", "ab" * 32) for n in range(3000)])
    assert journal.path.stat().st_size > 4 * stop_journal.PIECE_BYTES
    assert [stop.at for stop in later_than(journal.path, after)] == list(range(after + 1, 3000))


STRANGE = (
    '{"kind":"party","at":1}',
    '{"kind":"erasure"}',
    '{"kind":"erasure","at":"x"}',
    "[]",
    '{"kind":"erasure","at":1,"hash":"zz"}',
)


@pytest.mark.parametrize("said", STRANGE)
def test_a_line_that_is_none_is_counted_and_passed_over(tmp_path: Path, said: str) -> None:
    path = tmp_path / stop_journal.FILE
    path.write_text(said + "\n")
    assert read(path) == ([], 1)


def test_many_threads_write_whole_lines(tmp_path: Path) -> None:
    journals = [StopJournal(tmp_path) for _ in range(4)]

    def write(n: int) -> None:
        for k in range(25):
            journals[n].note([Stop("erasure", n * 100 + k, "s" * 36)])

    threads = [threading.Thread(target=write, args=(n,)) for n in range(len(journals))]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    stops, unreadable = read(journals[0].path)
    assert unreadable == 0 and len(set(stops)) == 100


class FullDisk:
    """From now on nothing can be written to the journal's file."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.full = True
        self._write = os.write
        monkeypatch.setattr(os, "write", self.write)

    def write(self, file: int, octets: bytes) -> int:
        if self.full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return self._write(file, octets)


def test_what_could_not_be_written_is_owed_and_comes_with_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal, disk = StopJournal(tmp_path), FullDisk(monkeypatch)
    journal.tell([ONE])
    assert journal.trouble == "No space left on device"
    disk.full = False
    journal.tell([TWO])
    assert read(journal.path) == ([ONE, TWO], 0) and journal.trouble == ""


def test_a_part_of_a_line_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = StopJournal(tmp_path)
    journal.note([ONE])
    written = iter([7])

    def write(file: int, octets: bytes) -> int:
        for count in written:
            return os.pwrite(file, octets[:count], os.fstat(file).st_size)
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "write", write)
    with pytest.raises(OSError):
        journal.note([TWO])
    assert journal.path.read_bytes() == ONE.line()


@pytest.fixture
def context(make_context: MakeContext) -> AppContext:
    return make_context(FILES)


def lines(context: AppContext) -> list[dict[str, object]]:
    return [json.loads(line) for line in context.vault.journal.path.read_text().splitlines()]


def withdrawal(context: AppContext, stream: str, purpose: str = "conseils") -> CommandRequest:
    return CommandRequest(commands.withdrawal(context.clock.now(), CLICK, purpose), stream=stream)


def erasure(context: AppContext, stream: str) -> CommandRequest:
    address = context.vault.people([stream])[stream].address
    vault_write = VaultWrite(
        "",
        context.clock.now(),
        suppress="erased",
        address_hash=context.vault.hash(address),
        erasing=Erasing(),
    )
    return CommandRequest(
        Erase(context.clock.now(), CLICK, "q1"), stream=stream, vault_write=vault_write
    )


def kinds(results: list[Result]) -> list[type]:
    return [type(result.outcome) for result in results]


def test_erasures_withdrawals_and_suppressions_are_told_with_one_fsync_for_a_batch(
    context: AppContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna, bruno, chloe = join(context, 3)
    hashes = {
        s: context.vault.hash(known.address).hex()
        for s, known in context.vault.people([anna, bruno, chloe]).items()
    }
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda file: synced.append(file))
    requests = [
        withdrawal(context, anna, "*"),
        erasure(context, bruno),
        CommandRequest(Suppress(context.clock.now(), CLICK, "complained"), stream=chloe),
    ]
    assert kinds(context.command_handler.execute(requests)) == [Done, Done, Done]
    assert len(synced) == 2  # the file, and once the folder in which it is new
    said = [
        {name: value for name, value in line.items() if name != "at"} for line in lines(context)
    ]
    assert said == [
        {"kind": "withdrawal", "stream": anna, "purpose": "*", "hash": hashes[anna]},
        {"kind": "erasure", "stream": bruno, "why": "asked"},
        {"kind": "suppression", "hash": hashes[bruno], "why": "erased"},
        {"kind": "suppression", "stream": chloe, "hash": hashes[chloe], "why": "complained"},
    ]


def test_the_line_of_who_leaves_as_soon_as_they_are_registered_says_whose_address_it_is(
    context: AppContext,
) -> None:
    """A copy from before knows nobody by their id."""
    address, now = "dora@lecteurs.example", context.clock.now()
    joining = CommandRequest(
        Subscribe(now, CLICK, 11, "consent", "declared"),
        address=address,
        vault_write=VaultWrite("", now),
    )
    assert kinds(
        context.command_handler.execute(
            [joining, CommandRequest(WithdrawEverything(now, CLICK), address=address)]
        )
    ) == [Done, Done]
    hashed = context.vault.hash(address).hex()
    assert [line["hash"] for line in lines(context)] == [hashed] and context.vault.suppressed(
        [bytes.fromhex(hashed)]
    )


def test_what_changes_nothing_for_the_person_is_not_told(context: AppContext) -> None:
    (anna,) = join(context, 1)
    context.command_handler.execute_one(withdrawal(context, anna))
    context.command_handler.execute_one(withdrawal(context, anna))
    assert len(lines(context)) == 1


def test_strangers_who_must_not_be_written_to_are_told_too(context: AppContext) -> None:
    context.vault.suppress({b"\x01" * 32: "objected"}, 7)
    assert lines(context) == [
        {"kind": "suppression", "hash": "01" * 32, "why": "objected", "at": 7}
    ]


def test_it_is_on_the_disk_before_the_commit(
    context: AppContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    (anna,) = join(context, 1)

    def append(*_: object) -> None:
        assert [line["stream"] for line in lines(context)] == [anna]
        raise ConnectionError("the machine dies here")

    monkeypatch.setattr(context.ledger, "append", append)
    with pytest.raises(ConnectionError):
        context.command_handler.execute_one(withdrawal(context, anna))


def test_on_a_full_disk_people_leave_and_erasures_wait(
    context: AppContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna, bruno, chloe = join(context, 3)
    disk = FullDisk(monkeypatch)
    results = context.command_handler.execute(
        [
            withdrawal(context, anna),
            erasure(context, bruno),
            withdrawal(context, bruno),
            withdrawal(context, chloe),
        ]
    )
    assert kinds(results) == [Done, Refused, Done, Done]
    refused = results[1].outcome
    assert isinstance(refused, Refused) and in_english(refused).startswith(
        "the stop journal cannot be written (No space left on device)"
    )
    people = context.command_handler.load([anna, bruno, chloe])
    assert not any(person.erased or person.memberships for person in people.values())
    assert context.vault.find(context.vault.people([bruno])[bruno].address) == bruno
    disk.full = False
    assert kinds([context.command_handler.execute_one(erasure(context, bruno))]) == [Done]
    assert {(line["kind"], line.get("stream")) for line in lines(context)} >= {
        ("withdrawal", anna), ("withdrawal", bruno), ("withdrawal", chloe), ("erasure", bruno),
    }  # fmt: skip
