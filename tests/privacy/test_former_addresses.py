"""Whoever objects or is erased is barred under every address they ever had, no copy of any of them
stays, and no letter goes to a former one.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from engine.commands.command_handler import CommandRequest
from engine.context import AppContext
from engine.mime.header_values import message_local
from engine.privacy.correction import Correction, correction
from engine.privacy.erasure import Receipt, erase
from engine.sending.mailbox import Mailbox
from engine.sending.relay_settings import RelaySettings
from engine.sending.sender import Sender
from engine.store.migrate import VAULT_MIGRATIONS
from engine.subscriber.commands import (
    AnyCommand,
    Object,
    Resubscribe,
    Suppress,
    Withdraw,
    WithdrawEverything,
)
from engine.subscriber.events import Cause
from engine.subscriber.outcome import Done
from engine.vault.stop_journal import Stop, read
from engine.vault.vault import VaultWrite
from tests.backup.database_context import backup, database_context_of, restore
from tests.conftest import MakeContext
from tests.privacy.garden import FILES, Anna, Everything, put_into_mailbox
from tests.running_installation import Installations
from tests.sink import Sink

SHOP = Cause("operator", "o1")
FIRST = "anna.gentil@lecteurs.example"
SECOND = "anna@ancienne.example"
NOW = "anna@nouvelle.example"
EVERY = (FIRST, SECOND, NOW)


def corrected(context: AppContext, stream: str, address: str) -> None:
    request = correction(context, stream, Correction(address), SHOP, ())
    assert isinstance(request, CommandRequest), request
    assert isinstance(context.command_handler.execute_one(request).outcome, Done)


def moved(context: AppContext) -> Anna:
    """She has had three addresses, the last of them hers today."""
    anna = Anna(context).joins()
    for address in (SECOND, NOW):
        corrected(context, anna.stream, address)
    return anna


@pytest.fixture
def anna(make_context: MakeContext) -> Anna:
    return moved(make_context(FILES))


def does(anna: Anna, command: AnyCommand) -> None:
    assert isinstance(
        anna.context.command_handler.execute_one(
            CommandRequest(command, stream=anna.stream, vault_write=VaultWrite("", command.at))
        ).outcome,
        Done,
    )


def objects(anna: Anna) -> None:
    does(anna, Object(anna.context.clock.now(), SHOP, "q1"))


def erased(anna: Anna, suppression: str = "bar") -> Receipt:
    result, receipt = erase(
        anna.context,
        anna.stream,
        SHOP,
        anna.context.command_handler.execute_one,
        suppression=suppression,  # type: ignore[arg-type]
    )
    assert isinstance(result.outcome, Done) and receipt is not None
    return receipt


def barred(context: AppContext, *addresses: str) -> dict[str, str]:
    hashes = {context.vault.hash(address): address for address in addresses or EVERY}
    return {hashes[hashed]: reason for hashed, reason in context.vault.suppressed(hashes).items()}


def test_an_objection_bars_every_address_they_ever_had(anna: Anna) -> None:
    objects(anna)
    assert barred(anna.context) == dict.fromkeys(EVERY, "objected")


def test_withdrawing_from_everything_does_by_whatever_door(anna: Anna) -> None:
    does(anna, WithdrawEverything(anna.context.clock.now(), Cause("api")))
    assert barred(anna.context) == dict.fromkeys(EVERY, "objected")


def test_withdrawing_from_one_purpose_bars_none(anna: Anna) -> None:
    does(anna, Withdraw(anna.context.clock.now(), Cause("click", evidence="e" * 64), "conseils"))
    assert barred(anna.context) == {}


def test_an_address_corrected_after_an_objection_is_barred_too(anna: Anna) -> None:
    objects(anna)
    corrected(anna.context, anna.stream, "anna@encore.example")
    assert barred(anna.context, "anna@encore.example") == {"anna@encore.example": "objected"}
    assert {stop.hash for stop in journal(anna.context)} >= {
        anna.context.vault.hash(address).hex() for address in (*EVERY, "anna@encore.example")
    }


def test_an_erasure_bars_every_address_and_says_why_for_the_one_it_concerns(anna: Anna) -> None:
    does(anna, Suppress(anna.context.clock.now(), SHOP, "complained"))
    erased(anna)
    assert barred(anna.context) == {FIRST: "erased", SECOND: "erased", NOW: "complained"}


def test_forgotten_with_the_suppression_no_address_is_barred(anna: Anna) -> None:
    objects(anna)
    erased(anna, "forget")
    assert barred(anna.context) == {}


def test_the_retention_of_a_silent_objector_lifts_nothing_and_of_another_bars_nothing(
    anna: Anna,
) -> None:
    other = Anna(anna.context, address="bruno@lecteurs.example").joins()
    objects(anna)
    erased(anna, "leave")
    erased(other, "leave")
    assert barred(anna.context, *EVERY, other.address) == dict.fromkeys(EVERY, "objected")


def test_who_comes_back_by_their_own_act_is_barred_nowhere_by_that_objection(anna: Anna) -> None:
    objects(anna)
    anna.context.clock.jump(60_000)
    back = Resubscribe(
        anna.context.clock.now(),
        Cause("click", evidence="e" * 64),
        "conseils",
        "human_button",
        list=10,
    )
    assert isinstance(
        anna.context.command_handler.execute_one(
            CommandRequest(back, stream=anna.stream, vault_write=VaultWrite("", back.at, lift=True))
        ).outcome,
        Done,
    )
    assert barred(anna.context) == {}


def test_a_former_address_that_is_somebody_else_s_by_now_stays_theirs(anna: Anna) -> None:
    Anna(anna.context, address=SECOND).joins()
    objects(anna)
    assert sorted(barred(anna.context)) == [FIRST, NOW]


def test_no_copy_of_any_address_stays_after_an_erasure(
    anna: Anna, installations: Installations
) -> None:
    anna.is_sent()
    other = Anna(anna.context, address=SECOND, said="").joins()
    folder = anna.context.config.data / "mailbox"
    mine, hers = (begun.message for begun in (anna.letters[0], other.is_sent()))
    kept = [
        (FIRST, mine),
        (NOW, mine),
        (NOW.upper(), mine),
        (SECOND, mine),
        (SECOND, hers),
        ("bruno@lecteurs.example", hers),
    ]
    fill(folder, kept)
    assert erased(anna).deleted["letters in the built-in mailbox"] == 4
    assert [each.id for each in Mailbox(folder).list(9)] == ["0000000005", "0000000004"]
    assert Everything.of(installations, anna.context).found(FIRST, NOW) == set()


def test_a_letter_ready_to_leave_for_a_former_address_is_written_anew_to_the_other(
    make_context: MakeContext,
) -> None:
    context = make_context(FILES)
    anna = Anna(context).joins()
    context.views.catch_up()

    async def story(sink: Sink) -> None:
        async with sink:
            sender = Sender(
                context.sending(), RelaySettings("127.0.0.1", sink.port, "none", connections=1)
            )
            _taken, ready = await sender._prepare(idle=True)
            assert ready is not None and [envelope.recipient for envelope in ready[1]] == [FIRST]
            corrected(context, anna.stream, NOW)
            await sender._deliver(*ready)
            await asyncio.to_thread(context.views.catch_up)
            await sender.tick()
            await sender.route.close()
            sender.journal.close()

    sink = Sink()
    asyncio.run(story(sink))
    assert [address for message in sink.messages for address in message.recipients] == [NOW]


def fill(folder: Path, letters: list[tuple[str, str]]) -> None:
    folder.mkdir(parents=True)
    for number, (recipient, message) in enumerate(letters):
        head = f"Subject: x\r\nMessage-ID: <{message_local(bytes.fromhex(message))}@jardin.example>"
        put_into_mailbox(folder, number, recipient, f"{head}\r\n\r\nBonjour")


def journal(context: AppContext) -> list[Stop]:
    return read(context.vault.journal.path)[0]


def test_the_stop_journal_names_every_hash_and_nobody_beside_one_that_outlives_them(
    anna: Anna,
) -> None:
    objects(anna)
    hashes = [anna.context.vault.hash(address).hex() for address in EVERY]
    assert {stop.hash for stop in journal(anna.context)} == set(hashes)
    before = len(journal(anna.context))
    erased(anna)
    since = journal(anna.context)[before:]
    assert {(stop.kind, stop.stream, stop.hash) for stop in since} == {
        ("erasure", anna.stream, ""),
        *(("suppression", "", h) for h in hashes),
    }


@dataclass
class Two:
    """One is to object and one to be erased, each with an address they had before; `late` corrects
    hers after the copy was made.
    """

    objector: str = ""
    gone: str = ""
    late: str = ""

    def __call__(self, context: AppContext) -> None:
        self.objector = moved(context).stream
        self.gone = Anna(context, address="bruno@lecteurs.example").joins().stream
        corrected(context, self.gone, "bruno@nouvelle.example")
        self.late = Anna(context, address="chloe@lecteurs.example").joins().stream
        context.views.catch_up()


def test_a_copy_put_back_bars_them_again(installations: Installations, tmp_path: Path) -> None:
    people = Two()
    late = ("chloe@lecteurs.example", "chloe@nouvelle.example")
    with database_context_of(installations, people) as database_context:
        backup(database_context, tmp_path / "copy")
        with database_context.open_context() as context:
            context.command_handler.execute_one(
                CommandRequest(Object(context.clock.now(), SHOP, "q"), stream=people.objector)
            )
            assert (
                erase(context, people.gone, SHOP, context.command_handler.execute_one)[1]
                is not None
            )
            corrected(context, people.late, late[1])
            context.command_handler.execute_one(
                CommandRequest(
                    WithdrawEverything(context.clock.now(), Cause("api")), stream=people.late
                )
            )
        assert restore(database_context, tmp_path / "copy") == 0
        with database_context.open_context() as context:
            assert barred(context) == dict.fromkeys(EVERY, "objected")
            assert barred(context, "bruno@lecteurs.example", "bruno@nouvelle.example").keys() == {
                "bruno@lecteurs.example",
                "bruno@nouvelle.example",
            }
            assert barred(context, *late) == dict.fromkeys(late, "objected")


def test_an_installation_of_before_bars_the_former_addresses_it_still_knows(
    anna: Anna, installations: Installations
) -> None:
    objects(anna)
    database = Everything.of(installations, anna.context)
    with psycopg.connect(database.conninfo, autocommit=True) as owner:
        owner.execute(
            "DELETE FROM vault.suppression WHERE address_hash <> %s", [anna.context.vault.hash(NOW)]
        )
        owner.execute((VAULT_MIGRATIONS / "0004_former_addresses_of_objectors.sql").read_bytes())
    assert barred(anna.context) == dict.fromkeys(EVERY, "objected")
