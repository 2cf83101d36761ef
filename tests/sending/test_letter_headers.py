"""What each class of mail says of itself to programs (A12, A20-A22, A29, A30): golden headers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from engine.config import config_of
from engine.inbound.settings import Inbound
from engine.mime.dkim import Signer, relaxed_fields, signed
from engine.mime.return_path import make_token, return_key
from engine.proof.store import SignedCheckpoint
from engine.sending.compose import Composer
from engine.sending.smtp_settings import Dkim
from engine.sending.witness_mail import witness_mail
from engine.sequence.mistakes import Unpublishable
from tests.mime.test_message import read
from tests.sending.test_two_paths import AT, HTTPS, KEY, OnlyFast, claims, ordered
from tests.sequence.test_sample import plan

RETURNS = "bounces.atelier.example"  # [smtp] return_path of HTTPS
LINK = "https://lettres.atelier.example/l/"
ALWAYS = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "OOF, AutoReply"}
TO_LISTS = {
    **ALWAYS,
    "List-Unsubscribe": f"<{LINK}…>, <mailto:u+TOKEN@{RETURNS}?subject=unsubscribe>",
    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    "Precedence": "bulk",
}
ORDERS = "L'accompagnement de votre coffret <commandes.lettres.atelier.example>"
GOLDEN: Mapping[str, Mapping[str, str]] = {
    "letter": {
        **TO_LISTS,
        "Feedback-ID": "l5-merci:sequence:relance:ateliersemences",
        "List-Id": ORDERS,
    },
    "broadcast": {
        **TO_LISTS,
        "Feedback-ID": "broadcast-carnet-2027-01:mailing:relance:ateliersemences",
        "List-Id": ORDERS,
    },
    "confirmation": {**ALWAYS, "Feedback-ID": "ask:confirmation:relance:ateliersemences"},
    "permission": {
        **TO_LISTS,
        "Feedback-ID": "still:confirmation:relance:ateliersemences",
        "List-Id": '"100 % graines %(to)b" <all.lettres.atelier.example>',
    },
}
FOR_PEOPLE_AND_CONTENT = {
    "Date", "From", "To", "Subject", "Message-ID", "MIME-Version", "Content-Type",
    "Content-Transfer-Encoding", "Relance-Checkpoint",
}  # fmt: skip
FIRST = {claim.kind: claim for claim in reversed([*claims()])}


def for_programs(octets: bytes) -> dict[str, str]:
    """Every header that no person reads, a link's token taken out."""
    shown = {name: str(value) for name, value in read(octets).items()}
    shown = {name: value for name, value in shown.items() if name not in FOR_PEOPLE_AND_CONTENT}
    if "List-Unsubscribe" in shown:
        link, _, more = shown["List-Unsubscribe"].partition(">")
        assert len(link) == len(LINK) + 36
        shown["List-Unsubscribe"] = f"{link[: len(LINK) + 1]}…>{more}"
    return shown


@pytest.mark.parametrize("kind", GOLDEN)
def test_each_class_of_letter_says_what_it_is_and_how_to_leave(kind: str) -> None:
    request = ordered(FIRST[kind], {})
    token = make_token(return_key(KEY), "unsubscribe", FIRST[kind].message)
    golden = {name: value.replace("TOKEN", token) for name, value in GOLDEN[kind].items()}
    assert for_programs(Composer(HTTPS, KEY).compose(request, plan(), AT).octets) == golden


def test_no_mail_unsubscribes_where_mail_that_comes_back_is_not_read() -> None:
    request = ordered(FIRST["letter"], {})
    unheard = replace(HTTPS, inbound=Inbound())
    octets = Composer(unheard, KEY).compose(request, plan(), AT).octets
    assert for_programs(octets)["List-Unsubscribe"] == f"<{LINK}…>"
    assert OnlyFast(unheard, KEY).octets(request, plan(), AT) == octets


def test_a_mail_to_a_witness_asks_for_no_answer_and_is_of_no_list() -> None:
    checkpoint = SignedCheckpoint("potager", 1, b"r" * 32, b"potager\n1\ncg==\n\n- p cg==\n", AT)
    mail = witness_mail(HTTPS.site, "temoin@exemple.fr", checkpoint, "potager+1+a", AT, b"m" * 16)
    assert mail.sender == HTTPS.site.sender
    assert for_programs(mail.body) == ALWAYS


def test_a_letter_names_where_complaints_go_only_where_that_is_wanted_and_signed() -> None:
    wanted = replace(HTTPS, dkim=Dkim("atelier.example", cfbl=True))
    request = ordered(FIRST["letter"], {})
    octets = Composer(wanted, KEY).compose(request, plan(), AT).octets
    token = make_token(return_key(KEY), "bounce", FIRST["letter"].message)
    assert for_programs(octets)["CFBL-Address"] == f"bounce+{token}@{RETURNS}; report=arf"
    assert OnlyFast(wanted, KEY).octets(request, plan(), AT) == octets
    signers = [Signer("atelier.example", "s", "rsa-sha256", lambda digest: digest)]
    for letter, times in ((octets, 2), (octets.replace(b"CFBL-Address", b"X-Other"), 0)):
        (own,) = relaxed_fields(signed(letter, signers, 0))["dkim-signature"]
        assert own.count(b"cfbl-address") == times


@pytest.mark.parametrize(
    ("returns", "domain"), [("", "e.example"), ("e.test", "e.example"), ("b.e.example", "")]
)
def test_complaints_are_not_asked_for_where_nobody_would_send_them(
    returns: str, domain: str
) -> None:
    def config(returns: str, domain: str) -> str:
        return (
            '[site]\nname = "x"\nurl = "https://x.example"\nfrom = "a@e.example"\n'
            f'postal_address = "x"\n[[purpose]]\nid = "a"\nname = "a"\n[dkim]\ncfbl = true\n'
            f'domain = "{domain}"\n[smtp]\nreturn_path = "{returns}"\n'
        )

    assert config_of(Path(), config("b.e.example", "e.example")).dkim.cfbl
    with pytest.raises(Unpublishable) as refused:
        config_of(Path(), config(returns, domain))
    (mistake,) = refused.value.mistakes
    assert "`cfbl` needs `domain`" in mistake.words.said()
