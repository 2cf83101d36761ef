"""A breach of personal data is written down whatever its risk, and until the authority and the
people are told, `status` says what is owed.
"""

from __future__ import annotations

import argparse

import pytest

from engine.cli import arguments_of_trust, papers
from engine.context import AppContext
from engine.i18n.user_error import UserError
from engine.installation.events import STREAM, BreachRecorded
from engine.sequence.timing import to_local
from engine.status.findings import findings
from engine.status.gather import gather
from tests.conftest import MakeContext

HOUR = 3_600_000
WORDS = (
    "--facts",
    "Un carton d’adresses a été perdu",
    "--effects",
    "De la publicité",
    "--measures",
    "Les adresses ont été changées",
)


@pytest.fixture
def context(make_context: MakeContext) -> AppContext:
    return make_context()


def asked(context: AppContext, *words: str) -> str:
    """The breach it was about."""
    parser = argparse.ArgumentParser()
    arguments_of_trust.breach_arguments(parser)
    before = set(context.installation_stream.current().breaches)
    assert papers.breach(context, parser.parse_args(words)) == 0
    return next(iter(set(context.installation_stream.current().breaches) - before), "")


def codes(context: AppContext) -> list[tuple[str, str]]:
    return [
        (each.code, each.level)
        for each in findings(gather(context))
        if each.code.startswith("breach")
    ]


@pytest.mark.postgres
def test_from_its_discovery_to_its_end_status_says_what_is_owed(
    context: AppContext, capsys: pytest.CaptureFixture[str]
) -> None:
    breach = asked(context, "record", *WORDS, "--risk", "high", "--people", "1200")
    said = capsys.readouterr().out
    assert breach in said and "la CNIL" in said and "sans délai" in said
    assert codes(context) == [("breach", "notice")]
    asked(context, "update", breach, "--authority-told", _now(context), "--reason", "rien à dire")
    assert codes(context) == [("breach", "notice")]
    asked(context, "update", breach, "--people-told", _now(context))
    assert codes(context) == []
    asked(context, "update", breach, "--close")
    assert context.installation_stream.current().breaches[breach].closed_at > 0


def _now(context: AppContext, hours_ago: int = 0) -> str:
    return to_local(context.clock.now() - hours_ago * HOUR, context.config.site.timezone).isoformat(
        timespec="milliseconds"
    )


@pytest.mark.postgres
def test_a_breach_nobody_told_of_in_three_days_is_stuck(context: AppContext) -> None:
    asked(context, "record", *WORDS, "--detected", _now(context, hours_ago=73))
    assert codes(context) == [("breach-late", "stuck")]


@pytest.mark.postgres
def test_its_words_lie_in_the_vault_and_not_in_the_ledger(context: AppContext) -> None:
    asked(context, "record", *WORDS)
    states = [
        context.ledger.bytes_at(position) or b"" for position in range(1, context.ledger.head() + 1)
    ]
    assert not any(b"carton" in state for state in states)
    (entry,) = [
        entry for entry in context.ledger.stream(STREAM) if isinstance(entry.event, BreachRecorded)
    ]
    kept = context.vault.evidence_of(STREAM)[entry.cause.evidence]
    assert kept["words"] == {"facts": WORDS[1], "effects": WORDS[3], "measures": WORDS[5]}


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("update", "unknown", "--close"), "no breach unknown was recorded"),
        (("record", *WORDS, "--detected", "2190-01-01"), "is still to come"),
        (("record", *WORDS, "--detected", "hier"), "is not a date"),
        (("record", *WORDS, "--people", "-4"), "the number of people"),
        (("record", *WORDS[:4], "--measures", "a\x1b[2J"), "measures: text"),
        (("record", *WORDS[:4], "--measures", "x" * 20_001), "at most 20000"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(
    context: AppContext, words: tuple[str, ...], why: str
) -> None:
    head = context.ledger.head()
    with pytest.raises(UserError, match=why) as refusal:
        asked(context, *words)
    assert refusal.value.status == 2 and context.ledger.head() == head


@pytest.mark.postgres
def test_an_update_says_something_and_never_something_before_the_discovery(
    context: AppContext,
) -> None:
    breach = asked(context, "record", *WORDS)
    with pytest.raises(UserError, match="say what has been learnt"):
        asked(context, "update", breach)
    with pytest.raises(UserError, match="before the breach was detected"):
        asked(context, "update", breach, "--authority-told", "2019-01-01")
