"""A database put back from an older copy: nothing leaves until somebody has looked, on this machine
and on others, and it is recorded once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from engine.app import open_context_in
from engine.config import read_config
from engine.context import AppContext
from engine.installation.events import LedgerRestored, OriginBegun
from engine.ledger.recorder import LedgerPutBack
from engine.ledger.store import LOST
from engine.runtime.rollback_detection import FILE, PUT_BACK, Restored, RollbackDetection
from engine.runtime.startup import make_ready
from engine.secret_files import read_secrets
from projections.agenda import Agenda
from projections.letters import Letters
from projections.members import Members
from tests.cli.asking import FILES, join
from tests.cli.commanding import SMTP, SOURCE, Installation, embedded, stop
from tests.running import MailServer, wait_for, write
from tests.running_installation import Installations

pytestmark = pytest.mark.timeout(240)


class Copies:
    """An installation whose database is copied and put back, as an operator does with a backup."""

    def __init__(self, installations: Installations, context: AppContext) -> None:
        self.admin, self.folder = installations.admin, context.config.folder
        with context.database.connection() as connection:
            self.name = connection.info.dbname
        self.copy = f"{self.name}_copy"
        context.ledger.close()
        context.database.close()

    @contextmanager
    def opened(self) -> Iterator[AppContext]:
        config = read_config(self.folder)
        with open_context_in(
            config, make_conninfo(self.admin, dbname=self.name), read_secrets(config.secrets)
        ) as context:
            yield context

    def save(self) -> None:
        self._run(
            f"DROP DATABASE IF EXISTS {self.copy}",
            f"CREATE DATABASE {self.copy} TEMPLATE {self.name}",
        )

    def put_back(self) -> None:
        self._run(
            f"DROP DATABASE {self.name} WITH (FORCE)",
            f"CREATE DATABASE {self.name} TEMPLATE {self.copy}",
        )

    def forget(self) -> None:
        self._run(f"DROP DATABASE IF EXISTS {self.copy}")

    def _run(self, *statements: str) -> None:
        with psycopg.connect(self.admin, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())


@pytest.fixture
def copies(installations: Installations) -> Iterator[Copies]:
    with installations.made(FILES) as context:
        join(context, 2)
        make_ready(context, 0)
        with closing(_Forgetting(Copies(installations, context))) as kept:
            yield kept.copies


class _Forgetting:
    def __init__(self, copies: Copies) -> None:
        self.copies = copies

    def close(self) -> None:
        self.copies.forget()


def restored(context: AppContext) -> list[int]:
    return [
        entry.event.position
        for batch in context.ledger.all()
        for entry in batch
        if isinstance(entry.event, LedgerRestored)
    ]


def test_an_older_copy_is_recognised_recorded_once_and_holds_sending(copies: Copies) -> None:
    copies.save()
    with copies.opened() as context:
        head = context.ledger.head()
        join(context, 3)
        context.rollback_detection.note()
    copies.put_back()
    for _ in range(2):
        with copies.opened() as context:
            make_ready(context, 0)
            assert restored(context) == [head]
            assert context.installation_stream.current().paused == {0: "restored"}


def test_another_entry_at_the_same_place_is_another_ledger(copies: Copies) -> None:
    copies.save()
    with copies.opened() as context:
        head = context.ledger.head()
        join(context, 1)
        context.rollback_detection.note()
    copies.put_back()
    with copies.opened() as context:
        join(context, 3)
        make_ready(context, 0)
        assert len(restored(context)) == 1 and restored(context)[0] > head


def test_a_copy_older_than_what_was_signed_is_recognised_by_the_checkpoint_too(
    copies: Copies,
) -> None:
    copies.save()
    with copies.opened() as context:
        join(context, 3)
        signed = context.tree.sign_now()
    copies.put_back()
    (copies.folder / "data" / FILE).unlink()
    with copies.opened() as context:
        head = context.ledger.head()
        make_ready(context, 0)
        assert restored(context) == [head]
        again = context.tree.sign_now()
        assert again.origin != signed.origin
        (begun,) = [
            entry.event
            for batch in context.ledger.all()
            for entry in batch
            if isinstance(entry.event, OriginBegun)
        ]
        assert (begun.previous, begun.size, begun.root) == (
            signed.origin,
            signed.size,
            signed.root.hex(),
        )
    with copies.opened() as context:
        make_ready(context, 0)
        assert restored(context) == [head]
        assert context.tree.sign_now() == again


def test_a_machine_that_was_away_signs_in_the_name_that_others_have_begun(copies: Copies) -> None:
    copies.save()
    with copies.opened() as context:
        join(context, 3)
        context.tree.sign_now()
        held = (copies.folder / "data" / "proof" / "last-checkpoint").read_bytes()
    copies.put_back()
    with copies.opened() as context:
        make_ready(context, 0)
        now = context.tree.sign_now()
        (copies.folder / "data" / "proof" / "last-checkpoint").write_bytes(held)
        (copies.folder / "data" / FILE).unlink()
        make_ready(context, 0)
        assert len(restored(context)) == 1
        join(context, 1)
        assert context.tree.sign_now().origin == now.origin


def test_a_ledger_that_only_went_on_is_the_same(copies: Copies) -> None:
    with copies.opened() as context:
        join(context, 3)
    with copies.opened() as context:
        make_ready(context, 0)
        assert restored(context) == [] and context.installation_stream.current().paused == {}


def test_a_machine_without_a_file_takes_the_ledger_as_it_finds_it(copies: Copies) -> None:
    (copies.folder / "data" / FILE).unlink()
    with copies.opened() as context:
        make_ready(context, 0)
        assert restored(context) == []
        assert (
            json.loads((copies.folder / "data" / FILE).read_text())["position"]
            == context.ledger.head()
        )


def test_a_file_that_cannot_be_read_is_said_and_not_used(
    copies: Copies, caplog: pytest.LogCaptureFixture
) -> None:
    (copies.folder / "data" / FILE).write_text("{")
    with copies.opened() as context:
        make_ready(context, 0)
        assert restored(context) == [] and "cannot be read" in caplog.text


def test_a_machine_that_was_away_does_not_raise_the_alarm_again(
    copies: Copies, tmp_path: Path
) -> None:
    """It was switched off before the copy was put back, and another machine and its operator have
    dealt with it since.
    """
    copies.save()
    with copies.opened() as context:
        join(context, 3)
        context.rollback_detection.note()
        away = RollbackDetection(context.ledger, context.installation_stream, tmp_path)
        away.note()
    copies.put_back()
    with copies.opened() as context:
        make_ready(context, 0)
        assert (
            RollbackDetection(context.ledger, context.installation_stream, tmp_path).lost() is None
        )
    # Put back once more, to a copy that knows of the first time: that is news.
    copies.save()
    with copies.opened() as context:
        join(context, 2)
        context.rollback_detection.note()
    copies.put_back()
    with copies.opened() as context:
        make_ready(context, 0)
        assert len(restored(context)) == 2


def test_a_process_beneath_which_the_ledger_was_put_back_ends_before_it_takes_anything(
    copies: Copies,
) -> None:
    copies.save()
    with copies.opened() as context:
        join(context, 1)
        context.rollback_detection.note()
        copies.put_back()
        with psycopg.connect(make_conninfo(copies.admin, dbname=copies.name)):
            """It answers again."""
        with pytest.raises(Restored):
            for _ in range(5):
                try:
                    context.rollback_detection.confirm()
                except psycopg.OperationalError:
                    continue


def test_what_was_lost_after_the_last_beat_is_found_by_whoever_wrote_it(copies: Copies) -> None:
    """A standby took over that had not heard of the last seconds: nothing is appended to what is
    known no longer, and the next start records it, whatever beats meanwhile.
    """
    with copies.opened() as context:
        context.rollback_detection.note()
    copies.save()
    with copies.opened() as context:
        head = context.ledger.head()
        context.rollback_detection.note()
        join(context, 1)
        copies.put_back()
        refusals = []
        for _ in range(5):
            with pytest.raises(LOST) as refused:
                join(context, 1)
            refusals.append(refused.type)
        assert refusals[-1] is LedgerPutBack
        assert context.ledger.head() == head
        with pytest.raises(Restored):
            context.rollback_detection.confirm()
    with copies.opened() as another:
        another.rollback_detection.note()
    with copies.opened() as context:
        make_ready(context, 0)
        assert restored(context) == [head]
        assert context.installation_stream.current().paused == {0: "restored"}
        context.rollback_detection.note()
        assert PUT_BACK not in (copies.folder / "data" / FILE).read_text()


def test_views_that_know_of_more_than_the_ledger_are_made_anew(copies: Copies) -> None:
    """Only the ledger came back: everything else stands where it stood."""
    copies.save()
    with copies.opened() as context:
        join(context, 3)
        context.views.catch_up()
        context.rollback_detection.note()
        ahead = context.ledger.head()
    copies.put_back()
    with copies.opened() as context:
        context.views.catch_up()
        with context.database.connection() as connection:
            for view in (Agenda, Members, Letters):
                schema = f"view_{view.name}_{view.version}"
                connection.execute(f'UPDATE {schema}."position" SET position = {ahead}'.encode())
            connection.execute("UPDATE view_members_2.membership SET list = 12")
        make_ready(context, 0)
        assert context.views.compare(lambda done, total: None) == []


def test_nothing_leaves_after_a_backup_was_put_back_until_resume(tmp_path: Path) -> None:
    """The whole of it: real processes, a real mail server. What had left since the copy leaves
    again only when the operator says so.
    """
    relance = Installation(tmp_path)
    with embedded(relance) as server, MailServer() as mail:
        relance.configure(SMTP.format(port=mail.sink.port))
        relance.done("publish", "--yes")
        write(tmp_path, {"readers.txt": "".join(f"reader{n}@lecteurs.example\n" for n in range(3))})
        relance.done(
            "import", str(tmp_path / "readers.txt"), "--list", "10", "--start", "welcome", *SOURCE
        )
        relance.done("resume", "--yes")
        with psycopg.connect(
            make_conninfo(server.attach(), dbname="postgres"), autocommit=True
        ) as admin:
            admin.execute("CREATE DATABASE copy TEMPLATE relance")
            with relance.running() as process:
                wait_for(lambda: len(mail.sink.messages) == 3)
                assert stop(process).status == 0
            admin.execute("DROP DATABASE relance WITH (FORCE)")
            admin.execute("CREATE DATABASE relance TEMPLATE copy")
        with relance.running() as process:
            wait_for(lambda: "agenda: up to date" in relance("status").out)
            screen = relance("status")
            assert (
                screen.status == 1 and "sending is paused (restored); letters due: 3" in screen.out
            )
            assert "`relance resume` says what will leave" in screen.out
            assert len(mail.sink.messages) == 3
            assert "In the next hour 3 letters will leave." in relance.done("resume", "--yes")
            wait_for(lambda: len(mail.sink.messages) == 6)
            said = stop(process)
        assert said.status == 0 and "Sending is paused (restored" in said.out
        (alarm,) = [
            line for line in map(json.loads, said.err.splitlines()) if line["level"] == "error"
        ]
        assert (
            alarm["what"].startswith("THE LEDGER WAS PUT BACK")
            and alarm["position"] < alarm["remembered"]
        )
        assert relance.done("audit", "replay") == "equal\n"
