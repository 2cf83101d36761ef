"""The sample installation: a newcomer's first reading has no mistake in it and shows each thing a
dialogue can do.
"""

from __future__ import annotations

import re
import zlib
from datetime import datetime
from functools import cache
from pathlib import Path

import pytest

from engine.cli.simulate import Options, lived
from engine.config import read_config
from engine.letter.compile import LetterSource, check_letter, compile_letter
from engine.sequence.delay import Delay
from engine.sequence.model import Letter, Plan
from engine.sequence.parse import parse
from engine.sequence.timing import to_instant

ROOT = Path(__file__).parent.parent.parent
SEQUENCES = ROOT / "sequences"
READ = {".toml", ".md", ".html"}


@cache
def words() -> dict[str, str]:
    files = (file for file in sorted(SEQUENCES.rglob("*")) if file.suffix in READ)
    return {file.relative_to(SEQUENCES).as_posix(): file.read_text("utf-8") for file in files}


@cache
def plan() -> Plan:
    return parse(words(), read_config(ROOT).settings)


def letters() -> list[Letter]:
    found = [letter for listed in plan().lists.values() for letter in listed.letters]
    for broadcast in plan().broadcasts.values():
        found += [each for each in (broadcast.letter, broadcast.reminder) if each is not None]
    ask = plan().confirmation
    return [*found, Letter("confirmation", ask.subject, ask.body, ask.preheader)]


def source(letter: Letter) -> LetterSource:
    return LetterSource(
        letter.body, letter.subject, letter.preheader, words()[letter.body], words()["layout.html"]
    )


def answers(letter: Letter | None) -> list[tuple[str, int]]:
    assert letter is not None
    return [(link.kind, link.target) for link in letter.links]


def test_no_letter_has_a_mistake_and_each_merge_field_is_declared() -> None:
    found = [
        str(mistake)
        for letter in letters()
        for mistake in check_letter(source(letter), dict.fromkeys(plan().fields, ""))
    ]
    assert found == []


def test_each_declared_field_is_asked_for_and_used_in_a_letter() -> None:
    used = {name for letter in letters() for name in compile_letter(source(letter)).fields}
    asked = {field.name for form in plan().forms.values() for field in form.fields}
    assert used == asked == set(plan().fields)


def test_each_letter_file_is_sent_by_some_list_or_broadcast() -> None:
    assert {path for path in words() if path.endswith(".md")} == {
        letter.body for letter in letters()
    }


def test_each_letter_has_a_preheader_and_sixty_to_a_hundred_and_eighty_words() -> None:
    assert [letter.id for letter in letters() if not letter.preheader] == []
    lengths = {
        letter.body: len(re.findall(r"\w[\w’'-]*", _prose(words()[letter.body])))
        for letter in letters()
    }
    assert {body: count for body, count in lengths.items() if not 60 <= count <= 180} == {}


def _prose(body: str) -> str:
    return re.sub(r"\{\{.*?\}\}|!\[.*?\]\(.*?\)|\]\(.*?\)", " ", body)


def test_french_signs_never_begin_a_line() -> None:
    said = {path: text for path, text in words().items() if path.endswith(".md")}
    said |= {
        f"subject of {letter.body}": f"{letter.subject}\n{letter.preheader}" for letter in letters()
    }
    said |= {
        f"form {form.name}": f"{form.notice}\n{form.thanks}\n{form.intro}"
        for form in plan().forms.values()
    }
    said |= {f"list {listed.name}": listed.thanks for listed in plan().lists.values()}
    breakable = re.compile(r"[ \n][?:;»]|[ \n]!(?!\[)|«[ \n]|(?<=[^\W\d_])'(?=[^\W\d_])")
    assert {
        place: found[0] for place, text in said.items() if (found := breakable.search(text))
    } == {}


def test_who_becomes_a_client_leaves_the_prospects_wherever() -> None:
    groups = {name: group.yields_to for name, group in plan().groups.items()}
    assert groups == {"prospects": ("clients",), "clients": (), "affilies": ()}
    members = {
        group: {n for n, listed in plan().lists.items() if listed.group == group}
        for group in groups
    }
    assert members == {
        "prospects": {1, 2, 31, 32, 33, 34, 50, 51},
        "clients": {5, 10, 11, 12, 20, 21},
        "affilies": {40},
    }


def test_the_onboarding_knows_yes_no_with_help_and_silence() -> None:
    start = plan().lists[10]
    assert start.letters[0].after == Delay()
    question, again = start.letters[1:]
    assert (question.after, question.hours.at, question.hours.days) == (
        Delay(days=2),
        9 * 60,
        frozenset(range(5)),
    )
    assert (again.reminds, again.wait) == (question.id, Delay(days=1))
    assert answers(question) == answers(again) == [("move", 11), ("move", 12)]
    assert answers(plan().lists[12].letters[0]) == [("move", 11)]
    ends = [plan().lists[number].ends for number in (10, 11, 12)]
    assert [(end.kind, end.target) for end in ends if end] == [("move", 20)] * 3


