"""`[inbound]` of config.toml: off until set, and each bad value a mistake with its sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.config import config_of
from engine.inbound.imap_settings import Imap
from engine.inbound.settings import Place
from engine.sequence.delay import Delay
from engine.sequence.mistakes import Unpublishable
from tests.running_installation import CONFIG

WHOLE = """
[inbound]
lmtp = "/run/relance/lmtp.sock"
smtp = "[::1]:2525"
authserv_ids = ["MX.potager.example"]
reply_to = "Martine@Potager.example"
keep = "2 weeks"
imap = "imaps://retours%40potager.example@imap.potager.example"
imap_password_file = "password"
folder_understood = "Reçus"
"""
MAILBOX = "imaps://a@mx.example"
RETURNS = '[smtp]\nreturn_path = "retours.potager.example"'
PASSWORD = 'imap_password_file = "password"\n'


def test_nothing_is_listened_to_until_it_is_set() -> None:
    inbound = config_of(Path(), CONFIG).inbound
    assert (inbound.listens, inbound.reply_to, inbound.keep) == (False, "", Delay(days=30))


def test_each_key_is_read() -> None:
    inbound = config_of(Path(), CONFIG + WHOLE).inbound
    assert inbound.lmtp == Place(path="/run/relance/lmtp.sock")
    assert inbound.smtp == Place("::1", 2525) and str(inbound.smtp) == "[::1]:2525"
    assert inbound.authserv_ids == ("mx.potager.example",)
    assert inbound.imap == Imap(
        host="imap.potager.example",
        user="retours@potager.example",
        password_file="password",
        understood="Reçus",
    )
    assert (inbound.reply_to, inbound.keep) == ("martine@potager.example", Delay(days=14))


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ('lmtp = "2525"', "127.0.0.1:2525"),
        ('smtp = "mx:99999"', "127.0.0.1:2525"),
        ("lmtp = 2525", "text in quotes"),
        ('lmtp = "127.0.0.1:2525"', "needs `reply_to`"),
        ('lmtp = "127.0.0.1:2525"\nreply_to = ""', "needs `reply_to`"),
        ('reply_to = "u@Retours.potager.example"', "would come back here"),
        ('lmtp = "a:1"\nsmtp = "a:1"\nreply_to = "a@b.example"', "at one place"),
        ('reply_to = "martine"', "one address"),
        ("authserv_ids = [1]", "a list of names"),
        ('authserv_ids = ["mx.a.example mx.b.example"]', "a list of names"),
        ('keep = "long"', "is not a duration"),
        ('keep = "23 hours"', "a day or more"),
        ('imap_password_file = "password"', "with `imap` alone"),
        ('folder_understood = "inbox"', "other than INBOX"),
        ('imaps = "x"', "imaps"),
        (f'imap = "{MAILBOX}"', "needs an `imap_password_file`"),
        (f'{PASSWORD}imap = "imap://a@mx.example"', "read under TLS"),
        (f'{PASSWORD}imap = "imaps://mx.example"', "read under TLS"),
        (f'{PASSWORD}imap = "imaps://a:secret@mx.example"', "read under TLS"),
        (f'{PASSWORD}imap = "imaps://a@mx.example/INBOX"', "read under TLS"),
        (f'{PASSWORD}imap = "imaps://a@mx.example:x"', "read under TLS"),
        ('folder_understood = "a\\nb"', "the name of a folder"),
    ],
)
def test_a_bad_value_is_a_mistake(written: str, sentence: str) -> None:
    with pytest.raises(Unpublishable) as refused:
        config_of(Path(), f"{CONFIG}\n{RETURNS}\n[inbound]\n{written}\n")
    [mistake] = refused.value.mistakes
    assert sentence in mistake.words.said() and mistake.file == "config.toml"
