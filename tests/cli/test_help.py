"""`--help` and what is refused before a verb begins: in the installation's language, by what one
wants to do, with what was probably meant.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.cli import dispatch
from engine.cli.arguments_of_trust import AUDIT_PARTS
from engine.cli.parser import Program, parser, spoken_in, typed_folder, typed_verb
from engine.cli.verbs import GROUPS, VERBS, arguments
from engine.i18n.language import translator

ROOT = Path(__file__).parent.parent.parent
# In French as in English.
SAME = {"usage: "}


def helps(of: argparse.ArgumentParser, path: str = "relance") -> Iterator[tuple[str, str]]:
    """Where each sentence of help stands, and the sentence."""
    for text in (of.description, of.epilog):
        if text:
            yield path, text
    for action in of._actions:
        if action.help and action.help is not argparse.SUPPRESS:
            yield f"{path} {'/'.join(action.option_strings) or action.dest}", action.help
        if isinstance(action, argparse._SubParsersAction):
            yield from (
                (f"{path} {choice.dest}", str(choice.help)) for choice in action._choices_actions
            )
            for name, part in action.choices.items():
                yield from helps(part, f"{path} {name}")


def refused(capsys: pytest.CaptureFixture[str], *words: str, language: str = "en") -> str:
    with pytest.raises(SystemExit) as ended:
        parser(typed_verb(words), "fr" if language == "fr" else "en").parse_args(words)
    assert ended.value.code == 2
    return capsys.readouterr().err


@pytest.fixture(scope="module")
def whole() -> Program:
    return parser()


def test_every_sentence_of_help_is_said_in_french() -> None:
    english, french = parser(), parser(language="fr")
    say = translator("fr")
    pairs = zip(helps(english), helps(french), strict=True)
    # The verifier that is handed over has its own French, and hands over its help as it is to be
    # said.
    assert [
        place
        for (place, text), (_, spoken) in pairs
        if text not in SAME and say(text) == text == spoken
    ] == []


def test_every_option_says_what_it_is_for(whole: Program) -> None:
    def silent(of: argparse.ArgumentParser, path: str) -> Iterator[str]:
        for action in of._actions:
            if isinstance(action, argparse._SubParsersAction):
                for name, part in action.choices.items():
                    yield from silent(part, f"{path} {name}")
            elif not action.help:
                yield f"{path} {'/'.join(action.option_strings) or action.dest}"

    assert list(silent(whole, "relance")) == []


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_stands_in_a_group_and_is_carried_out_somewhere(verb: str) -> None:
    assert VERBS[verb].group in GROUPS
    carried_out_by = {
        "context": dispatch.context_verb,
        "database": dispatch.database_verb,
        "config": dispatch.config_verb,
        "folder": dispatch.folder_verb,
    }
    assert callable(carried_out_by[VERBS[verb].needs](verb)) and callable(arguments(verb))


@pytest.mark.parametrize("part", AUDIT_PARTS)
def test_each_part_of_audit_is_carried_out_somewhere(part: str) -> None:
    if part in VERBS["audit"].free:
        assert callable(dispatch.folder_verb("audit"))
    else:
        assert callable(dispatch.audit_part(part))


def test_help_names_the_verbs_by_what_one_wants_to_do() -> None:
    text = parser("", "fr").format_help()
    titles = [text.index(f"\n{translator('fr')(title)}\u00a0:\n") for title in GROUPS.values()]
    assert titles == sorted(titles)
    assert all(f"\n  {verb}" in text for verb in VERBS)
    assert max(map(len, text.splitlines())) <= 80


def brought_in(code: str) -> set[str]:
    """The modules a process of its own has imported at the end of `code`."""
    ended = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules, file=sys.stderr)"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return set(ended.stderr.split())


def test_help_brings_in_neither_the_stores_nor_any_verb() -> None:
    modules = brought_in(
        "from engine.cli.main import main\ntry: main(['--help'])\nexcept SystemExit: pass"
    )
    assert "engine.cli.verbs" in modules
    assert not modules & {
        "psycopg",
        "jinja2",
        "fastapi",
        "engine.context",
        "engine.config",
        "engine.cli.arguments_of_operation",
        "engine.cli.sending",
    }


def test_the_help_of_no_verb_brings_in_what_carries_one_out() -> None:
    modules = brought_in("from engine.cli.parser import parser; parser().format_help()")
    assert "engine.cli.arguments_of_operation" in modules
    assert not modules & {
        "psycopg",
        "eventsourcing",
        "cryptography",
        "jinja2",
        "fastapi",
        "uvicorn",
        "apscheduler",
        "prometheus_client",
        "engine.context",
        "engine.config",
        "engine.cli.sending",
    }


def test_a_verb_that_is_none_is_refused_with_the_nearest(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert "there is no verb chek; did you mean check?" in refused(capsys, "chek")
    assert "le verbe chek n’existe pas\u00a0; vouliez-vous dire check\u00a0?" in refused(
        capsys, "chek", language="fr"
    )
    assert "did you mean" not in refused(capsys, "xyzzy")


def test_a_part_or_an_option_that_is_none_is_refused_with_the_nearest(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert "did you mean prove?" in refused(capsys, "audit", "proove", "anna")
    assert "did you mean --json?" in refused(capsys, "status", "--jsno")
    assert "did you mean" not in refused(capsys, "webhook", "log", "--days", "x")
    assert "arguments inconnus\u00a0: --jsno\u00a0; vouliez-vous dire --json\u00a0?" in refused(
        capsys, "status", "--jsno", language="fr"
    )


def test_what_an_option_cannot_be_is_said_in_french(capsys: pytest.CaptureFixture[str]) -> None:
    assert "argument --speed\u00a0: un nombre entier de 1 à 10000000" in refused(
        capsys, "run", "--speed", "0", language="fr"
    )
    assert "il manque\u00a0: --list" in refused(
        capsys, "subscribe", "anna@lecteurs.example", language="fr"
    )


def test_the_language_is_the_installation_s_even_where_its_configuration_has_mistakes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.toml").write_text(
        'unknown = 1\n[site]\nlanguage = "fr"\n', encoding="utf-8"
    )
    assert spoken_in(tmp_path) == "fr"
    (tmp_path / "config.toml").write_text('[site]\nlanguage = "en"\n', encoding="utf-8")
    assert spoken_in(tmp_path) == "en"
    (tmp_path / "config.toml").write_text("[site\n", encoding="utf-8")
    assert spoken_in(tmp_path) == "en"
    monkeypatch.setenv("LC_ALL", "fr_FR.UTF-8")
    assert spoken_in(tmp_path / "nowhere") == "fr"
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    assert spoken_in(tmp_path / "nowhere") == "en"


@pytest.mark.parametrize(
    ("words", "verb", "folder"),
    [
        (["-C", "there", "status"], "status", "there"),
        (["-Cthere", "status", "-C", "elsewhere"], "status", "there"),
        (["status"], "status", "."),
        (["--help"], "", "."),
    ],
)
def test_verb_and_folder_are_seen_before_anything_is_understood(
    words: list[str], verb: str, folder: str
) -> None:
    assert (typed_verb(words), typed_folder(words)) == (verb, Path(folder))


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_the_shell_completes_every_verb(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    dispatch.folder_verb("completion")(Path("."), argparse.Namespace(shell=shell))
    script = capsys.readouterr().out
    assert all(verb in script for verb in VERBS)
    assert "--dry-run" in script