def test_a_copy_link_adds_the_monthly_notebook_within_the_same_purpose() -> None:
    (letter,) = [letter for letter in plan().lists[20].letters if letter.links]
    assert answers(letter) == [("copy", 21)]
    assert plan().lists[20].purpose == plan().lists[21].purpose
    assert (plan().broadcasts["carnet"].to, plan().broadcasts["carnet"].every) == (
        (21,),
        "0 9 1 * *",
    )


def test_no_link_and_no_ending_crosses_into_another_purpose() -> None:
    for listed in plan().lists.values():
        targets = [link.target for letter in listed.letters for link in letter.links]
        targets += [listed.ends.target] if listed.ends and listed.ends.target else []
        assert {plan().lists[target].purpose for target in targets} <= {listed.purpose}, listed.name


def test_the_poll_asks_everyone_on_list_one_and_the_silent_once_more() -> None:
    poll = plan().broadcasts["enfants"]
    assert (poll.to, poll.on, answers(poll.letter)) == (
        (1,),
        "2026-12-01 09:00",
        [("move", 50), ("move", 51)],
    )
    assert poll.reminder is not None and poll.reminder.wait == Delay(days=5)
    assert answers(poll.reminder) == answers(poll.letter)
    assert all(
        len(plan().lists[number].letters) == 1 and plan().lists[number].ends for number in (50, 51)
    )


def test_the_form_asks_for_consent_and_its_question_leads_to_four_series() -> None:
    form = plan().forms["inscription"]
    assert form.question is not None
    assert [choice.list for choice in form.question.choices] == [31, 32, 33, 34]
    assert all(len(plan().lists[number].letters) in (2, 3) for number in form.lists)
    assert form.basis == "consent" and form.confirm and form.checkbox and form.confirmed
    assert [listed.name for listed in plan().lists.values() if not listed.thanks] == []


def test_an_order_joins_the_clients_on_a_ground_of_its_own() -> None:
    form = plan().forms["commande"]
    assert (form.basis, form.confirm, form.order_field, form.lists) == (
        "service",
        False,
        "order",
        (5,),
    )
    assert form.purpose != plan().forms["inscription"].purpose


def test_each_notice_says_who_for_how_long_and_which_rights() -> None:
    for form in plan().forms.values():
        said = (
            "L’Atelier des semences",
            "trois ans",
            "effacer",
            "corriger",
            "bonjour@atelier-semences.example",
            "CNIL",
        )
        assert [word for word in said if word not in form.notice] == [], form.name


def test_the_confirmation_letter_holds_the_link_that_confirms() -> None:
    letter = letters()[-1]
    assert [link.kind for link in compile_letter(source(letter)).links] == ["confirm"]
    assert plan().confirmation.remind_subject and plan().confirmation.remind_after == Delay(days=2)


def test_pictures_and_downloads_named_in_letters_are_there_and_no_others() -> None:
    named = {
        path
        for letter in letters()
        for path in re.findall(r"\]\(((?:pictures|files)/[^)]+)\)", words()[letter.body])
    }
    there = {
        f"{folder}/{file.name}"
        for folder in ("pictures", "files")
        for file in (SEQUENCES / folder).iterdir()
    }
    assert named == there
    assert {path.partition("/")[0] for path in named} == {"pictures", "files"}


def test_the_picture_is_small_and_whole() -> None:
    data = (SEQUENCES / "pictures/semis.png").read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n") and len(data) < 60_000
    place = 8
    while place < len(data):
        size = int.from_bytes(data[place : place + 4], "big")
        checksum = int.from_bytes(data[place + 8 + size : place + 12 + size], "big")
        assert zlib.crc32(data[place + 4 : place + 8 + size]) == checksum
        place += 12 + size
    assert data[-8:-4] == b"IEND"


def test_each_entry_of_the_download_stands_where_its_table_says() -> None:
    data = (SEQUENCES / "files/calendrier-des-semis.pdf").read_bytes()
    assert data.startswith(b"%PDF-1.4") and data.endswith(b"%%EOF\n")
    found = re.search(rb"startxref\n(\d+)\n", data)
    assert found is not None
    offsets = [int(each) for each in re.findall(rb"(\d{10}) 00000 n ", data[int(found[1]) :])]
    assert len(offsets) == 7
    for number, offset in enumerate(offsets, start=1):
        assert data[offset:].startswith(b"%d 0 obj" % number)


