"""`pause` while letters leave: what is on the wire is finished, nothing new is begun, nothing is in
doubt, and everything leaves after `resume`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.commanding import DIALOGUE, SMTP, SOURCE, Installation, embedded, stop
from tests.running import MailServer, wait_for, write

pytestmark = pytest.mark.timeout(240)
MANY = 40
OTHER = """
  [[list.letter]]
  id = "other"
  after = "0 minutes"
  subject = "Autre"
  body = "question.md"
"""


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with MailServer() as server:
        server.sink.pause = 0.1
        yield server


@pytest.fixture
def relance(tmp_path: Path, mail: MailServer) -> Iterator[Installation]:
    """Many on list 10 and many on list 12, whose letters are due, and a server that takes its time
    for each.
    """
    installation = Installation(tmp_path)
    with embedded(installation):
        installation.configure(SMTP.format(port=mail.sink.port))
        write(
            tmp_path,
            {
                "sequences/semis.toml": DIALOGUE.replace(
                    "[[list]]\nid = 20", OTHER + "\n[[list]]\nid = 20"
                )
            },
        )
        installation.done("publish", "--yes")
        for number in (10, 12):
            write(
                tmp_path,
                {"readers.txt": "".join(f"on{number}-{n}@lecteurs.example\n" for n in range(MANY))},
            )
            installation.done(
                "import",
                str(tmp_path / "readers.txt"),
                "--list",
                str(number),
                "--start",
                "welcome",
                *SOURCE,
            )
        installation.done("resume", "--yes")
        yield installation


def arrived(mail: MailServer) -> Counter[str]:
    """Letters by list."""
    return Counter(message.recipients[0].partition("-")[0] for message in list(mail.sink.messages))


def due(relance: Installation) -> tuple[int, int]:
    """Letters due now on lists 10 and 12, once everything that happened is seen."""

    def seen() -> tuple[int, int] | None:
        facts = json.loads(relance("status", "--json").out)
        counts = {each["list"]: each["now"] for each in facts["waiting"]}
        return (
            None
            if any(view["behind"] for view in facts["views"])
            else (counts.get(10, 0), counts.get(12, 0))
        )

    found = wait_for(seen)
    assert isinstance(found, tuple)
    return found


def test_pause_finishes_what_is_on_the_wire_and_begins_nothing_new(
    relance: Installation, mail: MailServer
) -> None:
    with relance.running() as process:
        wait_for(lambda: len(mail.sink.messages) >= 3)
        mail.sink.pause = 1  # not all of them have left when the verb is done
        relance.done("pause")
        wait_for(lambda: sum(due(relance)) + len(mail.sink.messages) == 2 * MANY)
        taken = len(mail.sink.messages)
        assert 3 <= taken < 2 * MANY
        assert relance.done("in-doubt") == "0 letters in doubt\n"
        assert len(mail.sink.messages) == taken
        mail.sink.pause = 0
        relance.done("resume", "--yes")
        wait_for(lambda: len(mail.sink.messages) == 2 * MANY)
        assert stop(process).status == 0
    assert all(
        count == 1
        for count in Counter(message.recipients[0] for message in mail.sink.messages).values()
    )
    assert relance.done("audit", "replay") == "equal\n"


def test_pausing_one_list_holds_that_one_and_the_others_go_on(
    relance: Installation, mail: MailServer
) -> None:
    with relance.running() as process:
        wait_for(lambda: len(mail.sink.messages) >= 3)
        mail.sink.pause = 1  # not all of them have left when the verb is done
        relance.done("pause", "--list", "10")
        mail.sink.pause = 0
        wait_for(lambda: arrived(mail)["on12"] == MANY)
        held = arrived(mail)["on10"]
        assert due(relance) == (MANY - held, 0) and held < MANY
        assert f"{MANY - held} held: list 10 semis (operator)" in relance("status").out
        relance.done("resume", "--list", "10", "--yes")
        wait_for(lambda: arrived(mail)["on10"] == MANY)
        assert stop(process).status == 0
    assert all(
        count == 1
        for count in Counter(message.recipients[0] for message in mail.sink.messages).values()
    )
