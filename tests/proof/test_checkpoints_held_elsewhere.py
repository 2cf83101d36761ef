"""What others hold decides: a checkpoint from a mail, a stamp, a cosignature, against a history
that may have been rewritten.
"""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.proof import verify
from engine.proof.checkpoint import check_statement
from engine.proof.note import COSIGNATURE, Signature, format_line, format_vkey
from engine.proof.signing import NoteSigner
from tests.proof import vectors
from tests.proof.handed import (
    ANNA,
    DAY,
    OPENSSL,
    ORIGIN,
    SIGNER,
    Book,
    Verdict,
    bundle_of,
    judged,
    ledger_of,
    signed_again,
    small_book,
    summed,
    unpack,
    verified,
)
from tests.proof.plain_tree import proof


def put(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return unpack(bundle_of(small_book()), tmp_path / "bundle")


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return unpack(ledger_of(small_book()), tmp_path / "ledger")


def rewritten(tmp_path: Path) -> tuple[Path, Path]:
    """The same operator, the same key, another history: the withdrawal was from something else.
    Bundle and ledger.
    """
    book = small_book().rewritten(22, purpose="offres")
    return unpack(bundle_of(book), tmp_path / "new bundle"), unpack(
        ledger_of(book), tmp_path / "new ledger"
    )


def alone(found: Verdict) -> bool:
    return any("attested by the operator alone" in each for each in found.said["not_proved"])


def test_a_checkpoint_of_the_same_tree_means_that_others_hold_it(
    tmp_path: Path, bundle: Path, ledger: Path
) -> None:
    held = put(tmp_path / "held", small_book().checkpoint())
    for path in (bundle, ledger):
        found = judged(path, "--checkpoint", held)
        assert found.status == 0 and not alone(found)
        assert "agrees with the checkpoint held elsewhere" in "\n".join(found.said["proved"])


def test_a_history_rewritten_and_signed_with_the_operators_own_key_is_caught(
    tmp_path: Path,
) -> None:
    new_bundle, new_ledger = rewritten(tmp_path)
    assert judged(new_bundle).status == 0 and judged(new_ledger).status == 0
    held = put(tmp_path / "held", small_book().checkpoint())
    for path in (new_bundle, new_ledger):
        found = verified(path, "--checkpoint", held)
        assert found.status == 1 and found.names("held", "the history has been rewritten since")


def test_an_earlier_checkpoint_is_held_against_the_whole_ledger(
    tmp_path: Path, bundle: Path, ledger: Path
) -> None:
    held = put(tmp_path / "held", small_book().checkpoint(22))
    found = judged(bundle, "--checkpoint", held)
    assert found.status == 0 and alone(found)
    assert "only the whole ledger (--with) shows whether this one begins with it" in "\n".join(
        found.said["not_proved"]
    )
    found = judged(bundle, "--checkpoint", held, "--with", ledger)
    assert "agrees with" in "\n".join(found.said["proved"])
    assert any(
        "what follows from position 23 on: attested by the operator alone" in each
        for each in found.said["not_proved"]
    )
    new_bundle, new_ledger = rewritten(tmp_path)
    assert judged(new_bundle, "--checkpoint", held, "--with", new_ledger).names(
        "held", "rewritten since"
    )


def test_an_earlier_checkpoint_is_held_by_a_proof_of_consistency(
    tmp_path: Path, bundle: Path
) -> None:
    book = small_book()
    steps = "".join(f"{base64.b64encode(step).decode()}\n" for step in proof(21, book.entries))
    consistency = put(tmp_path / "proof", f"old 21\n{steps}\n".encode() + book.checkpoint())
    held = put(tmp_path / "held", book.checkpoint(21))
    found = judged(bundle, "--checkpoint", held, "--consistency", consistency)
    assert "agrees with" in "\n".join(found.said["proved"])
    other = put(tmp_path / "other", book.rewritten(20, letter="l9").checkpoint(21))
    assert judged(bundle, "--checkpoint", other, "--consistency", consistency).names(
        "other", "rewritten since"
    )


def test_a_later_checkpoint_covers_the_bundle_when_the_ledger_agrees(
    tmp_path: Path, ledger: Path
) -> None:
    earlier = unpack(bundle_of(small_book(), size=20), tmp_path / "earlier")
    held = put(tmp_path / "held", small_book().checkpoint())
    assert "is of a later tree" in "\n".join(
        judged(earlier, "--checkpoint", held).said["not_proved"]
    )
    found = judged(earlier, "--checkpoint", held, "--with", ledger)
    assert found.status == 0 and not alone(found)


def test_a_rolled_back_checkpoint_is_told_by_a_later_one(tmp_path: Path) -> None:
    """Whoever shows an older head than one that others hold has to show the entries in between,
    too.
    """
    cut = unpack(ledger_of(small_book(), size=20), tmp_path / "cut")
    held = put(tmp_path / "held", small_book().checkpoint())
    found = judged(cut, "--checkpoint", held)
    assert found.names("held", "the ledger has been rolled back")


def test_a_bundle_and_a_ledger_of_two_histories_are_told_apart(
    tmp_path: Path, bundle: Path
) -> None:
    _, new_ledger = rewritten(tmp_path)
    found = judged(bundle, "--with", new_ledger)
    assert found.names("checkpoint", "two histories have been signed")
    assert found.names(
        "entries/0000000022.json", "is not what the whole ledger has at this position"
    )


def test_a_ledger_older_than_the_bundle_is_refused(tmp_path: Path, bundle: Path) -> None:
    older = unpack(ledger_of(small_book(), size=20), tmp_path / "older")
    found = judged(bundle, "--with", older)
    assert found.status == 2 and "ends at 20, before the checkpoint of the bundle" in found.err


def test_a_mail_is_read_for_the_checkpoint_it_carries(tmp_path: Path, bundle: Path) -> None:
    note = small_book().checkpoint()
    folded = "\n ".join(
        base64.b64encode(note).decode()[at : at + 60]
        for at in range(0, len(base64.b64encode(note)), 60)
    )
    header = put(
        tmp_path / "confirmation.eml",
        f"Subject: x\nRelance-Checkpoint: {folded}\n\nBonjour\n".encode(),
    )
    crlf = note.replace(b"\n", b"\r\n")
    body = put(
        tmp_path / "witness.eml",
        b"Subject: x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nToday:\r\n\r\n" + crlf,
    )
    coded = base64.encodebytes(b"Today:\n\n" + note)
    encoded = put(
        tmp_path / "encoded.eml",
        b"MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding:"
        b" base64\n\n" + coded,
    )
    for mail in (header, body, encoded):
        found = judged(bundle, "--checkpoint", mail)
        assert found.status == 0 and not alone(found), mail
    assert judged(
        bundle, "--checkpoint", put(tmp_path / "empty.eml", b"Subject: x\n\nBonjour\n")
    ).names("empty.eml", "holds no checkpoint")


def test_a_checkpoint_of_another_log_or_hand_says_nothing_for_it(
    tmp_path: Path, bundle: Path
) -> None:
    thief = NoteSigner(ORIGIN, bytes(32))
    held = put(tmp_path / "held", small_book().checkpoint(signer=thief))
    assert judged(bundle, "--checkpoint", held).names(
        "held", "is not signed with a key of this log"
    )
    held = put(
        tmp_path / "held", small_book().checkpoint(signer=NoteSigner("autre.example/x", bytes(32)))
    )
    assert judged(bundle, "--checkpoint", held).names(
        "held", "another log, or a history begun anew"
    )
    broken = small_book().checkpoint().replace(b"\n23\n", b"\n24\n")
    assert judged(bundle, "--checkpoint", put(tmp_path / "held", broken)).names(
        "held", "has been changed: its signature"
    )


def cosigned(note: bytes, name: str, seed: bytes, time: int = 1_772_500_000) -> tuple[bytes, str]:
    """A witness's line below a note (C2SP tlog-cosignature), and the witness's key."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.from_private_bytes(seed)
    public = key.public_key().public_bytes_raw()
    text = note.rpartition(b"\n\n")[0] + b"\n"
    signature = key.sign(b"cosignature/v1\ntime %d\n" % time + text)
    vkey = format_vkey(name, COSIGNATURE, public)
    blob = bytes.fromhex(vkey.split("+")[1]) + time.to_bytes(8, "big") + signature
    return note + f"— {name} {base64.b64encode(blob).decode()}\n".encode(), vkey


def with_checkpoint(note: bytes, policy: str, book: Book | None = None) -> dict[str, bytes]:
    files = bundle_of(book or small_book())
    old = files["checkpoint"]
    proofs = {
        name: data.replace(old, note)
        for name, data in files.items()
        if name.endswith(".tlog-proof")
    }
    return signed_again(files | proofs | {"checkpoint": note, "policy.txt": policy.encode()})


def test_a_witness_that_cosigned_is_somebody_else_who_holds_it(tmp_path: Path) -> None:
    note, witness = cosigned(small_book().checkpoint(), "temoin.example/w", bytes(range(32)))
    policy = f"log {SIGNER.vkey}\nwitness w {witness}\ngroup g any w\nquorum g\n"
    found = judged(unpack(with_checkpoint(note, policy), tmp_path / "b"))
    assert (
        found.status == 0
        and not alone(found)
        and "witnesses have cosigned the checkpoint: w" in "\n".join(found.said["proved"])
    )


def test_a_fact_dated_after_a_witness_saw_the_checkpoint_over_it_is_pointed_out(
    tmp_path: Path,
) -> None:
    """The clock was set forward when the fact was written, and back when it was signed."""
    dates = [json.loads(entry)["recorded_at"] // 1000 for entry in small_book().entries]
    note, witness = cosigned(
        small_book().checkpoint(), "temoin.example/w", bytes(range(32)), dates[-1] - 301
    )
    policy = f"log {SIGNER.vkey}\nwitness w {witness}\nquorum w\n"
    later = "after a witness had cosigned the checkpoint that covers it"
    found = judged(unpack(with_checkpoint(note, policy), tmp_path / "b"))
    assert [place for place, why in found.wrong if later in why] == ["entries/0000000023.json"]
    ledger = ledger_of(small_book()) | {"checkpoint": note, "policy.txt": policy.encode()}
    found = judged(unpack(summed(ledger), tmp_path / "ledger"))
    assert found.names("(23)", later) and len(found.wrong) == 1
    untimed, witness = cosigned(small_book().checkpoint(), "w.example/w", bytes(32), 0)
    policy = f"log {SIGNER.vkey}\nwitness w {witness}\nquorum w\n"
    found = judged(unpack(with_checkpoint(untimed, policy), tmp_path / "untimed"))
    assert found.status == 0, found.wrong


@pytest.mark.parametrize("declared", [True, False])
def test_a_clock_that_the_ledger_declares_to_be_ahead_is_no_fault(
    tmp_path: Path, declared: bool
) -> None:
    book = small_book()
    time = book.at // 1000 + 120
    if declared:
        book.at += 60 * DAY
        book.write(verify.INSTALLATION, "clock-changed", ahead=60 * DAY)
    else:
        book.at += 60 * DAY
    book.write(ANNA, "profile-changed", fields=["first_name"])
    note, witness = cosigned(book.checkpoint(), "temoin.example/w", bytes(range(32)), time)
    policy = f"log {SIGNER.vkey}\nwitness w {witness}\nquorum w\n"
    files = ledger_of(book) | {"checkpoint": note, "policy.txt": policy.encode()}
    for name, handed in {
        "bundle": with_checkpoint(note, policy, book),
        "ledger": summed(files),
    }.items():
        found = judged(unpack(handed, tmp_path / name))
        assert len(found.wrong) == (0 if declared else 1), found.wrong


def test_whose_the_witnesses_are_is_the_operators_word_unless_the_auditor_knows_them(
    tmp_path: Path,
) -> None:
    note, witness = cosigned(small_book().checkpoint(), "temoin.example/w", bytes(range(32)))
    policy = f"log {SIGNER.vkey}\nwitness w {witness}\nquorum none\n"
    bundle = unpack(with_checkpoint(note, policy), tmp_path / "b")
    unconfirmed = "their keys are those that came along"
    assert unconfirmed in "\n".join(judged(bundle).said["not_proved"])
    own = put(tmp_path / "own", policy.replace("quorum none", "quorum w").encode())
    found = judged(bundle, "--policy", own)
    assert found.status == 0 and not alone(found)
    assert unconfirmed not in "\n".join(found.said["not_proved"])
    _, other = cosigned(b"a\n\n", "temoin.example/w", bytes(32))
    put(own, f"log {SIGNER.vkey}\nwitness w {other}\nquorum w\n".encode())
    assert judged(bundle, "--policy", own).names("checkpoint", "has not been cosigned")
    put(own, f"log {NoteSigner(ORIGIN, bytes(32)).vkey}\nquorum none\n".encode())
    assert judged(bundle, "--policy", own).names("--policy", "")


def test_a_witness_may_sign_a_checkpoint_that_was_handed_over(tmp_path: Path) -> None:
    """What is pinned is the text that is signed: a line more below it changes nothing else."""
    files = bundle_of(small_book())
    note, _ = cosigned(files["checkpoint"], "temoin.example/w", bytes(range(32)))
    later = base64.b64encode(b"\1\2\3\4" + bytes(2428)).decode()
    note += f"— pq.example/w {later}\n".encode()
    for name, handed in {"bundle": files, "ledger": ledger_of(small_book())}.items():
        assert b"  checkpoint\n" not in handed["SHA256SUMS"]
        found = judged(unpack(handed | {"checkpoint": note}, tmp_path / name))
        assert found.status == 0, found.wrong
        other = small_book().rewritten(22, purpose="offres").checkpoint()
        assert judged(unpack(handed | {"checkpoint": other}, tmp_path / f"other {name}")).status
    assert judged(unpack(files | {"checkpoint": other}, tmp_path / "o")).names(
        "checkpoint", "has been added or replaced"
    )


def test_the_logs_own_line_twice_is_no_change_and_an_altered_one_beside_it_is(
    tmp_path: Path,
) -> None:
    files = bundle_of(small_book())
    note = files["checkpoint"]
    line = note.rpartition(b"\n\n")[2]
    twice = {"checkpoint": note + line, "stream.note": files["stream.note"]}
    found = judged(unpack(summed(files | twice), tmp_path / "twice"))
    assert found.status == 0, found.wrong
    forged = Signature(ORIGIN, SIGNER.verifier.key_id, bytes(64))
    both = files | {"checkpoint": note + format_line(forged).encode()}
    assert judged(unpack(both, tmp_path / "both")).names("checkpoint", "its signature")


def test_a_key_of_a_kind_to_come_leaves_the_policy_readable_and_is_told(tmp_path: Path) -> None:
    later = format_vkey("pq.example/w", 6, bytes(1312))
    policy = f"log {SIGNER.vkey}\nwitness w {later}\nquorum none\n"
    found = judged(unpack(with_checkpoint(small_book().checkpoint(), policy), tmp_path / "b"))
    assert found.status == 0, found.wrong
    assert "verify nothing: pq.example/w" in "\n".join(found.said["to_know"])
    needed = policy.replace("quorum none", "quorum w")
    found = judged(unpack(with_checkpoint(small_book().checkpoint(), needed), tmp_path / "c"))
    assert found.names("checkpoint", "has not been cosigned")


def test_lines_that_a_log_adds_to_its_checkpoint_are_told_and_extra_in_a_proof_may_stand(
    tmp_path: Path,
) -> None:
    files, plain = bundle_of(small_book()), small_book().checkpoint()
    text = plain.rpartition(b"\n\n")[0].decode() + "\nan extension\n"
    note = SIGNER.sign(text)
    proofs = {
        name: data.replace(plain, note).replace(b"index ", b"extra d2hhdGV2ZXI=\nindex ")
        for name, data in files.items()
        if name.endswith(".tlog-proof")
    }
    found = judged(
        unpack(signed_again(files | proofs | {"checkpoint": note}), tmp_path / "extended"),
        *("--checkpoint", put(tmp_path / "held", note)),
    )
    assert found.status == 0, found.wrong
    assert "1 lines after its root" in "\n".join(found.said["to_know"])
    assert "agrees with" in "\n".join(found.said["proved"])
    cut = put(tmp_path / "cut", note.replace(b"an extension\n", b""))
    assert judged(tmp_path / "extended", "--checkpoint", cut).names("cut", "its signature")
    name = "entries/0000000022.tlog-proof"
    broken = {name: files[name].replace(b"index ", b"extra d2?\nindex ")}
    assert judged(unpack(signed_again(files | broken), tmp_path / "broken")).names(name, "base64")


@given(
    st.sampled_from([ORIGIN, "cosignature/v1", "x"]),
    st.sampled_from(["23", "0", "stream 8d3f2f0e-6a0e-4c86-9a45-2f6a3a1f7b1c", "nothing-held/v1"]),
    st.lists(
        st.sampled_from(["versions 3", "size 5", f"entries {'0' * 64}", "A" * 43 + "=", "x"]),
        max_size=5,
    ),
)
def test_no_text_is_both_a_checkpoint_and_a_promise(
    first: str, second: str, rest: list[str]
) -> None:
    text = "".join(f"{line}\n" for line in (first, second, *rest))
    is_promise = verify.PROMISE.fullmatch(text) is not None
    with suppress(verify.Broken):
        verify.parse_checkpoint(SIGNER.sign(text))
        assert not is_promise


def test_the_promise_of_a_bundle_is_no_checkpoint() -> None:
    note = verify.parse_note(bundle_of(small_book())["stream.note"])
    assert verify.PROMISE.fullmatch(note.text)
    check_statement(note.text, ORIGIN)
    with pytest.raises(verify.Broken):
        verify.parse_checkpoint(bundle_of(small_book())["stream.note"])


def test_a_quorum_that_is_not_reached_is_named(tmp_path: Path) -> None:
    note, _ = cosigned(small_book().checkpoint(), "temoin.example/w", bytes(range(32)))
    _, other = cosigned(b"a\n\n", "temoin.example/w", bytes(32))
    policy = f"log {SIGNER.vkey}\nwitness w {other}\nquorum w\n"
    found = judged(unpack(with_checkpoint(note, policy), tmp_path / "b"))
    assert found.names("checkpoint", "has not been cosigned by the witnesses")


def test_a_signature_of_a_kind_to_come_is_passed_over(tmp_path: Path) -> None:
    """F04: room for a second signature line of an algorithm that openssl does not know yet."""
    later = base64.b64encode(b"\1\2\3\4" + bytes(2420)).decode()
    note = small_book().checkpoint() + f"— {ORIGIN} {later}\n".encode()
    assert (
        judged(
            unpack(with_checkpoint(note, f"log {SIGNER.vkey}\nquorum none\n"), tmp_path / "b")
        ).status
        == 0
    )


class Authority:
    """A time stamping authority of our own: openssl is one (RFC 3161)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        (folder / "tsa.cnf").write_text(
            "[req]\ndistinguished_name=dn\n[dn]\n[ca]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n"
            "[leaf]\nextendedKeyUsage=critical,timeStamping\nkeyUsage=critical,digitalSignature\n"
            "[tsa]\ndefault_tsa=t\n[t]\nserial=serial\ndefault_policy=1.2.3.4\nsigner_digest=sha256\ndigests=sha256\ncerts=tsa.pem\n"
            "signer_cert=tsa.pem\nsigner_key=tsa.key\nordering=no\ntsa_name=no\ness_cert_id_chain=no\naccuracy=secs:1\n"
        )
        (folder / "serial").write_text("01\n")
        req = (
            "req -x509 -newkey ed25519 -nodes -days 3 -config tsa.cnf -extensions ca -subj"
            " /CN=Racine -keyout ca.key -out ca.pem"
        )
        self.openssl(*req.split())
        request = (
            "req -new -newkey rsa:2048 -nodes -config tsa.cnf -subj /CN=Horodatage -keyout tsa.key"
            " -out tsa.csr"
        )
        self.openssl(*request.split())
        sign = (
            "x509 -req -in tsa.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile"
            " tsa.cnf -extensions leaf -out tsa.pem"
        )
        self.openssl(*sign.split())

    def openssl(self, *arguments: str) -> None:
        done = subprocess.run(
            [OPENSSL, *arguments], cwd=self.folder, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, done.stderr

    def stamp(self, data: bytes) -> bytes:
        (self.folder / "data").write_bytes(data)
        self.openssl(*["ts", "-query", "-data", "data", "-sha256", "-cert", "-out", "q.tsq"])
        self.openssl(
            *["ts", "-reply", "-config", "tsa.cnf", "-queryfile", "q.tsq", "-out", "r.tsr"]
        )
        return (self.folder / "r.tsr").read_bytes()

    @property
    def chain(self) -> bytes:
        return (self.folder / "tsa.pem").read_bytes() + (self.folder / "ca.pem").read_bytes()


def test_a_stamp_bounds_when_everything_was_written(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "tsa")
    files = bundle_of(small_book())
    stamp = {
        "checkpoint.tsr": authority.stamp(files["checkpoint"]),
        "tsa-chain.pem": authority.chain,
    }
    bundle = unpack(signed_again(files | stamp), tmp_path / "stamped")
    found = judged(bundle)
    assert found.status == 0 and not alone(found), found.wrong
    assert "at the latest: a time stamping authority has stamped it" in "\n".join(
        found.said["proved"]
    )
    said = "\n".join(found.said["not_proved"])
    assert "other than that it was before" in said
    der = (tmp_path / "tsa" / "ca.pem").read_text().split("-----")[2]
    assert hashlib.sha256(base64.b64decode(der)).hexdigest() in said
    found = verified(bundle, "--tsa-ca", tmp_path / "tsa" / "ca.pem")
    assert found.status == 0 and "fingerprint" not in found.out
    stranger = Authority(tmp_path / "stranger")
    assert judged(bundle, "--tsa-ca", stranger.folder / "ca.pem").names(
        "checkpoint.tsr", "is not a stamp of this checkpoint by that authority"
    )
    other = {
        "checkpoint.tsr": authority.stamp(files["checkpoint"] + b"x"),
        "tsa-chain.pem": authority.chain,
    }
    assert judged(unpack(signed_again(files | other), tmp_path / "other")).names(
        "checkpoint.tsr", "is not a stamp of this checkpoint"
    )
    broken = {"checkpoint.tsr": b"no stamp", "tsa-chain.pem": authority.chain}
    assert judged(unpack(signed_again(files | broken), tmp_path / "broken")).names(
        "checkpoint.tsr", "is no answer of a time stamping service"
    )


def test_a_fact_recorded_after_the_stamp_of_its_checkpoint_is_named(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "tsa")
    book = small_book()
    book.at = 4_102_444_800_000
    book.write("8d3f2f0e-6a0e-4c86-9a45-2f6a3a1f7b1c", "contact-noted", contacted_at=1)
    files = bundle_of(book)
    stamp = {
        "checkpoint.tsr": authority.stamp(files["checkpoint"]),
        "tsa-chain.pem": authority.chain,
    }
    found = judged(unpack(signed_again(files | stamp), tmp_path / "b"))
    assert found.names(
        "entries/0000000024.json", "recorded after the checkpoint that covers it was stamped"
    )


def test_the_vectors_of_others_hold_here_too() -> None:
    """C2SP signed-note's example, and the standards' own tlog-proof (F03, F05)."""
    key = verify.parse_vkey(vectors.NOTE_VKEY)
    assert (key.name, key.kind) == ("example.com/foo", verify.ED25519)
    found = verify.parse_inclusion(vectors.PROOF)
    checkpoint = verify.parse_checkpoint(found.checkpoint)
    verify.verify_note(checkpoint.note, verify.parse_vkey(verify.KNOWN_VKEY), verify.OpenSSL())
    assert (
        verify.root_from_inclusion(
            verify.leaf_hash(vectors.PROOF_ENTRY), found.index, checkpoint.size, found.path
        )
        == checkpoint.root
    )
