"""One spelling for every address, no hostile string taken for one, and no address in any error."""

from __future__ import annotations

import traceback
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.i18n.in_words import in_english
from engine.intake.address import AddressRefused, keyed_hash, masked, normalise, split_mailbox
from engine.mime.headers import Mailbox, address_header
from engine.sending.envelope import Envelope, Offers, local_refusal
from tests.telling import telling

PEPPER = bytes(range(32))

SAME = [
    ("jean.dupont@exemple.fr", "jean.dupont@exemple.fr"),
    ("Jean.Dupont@EXEMPLE.FR", "jean.dupont@exemple.fr"),
    ("  jean@x.fr\t", "jean@x.fr"),
    ("\ufeffjean@x.fr\u00a0", "jean@x.fr"),
    ("\u200bjean@x.fr\u200b\u2060", "jean@x.fr"),
    ("\u202ajean@x.fr\u202c", "jean@x.fr"),
    ("<jean@x.fr>", "jean@x.fr"),
    ('"jean@x.fr"', "jean@x.fr"),
    ("'jean@x.fr'", "jean@x.fr"),
    ("« jean@x.fr »", "jean@x.fr"),
    ("mailto:jean@x.fr", "jean@x.fr"),
    ("<MAILTO:jean@x.fr>", "jean@x.fr"),
    ("Jean Dupont <jean@x.fr>", "jean@x.fr"),
    ('"Dupont, Jean" <jean@x.fr>', "jean@x.fr"),
    ("jean@x.fr <jean@x.fr>", "jean@x.fr"),
    ('"paul@y.fr" <jean@x.fr>', "jean@x.fr"),
    ("jean+liste@x.fr", "jean+liste@x.fr"),
    ("j.e.a.n@gmail.com", "j.e.a.n@gmail.com"),
    ("o'brien@x.ie", "o'brien@x.ie"),
    ("!#$%&'*+-/=^?_`{|}~@x.fr", "!#$%&'*+-/=^?_`{|}~@x.fr"),
    ("हिन्दी@x.fr", "हिन्दी@x.fr"),
    ("भारत.डाटा@x.fr", "भारत.डाटा@x.fr"),
    ("é@exemple.fr", "é@exemple.fr"),
    ("e\u0301@exemple.fr", "é@exemple.fr"),
    ("É@EXEMPLE.FR", "é@exemple.fr"),
    ("用户@例え.テスト", "用户@xn--r8jz45g.xn--zckzah"),
    ("a@é.fr", "a@xn--9ca.fr"),
    ("a@E\u0301.fr", "a@xn--9ca.fr"),
    ("a@XN--9CA.fr", "a@xn--9ca.fr"),
    ("a@straße.de", "a@xn--strae-oqa.de"),
    ("a@ｅｘｅｍｐｌｅ.fr", "a@exemple.fr"),
    ("a@exemple。fr", "a@exemple.fr"),
    ("a@r3---sn.example.com", "a@r3---sn.example.com"),
    ("a@example.test", "a@example.test"),
    ("a@nowhere.invalid", "a@nowhere.invalid"),
    ("a@1.2.3.4.fr", "a@1.2.3.4.fr"),
    ("a@x.xn--p1ai", "a@x.xn--p1ai"),
    ("x" * 64 + "@x.fr", "x" * 64 + "@x.fr"),
    ("a@" + "b" * 63 + ".fr", "a@" + "b" * 63 + ".fr"),
    ("a@" + "b.c." * 62 + "test", "a@" + "b.c." * 62 + "test"),
]

