"""Nobody is written to under the sample's name, with links to one's own machine, or without the
password: `resume` refuses, `check` warns.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from engine.authoring.going_live import hindrances, lint_streams
from engine.authoring.new_installation import sample_folder, sample_site
from engine.cli.check import check
from engine.cli.sending import resume
from engine.config import Config, is_loopback, read_config
from engine.context import AppContext
from engine.i18n.user_error import UserError
from engine.installation.events import STREAM, SendingPaused
from engine.sending.holding import HoldingStores, in_the_way
from engine.sending.smtp_settings import Direct, Dkim
from engine.subscriber.events import Cause
from engine.subscriber.terms import Basis
from tests.cli.asking import FILES
from tests.sequence.test_sample import plan

RELAY = '\n[smtp]\nhost = "relay.potager.fr"\n'


@pytest.fixture
def own(tmp_path: Path) -> Config:
    """Everything as it must be: the mail server's password lies in its file."""
    config = read_config(sample_folder())
    (tmp_path / "password").write_text("open sesame\n")
    site = replace(
        config.site,
        name="Les Amis",
        sender="a@amis.fr",
        sender_name="Les Amis",
        reply_to="",
        postal_address="1 rue",
        url="https://l.amis.fr",
    )
    return replace(
        config,
        folder=tmp_path,
        site=site,
        smtp=replace(config.smtp, host="relay.amis.fr", username="a", password_file="password"),
    )


def keys(config: Config) -> list[str]:
    return [each.key for each in hindrances(config, sample_site())]


def test_what_is_ones_own_goes_live(own: Config) -> None:
    assert keys(own) == []


def test_the_lint_of_streams_tells_what_providers_judge_as_one(own: Config) -> None:
    def linted(config: Config, basis: Basis) -> list[str]:
        forms = [replace(form, basis=basis) for form in plan().forms.values()]
        return [hindrance.key for hindrance in lint_streams(config, forms)]

    apart = replace(own.identity("marketing"), sender="a@compte.amis.fr")
    alike = replace(apart, sender="compte@amis.fr")
    assert linted(own, "consent") == []
    assert linted(own, "service") == ["site.from"]
    assert linted(replace(own, transactional=apart), "service") == []
    assert linted(replace(own, transactional=alike), "consent") == ["stream.transactional.from"]
    assert linted(replace(own, smtp=replace(own.smtp, host="mailbox")), "service") == []
    nowhere = replace(own, transactional=replace(apart, sender="a@compte.example"))
    assert keys(nowhere) == ["stream.transactional.from"]


def test_nothing_of_the_sample_goes_live(own: Config) -> None:
    sample = replace(own, site=sample_site())
    assert keys(sample) == [
        "site.name",
        "site.from",
        "site.from_name",
        "site.reply_to",
        "site.postal_address",
        "site.url",
    ]


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8080",
        "https://localhost",
        "http://[::1]:8080",
        "http://0.0.0.0:8080",
        "https://relance.localhost",
        "http://l.amis.fr",
        "https://lettres.example.org",
        "https://lettres.amis.example",
    ],
)
def test_links_that_nobody_else_can_open_or_that_anybody_can_read_do_not(
    own: Config, url: str
) -> None:
    assert keys(replace(own, site=replace(own.site, url=url))) == ["site.url"]


@pytest.mark.parametrize(
    "sender",
    ["a@amis.example", "a@example", "a@lettres.amis.test", "a@amis.invalid", "bonjour@example.org"],
)
def test_an_address_that_no_answer_can_reach_does_not(own: Config, sender: str) -> None:
    assert keys(replace(own, site=replace(own.site, sender=sender))) == ["site.from"]


def test_a_name_nobody_can_have_is_no_greeting(own: Config) -> None:
    straight = replace(own, smtp=replace(own.smtp, host="direct", password_file=""))
    for helo, hindered in (("mail.example.org", ["direct.helo"]), ("mail.potager.fr", [])):
        assert keys(replace(straight, direct=Direct(helo))) == hindered


