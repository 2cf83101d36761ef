"""Mailboxes in headers: names come back as they were, addresses are plain or refused (A04 to A06,
G10).
"""

from __future__ import annotations

import email.policy
import re
from email.header import decode_header, make_header
from email.parser import BytesParser
from email.utils import getaddresses

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.mime.headers import HeaderRefused, Mailbox, address_header, ascii_domain
from engine.mime.self_test import HOSTILE_ADDRESSES, HOSTILE_VALUES
from tests.sending.reading import lines, unfolded, words

CLEAN = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\u2028\u2029"))
AWKWARD = st.text(st.sampled_from('aZ9é🎄 .,;:<>()[]@"\\=?_-'), max_size=120)
LOCAL = st.from_regex(r"[a-z0-9+_-]{1,20}(\.[a-z0-9+_-]{1,20}){0,2}", fullmatch=True)
LONG = ".".join(["a" * 60] * 4)

HOSTILE = [
    *HOSTILE_ADDRESSES,
    *(
        f"a{sign}b@e.fr"
        for sign in '\r\n\t\x00\x0b\x0c\x1b\x7f\x85\u2028\u2029 ,:;<>()[]"\\@\ud800'
    ),
    *(f"a@e{sign}b.fr" for sign in '\r\n\t\x00\x7f\x85\u2028 ,:;<>()[]"\\@_=?/!%ß\u200d\ud800'),
    *(
        "",
        "@",
        "a",
        "a@",
        "@e.fr",
        ".a@e.fr",
        "a.@e.fr",
        "a..b@e.fr",
        "a@.fr",
        "a@e.",
        "a@e..fr",
        "a@-e.fr",
        "a@e-.fr",
    ),
    *(
        "<a@e.fr>",
        "a@[127.0.0.1]",
        '"a b"@e.fr',
        '"a"@e.fr',
        "a(x)@e.fr",
        " a@e.fr",
        "a@e.fr ",
        "Zoé <a@e.fr>",
        "a@e.fr;",
    ),
    *(
        "a" * 65 + "@e.fr",
        f"a@{'e' * 64}.fr",
        f"a@{LONG}.{LONG}",
        f"{'a' * 64}@{LONG}",
        "a@" + "é" * 60 + ".fr",
    ),
    *(
        "a@℀.fr",
        "a@e.fr\u3000",
        "=?utf-8?q?a?=@e.fr",
        "x=?y@e.fr",
        "a@=?utf-8?q?e?=.fr",
        "a%0d%0a@e.fr\n",
        "MAIL FROM:<x>",
    ),
]


def parsed(header: bytes) -> tuple[tuple[str, str], ...]:
    """(display, addr-spec) of each mailbox, as email.headerregistry reads them, without a
    defect.
    """
    name = header.split(b":")[0].decode()
    found = BytesParser(policy=email.policy.default).parsebytes(header + b"\r\n")[name]
    return tuple((address.display_name, address.addr_spec) for address in found.addresses)


@pytest.mark.parametrize("address", HOSTILE)
def test_a_hostile_address_is_refused_and_not_repeated(address: str) -> None:
    with pytest.raises(HeaderRefused) as refusal:
        address_header("To", [Mailbox("Zoé", address)])
    assert str(refusal.value).startswith("To ") and str(refusal.value).endswith(".")
    assert len(address) < 3 or address not in str(refusal.value)


@given(st.text(max_size=40))
def test_an_address_that_is_written_is_one_plain_address(address: str) -> None:
    try:
        header = address_header("To", [Mailbox("", address)])
    except HeaderRefused:
        return
    assert re.fullmatch(rb"To: [^\s<>@,;:\"()\\]+@[A-Za-z0-9.-]+\r\n", header)


@pytest.mark.parametrize("display", HOSTILE_VALUES)
def test_a_hostile_display_name_is_refused(display: str) -> None:
    with pytest.raises(HeaderRefused, match=r"^From holds"):
        address_header("From", [Mailbox(display, "a@exemple.fr")])


@pytest.mark.parametrize(
    ("display", "written"),
    [
        ("", b"zoe@exemple.fr"),
        ("Zoe Durand", b"Zoe Durand <zoe@exemple.fr>"),
        ("Durand, Zoe", b'"Durand, Zoe" <zoe@exemple.fr>'),
        ('Zoe "Z" \\', b'"Zoe \\"Z\\" \\\\" <zoe@exemple.fr>'),
        ("Zoé", b"=?utf-8?q?Zo=C3=A9?= <zoe@exemple.fr>"),
        ("=?utf-8?q?Zoe?=", b"=?utf-8?b?PT91dGYtOD9xP1pvZT89?= <zoe@exemple.fr>"),
    ],
)
def test_a_display_name_is_in_clear_quoted_or_encoded(display: str, written: bytes) -> None:
    assert address_header("To", [Mailbox(display, "zoe@exemple.fr")]) == b"To: " + written + b"\r\n"