HOSTILE = [
    "",
    " ",
    "@",
    "<>",
    '""',
    "mailto:",
    "jean",
    "jean@",
    "@x.fr",
    "jean@x",
    "jean@localhost",
    "jean@@x.fr",
    "jean@x@y.fr",
    "a@b@c@d.fr",
    "jean@x..fr",
    "jean@.x.fr",
    "jean@x.fr.",
    "jean@x.fr。",
    ".jean@x.fr",
    "jean.@x.fr",
    "je..an@x.fr",
    "je an@x.fr",
    "jean @x.fr",
    "jean@ x.fr",
    "jean@x.fr paul@y.fr",
    "jean@x.fr,paul@y.fr",
    "jean@x.fr;paul@y.fr",
    "jean@x.fr\r\nBcc: paul@y.fr",
    "jean@x.fr\n",
    "jean@x.fr\r",
    "\njean@x.fr",
    "jean@x.fr\r\n.\r\nMAIL FROM:<paul@y.fr>",
    "Jean\r\nBcc: paul@y.fr <jean@x.fr>",
    "jean\0@x.fr",
    "jean@x.fr\0",
    "jean@x.fr\x00.y.fr",
    "jean\t@x.fr",
    "jean\x7f@x.fr",
    "jean\x85@x.fr",
    "jean\x1b[31m@x.fr",
    "jean\ud800@x.fr",
    "jean@x\udcff.fr",
    "je\u00a0an@x.fr",
    "je\u200ban@x.fr",
    "je\u202ean@x.fr",
    "je\u2028an@x.fr",
    "jean@x\u00ad.fr",
    "jean@x\u200b.fr",
    "\u0338jean@x.fr",
    "jean.\u0301a@x.fr",
    "je\ue000an@x.fr",
    "jean＠x.fr",
    "o’brien@x.fr",
    "jean–paul@x.fr",
    "ren©@x.fr",
    "jean😀@x.fr",
    "je·an@x.fr",
    "a\u20e3@x.fr",
    "=?utf-8?q?x?=@x.fr",
    "jean@x.fr＠y.fr",
    "jean@x.fr>",
    "<jean@x.fr",
    "jean@x.fr> NOTIFY=NEVER",
    "<jean@x.fr> SIZE=1",
    "<jean@x.fr> <paul@y.fr>",
    "paul@y.fr <jean@x.fr>",
    "paul@y.fr, Jean <jean@x.fr>",
    "Jean <jean@x.fr> paul@y.fr",
    "alice@x.org)bob@y.com",
    "jean(comment)@x.fr",
    "jean@x.fr (Jean)",
    '"jean dupont"@x.fr',
    '"jean"@x.fr',
    'je"an@x.fr',
    "jean\\@x.fr",
    "jean@[192.0.2.1]",
    "jean@[IPv6:2001:db8::1]",
    "jean@192.0.2.1",
    "jean@１９２.０.２.１",
    "jean@x.123",
    "jean@-x.fr",
    "jean@x-.fr",
    "jean@x_y.fr",
    "jean@x.fr:25",
    "jean@x.fr/../y",
    "jean@℀.fr",
    "jean@xn--a.fr",
    "jean@xn--.fr",
    "jean@xn--exemple-.fr",
    "jean@❤.fr",
    "jean@x.f%r",
    "mailto:jean@x.fr?bcc=paul@y.fr",
    "mailto:jean@x.fr?subject=x",
    "@relay.fr:jean@x.fr",
    "jean%x.fr@",
    "undisclosed-recipients:;",
    "x" * 65 + "@x.fr",
    "é" * 33 + "@x.fr",
    "a@" + "b" * 64 + ".fr",
    "a@" + "b.c." * 63 + "test",
    "x" * 64 + "@" + "b.c." * 47 + "test",
    "a@" + "é" * 60 + ".fr",
    "a" * 5000 + "@x.fr",
    "<" * 400 + "a@x.fr" + ">" * 400 + "<",
    '"' + "\\" * 900 + "@x.fr",
]


@pytest.mark.parametrize(("written", "address"), SAME)
def test_an_address_has_one_spelling(written: str, address: str) -> None:
    assert normalise(written) == address


def test_at_least_sixty_hostile_strings_are_tried() -> None:
    assert len(set(HOSTILE)) == len(HOSTILE) >= 60


@pytest.mark.parametrize("written", HOSTILE, ids=lambda written: ascii(written)[:40])
def test_a_hostile_string_is_refused(written: str) -> None:
    with pytest.raises(AddressRefused):
        normalise(written)


