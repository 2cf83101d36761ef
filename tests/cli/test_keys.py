"""`relance api-key` in the language of the installation."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime, timedelta

import pytest

from engine.api.api_keys import listing
from engine.cli import api_key as keys
from engine.cli import arguments_of_trust
from engine.context import AppContext
from engine.i18n.language import translator
from engine.i18n.user_error import UserError
from engine.status.findings import findings
from engine.status.gather import gather
from tests.conftest import MakeContext

pytestmark = pytest.mark.postgres


@pytest.fixture
def context(make_context: MakeContext) -> AppContext:
    return make_context()


def asked(context: AppContext, *words: str) -> int:
    parser = argparse.ArgumentParser()
    arguments_of_trust.api_key_arguments(parser)
    return keys.run(context, parser.parse_args(words))


def test_a_key_that_stands_in_an_address_may_do_nothing_else(context: AppContext) -> None:
    with pytest.raises(UserError, match="calendar"):
        asked(context, "create", "agenda", "--scope", "calendar", "--scope", "read")
    assert listing(context.desk) == []


def test_a_french_installation_speaks_french_of_its_keys(
    context: AppContext, capsys: pytest.CaptureFixture[str]
) -> None:
    assert asked(context, "list") == 0
    assert (
        capsys.readouterr().out
        == "il n’y a pas de clé\u00a0; `relance api-key create NAME` en fait une\n"
    )
    assert asked(context, "create", "boutique") == 0
    assert asked(context, "list") == 0
    assert "n’a jamais servi" in capsys.readouterr().out
    (key,) = listing(context.desk)
    assert asked(context, "revoke", key.id) == 0
    assert capsys.readouterr().out == f"la clé {key.id} est révoquée\n"
    assert asked(context, "list") == 0
    assert "révoquée le " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("create", ""), 2, "une clé a un nom de 1 à 80 caractères, pour la reconnaître"),
        (
            ("revoke", "none"),
            1,
            "il n’y a pas de clé none en service ; `relance api-key list` les montre",
        ),
    ],
    ids=str,
)
def test_a_key_there_cannot_be_is_refused_in_french(
    context: AppContext, words: tuple[str, ...], status: int, said: str
) -> None:
    with pytest.raises(UserError) as refusal:
        asked(context, *words)
    assert (refusal.value.status, refusal.value.said(translator("fr"))) == (status, said)


def test_a_key_may_expire_and_the_list_says_when(
    context: AppContext, capsys: pytest.CaptureFixture[str]
) -> None:
    assert asked(context, "create", "agence", "--expires", "90 jours") == 0
    assert asked(context, "create", "salon", "--expires", "2099-03-01T09:00") == 0
    context.desk.new_key("ancienne", frozenset({"read"}), datetime(2026, 11, 3, 9, 30, tzinfo=UTC))
    capsys.readouterr()
    assert asked(context, "list") == 0
    shown = {line.split("  ")[1]: line for line in capsys.readouterr().out.splitlines()}
    first, second = listing(context.desk)[:2]
    assert first.expires is not None and abs(
        first.expires - datetime.now(UTC) - timedelta(days=90)
    ) < timedelta(hours=2)
    assert second.expires == datetime(2099, 3, 1, 8, tzinfo=UTC)
    assert (
        shown["salon"].endswith("n’a jamais servi  expire le 2099-03-01 09:00")
        and "  expire le " in shown["agence"]
    )
    assert shown["ancienne"].endswith("expirée depuis le 2026-11-03 10:30")


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ("bientôt", "« bientôt » n’est ni une durée ni une date"),
        ("2020-01-01", "2020-01-01 00:00:00 est passé"),
        ("0 minutes", "est passé"),
        ("", "«  » n’est ni"),
    ],
)
def test_an_end_that_is_none_is_refused(context: AppContext, when: str, said: str) -> None:
    with pytest.raises(UserError) as refusal:
        asked(context, "create", "agence", "--expires", when)
    assert refusal.value.status == 2 and said in refusal.value.said(translator("fr")).replace(
        "\u00a0", " "
    )
    assert listing(context.desk) == []


def test_status_tells_of_a_key_two_weeks_before_it_expires(context: AppContext) -> None:
    now = datetime.now(UTC)
    for name, days in (("proche", 13), ("loin", 15), ("passée", -1), ("oubliée", -20)):
        context.desk.new_key(name, frozenset({"read"}), now + timedelta(days=days))
    revoked, _ = context.desk.new_key("révoquée", frozenset({"read"}), now + timedelta(days=1))
    context.desk.revoke_key(revoked)
    found = [finding for finding in findings(gather(context)) if finding.code.startswith("key-")]
    assert [(finding.code, finding.values["name"]) for finding in found] == [
        ("key-expired", "passée"),
        ("key-expires", "proche"),
    ]
