"""The fast path and the plain path make the same octets of every letter; Python's own `email` reads
in them what was said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.config import Config, read_config
from engine.inbound.settings import Inbound, Place
from engine.letter.link_token import EVERYTHING, MY_DATA, UNSUBSCRIBE, make_token
from engine.mime.headers import structured_header
from engine.mime.return_path import ReturnToken, read_return_address, return_key
from engine.mime.return_path import make_token as make_token_by_mail
from engine.proof.checkpoint import HEADER, carried_by, words_of
from engine.sending.compose import CannotRender, Composed, Composer, ComposeRequest
from engine.sequence.model import Letter, Plan, Version
from engine.subscriber.events import LetterBegun
from tests.letter.test_precompiled_body import BODIES, LAYOUTS, LINES, VALUES
from tests.mime.test_message import body_of, crlf, read
from tests.sequence.test_sample import ROOT, plan
from tests.sizes import sized

AT = 1_800_000_000_999
KEY = bytes(range(32))
CONFIG = read_config(ROOT)
HTTPS = replace(
    CONFIG,
    site=replace(
        CONFIG.site, url="https://lettres.atelier.example", reply_to="", name="100 % graines %(to)b"
    ),
    smtp=replace(CONFIG.smtp, return_path="bounces.atelier.example"),
    inbound=Inbound(lmtp=Place("127.0.0.1", 2525)),
)
LANGUAGES = ("", "fr", "en", "de")
BASES = ("consent", "soft-opt-in")
PEOPLE: tuple[Mapping[str, str], ...] = (
    {},
    {"first_name": "Anne", "town": "Lyon"},
    {"first_name": "Zoé 🎄", "town": "Saint-Étienne-du-Bois-d'Oingt-" * 9},
    {"first_name": ".", "town": "=?utf-8 %(text)b <b>&amp;\t "},
    {"first_name": "x" * 76 + " ", "town": "\n.\n\n"},
    {"first_name": "nul\0 \x85\u2028"},
)
LIST, LETTER = 1, "essai"


class OnlyFast(Composer):
    """Leaves nothing to the plain path."""

    def compose(self, ordered: ComposeRequest, plan: Plan, at: int, mark: str = "") -> Composed:
        raise AssertionError("left to the plain path")


def ordered(
    claim: LetterBegun,
    fields: Mapping[str, str],
    language: str = "",
    basis: str = "consent",
    address: str = "anne@exemple.fr",
) -> ComposeRequest:
    return ComposeRequest(claim, 7_000_000 + len(fields), address, fields, language, basis)


def claims() -> Iterator[LetterBegun]:
    """Every letter that the sample can send."""
    message = iter(f"{number:032x}" for number in range(1_000_000, 2_000_000))
    for listed in plan().lists.values():
        for letter in listed.letters:
            yield LetterBegun(
                AT,
                f"list:{listed.id}",
                "letter",
                letter.id,
                next(message),
                0,
                listed.id,
                1,
                listed.purpose,
            )
    for broadcast in plan().broadcasts.values():
        for each in (broadcast.letter, broadcast.reminder):
            if each is not None:
                yield LetterBegun(
                    AT,
                    f"broadcast:{broadcast.id}/2027-01",
                    "broadcast",
                    each.id,
                    next(message),
                    0,
                    0,
                    0,
                    broadcast.purpose,
                )
    for purpose in plan().purposes:
        for name in ("ask", "ask-again"):
            yield LetterBegun(AT, "ask:1", "confirmation", name, next(message), 0, purpose=purpose)
    yield LetterBegun(AT, "ask:*", "permission", "still", next(message), 0, purpose="*")


def written(body: str, subject: str = "Bonjour", preheader: str = "", layout: str = "") -> Plan:
    """The sample with one letter of our own."""
    own = replace(plan().lists[LIST], letters=(Letter(LETTER, subject, "essai.md", preheader),))
    words = {**plan().words, "essai.md": body, "layout.html": layout or plan().words["layout.html"]}
    return replace(plan(), lists={LIST: own}, words=words)


CLAIM = LetterBegun(
    AT, f"list:{LIST}", "letter", LETTER, "0123456789abcdef" * 2, 0, LIST, 1, "conseils"
)


def outcome(make: Composer, each: ComposeRequest, said: Plan, fast: bool) -> bytes | str:
    try:
        return make.octets(each, said, AT) if fast else make.compose(each, said, AT).octets
    except CannotRender as reason:
        return str(reason)


@pytest.mark.parametrize("config", [CONFIG, HTTPS], ids=["http", "https"])
def test_every_letter_of_the_sample_is_the_same_by_both_paths_and_reads_back(
    config: Config,
) -> None:
    plain, fast = Composer(config, KEY), OnlyFast(config, KEY)
    seen = 0
    for turn, claim in enumerate(claims()):
        for number, fields in enumerate(PEOPLE):
            # Each person has a third of the letters; at full size, all of them.
            if (turn - number) % sized(3, 1):
                continue
            each = ordered(
                claim, fields, LANGUAGES[number % 4], BASES[number % 2], f"p{number}@exemple.fr"
            )
            composed = plain.compose(each, plan(), AT)
            assert fast.octets(each, plan(), AT) == composed.octets
            if turn % len(PEOPLE) == number:
                assert_reads_back(read(composed.octets), each, composed)
        seen += 1
    assert seen > 40


def assert_reads_back(message: EmailMessage, each: ComposeRequest, composed: Composed) -> None:
    assert [address.addr_spec for address in message["To"].addresses] == [each.address]
    assert message["Subject"] == composed.subject
    assert message["Date"].datetime.timestamp() == AT // 1000
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert (body_of(message, "plain"), body_of(message, "html")) == (
        crlf(composed.text),
        crlf(composed.html),
    )
    tokens = {
        action: make_token(KEY, action, each.position, each.claim.message)
        for action in (UNSUBSCRIBE, EVERYTHING, MY_DATA)
    }
    assert max(map(len, re.findall(r"https?://[^\s]*/l/[\w-]+", composed.text))) <= 75
    for part in (composed.text, composed.html):
        assert part.count(f"/l/{tokens[MY_DATA]}") == 1
    assert ("Mes données" in composed.text) != ("My data" in composed.text)
    if each.claim.kind != "confirmation":
        link, _, mailto = message["List-Unsubscribe"].partition(", ")
        assert link.endswith(f"/l/{tokens[UNSUBSCRIBE]}>")
        by_mail = make_token_by_mail(return_key(KEY), "unsubscribe", each.claim.message)
        addressed = f"<mailto:u+{by_mail}@bounces.atelier.example?subject=unsubscribe>"
        assert mailto == (addressed if link.startswith("<https:") else "")
        for action, token in tokens.items():
            assert (action == EVERYTHING and each.claim.kind == "permission") or (
                token in composed.text and token in composed.html
            )


def test_only_where_mail_that_comes_back_is_read_a_letter_has_a_sender_of_its_own() -> None:
    each = ordered(CLAIM, {"first_name": "Anne"})
    said = written("Bonjour")
    assert Composer(CONFIG, KEY).envelope(each, b"").sender == CONFIG.site.sender
    senders = [
        Composer(HTTPS, KEY).envelope(each._replace(claim=claim), b"").sender
        for claim in (CLAIM, replace(CLAIM, message="f" * 32))
    ]
    assert [sender.partition("+")[0] for sender in senders] == ["bounce", "bounce"]
    assert {sender.partition("@")[2] for sender in senders} == {"bounces.atelier.example"}
    assert [read_return_address(return_key(KEY), sender) for sender in senders] == [
        ReturnToken("bounce", message) for message in (CLAIM.message, "f" * 32)
    ]
    # A preview leads nowhere: the mail of nobody else unsubscribes anybody.
    preview = Composer(HTTPS, KEY).compose(each._replace(position=0), said, AT)
    assert b"mailto:u+preview@bounces.atelier.example" in preview.octets


@settings(deadline=None, max_examples=sized(15, 40))
@given(
    BODIES,
    st.sampled_from(LAYOUTS),
    st.sampled_from(LINES),
    st.sampled_from(LINES),
    st.lists(VALUES, min_size=1, max_size=3),
)
def test_whatever_is_written_to_whomever_both_paths_say_the_same(
    body: str, layout: str, subject: str, preheader: str, people: list[dict[str, str]]
) -> None:
    said = written(body, subject, preheader, layout)
    plain, fast = Composer(HTTPS, KEY), Composer(HTTPS, KEY)
    for fields in people:
        each = ordered(CLAIM, fields)
        assert outcome(fast, each, said, True) == outcome(plain, each, said, False)


def unlike(**changes: object) -> ComposeRequest:
    return ordered(CLAIM, {"first_name": "Anne"})._replace(**changes)  # type: ignore[arg-type]


GREETING = "Bonjour {{ first_name }}"


@pytest.mark.parametrize(
    ("body", "each", "reason"),
    [
        (GREETING, unlike(fields={}), "The field `first_name` is empty"),
        (GREETING, unlike(fields={"first_name": "\ud800"}), "Subject holds a control character"),
        ("{{ town }}", unlike(fields={"first_name": "", "town": "\ud800"}), "surrogate"),
        (GREETING, unlike(fields={"first_name": "x" * 100_000}), "100000 bytes of HTML"),
        (GREETING, unlike(address="anne@exemple.fr\r\nBcc: x@y.fr"), "To "),
        (GREETING, unlike(address="anne @exemple.fr"), "To "),
        (GREETING, unlike(claim=replace(CLAIM, message="00")), "16 random octets"),
        (GREETING, unlike(claim=replace(CLAIM, message="anne")), "hexadecimal"),
        (GREETING, unlike(claim=replace(CLAIM, letter="autre")), "is not in edition 0"),
        ("{% if first_name < 3 %}a{% endif %}", unlike(), "does not fit its filter or comparison"),
        ("{{ first_name", unlike(), "essai.md:1: "),
    ],
)
def test_what_cannot_be_made_is_refused_by_both_for_the_same_reason(
    body: str, each: ComposeRequest, reason: str
) -> None:
    said = written(body, "=?utf-8?q?Bonjour?= {{ first_name }}" if "<" not in body else "Bonjour")
    plain = outcome(Composer(CONFIG, KEY), each, said, False)
    assert isinstance(plain, str) and reason in plain
    assert outcome(Composer(CONFIG, KEY), each, said, True) == plain


def test_a_letter_above_the_limit_of_the_configuration_is_withheld_by_both() -> None:
    body = "\n\n".join(f"Une ligne de plus, la {number}." for number in range(900))
    said, each = written(body), unlike()
    limited = replace(CONFIG, smtp=replace(CONFIG.smtp, message_size_limit=50_000))
    assert isinstance(outcome(Composer(CONFIG, KEY), each, said, True), bytes)
    for fast in (True, False):
        refusal = outcome(Composer(limited, KEY), each, said, fast)
        assert isinstance(refusal, str) and refusal.endswith("more than the 50000 allowed.")


HIDDEN = [
    "=?utf-8?q?x=0d=0aBcc:_y=40e.fr?=",
    "=?utf-8?b?eA0KQmNjOiB5QGUuZnI=?=",
    "=?utf-8?q?=E2=80=A8?=",
]


@pytest.mark.parametrize("value", HIDDEN)
def test_no_field_slips_a_header_into_a_subject_by_the_fast_path(value: str) -> None:
    said, each = written("Bonjour", "À {{ first_name }}"), unlike(fields={"first_name": value})
    with pytest.raises(
        CannotRender, match="Subject holds a control character or a line break, hidden"
    ):
        Composer(CONFIG, KEY).octets(each, said, AT)


STRANGE = [
    "a\rb",
    "a\r\nb",
    "\r",
    "a\nb",
    "\0",
    "",
    " \t",
    "From ",
    ".",
    "x" * 1000,
    "é" * 100,
    "=\u00ad=",
    "{{ foot }}",
    "%(to)b",
]


@pytest.mark.parametrize("value", STRANGE)
def test_the_strangest_fields_come_out_alike(value: str) -> None:
    said = written(
        "{{ first_name }}\n\n[Oui](===11===) {{ first_name }}\n",
        "De {{ first_name }}",
        "{{ first_name }}",
        LAYOUTS[-1],
    )
    each = unlike(fields={"first_name": value, "city": value})
    assert outcome(Composer(CONFIG, KEY), each, said, True) == outcome(
        Composer(CONFIG, KEY), each, said, False
    )


def test_a_preview_has_inert_links_by_both_paths() -> None:
    each, said = unlike(position=0), written("[Oui](===11===)")
    octets = Composer(CONFIG, KEY).octets(each, said, AT)
    assert octets == Composer(CONFIG, KEY).compose(each, said, AT).octets
    assert octets.count(b"/l/preview") >= 2


@pytest.mark.parametrize("kind", ["letter", "broadcast", "confirmation", "permission"])
def test_every_letter_carries_the_newest_checkpoint_by_both_paths(kind: str) -> None:
    claim = next(claim for claim in claims() if claim.kind == kind)
    each, note = ordered(claim, {"first_name": "Anne", "town": "Lyon"}), [b""]
    composer, fast = (made(HTTPS, KEY, lambda: note[0]) for made in (Composer, OnlyFast))
    for note[0] in (b"", b"first\n", b"second\n" * 30, b"second\n" * 30, b""):
        octets = fast.octets(each, plan(), AT)
        assert octets == composer.compose(each, plan(), AT).octets
        if note[0]:
            assert carried_by(octets) == note[0]
            assert structured_header(HEADER, words_of(note[0])) in octets
        else:
            assert HEADER.encode() not in octets


def test_a_version_is_made_in_its_own_words_on_both_paths() -> None:
    claim = next(claims())
    known = plan()
    listed = known.lists[claim.list]
    tried = tuple(
        replace(one, versions=(Version("b", 50, "Tout autre chose", one.body),))
        for one in listed.letters
    )
    known = replace(known, lists={**known.lists, listed.id: replace(listed, letters=tried)})
    composer, fast = Composer(CONFIG, KEY), OnlyFast(CONFIG, KEY)
    made = {}
    for version in ("a", "b"):
        request = ordered(replace(claim, version=version), PEOPLE[1])
        made[version] = composer.compose(request, known, AT)
        assert fast.octets(request, known, AT) == made[version].octets
    assert made["b"].subject == "Tout autre chose" != made["a"].subject
