"""What a `[[hook]]` of config.toml says when it is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.config import Config, config_of
from engine.sequence.mistakes import Unpublishable
from tests.running_installation import CONFIG

GOOD = {
    "name": '"crm"',
    "url": '"https://crm.example.org/relance?token=abc"',
    "events": '["list-joined"]',
    "secret_file": '"data/secrets/crm"',
}


def hook(**changed: str) -> str:
    lines = [f"{key} = {value}\n" for key, value in (GOOD | changed).items() if value]
    return f"\n[[hook]]\n{''.join(lines)}"


def read(text: str) -> Config:
    return config_of(Path(), CONFIG + text)


def test_a_hook_is_read_and_shows_no_more_of_its_address_than_the_host() -> None:
    (found,) = read(hook()).hooks
    assert (found.events, found.secret_files) == (("list-joined",), ("data/secrets/crm",))
    assert found.host == "crm.example.org"
    assert not found.allow_private


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"name": ""}, "`name` is missing"),
        ({"name": '"Mon CRM"'}, "mon-crm"),
        ({"url": ""}, "`url` is missing"),
        ({"url": '"crm.example.org"'}, "`url` is an address on the web"),
        ({"url": '"ftp://crm.example.org/"'}, "`url` is an address on the web"),
        ({"url": '"https://a:b@crm.example.org/"'}, "`url` is an address on the web"),
        ({"url": '"https://élan.example/"'}, "`url` is an address on the web"),
        ({"url": '"https://crm example.org/"'}, "`url` is an address on the web"),
        ({"url": '"http://crm.example.org/"'}, "begins with https://"),
        ({"url": '"https://crm.example.org:8443/"'}, "allow_private"),
        ({"url": '"https://127.0.0.1/"'}, "127.0.0.1` stands in a network"),
        ({"url": '"https://[fd00::1]/"'}, "stands in a network"),
        ({"url": '"https://n8n/"'}, "n8n` stands in a network"),
        ({"url": '"https://crm.internal/"'}, "crm.internal` stands in a network"),
        ({"events": ""}, "`events` is missing"),
        ({"events": "[]"}, "`events` names the facts"),
        ({"events": '"list-joined"'}, "`events` must be a list"),
        ({"events": '["list-joinned"]'}, "list-joined"),
        ({"events": '["x"]'}, "docs/format.md"),
        ({"events": "[3]"}, "“3”"),
        ({"secret_file": ""}, "`secret_file` is missing"),
        ({"secret_file": '["a", "b", "c"]'}, "at most 2"),
        ({"secret_file": '["a", 3]'}, "at most 2"),
        ({"secret_file": "[]"}, "at most 2"),
        ({"allow_private": '"yes"'}, "true or false"),
        ({"secret": '"x"'}, "unknown key `secret`"),
    ],
)
def test_a_mistake_in_it_is_named(changed: dict[str, str], told: str) -> None:
    with pytest.raises(Unpublishable) as refused:
        read(hook(**changed))
    (mistake,) = refused.value.mistakes
    assert told in mistake.text


def test_two_of_one_name_are_a_mistake() -> None:
    with pytest.raises(Unpublishable, match="same name"):
        read(hook() + hook())


def test_in_a_network_of_ones_own_any_address_will_do() -> None:
    (found,) = read(hook(url='"http://n8n:5678/webhook"', allow_private="true")).hooks
    assert (found.host, found.allow_private) == ("n8n:5678", True)


def test_a_file_without_hooks_has_none() -> None:
    assert read("").hooks == ()
