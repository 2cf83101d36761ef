"""A trust policy says which logs, which witnesses and how many of them; it is read to the letter,
with its limits (F09).
"""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.proof.checkpoint import Checkpoint
from engine.proof.errors import ProofRefused
from engine.proof.note import (
    COSIGNATURE,
    Signature,
    format_note,
    format_vkey,
    key_id,
    parse_note,
    verified,
)
from engine.proof.signing import NoteSigner, read_vkey
from engine.proof.trust_policy import KnownKey, Policy, parse_policy


def vkey(n: int, kind: int = 1) -> str:
    return format_vkey(
        f"key{n}.example/x", kind, NoteSigner("any", n.to_bytes(32, "big")).verifier.public
    )


LOG, W1, W2, W3 = vkey(0), *(vkey(n, COSIGNATURE) for n in (1, 2, 3))
TWO_OF_THREE = f"""\
# Ours, and two of three who watch.
log {LOG} https://relance.example/log

  witness w1 {W1}
witness\tw2 {W2} \t https://w2.example
witness w3 {W3}
group watching 2 w1 w2 w3
quorum watching
"""


def test_a_policy_is_read_and_written() -> None:
    policy = parse_policy(TWO_OF_THREE.encode())
    assert policy.logs == (KnownKey(LOG, "https://relance.example/log"),)
    assert [each.name for each in policy.witnesses] == ["w1", "w2", "w3"]
    assert policy.quorum == "watching"
    assert parse_policy(bytes(policy)) == policy


@pytest.mark.parametrize(
    ("signed", "enough"),
    [
        ([], False),
        ([LOG], False),
        ([LOG, W1], False),
        ([W1, W2], False),
        ([LOG, W1, W3], True),
        ([LOG, W1, W2, W3], True),
    ],
)
def test_the_log_and_enough_of_the_witnesses_must_have_signed(
    signed: list[str], enough: bool
) -> None:
    assert parse_policy(TWO_OF_THREE.encode()).satisfied(signed) is enough


def test_a_key_of_a_type_to_come_leaves_the_policy_readable_and_counts_for_nothing() -> None:
    post_quantum = format_vkey("w3.example/x", 6, bytes(1312))
    raw = f"log {vkey(4, 6)}\n" + TWO_OF_THREE.replace(W3, post_quantum)
    policy = parse_policy(raw.encode())
    assert [known.vkey for known in policy.unknown] == [vkey(4, 6), post_quantum]
    assert policy.satisfied([LOG, W1, W2]) and not policy.satisfied([LOG, W1])
    assert parse_policy(bytes(policy)) == policy


def test_groups_may_hold_groups() -> None:
    policy = parse_policy(
        f"witness a {W1}\nwitness b {W2}\ngroup x any a b\nwitness c {W3}\ngroup y all x"
        " c\nquorum y\n".encode()
    )
    assert [policy.satisfied(each) for each in ([W1], [W3], [W2, W3], [W1, W2])] == [
        False,
        False,
        True,
        False,
    ]