@pytest.mark.parametrize("content", [None, b"", b" \n", b"\xff\xfe"])
def test_a_password_that_cannot_be_read_does_not(own: Config, content: bytes | None) -> None:
    file = own.folder / "password"
    file.unlink() if content is None else file.write_bytes(content)
    assert keys(own) == ["smtp.password_file"]


@pytest.mark.parametrize("smtp", [{"host": "mailbox"}, {"sink": True}])
def test_where_letters_reach_nobody_all_may_be_tried(
    own: Config, smtp: dict[str, str | bool]
) -> None:
    assert keys(replace(own, site=sample_site(), smtp=replace(own.smtp, **smtp))) == []  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("localhost", True),
        ("127.0.0.2", True),
        ("::1", True),
        ("10.0.0.1", False),
        ("mylocalhost", False),
    ],
)
def test_this_machine_is_known_by_its_names(host: str, here: bool) -> None:
    assert is_loopback(host) is here


@pytest.mark.postgres
def test_resume_says_everything_at_once_and_lets_nothing_leave(
    make_context: Callable[..., AppContext], capsys: pytest.CaptureFixture[str]
) -> None:
    context = make_context(FILES, RELAY)
    config = replace(context.config, site=replace(context.config.site, url="http://127.0.0.1:8080"))
    with pytest.raises(UserError) as refused:
        resume(replace(context, config=config), argparse.Namespace(list="", yes=True, anyway=False))
    said = refused.value.said(lambda message: message)
    assert (
        refused.value.status == 1
        and said.count("\n  config.toml: ") == 3
        and "potager.example" in said
        and "[smtp] sink = true" in said
    )
    assert (
        context.desk.mark("armed:relay.potager.fr") is None
        and "config.toml" not in capsys.readouterr().out
    )
    # All the same: what is wrong is said again, and kept with the fact that somebody let go.
    context.installation_stream.execute(
        lambda state: [SendingPaused(context.clock.now(), "operator")], Cause("engine"), 0
    )
    stores = replace(context, config=config)
    assert resume(stores, argparse.Namespace(list="", yes=True, anyway=True)) == 0
    aloud = capsys.readouterr().err
    assert "tout de même" in aloud and aloud.count("\n  config.toml: ") == 3
    assert context.desk.mark("armed:relay.potager.fr") is not None
    (piece,) = [piece for piece in context.vault.evidence_of(STREAM).values() if "against" in piece]
    assert piece["against"] == "site.postal_address, site.url, site.from"


def test_a_key_that_cannot_be_used_keeps_letters_back_where_they_reach_people(own: Config) -> None:
    signing = replace(own, dkim=Dkim("amis.fr"))
    stores = SimpleNamespace(config=signing, clock=SimpleNamespace(trial=None))
    for anyway in (False, True):
        (obstacle,) = in_the_way(cast(HoldingStores, stores), anyway=anyway)
        assert obstacle.file == "" and "no key signs for it yet" in obstacle.words.said()
    stores.config = replace(signing, smtp=replace(own.smtp, sink=True))
    assert in_the_way(cast(HoldingStores, stores)) == []


def test_check_warns_of_the_same_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (
        (sample_folder() / "config.toml")
        .read_text("utf-8")
        .replace('host = "mailbox"', 'host = "relay.amis.fr"')
    )
    (tmp_path / "config.toml").write_text(text, "utf-8")
    (tmp_path / "sequences").symlink_to(sample_folder() / "sequences")
    assert check(read_config(tmp_path), argparse.Namespace(json=False)) == 0
    warned = [
        line for line in capsys.readouterr().err.splitlines() if line.startswith("config.toml:")
    ]
    line = text.splitlines().index('url = "http://127.0.0.1:8080"') + 1
    assert len(warned) == 7
    assert any(each.startswith(f"config.toml:{line}: [site] url ") for each in warned)