@pytest.mark.parametrize(
    "written",
    [
        "zqjean@zq_secret.fr",
        "zqjean@xn--zqsecret-.fr",
        "zqjean@zqsecrét❤.fr",
        "zqjean@zq\u0378.fr",
        '"zqjean"@zq.fr',
    ],
)
def test_a_refusal_never_repeats_the_address(written: str) -> None:
    with pytest.raises(AddressRefused) as refused:
        normalise(written)
    assert "zq" not in "".join(traceback.format_exception_only(refused.value))
    assert refused.value.__context__ is None
    told = in_english(refused.value.reason)
    assert "zq" not in told and told[0].isalpha()


@pytest.mark.parametrize(
    ("written", "why", "plain"),
    [
        ("O’Brien@X.fr", "curly apostrophe: write a plain one", "o'brien@x.fr"),
        ("jean–paul@x.fr", "long dash: write a plain hyphen", "jean-paul@x.fr"),
        ("Léa ‘B’ <léa—d’arc@é.fr>", "long dash", "léa-d'arc@xn--9ca.fr"),
        ("½@x.fr", "holds “½”, which no mail server takes", ""),
        ("①@x.fr", "holds “①”, which no mail server takes", ""),
        ("ren©@x.fr", "holds “©”, which no mail server takes", ""),
        ("a’©@x.fr", "curly apostrophe", ""),
        ("o’brien@localhost", "curly apostrophe", ""),
    ],
)
def test_a_sign_that_cannot_be_sent_is_named_and_the_plain_spelling_offered(
    written: str, why: str, plain: str
) -> None:
    with telling(AddressRefused, why) as refused:
        normalise(written)
    assert refused.value.plain == plain and (not plain or normalise(plain) == plain)


@given(st.text(st.characters(codec="utf-8"), max_size=12), st.sampled_from(["x.fr", "é.fr"]))
@example("हिन्दी", "x.fr")
@example("o’brien", "x.fr")
@example("=?x", "x.fr")
def test_whatever_is_taken_in_can_be_sent_to(local: str, domain: str) -> None:
    try:
        address = normalise(f"{local}@{domain}")
    except AddressRefused:
        return
    assert address_header("To", [Mailbox("", address)]).decode() == f"To: {address}\r\n"
    envelope = Envelope("k", "a@x.fr", address, b"x\r\n")
    assert local_refusal(envelope, Offers(smtputf8=True)) is None


@given(st.text(st.characters(codec="utf-8"), max_size=40))
def test_any_text_at_all_is_an_address_or_a_refusal(text: str) -> None:
    for written in (text, f"{text}@x.fr", f"a@{text}.fr", f"{text} <a@x.fr>", f'"{text}" <a@x.fr>'):
        try:
            address = normalise(written)
        except AddressRefused:
            continue
        assert normalise(address) == address
        assert address.count("@") == 1
        assert not set(address) & set(' \r\n\0<>()[],;:"\\')
        assert address.isprintable()
        assert address.rpartition("@")[2].isascii()
        assert len(address.rpartition("@")[0].encode()) <= 64


ADDRESSES = st.from_regex(
    r"[a-z0-9_+-]{1,20}(\.[a-z0-9]{1,9})?@([a-z0-9]{1,10}\.){1,3}[a-z]{2,6}", fullmatch=True
)


@given(ADDRESSES, st.data())
def test_case_never_tells_two_addresses_apart(address: str, data: st.DataObject) -> None:
    upper = data.draw(st.lists(st.booleans(), min_size=len(address), max_size=len(address)))
    variant = "".join(c.upper() if up else c for c, up in zip(address, upper, strict=True))
    assert normalise(variant) == normalise(address) == address
    assert keyed_hash(PEPPER, "t", variant) == keyed_hash(PEPPER, "t", address)


@given(st.text(st.characters(categories=["L", "N", "P", "Zs"]), max_size=30), ADDRESSES)
@example("Jean <", "a@x.fr")
@example("a\\", "a@x.fr")
def test_a_quoted_name_is_given_back_whatever_it_holds(name: str, address: str) -> None:
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    found, written = split_mailbox(f'"{quoted}" <{address}>')
    assert written == address
    assert found.split() == normalised_words(name)


