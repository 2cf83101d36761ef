"""`relance inbound --unknown` as an operator types it."""

from __future__ import annotations

import argparse
import json

import pytest

from engine.cli.unknown_mails import unknown_mails
from engine.i18n.user_error import UserError
from tests.conftest import MakeContext
from tests.inbound.coming_back import CONFIG, ComingBack

pytestmark = pytest.mark.postgres
REPORT = b"""From: rapports@ailleurs.example
Subject: Report Domain: \x1b[2J
Content-Type: text/xml

<!DOCTYPE a>"""


def arguments(**said: object) -> argparse.Namespace:
    usual = {"unknown": True, "show": "", "throw_away": [], "json": False}
    return argparse.Namespace(**usual | said)


def test_what_was_not_understood_is_listed_shown_and_thrown_away(
    make_context: MakeContext, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    context = make_context({}, extra=CONFIG)
    assert unknown_mails(context, arguments()) == 0
    assert "ont été compris" in capsysbinary.readouterr().out.decode()
    ComingBack(context).handler.handle(REPORT, ["dmarc@potager.example"], "smtp")
    [mail] = context.inbound_mails.unknown()

    unknown_mails(context, arguments())
    told = capsysbinary.readouterr().out.decode()
    assert mail.id[:12] in told and "smtp" in told and "DOCTYPE" in told
    assert "rapports@ailleurs.example" in told and "\x1b" not in told
    unknown_mails(context, arguments(json=True))
    assert json.loads(capsysbinary.readouterr().out)[0]["id"] == mail.id

    unknown_mails(context, arguments(show=mail.id[:8]))
    assert capsysbinary.readouterr().out == REPORT
    for wrong in ("00000000", "x", "%"):
        with pytest.raises(UserError):
            unknown_mails(context, arguments(show=wrong))
    unknown_mails(context, arguments(throw_away=[mail.id]))
    assert "1 courriel jeté" in capsysbinary.readouterr().out.decode()
    assert context.inbound_mails.unknown() == []
