"""What an installation declares of itself in config.toml: read with every mistake, published as it
was meant, read back from the ledger the same.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.config import read_config
from engine.installation.state import read_settings, write_settings
from engine.sequence.declared import (
    DURATIONS,
    Controller,
    Declared,
    Partner,
    Processor,
    Product,
    Retention,
    from_plain,
    plain,
)
from engine.sequence.delay import Delay
from engine.sequence.mistakes import Unpublishable
from engine.sequence.parse import Settings
from engine.sequence.parse_declared import CONSENTS
from tests.running_installation import CONFIG

GOOD = """
[consent]
declared = "write"

[controller]
name = "Le Potager, SARL"
security = ["Disques chiffrés."]

[retention]
mode = "enforce"
nightly_cap = 20
silent_after = "2 years"
suppression = "4 years"

[[processor]]
name = "Hébergeur"
task = "Héberge."
country = "US"
contract = "n° 1"
data = ["adresses"]
guarantee = "Clauses types"

[[partner]]
id = "voisin"
name = "Le Voisin"
address = "voisin@voisin.example"
notice = "https://voisin.example/vie-privee"

[[product]]
code = "SEM-12.a/B"
name = "Coffret de semis"

[[purpose]]
id = "voisinage"
name = "Les offres du Voisin"
partner = "voisin"
"""
BAD = [
    (
        'declared = "write"',
        'declared = "ask"',
        "`declared` must be one of ask-first, write",
    ),
    ('mode = "enforce"', 'mode = "soon"', "`mode` must be one of report, enforce"),
    ("nightly_cap = 20", "nightly_cap = 0", "a number of people from 1 to"),
    ("nightly_cap = 20", "nightly_cup = 20", "did you mean `nightly_cap`?"),
    (
        'silent_after = "2 years"',
        'silent_after = "5 years"',
        "five years were judged disproportionate",
    ),
    ('silent_after = "2 years"', 'silent_after = "0 days"', "`silent_after` is no time at all"),
    ('silent_after = "2 years"', 'silent_after = "a while"', "is not a duration"),
    ('silent_after = "2 years"', 'unconfirmed = "31 days"', "thirty days at most"),
    ('silent_after = "2 years"', 'answer_within = "4 months"', "`answer_within` is too long"),
    ('silent_after = "2 years"', 'proof = "7 years"', "barred after six years"),
    ('silent_after = "2 years"', 'ip = "13 months"', "proves little"),
    ('silent_after = "2 years"', 'logs = "2 years"', "twelve months at most"),
    ('silent_after = "2 years"', 'rights = "6 months"', "`rights` is too short"),
    ('suppression = "4 years"', 'suppression = "2 years"', "remembered for three years at least"),
    ('suppression = "4 years"', "suppression = 4", "`suppression` must be text in quotes"),
    ('security = ["Disques chiffrés."]', "security = [4]", "`security` is a list of texts"),
    ('name = "Le Potager, SARL"', 'names = "Le Potager, SARL"', "did you mean `name`?"),
    ('country = "US"', 'country = "usa"', "two capital letters"),
    ('guarantee = "Clauses types"', "", "US lies outside the European Economic Area"),
    ('data = ["adresses"]', "", "`data` says what they get to see"),
    ('contract = "n° 1"', "", "`contract` is missing"),
    ("[[processor]]", "[processor]", "two brackets"),
    ('id = "voisin"', 'id = "Le Voisin"', "small letters, digits and hyphens only"),
    ('notice = "https://voisin.example/vie-privee"', "", "`notice` is missing"),
    ('code = "SEM-12.a/B"', 'code = "un coffret"', "`code` is 1 to 63 letters"),
    ('name = "Coffret de semis"', "", "`name` is missing"),
    ('name = "Coffret de semis"', 'title = "Coffret"', "`title`"),
    ('partner = "voisin"', 'partner = "autre"', 'the partner "autre" is not declared'),
]


def read(folder: Path, text: str) -> Settings:
    config = CONFIG.replace("[fields]", "[fields]\n").replace('[consent]\ndeclared = "write"\n', "")
    (folder / "config.toml").write_text(config + text, "utf-8")
    return read_config(folder).settings


@pytest.mark.parametrize(
    ("old", "new", "said"), BAD, ids=[f"{new or old + ' missing'}" for old, new, _ in BAD]
)
def test_a_mistake_in_what_is_declared_is_told_with_its_line(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    assert old in GOOD
    with pytest.raises(Unpublishable) as raised:
        read(tmp_path, GOOD.replace(old, new, 1))
    assert any(said in str(mistake) and mistake.line > 1 for mistake in raised.value.mistakes), (
        raised.value.mistakes
    )


def test_two_partners_of_one_id_are_a_mistake(tmp_path: Path) -> None:
    again = GOOD[GOOD.index("[[partner]]") : GOOD.index("[[product]]")]
    with pytest.raises(Unpublishable, match="two partners have the same id"):
        read(tmp_path, GOOD + again)


def test_two_products_of_one_code_are_a_mistake(tmp_path: Path) -> None:
    again = GOOD[GOOD.index("[[product]]") : GOOD.index("[[purpose]]")]
    with pytest.raises(Unpublishable, match="two products have the same code"):
        read(tmp_path, GOOD + again)


def test_the_order_of_products_and_partners_in_the_file_is_no_change(tmp_path: Path) -> None:
    partner = GOOD[GOOD.index("[[partner]]") : GOOD.index("[[product]]")]
    product = GOOD[GOOD.index("[[product]]") : GOOD.index("[[purpose]]")]
    earlier = re.sub(r'(id|code) = ".*"', r'\1 = "0"', partner + product)
    declared = read(tmp_path, GOOD + earlier).declared
    assert declared is not None
    assert from_plain(plain(declared)) == declared
    assert declared.partners[0].id == declared.products[0].code == "0"


def test_without_products_nothing_is_published_of_them() -> None:
    assert "products" not in plain(Declared())


def test_what_is_declared_is_read_and_what_is_not_has_its_default(tmp_path: Path) -> None:
    settings = read(tmp_path, GOOD)
    assert settings.declared == Declared(
        Controller("Le Potager, SARL", security=("Disques chiffrés.",)),
        Retention("enforce", 20, Delay(months=24), suppression=Delay(months=48)),
        (Processor("Hébergeur", "Héberge.", "US", "n° 1", ("adresses",), "Clauses types"),),
        (
            Partner(
                "voisin", "Le Voisin", "voisin@voisin.example", "https://voisin.example/vie-privee"
            ),
        ),
        "write",
        (Product("SEM-12.a/B", "Coffret de semis"),),
    )
    assert read(tmp_path, "").declared == Declared()
    assert settings.purposes[-1].partner == "voisin"


def in_order(partners: list[Partner]) -> tuple[Partner, ...]:
    return tuple(sorted(partners, key=lambda partner: partner.id))


texts = st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=12)
delays = st.builds(
    Delay, months=st.integers(0, 60), days=st.integers(0, 400), minutes=st.integers(0, 90)
)
retentions = st.builds(
    Retention,
    st.sampled_from(["report", "enforce"]),
    st.integers(1, 10**6),
    suppression=st.none() | delays,
    **dict.fromkeys(DURATIONS, delays),
)
declarations = st.builds(
    Declared,
    st.builds(Controller, *(texts for _ in range(5)), st.lists(texts).map(tuple)),
    retentions,
    st.lists(
        st.builds(Processor, texts, texts, texts, texts, st.lists(texts).map(tuple), texts),
        max_size=3,
    ).map(tuple),
    st.lists(
        st.builds(Partner, texts, texts, texts, texts), max_size=3, unique_by=lambda p: p.id
    ).map(in_order),
    st.sampled_from(CONSENTS),
    st.lists(st.builds(Product, texts, texts), max_size=3, unique_by=lambda p: p.code).map(
        lambda products: tuple(sorted(products, key=lambda product: product.code))
    ),
)


@given(declarations)
def test_what_is_published_of_it_is_read_back_the_same(declared: Declared) -> None:
    assert from_plain(plain(declared)) == declared
    settings = Settings(declared=declared)
    assert read_settings(write_settings(settings)) == settings


def test_until_there_was_a_choice_whoever_a_file_declared_was_written_to() -> None:
    published = {name: value for name, value in plain(Declared()).items() if name != "consent"}
    assert from_plain(published).consent == "write"


def test_the_version_of_the_partners_changes_with_any_of_them_and_not_with_their_order() -> None:
    one = Partner("a", "A", "a@a.example", "https://a.example")
    two = Partner("b", "B", "b@b.example", "https://b.example")
    version = Declared(partners=(one, two)).partners_version
    assert version == Declared(partners=(two, one)).partners_version
    assert (
        len(
            {
                version,
                Declared(partners=(one,)).partners_version,
                Declared(partners=(one, Partner("b", "C", "", ""))).partners_version,
                "",
            }
        )
        == 4
    )
    assert Declared().partners_version == ""