@given(CLEAN | AWKWARD, LOCAL, st.sampled_from(["To", "Reply-To", "X" * 50]))
@example("Été à Noël 🎄" * 40, "zoe", "To")
@example("a" * 200, "zoe", "To")
@example("a b" * 60, "z" * 64, "To")
def test_any_display_name_comes_back_as_it_was(display: str, local: str, name: str) -> None:
    address = f"{local[:64].strip('.')}@exemple.fr"
    try:
        header = address_header(name, [Mailbox(display, address)])
    except HeaderRefused:
        assert re.search(r"=\?[^?]*\?[bq]\?.*\?=", display, re.IGNORECASE)
        return
    value = unfolded(header)
    for line in lines(header):
        assert len(line) <= (76 if words(value) else 78) or line in (
            f" <{address}>".encode(),
            f"{name}: {address}".encode(),
        )
    assert not re.search(r'"[^"]*=\?', value), "an encoded word within quotes"
    assert [
        (str(make_header(decode_header(name))) if words(value) else name, spec)
        for name, spec in getaddresses([value])
    ] == [(display, address)]
    # The registry itself, in some releases, parts adjacent words by a blank and merges blanks.
    if name != "X" * 50 and len(words(value)) < 2 and " ".join(display.split()) == display:
        assert parsed(header) == ((display, address),)


def test_several_mailboxes_stand_one_a_line() -> None:
    boxes = [
        Mailbox("Zoé", "zoe@exemple.fr"),
        Mailbox("", "b@exemple.fr"),
        Mailbox("C, D", "c@exemple.fr"),
    ]
    header = address_header("To", boxes)
    assert len(lines(header)) == 3
    assert parsed(header) == tuple((box.display, box.address) for box in boxes)


def test_a_header_that_names_nobody_is_refused() -> None:
    with pytest.raises(HeaderRefused, match=r"^To names nobody\.$"):
        address_header("To", [])


@pytest.mark.parametrize("name", ["Bcc", "bcc", "T o", "To\r\nBcc", ""])
def test_an_address_header_cannot_be_blind_or_misnamed(name: str) -> None:
    with pytest.raises(HeaderRefused):
        address_header(name, [Mailbox("", "a@exemple.fr")])


@pytest.mark.parametrize(
    ("domain", "written"),
    [
        ("exemple.fr", "exemple.fr"),
        ("é.fr", "xn--9ca.fr"),
        ("xn--9ca.fr", "xn--9ca.fr"),
        ("localhost", "localhost"),
    ],
)
def test_a_domain_goes_as_a_labels(domain: str, written: str) -> None:
    assert ascii_domain(domain) == written
    assert address_header("To", [Mailbox("", f"a@{domain}")]) == f"To: a@{written}\r\n".encode()


@pytest.mark.parametrize(
    "domain", ["straße.de", "βόλος.com", "a\u200db.fr", "", "é" * 300, "é..fr"]
)
def test_a_domain_that_would_change_its_meaning_is_refused(domain: str) -> None:
    with pytest.raises(HeaderRefused):
        ascii_domain(domain)


@pytest.mark.parametrize("letter", ["a", "é"])
def test_a_line_is_never_overlong_whatever_the_length_of_the_name(letter: str) -> None:
    for length in range(1, 120):
        box = Mailbox(letter * length, "zoe@exemple.fr")
        for line in lines(address_header("To", [box, box])):
            assert len(line) <= (76 if b"=?" in line else 78)


def test_letters_of_any_script_before_the_at_are_written_as_they_are() -> None:
    assert address_header("To", (Mailbox("", "é@exemple.fr"),)) == "To: é@exemple.fr\r\n".encode()


@pytest.mark.parametrize(
    "address",
    ["é é@e.fr", "é\r\nBcc: x@e.fr", "é<@e.fr", "é\u2028@e.fr", "é" * 33 + "@e.fr", "é..é@e.fr"],
)
def test_a_hostile_address_in_another_script_is_refused(address: str) -> None:
    with pytest.raises(HeaderRefused):
        address_header("To", (Mailbox("", address),))
