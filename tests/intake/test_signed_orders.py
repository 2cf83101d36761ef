"""A shop's signature over an order: what docs/author.md tells a shop to compute is what is
believed, and nothing else.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from engine.intake.forms import MAX_LIFE_SECONDS, is_signed

PAGE = (Path(__file__).parents[2] / "docs" / "author.md").read_text()
KEY, NOW = "0f" * 32, 1_800_000_000
# Computed with OpenSSL: printf 'relance-order\ncommande\nA-17\nlea@exemple.fr\n1800003600' |
# openssl dgst -sha256 -hmac 0f0f…0f
VECTOR = "1800003600.64908e4df42f2c0f9d7997dcfef8fdb49be5cc1c6fe3d5f404d1bbc93de74494"


def signed(key: str, form: str, order: str, address: str, until: int, bought: str = "") -> str:
    """As the page says it, in one expression."""
    return (
        f"{until}."
        + hmac.new(
            key.encode(),
            "\n".join(
                ["relance-order", form, order, address, str(until), *([bought] if bought else [])]
            ).encode(),
            hashlib.sha256,
        ).hexdigest()
    )


def believed(
    proof: str,
    *,
    key: str = KEY,
    form: str = "commande",
    order: str = "A-17",
    address: str = "lea@exemple.fr",
    now: int = NOW,
    bought: str = "",
) -> bool:
    return is_signed((b"x" * 32, key.encode()), form, order, address, proof, now, bought)


def test_what_openssl_computes_is_believed() -> None:
    assert believed(VECTOR)


def test_what_was_bought_is_believed_as_it_was_signed_and_cannot_be_left_out() -> None:
    bought = "49.90 EUR coffret,livre"
    proof = signed(KEY, "commande", "A-17", "lea@exemple.fr", NOW + 60, bought)
    assert believed(proof, bought=bought)
    assert not believed(proof)
    assert not believed(proof, bought="4.90 EUR coffret,livre")
    assert not believed(VECTOR, bought=bought)


def _code(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", PAGE, re.S)
    assert found, f"docs/author.md shows no {language}"
    return found[1]


def test_the_three_lines_of_python_in_the_authors_page_make_such_a_proof() -> None:
    values: dict[str, object] = {"KEY": KEY, "order": "A-17", "email": " Lea@Exemple.fr "}
    exec(_code("python"), values)
    proof, link = str(values["proof"]), str(values["link"])
    now = int(proof.partition(".")[0]) - 60
    assert believed(proof, now=now) and link.endswith(f"/f/commande?order=A-17&proof={proof}")


@pytest.mark.skipif(shutil.which("php") is None, reason="no PHP on this machine")
def test_the_three_lines_of_php_in_the_authors_page_make_such_a_proof() -> None:
    code = (
        f'$key = "{KEY}"; $order = "A-17"; $email = " Lea@Exemple.fr ";\n{_code("php")}\necho'
        " $proof;"
    )
    proof = subprocess.run(
        ["php", "-r", code], capture_output=True, text=True, timeout=30, check=True
    ).stdout
    assert believed(proof, now=int(proof.partition(".")[0]) - 60)


def test_it_is_good_until_its_time_and_for_no_longer_than_a_stream_remembers() -> None:
    for until, good in (
        (NOW, True),
        (NOW - 1, False),
        (NOW + MAX_LIFE_SECONDS, True),
        (NOW + MAX_LIFE_SECONDS + 1, False),
    ):
        assert believed(signed(KEY, "commande", "A-17", "lea@exemple.fr", until)) is good


@pytest.mark.parametrize(
    "proof",
    [
        "",
        ".",
        "1800003600",
        "01800003600." + "0" * 64,
        VECTOR.upper(),
        VECTOR + "0",
        "²." + "0" * 64,
        "\n" + VECTOR,
    ],
)
def test_what_is_no_proof_is_none(proof: str) -> None:
    assert not believed(proof)


def test_one_that_names_another_form_order_address_or_key_is_none() -> None:
    assert not believed(VECTOR, form="autre")
    assert not believed(VECTOR, order="A-18")
    assert not believed(VECTOR, address="autre@exemple.fr")
    assert not believed(VECTOR, key="0e" * 32)
    assert not believed(signed(KEY, "commande", "", "lea@exemple.fr", NOW), order="")
