"""`relance console invite | accounts | end | remove`."""

from __future__ import annotations

import re
from argparse import Namespace

import pytest

from engine.cli.console import console
from engine.i18n.user_error import UserError
from tests.conftest import MakeContext


def test_accounts_are_made_shown_ended_and_removed(
    make_context: MakeContext, capsys: pytest.CaptureFixture[str]
) -> None:
    context = make_context(extra='[console]\nurl = "https://console.example.org"\n')

    def typed(part: str, **values: object) -> str:
        defaults = {"role": None, "read": False}
        assert console(context, Namespace(part=part, **(defaults | values))) == 0
        return capsys.readouterr().out

    with pytest.raises(UserError, match="say what they may do, by --role"):
        typed("invite", name="Léa")
    told = typed("invite", name="Léa", role="operator")
    assert re.match(r"https://console\.example\.org/link/[\w-]{43}\n", told)
    assert typed("invite", name="léa") != told
    typed("invite", name="Ana", role="author", read=True)
    token = context.console_desk.open_session(context.accounts.all()[0].id, "link", "tests")
    listed = typed("accounts")
    assert "Ana  auteur, lit les personnes" in listed and "session " in listed
    typed("end", who="Ana")
    assert context.console_desk.session(token) is None
    with pytest.raises(UserError, match="no session and no account"):
        typed("end", who="nobody")
    with pytest.raises(UserError, match="the last operator"):
        typed("remove", name="Léa")
    typed("remove", name="Ana")
    assert [account.name for account in context.accounts.all()] == ["Léa"]
    with pytest.raises(UserError, match="nobody is called Ana"):
        typed("remove", name="Ana")
