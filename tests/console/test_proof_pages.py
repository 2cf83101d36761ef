"""What is signed over the ledger is shown, handed out, and signed anew, in pages."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from argparse import Namespace
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from fastapi.responses import Response

from engine.cli.audit_checks import replay
from engine.console import proof_pages
from engine.console.access import Role
from engine.console.proof_pages import routes
from engine.console.visit import Redirect
from engine.context import AppContext
from engine.desk.operations import Operation
from engine.proof.tlog_witness import parse_witness
from engine.runtime.cosigning import cosign_now
from engine.secret_files import SIGNING
from engine.store.sql import AnyCursor
from tests.cli.asking import FILES, join
from tests.console.serving import console_of
from tests.console.visiting import answered, visit, words_of
from tests.proof.witness import WitnessServer
from tests.running_installation import Installations

AT = "/operator/proof"
UNREACHABLE = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def context(installations: Installations) -> Iterator[AppContext]:
    """Where something is signed over."""
    with installations.made(FILES) as made:
        join(made, 2)
        made.tree.sign_now()
        yield made


def get(context: AppContext, at: str = AT, role: Role = Role.AUDITOR, **path: str) -> Response:
    url = at.format(**path)
    return answered(tuple(routes(context)), "GET", at, visit(role, url=url, path=path))


def page(context: AppContext, role: Role = Role.AUDITOR) -> str:
    return words_of(get(context, role=role))


def sign(context: AppContext) -> Response:
    path = f"{AT}/sign"
    return answered(tuple(routes(context)), "POST", path, visit(url=path))


def test_before_the_first_checkpoint_the_page_says_what_will_be(
    installations: Installations,
) -> None:
    with installations.made(FILES) as fresh:
        assert "Nothing has been signed yet" in page(fresh)
        assert get(fresh, f"{AT}/checkpoint").status_code == 404
        path = f"{AT}/ledger"
        answer = answered(tuple(routes(fresh)), "POST", path, visit(Role.AUDITOR, url=path))
        assert answer.status_code == 409 and "nothing has been signed" in words_of(answer).lower()
        assert isinstance(sign(fresh), Redirect)
        assert fresh.tree.vkey in page(fresh)


def test_a_checkpoint_is_signed_shown_and_handed_out(context: AppContext) -> None:
    join(context, 2)
    assert "have come since" in page(context)
    answer = sign(context)
    assert isinstance(answer, Redirect) and answer.done.startswith("Signed: a checkpoint over")
    signed = context.tree.latest()
    assert signed is not None and signed.size == context.ledger.head()
    assert context.tree.vkey in page(context) and signed.origin in page(context)
    assert bytes(get(context, f"{AT}/checkpoint").body) == signed.note


def test_an_auditor_looks_and_takes_along_and_signs_nothing(context: AppContext) -> None:
    assert "Sign one now" not in page(context)
    assert "Sign one now" in page(context, Role.OPERATOR)
    assert "Download the whole ledger" in page(context)


def test_the_ledger_that_is_downloaded_verifies_with_the_verifier_that_is(
    context: AppContext, tmp_path: Path
) -> None:
    with console_of(context) as console, console.as_role(Role.AUDITOR) as browser:
        answer = browser.submit(f"{AT}/ledger")
        assert answer.status_code == 200, answer.text
        (tmp_path / "verify.py").write_text(browser.read(f"{AT}/tool/verify.py"))
        assert browser.get(f"{AT}/tool/none.py").status_code == 404
    zipfile.ZipFile(BytesIO(answer.content)).extractall(tmp_path)
    (tmp_path / "published.key").write_text(context.tree.vkey)
    command = ["verify.py", "ledger", "--vkey", "published.key"]
    verified = subprocess.run(
        [sys.executable, "-I", "-S", *command], cwd=tmp_path, capture_output=True, text=True
    )
    assert verified.returncode == 0, verified.stdout
    assert "the whole ledger was handed over: not" not in page(context)


def test_what_was_last_recomputed_is_said_with_its_faults(
    context: AppContext, capsys: pytest.CaptureFixture[str]
) -> None:
    context.views.catch_up()
    assert replay(context, Namespace()) == 0
    assert capsys.readouterr().out.endswith("equal\n")
    (done,) = context.operations.latest("replay")
    assert done.well and done.position == context.ledger.head()
    assert "as it should be" in page(context)
    context.operations.note(Operation(kind="replay", well=False, faults=3))
    assert "3 faults" in page(context)


def test_a_key_that_is_gone_or_another_is_named_and_nothing_is_signed(context: AppContext) -> None:
    file = context.config.secrets / SIGNING
    saved = file.read_text()
    try:
        file.unlink()
        assert f"the secret {SIGNING} cannot be read" in page(context).lower()
        join(context, 1)
        assert "proof.key" in words_of(sign(context))
        file.write_text("ab" * 32)
        assert "not the one the ledger names" in page(context)
        assert sign(context).status_code == 409
    finally:
        file.write_text(saved)
    assert "What stands in the way" not in page(context)


def test_a_witness_that_cannot_be_reached_is_named(context: AppContext) -> None:
    signed = context.tree.sign_now()
    witness = parse_witness(f"{UNREACHABLE}/ {WitnessServer({}).vkey}")
    object.__setattr__(context.config.proof, "witness_url", (witness,))
    try:
        assert cosign_now(context, witness, signed)
        words = page(context)
    finally:
        object.__setattr__(context.config.proof, "witness_url", ())
        context.processes.relieve(witness.mark)
    assert "a witness has not cosigned" in words.lower() and "of 1 witnesses" in words


def test_a_ledger_somebody_has_been_at_is_neither_signed_nor_handed_over(
    context: AppContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spoil(cursor: AnyCursor) -> None:
        cursor.execute(b"UPDATE proof.tile SET hashes = sha256(hashes) WHERE level = 0")

    join(context, 1)
    context.tree.grow()
    try:
        with context.database.transaction() as connection, connection.cursor() as cursor:
            spoil(cursor)
        answer = sign(context)
        assert answer.status_code == 409 and "it is evidence" in words_of(answer)
        path = f"{AT}/ledger"
        answer = answered(tuple(routes(context)), "POST", path, visit(Role.AUDITOR, url=path))
        assert answer.status_code == 409 and "it is evidence" in words_of(answer)
    finally:
        context.tree.anew()


def test_a_long_ledger_is_left_to_the_command_line(
    context: AppContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proof_pages, "MAX_ENTRIES", 1)
    assert "Sign one now" not in page(context, Role.OPERATOR)
    assert "relance audit checkpoint" in words_of(sign(context))
