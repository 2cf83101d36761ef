"""Whatever the world answers, the doctor says something, in an end, and steers no terminal."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.doctor.examination import examine
from engine.doctor.world import (
    Answer,
    Answered,
    BadCertificate,
    Dns,
    Mailbox,
    Nothing,
    NotReached,
    Open,
    Ourselves,
    Page,
    Port,
    Question,
    Records,
    Seen,
    World,
)
from engine.words import words
from tests.doctor.sound import KNOWN, NOW, RELAYED, US, ZONE

ROUNDS = 80
PIECES = (
    *("v=spf1 ", "include:", "a:", "mx", "redirect=", "exists:%{i}.", "%{ir}", "%{d2}", "ip4:"),
    *("ip6:::1/129", "/33", "//200", "all", "-", "?", " ", "ptr", "example.fr", "bounces.", "."),
    *("v=DMARC1;", "p=", "none", "psd=y;", "psd=n;", "aspf=s;", "rua=", "mailto:", "a@b", "!10m"),
    *("v=DKIM1;", "k=", "rsa;", "p=MIIB", "p=", "t=y", "h=sha1", "=", ";", "v=STSv1;", "id=1"),
    *("v=TLSRPTv1;", "v=BIMI1;", "l=https://", "[", "]", "\x1b[2J", "\u202e", "é", "0" * 300),
    *("mail.example.fr", "45.67.89.10", "1.2.3.4", "::1", "999.1.1.1", "127.0.0.2", ""),
    *("version: STSv1\n", "mode: enforce\n", "mx: *.\n", "max_age: 9\n", "http://", "max-age=x"),
)
texts = st.lists(st.sampled_from(PIECES), max_size=7).map("".join)
values = st.lists(texts, min_size=1, max_size=3).map(lambda held: Records(tuple(held)))
nothing = st.sampled_from([Nothing(), Nothing(named=True), NotReached(words("away"))])
zoned = [
    Records(tuple(text.strip('"') for text in held))
    for records in ZONE.values()
    for held in records.values()
]
seen = st.builds(
    Seen,
    st.integers(0, 999),
    texts,
    texts,
    st.one_of(texts.map(str.encode), st.binary(max_size=40)),
    st.one_of(st.none(), st.integers(-(10**15), 10**15)),
)


def answers(question: Question) -> st.SearchStrategy[Answer]:
    match question:
        case Dns():
            return st.one_of(values, st.sampled_from(zoned), nothing)
        case Mailbox():
            return st.one_of(st.builds(Answered, st.integers(0, 999), texts), nothing)
        case Page():
            return st.one_of(seen, st.builds(BadCertificate, texts), nothing)
        case Port():
            return st.one_of(st.just(Open()), nothing)


@settings(max_examples=50, deadline=None)
@given(st.data(), st.sampled_from([US, RELAYED]))
def test_whatever_the_world_answers_there_are_lines_in_an_end(
    data: st.DataObject, us: Ourselves
) -> None:
    world: dict[Question, Answer] = dict(KNOWN) if data.draw(st.booleans()) else {}
    asked: Sequence[Question] = ()
    for _ in range(ROUNDS):
        examined = examine(World(us, NOW, world))
        asked = examined.wanted
        if not asked:
            break
        world.update({question: data.draw(answers(question)) for question in asked})
    assert not asked
    for lines in examined.lines.values():
        for line in lines:
            assert line.what.said().isprintable()
            assert all(mend.isprintable() and len(mend) < 3000 for mend in line.mends), line
