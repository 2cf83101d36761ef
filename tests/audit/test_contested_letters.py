"""`relance audit letter`: both marks of a mail are checked, what is forged is named, and other
words than the published ones are shown.
"""

from __future__ import annotations

import re
from email.message import EmailMessage
from pathlib import Path

import pytest

from engine.context import AppContext
from engine.i18n.user_error import UserError
from engine.letter.link_token import make_token
from engine.subscriber.commands import Subscribe
from tests.audit.contesting import FILES, Auditor, Mail, sent, subscribed, wished, with_evidence
from tests.conftest import MakeContext
from tests.running_installation import publish, write_sequences

pytestmark = pytest.mark.postgres
ANNA, BRUNO = "anna@lecteurs.example", "bruno@lecteurs.example"
TOKEN = re.compile(rb"/l/([A-Za-z0-9_-]{35})")


@pytest.fixture
def context(make_context: MakeContext) -> AppContext:
    return make_context(FILES)


@pytest.fixture
def auditor(context: AppContext, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Auditor:
    return Auditor(context, capsys, tmp_path)


def joined(context: AppContext, address: str = ANNA, name: str = "Anna") -> Mail:
    cause, vault_write = with_evidence(
        context, "operator", {"source": "foire"}, {"first_name": name}
    )
    wished(
        context,
        Subscribe(
            context.clock.now(), cause, 10, "consent", "declared-with-proof", fields=("first_name",)
        ),
        address,
        vault_write=vault_write,
    )
    return sent(context, address, "list:10")


def unwrapped(mail: Mail) -> bytes:
    """Without soft line breaks, so that words and links can be changed."""
    head, blank, body = mail.octets.partition(b"\r\n\r\n")
    return head + blank + body.replace(b"=\r\n", b"")


def about(octets: bytes) -> tuple[str, bytes]:
    message_id = octets.split(b"Message-ID: ")[1].split(b"\r\n")[0].decode()
    return message_id, octets


def test_a_letter_is_found_by_its_links_where_the_message_id_was_taken_off(
    context: AppContext, auditor: Auditor
) -> None:
    octets = re.sub(rb"Message-ID: [^\r]*\r\n", b"", joined(context).octets)
    told = auditor.asks("letter", auditor.file(octets))
    assert (
        told.status == 0
        and "its links are genuine" in told.out
        and "letter “Avez-vous semé, Anna ?” [question] of list 10 (Le potager, semis)" in told.out
    )


def test_a_letter_is_found_by_its_message_id_alone(context: AppContext, auditor: Auditor) -> None:
    mail = joined(context)
    message_id, _ = about(mail.octets)
    for said in (message_id, message_id.strip("<>"), mail.claim.message):
        told = auditor.asks("letter", said)
        assert (
            told.status == 0
            and "anybody who saw the letter could copy it" in told.out
            and "no words to compare" in told.out
        )


def test_a_forged_link_is_named(context: AppContext, auditor: Auditor) -> None:
    mail = joined(context)
    forged = make_token(
        b"another installation's key, 32 b.", 0, mail.position, mail.claim.message
    ).encode()
    octets = TOKEN.sub(b"/l/" + forged, unwrapped(mail))
    told = auditor.asks("letter", auditor.file(octets))
    assert told.status == 1
    assert (
        "! " in told.out
        and "forged or damaged" in told.out
        and "its links are genuine" not in told.out
    )
    plain = auditor.asks("letter", auditor.file(octets), "--json").plain
    assert plain["sound"] is False and plain["found"]["forged_links"] >= 1  # type: ignore[index]


def test_a_forged_link_alone_leads_to_nobody(context: AppContext, auditor: Auditor) -> None:
    mail = joined(context)
    forged = make_token(b"another installation's key, 32 b.", 0, mail.position, mail.claim.message)
    told = auditor.asks(
        "letter",
        auditor.file(f"From: x@y.example\nSubject: a\n\nhttps://x.example/l/{forged}\n".encode()),
    )
    assert (
        told.status == 1
        and "nothing-held/v1" in told.out
        and ANNA not in told.out
        and "1 of its links is forged" in told.out
    )


@pytest.mark.parametrize("position", [0, 1, 2**63, 2**64 - 1])
def test_a_link_to_what_is_no_letter_leads_to_nobody(
    context: AppContext, auditor: Auditor, position: int
) -> None:
    token = make_token(context.secrets.link_key, 0, position, "0" * 32)
    assert (
        auditor.asks(
            "letter", auditor.file(f"Subject: a\n\nhttps://x.example/l/{token}\n".encode())
        ).status
        == 1
    )


def test_a_mail_put_together_from_two_letters_is_named(
    context: AppContext, auditor: Auditor
) -> None:
    anna, bruno = joined(context), joined(context, BRUNO, "Bruno")
    message_id, _ = about(bruno.octets)
    octets = re.sub(rb"Message-ID: [^\r]*", f"Message-ID: {message_id}".encode(), anna.octets)
    told = auditor.asks("letter", auditor.file(octets))
    assert told.status == 1 and "those of different letters" in told.out
    assert f"today under {ANNA}" in told.out


def test_other_words_are_shown_where_they_begin(context: AppContext, auditor: Auditor) -> None:
    octets = unwrapped(joined(context)).replace(b"Bonjour", b"Payez vite, bonjour")
    told = auditor.asks("letter", auditor.file(octets))
    assert (
        told.status == 1
        and "text part: NOT what was published" in told.out
        and "contested here: " in told.out
        and "Payez vite" in told.out
    )


def test_words_with_a_name_that_has_changed_since_are_still_the_published_ones(
    context: AppContext, auditor: Auditor
) -> None:
    mail = joined(context)
    with context.database.connection() as connection:
        connection.execute("""UPDATE vault.person SET fields = '{"first_name": "Anne"}'""")
    told = auditor.asks("letter", auditor.file(mail.octets))
    assert told.status == 0 and "text part: what was published, with other or no fields" in told.out
    assert "in the place of the fields stands: “Anna”" in told.out


def test_words_slipped_in_beside_a_field_are_shown(context: AppContext, auditor: Auditor) -> None:
    octets = unwrapped(joined(context)).replace(b", avez-vous sem", b", payez vite, avez-vous sem")
    assert (
        "in the place of the fields stands: “Anna, payez vite”"
        in auditor.asks("letter", auditor.file(octets)).out
    )


def test_the_words_are_those_of_the_edition_that_was_sent(
    context: AppContext, auditor: Auditor
) -> None:
    mail = joined(context)
    write_sequences(
        context.config.folder,
        {"question.md": "Tout autre chose.\n\n[Oui](===11===)\n\n[Non](===12===)\n"},
    )
    assert publish(context) == 2
    told = auditor.asks("letter", auditor.file(mail.octets))
    assert (
        told.status == 0
        and "edition 1, published" in told.out
        and "avez-vous semé" in told.out
        and "Tout autre chose" not in told.out
    )


def test_a_forwarded_letter_is_looked_into_and_its_other_address_pointed_out(
    context: AppContext, auditor: Auditor
) -> None:
    from email import message_from_bytes, policy

    whole = EmailMessage()
    whole["From"], whole["To"], whole["Subject"] = ANNA, "plaintes@autorite.example", "Regardez"
    whole.set_content("Voici.")
    original = message_from_bytes(joined(context).octets, policy=policy.default)
    original.replace_header("To", "anna.ailleurs@lecteurs.example")
    whole.add_attachment(original)
    told = auditor.asks("letter", auditor.file(whole.as_bytes()))
    assert (
        "! the mail says it went to anna.ailleurs@lecteurs.example" in told.out
        and f"today under {ANNA}" in told.out
    )


def test_what_the_server_said_is_told_from_the_vault(context: AppContext, auditor: Auditor) -> None:
    subscribed(context, ANNA)
    mail = sent(context, ANNA, "list:10", "temporary", "4.2.2 mailbox full of mail")
    told = auditor.asks("letter", auditor.file(mail.octets))
    assert (
        "[question] put off until" in told.out and "words: “4.2.2 mailbox full of mail" in told.out
    )


def test_a_mail_cannot_steer_the_terminal_or_the_page(
    context: AppContext, auditor: Auditor, tmp_path: Path
) -> None:
    hostile = "\x1b[2J\u202e<script>alert(1)</script>\"'&"
    octets = joined(context).octets.replace(
        b"From: Le Potager",
        b"From: =?utf-8?q?" + "".join(f"={b:02X}" for b in hostile.encode()).encode() + b"?=",
    )
    path = auditor.file(octets)
    said = auditor.asks("letter", path).out
    assert "\x1b" not in said and "\u202e" not in said
    auditor.asks("letter", path, "--html", str(tmp_path / "page.html"))
    page = (tmp_path / "page.html").read_text("utf-8")
    assert "<script" not in page and "&lt;script&gt;" in page


@pytest.mark.parametrize(
    ("name", "data", "why"), [("a.eml", b"", "no header"), ("b.eml", b"PK\x03\x04\0", "not text")]
)
def test_a_file_that_is_no_mail_is_refused_with_its_reason(
    auditor: Auditor, name: str, data: bytes, why: str
) -> None:
    with pytest.raises(UserError, match=why) as refused:
        auditor.asks("letter", auditor.file(data, name))
    assert refused.value.status == 2


def test_a_file_that_is_not_there_is_not_taken_for_a_message_id(auditor: Auditor) -> None:
    for said in ("perdu@ailleurs.eml", "./perdu@ailleurs", "perdu"):
        with pytest.raises(FileNotFoundError):
            auditor.asks("letter", said)


def test_a_letter_in_flight_says_that_nothing_is_known_of_its_end(
    context: AppContext, auditor: Auditor
) -> None:
    from engine.subscriber.commands import Perform
    from engine.subscriber.events import Cause

    subscribed(context, ANNA)
    wished(
        context,
        Perform(context.clock.now(), Cause("engine"), "list:10", "0" * 31 + "1", "test"),
        ANNA,
    )
    assert "! nothing is recorded yet of how it ended" in auditor.asks("letter", "0" * 31 + "1").out
