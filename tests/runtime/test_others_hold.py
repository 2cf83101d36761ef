"""The real program, left to itself: one witness gets the checkpoint, another cosigns it, an
authority stamps it, an auditor fetches it, the verifier believes them.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from engine.proof import verify as verifier
from engine.proof.checkpoint import HEADER, carried_by, read_checkpoint
from tests.cli.commanding import SMTP, SOURCE, Installation, embedded, stop
from tests.proof.tsa import Authority, authority
from tests.proof.witness import WitnessServer, witness_server
from tests.running import MailServer, wait_for

pytestmark = pytest.mark.timeout(240)
NOTARY = "notaire@example.org"


@pytest.fixture
def tsa(tmp_path: Path) -> Iterator[Authority]:
    (tmp_path / "tsa").mkdir()
    with authority(tmp_path / "tsa") as found:
        yield found


@pytest.fixture
def witness() -> Iterator[WitnessServer]:
    with witness_server({}) as found:
        yield found


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with MailServer() as found:
        yield found


@pytest.fixture
def relance(
    tmp_path: Path, tsa: Authority, mail: MailServer, witness: WitnessServer
) -> Iterator[Installation]:
    """Published, with somebody on a list; the authority's certificates lie in its folder, and the
    witness knows its key.
    """
    (tmp_path / "installation").mkdir()
    found = Installation(tmp_path / "installation")
    (found.folder / "tsa.pem").write_bytes(tsa.root.read_bytes())
    with embedded(found):
        found.configure(
            f'{SMTP.format(port=mail.sink.port)}\n[proof]\nwitness = ["{NOTARY}"]\n'
            f'witness_url = ["{witness.url} {witness.vkey}"]\n'
            f'stamp = "{tsa.url}"\nstamp_roots = "tsa.pem"\n'
        )
        found.done("publish", "--yes")
        vkey = found.done("audit", "key").splitlines()[3].strip()
        witness.logs[vkey.partition("+")[0]] = verifier.parse_vkey(vkey)
        found.done("subscribe", "anna@lecteurs.example", "--list", "10", *SOURCE)
        yield found


def kept(mail: MailServer) -> list[bytes]:
    return [message.body for message in mail.sink.messages if message.recipients == (NOTARY,)]


def test_run_lets_others_hold_what_was_signed_though_sending_waits(
    relance: Installation,
    mail: MailServer,
    tsa: Authority,
    witness: WitnessServer,
    tmp_path: Path,
) -> None:
    with relance.running() as process:
        # Nothing has been sent through this relay before, so letters wait for `relance resume`.
        wait_for(
            lambda: (
                bool(kept(mail) and witness.known)
                and json.loads(relance("status", "--json").out)["stamped"] is not None
            )
        )
        said = json.loads(relance("status", "--json").out)
        assert said["witnessed"] is not None and {each["code"] for each in said["findings"]} == {
            "paused"
        }
        key = relance.done("api-key", "create", "notaire", "--scope", "audit").strip()
        with httpx.Client(
            base_url=relance.url, headers={"Authorization": f"Bearer {key}"}
        ) as auditor:
            wait_for(lambda: witness.name in auditor.get("/audit/checkpoint").text)
            answer = auditor.get("/audit/checkpoint")
        assert answer.content.startswith(carried_by(kept(mail)[0]))
        assert stop(process).status == 0
    assert len(kept(mail)) == 1 == len(mail.sink.messages) and tsa.asked == 1

    eml, size = tmp_path / "kept.eml", read_checkpoint(answer.content).size
    eml.write_bytes(kept(mail)[0])
    relance.done(
        "audit",
        "prove",
        "anna@lecteurs.example",
        "--size",
        str(size),
        "-o",
        str(tmp_path / "anna.zip"),
    )
    command = [
        sys.executable,
        "-I",
        "-S",
        verifier.__file__,
        str(tmp_path / "anna.zip"),
        "--checkpoint",
        str(eml),
        "--tsa-ca",
        str(tsa.root),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (
        "the history agrees with the checkpoint held elsewhere" in done.stdout
        and "has stamped it" in done.stdout
        and f"witnesses have cosigned the checkpoint: {witness.name}" in done.stdout
    )
    assert "attested by the operator alone" not in done.stdout


def test_by_hand_it_is_signed_sent_and_stamped_now(
    relance: Installation, mail: MailServer, tsa: Authority
) -> None:
    done = relance.done("audit", "witness")
    assert f"{NOTARY}: the checkpoint over" in done and "entries is cosigned" in done
    (taken,) = kept(mail)
    assert (
        carried_by(taken).decode() == relance.done("audit", "checkpoint")
        and HEADER.encode() in taken
    )
    assert f"stamped by {tsa.url}" in relance.done("audit", "stamp")
    tsa.mood = "broken"
    said = relance("audit", "stamp")
    assert (said.status, said.out) == (
        1,
        "",
    ) and "the checkpoint is not stamped: the server answered 503" in said.err
    mail.sink.answer("rcpt", "550 5.1.1 No such user", NOTARY)
    said = relance("audit", "witness")
    assert said.status == 1 and f"{NOTARY}: not taken: 550" in said.out
    found = {each["code"] for each in json.loads(relance("status", "--json").out)["findings"]}
    assert {"unwitnessed", "unstamped"} <= found
    relance.configure()
    for part, key in (("witness", "[proof] witness"), ("stamp", "[proof] stamp")):
        said = relance("audit", part)
        assert said.status == 2 and key in said.err
    assert not {"unwitnessed", "unstamped"} & {
        each["code"] for each in json.loads(relance("status", "--json").out)["findings"]
    }
