"""What somebody can mend (a field that is empty, a relay that cannot carry an address) withholds a
letter, and never counts against the person.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import pytest

from engine.cli.parser import parser
from engine.cli.retry_withheld import retry_withheld
from engine.cli.show import standing
from engine.cli.status import status
from engine.commands.command_handler import Wish
from engine.context import House
from engine.i18n.refusal import Refusal
from engine.privacy.correction import Correction, correction
from engine.sending.sender import Sender
from engine.sending.settings import RelaySettings
from engine.status.gather import gather
from engine.subscriber.events import Cause, LetterSent, LetterWithheld
from tests.auditor import Auditor
from tests.sending.handing_over import ONE_BY_ONE
from tests.sending.test_leases import FILES
from tests.sending.test_quarantine import enter
from tests.sink import EVERYTHING, Sink

pytestmark = pytest.mark.postgres
MakeHouse = Callable[..., House]

TOWN = FILES | {"bonjour.md": "Bonjour {{ town }}.\n"}
WITHOUT_SMTPUTF8 = tuple(feature for feature in EVERYTHING if feature != "SMTPUTF8")


def sends(house: House, features: Sequence[str] = EVERYTHING, times: int = 3) -> list[str]:
    """Who got a letter, in the order of their names."""

    async def tick() -> list[str]:
        async with Sink(features) as sink:
            sender = Sender(house, RelaySettings("127.0.0.1", sink.port, "none", connections=1))
            for _ in range(times):
                await asyncio.to_thread(house.views.catch_up)
                await sender.tick()
            await asyncio.to_thread(house.views.catch_up)
            await sender.relay.close()
            sender.marks.close()
            return sorted(
                address.partition("@")[0]
                for message in sink.messages
                for address in message.recipients
            )

    return asyncio.run(tick())


def withheld(house: House, stream: str) -> list[tuple[str, str]]:
    return [
        (entry.event.why, entry.event.what)
        for entry in house.ledger.stream(stream)
        if isinstance(entry.event, LetterWithheld)
    ]


@pytest.mark.parametrize(
    "features",
    [WITHOUT_SMTPUTF8, tuple(feature for feature in ONE_BY_ONE if feature != "SMTPUTF8")],
)
def test_a_relay_without_smtputf8_withholds_and_counts_against_nobody(
    make_house: MakeHouse, features: Sequence[str]
) -> None:
    house = make_house(FILES)
    jurgen, anna = enter(house, "jürgen"), enter(house, "anna")
    assert sends(house, features) == ["anna"]
    assert (
        withheld(house, jurgen) == [("cannot be carried", "smtputf8")]
        and withheld(house, anna) == []
    )
    person = house.decisions.load([jurgen])[jurgen]
    assert (person.soft_bounces, person.suppressed) == (0, "")


def retries(house: House, *more: str) -> int:
    return retry_withheld(
        house, parser("retry-withheld", "en").parse_args(["retry-withheld", *more])
    )


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().out.replace("\u00a0", " ")


def moves_to(house: House, stream: str, town: str) -> None:
    wish = correction(house, stream, Correction(fields={"town": town}), Cause("operator"), ())
    assert isinstance(wish, Wish)
    house.decisions.one(wish)


def test_a_relay_that_takes_it_gets_what_the_one_before_could_not_carry(
    make_house: MakeHouse,
) -> None:
    house = make_house(FILES)
    jurgen = enter(house, "jürgen")
    sends(house, WITHOUT_SMTPUTF8)
    assert retries(house) == 0
    assert sends(house) == ["jürgen"]
    assert (
        isinstance(house.ledger.stream(jurgen)[-1].event, LetterSent)
        and house.views.withheld() == []
    )


def test_a_missing_field_is_named_everywhere_and_once_mended_each_gets_the_letter_once(
    make_house: MakeHouse, capsys: pytest.CaptureFixture[str]
) -> None:
    house = make_house(TOWN)
    anna, bruno, chloe = (enter(house, name) for name in ("anna", "bruno", "chloe"))
    moves_to(house, anna, "Lyon")
    assert sends(house) == ["anna"]
    assert [(each.letter, each.what, each.people) for each in gather(house).withheld] == [
        ("bonjour", "field:town", 2)
    ]
    assert status(house, parser("status", "en").parse_args(["status"])) == 1
    screen = said(capsys)
    assert (
        "« Bonjour » [bonjour] (liste 1 un) est retenue pour 2 personnes : le champ town est vide"
        in screen
    )
    assert "`relance retry-withheld bonjour`" in screen and "tout va bien" not in screen
    assert "Withheld: “Bonjour” [bonjour] (list 1 un): the field town is empty" in standing(
        house, bruno, "UTC", str
    )
    moves_to(house, bruno, "Guéret")
    house.views.catch_up()
    assert retries(house, "bonjour") == 0
    assert "essayée de nouveau pour 2" in said(capsys)
    assert sends(house) == ["bruno"]
    assert [row[0] for row in house.views.withheld_from("", ("", "", ""), 9)] == [chloe]
    assert retries(house) == 0
    assert sends(house) == [] and len(withheld(house, chloe)) == 3
    assert house.views.compare(lambda done, total: None) == []
    for stream in (anna, bruno, chloe):
        auditor = Auditor()
        for entry in house.ledger.stream(stream):
            auditor.see(entry.event)  # type: ignore[arg-type]


def test_past_its_lateness_it_waits_for_who_asks_for_it_late(
    make_house: MakeHouse, capsys: pytest.CaptureFixture[str]
) -> None:
    house = make_house(TOWN)
    anna = enter(house, "anna")
    sends(house)
    house.clock.jump(30 * 86_400_000)
    moves_to(house, anna, "Lyon")
    assert retries(house) == 0
    assert "son max_lateness est passé pour 1" in said(capsys) and sends(house) == []
    assert retries(house, "--late") == 0
    assert sends(house) == ["anna"]


def test_a_letter_that_is_not_withheld_is_said_with_those_that_are(
    make_house: MakeHouse, capsys: pytest.CaptureFixture[str]
) -> None:
    house = make_house(TOWN)
    assert retries(house) == 0 and "Aucune lettre n’est retenue" in said(capsys)
    enter(house, "anna")
    sends(house)
    with pytest.raises(
        Refusal, match="no letter bonsoir is withheld for what can be mended; there are: bonjour"
    ):
        retries(house, "bonsoir")