def test_each_key_of_the_configuration_is_explained_above_its_first_use() -> None:
    lines = (ROOT / "config.toml").read_text("utf-8").splitlines()
    explained: set[str] = set()
    table = ""
    for before, line in zip(["", *lines], lines, strict=False):
        if line.startswith("["):
            table = line
        if found := re.match(r"(\w+)\s*=", line):
            key = f"{table} {found[1]}"
            assert before.startswith("#") or key in explained, f"{key} is not explained"
            explained.add(key)
    assert {
        "[site] url",
        "[[purpose]] id",
        "[[group]] yields_to",
        "[fields] town",
        "[fields] soil",
    } <= explained


@pytest.mark.parametrize(
    ("table", "keys"),
    [
        ("site", "name url from from_name reply_to postal_address language timezone logo colour"),
        ("web", "host port trusted_proxies metrics"),
        ("store", "url"),
        ("proof", "every archive_recipient witness witness_url stamp stamp_roots"),
        (
            "smtp",
            "host sink port tls username password_file connections return_path message_size_limit",
        ),
        ("dkim", "domain selector ed25519 cfbl"),
        ("doctor", "ipv4 ipv6 blocklists robot"),
        ("stream.transactional", "from from_name return_path domain selector"),
        ("smtp.timeouts", "connect mail rcpt data block dot"),
        ("sending", "in_doubt pause_after_outage drain"),
        ("mailbox", "smtp_port port"),
        ("controller", "name address contact representative union_representative dpo security"),
        (
            "retention",
            (
                "mode nightly_cap silent_after answer_within unconfirmed proof ip delivery"
                " suppression rights logs"
            ),
        ),
        ("[processor]", "name task country contract data guarantee engaged_by"),
        ("[partner]", "id name address notice"),
        ("[purpose]", "id name description partner max"),
        ("pressure", "max"),
    ],
)
def test_the_configuration_shows_every_key_there_is(table: str, keys: str) -> None:
    text = (
        (ROOT / "config.toml").read_text("utf-8").partition(f"[{table}]\n")[2].partition("\n[")[0]
    )
    assert re.findall(r"^(\w+) = ", text, re.M) == keys.split()


def test_what_the_configuration_calls_a_default_is_the_default(tmp_path: Path) -> None:
    text = (ROOT / "config.toml").read_text("utf-8")
    parts = re.split(r"(?m)^(?=\[)", text)
    (tmp_path / "config.toml").write_text(
        "".join(part for part in parts if part.startswith(("[site]", "[[purpose]]")))
    )
    sparse, full = read_config(tmp_path), read_config(ROOT)
    for part in ("web", "smtp", "sending", "store_url", "mailbox_smtp_port", "mailbox_port"):
        assert getattr(sparse, part) == getattr(full, part), part
    assert sparse.declared.retention == full.declared.retention


def lived_by(*fields: str, days: int = 120, **options: tuple[str, ...]) -> set[str]:
    """The letters a reader of the balcony's series gets who arrives a month before the broadcast to
    a segment.
    """
    start = to_instant(datetime(2027, 1, 10, 10), plan().timezone)
    reader = Options(
        "prospects.toml",
        list="31",
        start=start,
        days=days,
        fields=fields,
        answers=options.get("answers", ()),
        orders=options.get("orders", ()),
        preferences=options.get("preferences", ()),
    )
    return {
        entry.letter for entry in lived(plan(), reader) if entry.kind in ("letter", "broadcast")
    }


def test_a_broadcast_to_a_segment_is_for_who_acts_and_has_a_heavy_soil() -> None:
    (broadcast,) = [b for b in plan().broadcasts.values() if b.segments]
    assert broadcast.segments == ("terres-lourdes",)
    assert plan().segments["terres-lourdes"].parent == "actifs"
    heavy, ordered = "soil=argileuse", ("coffret@5d",)
    assert broadcast.id in lived_by(heavy, orders=ordered)
    assert broadcast.id not in lived_by(heavy)
    assert broadcast.id not in lived_by("soil=Sableuse", orders=ordered)
    assert broadcast.id not in lived_by(orders=ordered)


def test_a_reader_who_chose_one_theme_is_spared_the_other() -> None:
    assert plan().forms["inscription"].ask == ("themes",)
    assert "calendrier" in lived_by()
    assert "calendrier" not in lived_by(preferences=("theme=recolter",))


def test_half_of_the_poll_gets_other_words_and_the_cap_is_in_force() -> None:
    poll = plan().broadcasts["enfants"].letter
    assert [(version.id, version.share) for version in poll.versions] == [("directe", 50)]
    assert poll.in_version("directe").subject != poll.subject
    assert plan().purposes["conseils"].caps


def test_a_date_that_matters_and_a_product_are_shown() -> None:
    assert plan().anchors["saints-de-glace"].feast
    declared = plan().declared
    assert declared is not None and [product.code for product in declared.products] == ["coffret"]