def test_nobody_need_have_signed_where_the_policy_says_none() -> None:
    assert parse_policy(b"quorum none\n").satisfied([])
    assert bytes(Policy()) == b"quorum none\n"
    policy = parse_policy(f"log {LOG}\nquorum none\n".encode())
    assert policy.satisfied([LOG])
    assert not policy.satisfied([])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no quorum"),
        ("quorum none", "does not end"),
        ("quorum none\nquorum none\n", "line 2: a second quorum"),
        ("quorum w1\n", "line 1: the quorum is no witness"),
        (f"quorum w1\nwitness w1 {W1}\n", "line 1: the quorum"),
        ("Quorum none\n", "line 1: not a log"),
        ("quorum\n", "line 1"),
        ("quorum none none\n", "line 1"),
        ("log\nquorum none\n", "line 1"),
        ("log nonsense\nquorum none\n", "line 1: the verifier key"),
        (f"log {LOG} url url\nquorum none\n", "line 1"),
        (f"log {LOG}\nlog {LOG}\nquorum none\n", "line 2: this key is there already"),
        (f"witness none {W1}\nquorum none\n", "this name is taken"),
        (f"witness w {W1}\nwitness w {W2}\nquorum none\n", "line 2: this name is taken"),
        (
            f"witness w {W1}\nwitness v {vkey(1, 1)}\nquorum none\n",
            "line 2: this key is there already",
        ),
        (f"witness w {W1}\ngroup g 0 w\nquorum g\n", 'asks for "0" of 1'),
        (f"witness w {W1}\ngroup g 2 w\nquorum g\n", 'asks for "2" of 1'),
        (f"witness w {W1}\ngroup g 01 w\nquorum g\n", "asks for"),
        (f"witness w {W1}\ngroup g most w\nquorum g\n", "asks for"),
        (f"witness w {W1}\ngroup g any\nquorum g\n", "line 2"),
        (f"witness w {W1}\ngroup g any w w\nquorum g\n", "a member already"),
        (f"witness w {W1}\ngroup g any w\ngroup h any w\nquorum g\n", "line 3: a member"),
        (f"witness w {W1}\ngroup g any g\nquorum g\n", "a member"),
        (f"witness w {W1}\ngroup g any none\nquorum g\n", "a member"),
        ("quorum none\r\n", "control character"),
        ("quorum none\0\n", "control character"),
        ("quorum none\x7f\n", "control character"),
        ("#" * 100_001, "longer"),
    ],
)
def test_a_policy_that_is_not_to_the_letter_is_refused_with_its_line(text: str, why: str) -> None:
    with pytest.raises(ProofRefused, match=why):
        parse_policy(text.encode())


@pytest.mark.parametrize("what", ["log", "witness", "group"])
def test_thirty_two_of_each_are_read_and_one_more_is_refused(what: str) -> None:
    witnesses = [f"witness w{n} {vkey(n, COSIGNATURE)}" for n in range(32)]
    lines = {
        "log": [f"log {vkey(n)}" for n in range(33)],
        "witness": [f"witness w{n} {vkey(n, COSIGNATURE)}" for n in range(33)],
        "group": [f"group g{n} any {f'w{n}' if n < 32 else 'g0'}" for n in range(33)],
    }
    before = witnesses if what == "group" else []
    parse_policy("\n".join([*before, *lines[what][:32], "quorum none\n"]).encode())
    with pytest.raises(ProofRefused, match=f"line {len(before) + 33}: more than 32"):
        parse_policy("\n".join([*before, *lines[what], "quorum none\n"]).encode())


def test_names_are_octets_and_come_back_as_they_were() -> None:
    raw = b"witness \xff\xe9 " + W1.encode() + b"\nquorum \xff\xe9\n"
    assert bytes(parse_policy(raw)) == raw


def test_a_witness_signs_with_its_time() -> None:
    """C2SP tlog-cosignature: eight bytes of time, then a signature over a text that begins with
    it.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    private = Ed25519PrivateKey.from_private_bytes((1).to_bytes(32, "big"))
    public = private.public_key().public_bytes_raw()
    text = str(Checkpoint("relance.example/log", 1, bytes(32)))
    blob = (1_790_000_000).to_bytes(8, "big") + private.sign(
        b"cosignature/v1\ntime 1790000000\n" + text.encode()
    )
    witness = read_vkey(W1)
    note = parse_note(
        format_note(text, [Signature(witness.name, key_id(witness.name, 4, public), blob)])
    )
    assert verified(note, [witness]) == (witness,)
    altered = (1_790_000_001).to_bytes(8, "big") + blob[8:]
    with pytest.raises(ProofRefused):
        verified(
            parse_note(format_note(text, [Signature(witness.name, witness.key_id, altered)])),
            [witness],
        )


WORDS = [
    "log",
    "witness",
    "group",
    "quorum",
    "none",
    "all",
    "any",
    "1",
    "w",
    "g",
    LOG,
    W1,
    W2,
    "#",
    "é",
]


@given(
    st.binary()
    | st.lists(st.lists(st.sampled_from(WORDS)).map(" ".join)).map(
        lambda lines: "".join(f"{line}\n" for line in lines).encode()
    )
)
def test_reading_a_policy_says_nothing_but_its_refusal(raw: bytes) -> None:
    with suppress(ProofRefused):
        policy = parse_policy(raw)
        assert parse_policy(bytes(policy)).satisfied([]) == policy.satisfied([])