def normalised_words(name: str) -> list[str]:
    return unicodedata.normalize("NFC", " ".join(name.split())).split()


@pytest.mark.parametrize(
    ("written", "name", "address"),
    [
        ("Jean Dupont <jean@x.fr>", "Jean Dupont", "jean@x.fr"),
        ("  Jean   Dupont<Jean@X.fr> ", "Jean Dupont", "Jean@X.fr"),
        ('"Dupont, Jean" <jean@x.fr>', "Dupont, Jean", "jean@x.fr"),
        ('"Jean \\"JD\\" Dupont" <jean@x.fr>', 'Jean "JD" Dupont', "jean@x.fr"),
        ('Jean "JD" Dupont <jean@x.fr>', 'Jean "JD" Dupont', "jean@x.fr"),
        ("'Jean Dupont' <jean@x.fr>", "Jean Dupont", "jean@x.fr"),
        ("Rene\u0301 <rene@x.fr>", "René", "rene@x.fr"),
        ("Dupont, Jean <jean@x.fr>", "Dupont, Jean", "jean@x.fr"),
        ("Jean @ Acme <jean@x.fr>", "Jean @ Acme", "jean@x.fr"),
        ("\u202eJean\u202c <jean@x.fr>", "Jean", "jean@x.fr"),
        ("jean@x.fr", "", "jean@x.fr"),
        ("<mailto:jean@x.fr>", "", "jean@x.fr"),
        ("not an address", "", "not an address"),
    ],
)
def test_a_mailbox_is_split_into_name_and_address(written: str, name: str, address: str) -> None:
    assert split_mailbox(written) == (name, address)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("jean@exemple.fr", "j***@e***.fr"),
        ("jean.dupont@mail.exemple.co.uk", "j***@m***.uk"),
        ("é@xn--9ca.fr", "é***@x***.fr"),
        ("a@x", "a***@x***"),
        ("jean", "***"),
        ("", "***"),
        ("@", "***@***"),
        ("\r\njean@x.fr\r\n", "***@x***"),
        ("jean@x.\x1b[31m", "j***@x***"),
        ("a@b@c.fr", "a***@c***.fr"),
    ],
)
def test_a_masked_address_shows_no_more_than_two_letters_and_the_ending(
    address: str, shown: str
) -> None:
    assert masked(address) == shown


def test_the_keyed_hash_is_the_one_written_down() -> None:
    assert (
        keyed_hash(PEPPER, "tenant-1", "jean.dupont@exemple.fr").hex()
        == "9a2d673ffc188d58ae842fc094d7bd3ccb135df006af87415a84dd6b3fa1ef1a"
    )


def test_the_keyed_hash_is_the_same_for_every_spelling() -> None:
    spellings = ["e\u0301a@é.fr", "ÉA@XN--9CA.FR", " <éa@E\u0301.fr> ", "Jean <éa@é.fr>"]
    assert len({keyed_hash(PEPPER, "t", spelling) for spelling in spellings}) == 1


def test_the_keyed_hash_tells_peppers_tenants_and_tags_apart() -> None:
    hashes = {
        keyed_hash(PEPPER, "t", "jean@x.fr"),
        keyed_hash(PEPPER[::-1], "t", "jean@x.fr"),
        keyed_hash(PEPPER, "u", "jean@x.fr"),
        keyed_hash(PEPPER, "t", "jean+a@x.fr"),
        keyed_hash(PEPPER, "t", "je.an@x.fr"),
    }
    assert len(hashes) == 5


@pytest.mark.parametrize(("pepper", "tenant"), [(b"", "t"), (PEPPER, "t\0u")])
def test_a_pepper_or_tenant_that_would_weaken_the_hash_is_a_mistake(
    pepper: bytes, tenant: str
) -> None:
    with pytest.raises(ValueError, match="pepper"):
        keyed_hash(pepper, tenant, "jean@x.fr")


def test_the_keyed_hash_refuses_what_is_no_address() -> None:
    with pytest.raises(AddressRefused):
        keyed_hash(PEPPER, "t", "jean")
