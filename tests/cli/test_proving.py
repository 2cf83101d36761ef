"""`relance audit prove`, `ledger` and `verify`: proof is handed over by the operator, and verified
as whoever trusts nobody does.
"""

from __future__ import annotations

import argparse
import os
import zipfile
from pathlib import Path

import pytest

from engine.cli import arguments_of_people, arguments_of_trust, dispatch, people
from engine.cli.prove import verify
from engine.context import AppContext
from engine.i18n.user_error import UserError
from tests.cli.bringing_in import FILES
from tests.conftest import MakeContext
from tests.forked import Said, Typed
from tests.running import ROOT

pytestmark = pytest.mark.postgres


@pytest.fixture
def context(make_context: MakeContext) -> AppContext:
    context = make_context(FILES)
    parser = argparse.ArgumentParser()
    arguments_of_people.subscribe_arguments(parser)
    given = ["anna@lecteurs.example", "--list", "10", "--basis", "consent", "--source", "salon"]
    assert people.subscribe(context, parser.parse_args(given)) == 0
    return context


def audit(context: AppContext | Path, *arguments: str | Path) -> int:
    parser = argparse.ArgumentParser()
    arguments_of_trust.audit_arguments(parser)
    args = parser.parse_args(list(map(str, arguments)))
    if isinstance(context, Path):
        return verify(context, args)
    return dispatch.audit(context, args)


def typed(*arguments: str | Path, folder: Path) -> Said:
    """As somebody types it who has Relance and no installation."""
    return Typed(
        ("-C", str(folder), "audit", "verify", *map(str, arguments)), os.environ, ROOT
    ).ended()


def test_a_person_s_proof_is_written_and_verified(
    context: AppContext, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "anna.zip"
    assert audit(context, "prove", "anna@lecteurs.example", "-o", target) == 0
    assert "3 faits et 1 preuve" in capfd.readouterr().out
    assert target.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(target) as archive:
        assert {"verify.py", "VERIFIER.md", "stream.note", "person.json"} <= set(archive.namelist())
    assert audit(tmp_path, "verify", target, "--facts", "--lang", "fr") == 0
    said = capfd.readouterr().out
    assert "tout ce qui peut être vérifié est juste" in said and "consent-given" in said
    with pytest.raises(UserError, match="is there already: choose another name"):
        audit(context, "prove", "anna@lecteurs.example", "-o", target)
    assert [path.name for path in tmp_path.iterdir()] == ["anna.zip"]


def test_the_same_proof_twice_is_the_same_file(context: AppContext, tmp_path: Path) -> None:
    for name in ("one.zip", "other.zip"):
        assert audit(context, "prove", "anna@lecteurs.example", "-o", tmp_path / name) == 0
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "other.zip").read_bytes()


def test_an_earlier_checkpoint_is_named_by_its_size(context: AppContext, tmp_path: Path) -> None:
    assert audit(context, "prove", "anna@lecteurs.example", "-o", tmp_path / "new.zip") == 0
    signed = context.tree.latest()
    assert signed is not None
    with pytest.raises(
        UserError, match=f"no checkpoint over 3 entries; the last ones: {signed.size}"
    ):
        audit(context, "prove", "anna@lecteurs.example", "-o", tmp_path / "x.zip", "--size", "3")
    assert (
        audit(
            context,
            "prove",
            "anna@lecteurs.example",
            "-o",
            tmp_path / "x.zip",
            "--size",
            str(signed.size),
        )
        == 0
    )
    assert (tmp_path / "x.zip").read_bytes() == (tmp_path / "new.zip").read_bytes()
    context.tree.rotate_key()
    with pytest.raises(UserError, match="was signed with a key that is gone: take a later one"):
        audit(
            context,
            "prove",
            "anna@lecteurs.example",
            "-o",
            tmp_path / "y.zip",
            "--size",
            str(signed.size),
        )


@pytest.mark.parametrize(
    ("person", "said"),
    [
        ("nobody@lecteurs.example", "nobody is known under this address"),
        ("8d3f2f0e-6a0e-4c86-9a45-2f6a3a1f7b1c", "nobody is known under this id"),
        ("00000000-0000-4000-8000-000000000001", "nobody is known under this id"),
        ("no address", "address"),
    ],
)
def test_whoever_is_not_known_has_no_proof(
    context: AppContext, person: str, said: str, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=said):
        audit(context, "prove", person, "-o", tmp_path / "x.zip")
    assert not list(tmp_path.iterdir())


def test_the_whole_ledger_is_handed_over_and_verified_without_an_installation(
    context: AppContext, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "ledger"
    assert audit(context, "ledger", "-o", target) == 0
    assert f"python3 -I -S {target / 'verify.py'} {target}" in capfd.readouterr().out
    assert audit(context, "prove", "anna@lecteurs.example", "-o", tmp_path / "anna.zip") == 0
    done = typed(tmp_path / "anna.zip", "--with", target, "--lang", "en", folder=tmp_path)
    assert done.status == 0 and "nothing else about this person" in done.out, done
    (target / "vkey.txt").write_text("x\n")
    done = typed(target, "--lang", "en", folder=tmp_path)
    assert done.status == 1 and "WRONG  vkey.txt: has been changed" in done.out
    assert typed("nowhere.zip", folder=tmp_path).status == 2
    with pytest.raises(UserError, match="is not an empty folder"):
        audit(context, "ledger", "-o", target)
