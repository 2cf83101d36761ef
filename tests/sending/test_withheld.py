"""What somebody can mend (a field that is empty, a relay that cannot carry an address) withholds a
letter, and never counts against the person.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from engine.audit.standing import standing
from engine.cli.parser import parser
from engine.cli.sending import retry_withheld
from engine.cli.status import status
from engine.commands.command_handler import CommandRequest
from engine.context import AppContext
from engine.i18n.user_error import UserError
from engine.privacy.correction import Correction, correction
from engine.status.gather import gather
from engine.subscriber.events import Cause, LetterSent, LetterWithheld
from tests.auditor import Auditor
from tests.sending.handing_over import ONE_BY_ONE
from tests.sending.readers import FILES, MakeContext, enter, who_got_a_letter
from tests.sink import EVERYTHING

pytestmark = pytest.mark.postgres
TOWN = FILES | {"bonjour.md": "Bonjour {{ town }}.\n"}
WITHOUT_SMTPUTF8 = tuple(feature for feature in EVERYTHING if feature != "SMTPUTF8")


def withheld(context: AppContext, stream: str) -> list[tuple[str, str]]:
    return [
        (entry.event.why, entry.event.what)
        for entry in context.ledger.stream(stream)
        if isinstance(entry.event, LetterWithheld)
    ]


@pytest.mark.parametrize(
    "features",
    [WITHOUT_SMTPUTF8, tuple(feature for feature in ONE_BY_ONE if feature != "SMTPUTF8")],
)
def test_a_relay_without_smtputf8_withholds_and_counts_against_nobody(
    make_context: MakeContext, features: Sequence[str]
) -> None:
    context = make_context(FILES)
    jurgen, anna = enter(context, "jürgen"), enter(context, "anna")
    assert who_got_a_letter(context, features) == ["anna"]
    assert (
        withheld(context, jurgen) == [("cannot be carried", "smtputf8")]
        and withheld(context, anna) == []
    )
    person = context.command_handler.load([jurgen])[jurgen]
    assert (person.soft_bounces, person.suppressed) == (0, "")


def retries(context: AppContext, *more: str) -> int:
    return retry_withheld(
        context, parser("retry-withheld", "en").parse_args(["retry-withheld", *more])
    )


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().out.replace("\u00a0", " ")


def moves_to(context: AppContext, stream: str, town: str) -> None:
    request = correction(context, stream, Correction(fields={"town": town}), Cause("operator"), ())
    assert isinstance(request, CommandRequest)
    context.command_handler.execute_one(request)


def test_a_relay_that_takes_it_gets_what_the_one_before_could_not_carry(
    make_context: MakeContext,
) -> None:
    context = make_context(FILES)
    jurgen = enter(context, "jürgen")
    who_got_a_letter(context, WITHOUT_SMTPUTF8)
    assert retries(context) == 0
    assert who_got_a_letter(context) == ["jürgen"]
    assert (
        isinstance(context.ledger.stream(jurgen)[-1].event, LetterSent)
        and context.views.withheld() == []
    )


def test_a_missing_field_is_named_everywhere_and_once_mended_each_gets_the_letter_once(
    make_context: MakeContext, capsys: pytest.CaptureFixture[str]
) -> None:
    context = make_context(TOWN)
    anna, bruno, chloe = (enter(context, name) for name in ("anna", "bruno", "chloe"))
    moves_to(context, anna, "Lyon")
    assert who_got_a_letter(context) == ["anna"]
    assert [(each.letter, each.what, each.people) for each in gather(context).withheld] == [
        ("bonjour", "field:town", 2)
    ]
    assert status(context, parser("status", "en").parse_args(["status"])) == 1
    screen = said(capsys)
    assert (
        "« Bonjour » [bonjour] (liste 1 un) est retenue pour 2 personnes : le champ town est vide"
        in screen
    )
    assert "`relance retry-withheld bonjour`" in screen and "tout va bien" not in screen
    assert "Withheld: “Bonjour” [bonjour] (list 1 un): the field town is empty" in standing(
        context, bruno, str, str
    )
    moves_to(context, bruno, "Guéret")
    context.views.catch_up()
    assert retries(context, "bonjour") == 0
    assert "essayée de nouveau pour 2" in said(capsys)
    assert who_got_a_letter(context) == ["bruno"]
    assert [row[0] for row in context.views.withheld_from("", ("", "", ""), 9)] == [chloe]
    assert retries(context) == 0
    assert who_got_a_letter(context) == [] and len(withheld(context, chloe)) == 3
    assert context.views.compare(lambda done, total: None) == []
    for stream in (anna, bruno, chloe):
        auditor = Auditor()
        for entry in context.ledger.stream(stream):
            auditor.see(entry.event, entry.cause, entry.recorded_at)  # type: ignore[arg-type]


def test_past_its_lateness_it_waits_for_who_asks_for_it_late(
    make_context: MakeContext, capsys: pytest.CaptureFixture[str]
) -> None:
    context = make_context(TOWN)
    anna = enter(context, "anna")
    who_got_a_letter(context)
    context.clock.jump(30 * 86_400_000)
    moves_to(context, anna, "Lyon")
    assert retries(context) == 0
    assert "son max_lateness est passé pour 1" in said(capsys) and who_got_a_letter(context) == []
    assert retries(context, "--late") == 0
    assert who_got_a_letter(context) == ["anna"]


def test_a_letter_that_is_not_withheld_is_said_with_those_that_are(
    make_context: MakeContext, capsys: pytest.CaptureFixture[str]
) -> None:
    context = make_context(TOWN)
    assert retries(context) == 0 and "Aucune lettre n’est retenue" in said(capsys)
    enter(context, "anna")
    who_got_a_letter(context)
    with pytest.raises(
        UserError, match="no letter bonsoir is withheld for what can be mended; there are: bonjour"
    ):
        retries(context, "bonsoir")
