"""An installation of one's own is the sample's explanations with its owner's answers, and a first
dialogue in their words that is sound as it is.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.authoring.inspection import read_folder
from engine.authoring.new_installation import lay_out, own_sequences, sample_folder, sample_site
from engine.authoring.starter import Owner, Ports, on_ports, own_config
from engine.config import Config
from engine.words import Language

SAMPLE = (sample_folder() / "config.toml").read_text("utf-8")
NAMES = (
    "Les Amis",
    "{{ x }} {% y %} {# z",
    'L’œuvre & "Cie" <b>',
    "===11===",
    "+++2+++ *x* [y](z)",
    "\\n ### 1. `a`",
    "= + ~ | > &amp; _x_",
    "'''",
    '"""',
)


def owner(name: str, language: Language = "fr", **changes: str) -> Owner:
    answers = {
        "address": f"1 rue {name}",
        "sender": "a@b.fr",
        "url": "https://l.b.fr",
        "purpose": f"La lettre {name}",
    } | changes
    return Owner(name=name, language=language, **answers)


def laid_out(folder: Path, who: Owner) -> Config:
    return lay_out(
        folder / "mine",
        own_config(SAMPLE, who, Ports(8090, 8035, 8091)),
        own_sequences(sample_folder(), who),
    )


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("name", NAMES)
def test_the_starter_holds_no_mistake_whatever_its_owner_is_called(
    tmp_path: Path, name: str, language: Language
) -> None:
    config = laid_out(tmp_path, owner(name, language))
    read = read_folder(config, 1)
    assert read.mistakes == ()
    assert (config.site.name, config.site.sender_name, config.site.postal_address) == (
        name,
        name,
        f"1 rue {name}",
    )
    assert [purpose.name for purpose in read.plan.purposes.values()] == [f"La lettre {name}"]
    (form,) = read.plan.forms.values()
    assert name in form.notice and f"La lettre {name}" in form.title


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_starter_welcomes_asks_reminds_and_follows_each_answer(
    tmp_path: Path, language: Language
) -> None:
    plan = read_folder(laid_out(tmp_path, owner("Les Amis", language))).plan
    welcome, question, again = plan.lists[1].letters
    assert welcome.after is not None and welcome.after.nominal_ms == 0
    assert {link.target for link in question.links} == {2, 3} and again.reminds == question.id
    assert [len(plan.lists[number].letters) for number in (2, 3)] == [1, 1]
    assert [form.list for form in plan.forms.values()] == [1]


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_starter_promises_nobody_a_message_that_may_not_come(
    tmp_path: Path, language: Language
) -> None:
    (form,) = read_folder(laid_out(tmp_path, owner("Les Amis", language))).plan.forms.values()
    assert form.confirm and not re.search(r"message|mail|lettre|letter", form.thanks)


def test_every_explanation_of_the_sample_stays_and_nothing_of_what_it_says_of_itself(
    tmp_path: Path,
) -> None:
    config = laid_out(tmp_path, owner("Les Amis"))
    text = (config.folder / "config.toml").read_text("utf-8")
    for key in re.findall(r"^([a-z_]+) = ", SAMPLE, re.MULTILINE):
        assert key in ("town", "soil") or re.search(rf"^(# )?{key} = ", text, re.MULTILINE), key
    values = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    for name in vars_of_the_sample():
        assert name not in values, name
    assert "This is a sample" in SAMPLE and "This is a sample" not in text
    assert (
        config.declared.controller.name == ""
        and config.declared.partners == ()
        and config.settings.groups == ()
    )
    assert (config.web.port, config.mailbox_smtp_port, config.mailbox_port) == (8090, 8035, 8091)


def vars_of_the_sample() -> list[str]:
    site = sample_site()
    return [
        site.name,
        site.sender,
        site.sender_name,
        site.reply_to,
        site.postal_address,
        "pepiniere",
        "Hébergeur",
        "La gérance",
    ]


def test_only_the_ports_of_a_demonstration_differ_from_the_sample() -> None:
    changed = on_ports(SAMPLE, Ports(1, 2, 3)).splitlines()
    differences = [
        (old, new) for old, new in zip(SAMPLE.splitlines(), changed, strict=True) if old != new
    ]
    assert [new for _, new in differences] == [
        'url = "http://127.0.0.1:1"',
        "port = 1",
        "smtp_port = 2",
        "port = 3",
    ]


@pytest.mark.parametrize(
    ("purpose", "named"),
    [("La lettre d’œuvre", "la-lettre-d-oeuvre"), ("Ça & là", "ca-la"), ("!", "lettre")],
)
def test_the_purpose_is_named_in_small_letters(purpose: str, named: str) -> None:
    assert owner("x", purpose=purpose).purpose_id == named


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_starters_form_promises_no_message_since_whoever_is_known_gets_none(
    tmp_path: Path, language: Language
) -> None:
    laid_out(tmp_path, owner("Anna", language))
    (dialogue,) = [
        path.read_text(encoding="utf-8")
        for path in (tmp_path / "mine" / "sequences").glob("*.toml")
    ]
    thanks = next(line for line in dialogue.splitlines() if line.startswith("thanks "))
    assert not re.search("message|mail|courriel", thanks)


def test_a_new_installation_declares_no_product_and_so_refuses_none(tmp_path: Path) -> None:
    assert laid_out(tmp_path, owner("Les Amis")).declared.products == ()
