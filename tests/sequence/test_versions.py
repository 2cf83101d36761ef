"""A letter in several versions: how it is written, and who gets which."""

from __future__ import annotations

import hashlib
from collections import Counter

import pytest

from engine.sequence.check_letters import trials_that_show_nothing
from engine.sequence.model import Letter, Plan, Version
from engine.sequence.plan_source import PlanSource
from engine.sequence.versions import all_in, arm_of
from tests.sequence.dialogues import HEAD, WORDS, letter, listed, mistakes, read

BODIES = WORDS | {
    "same.md": "Dites :\n\n[Avec plaisir](===11===) [Non](===12===)\n",
    "other.md": "Alors ?\n\n[Oui](===12===) [Non](===11===)\n",
}
TARGETS = listed(11, "oui") + listed(12, "non")


def version(name: str = "b", *lines: str) -> str:
    return "\n".join(["[[list.letter.version]]", f'id = "{name}"', *lines, ""])


def tried(*versions: str, lines: tuple[str, ...] = ()) -> str:
    asked = letter("question", *lines, body="q.md")
    return HEAD + listed(10, "une") + asked + "".join(versions) + TARGETS


def the_letter(plan: Plan) -> Letter:
    return plan.lists[10].letters[0]


def test_a_version_has_words_of_its_own_and_the_letter_the_rest_of_the_people() -> None:
    plan = read(tried(version("b", 'subject = "Vite"', "share = 30"), lines=("holdout = 10",)))
    asked = the_letter(plan)
    assert asked.arms == (("a", 60), ("b", 30), ("holdout", 10))
    assert asked.in_version("b").subject == "Vite"
    assert asked.in_version("b").body == asked.body == "q.md"
    assert asked.in_version("a") == asked.in_version("gone") == asked


def test_a_version_in_another_body_has_its_own_links_to_the_same_lists() -> None:
    plan = read(tried(version("b", 'body = "same.md"', "share = 50")), BODIES)
    links = the_letter(plan).in_version("b").links
    assert [(link.target, link.label) for link in links] == [(11, "Avec plaisir"), (12, "Non")]


def test_a_broadcast_has_versions_too() -> None:
    toml = (
        HEAD
        + TARGETS
        + '[[broadcast]]\nid = "b"\nto = [11]\non = "2027-01-01 09:00"\nsubject = "S"\n'
        + 'body = "a.md"\nholdout = 20\n[[broadcast.version]]\nid = "b"\nshare = 40\n'
        + 'subject = "T"\n'
    )
    assert read(toml).broadcasts["b"].letter.arms == (("a", 40), ("b", 40), ("holdout", 20))


@pytest.mark.parametrize(
    ("versions", "lines", "told"),
    [
        (version("b", "share = 50"), (), "changes nothing"),
        (version("b", 'subject = "T"'), (), "`share` is missing"),
        (version("b", 'subject = "T"', "share = 0"), (), "from 1 to 100"),
        (version("b", 'subject = "T"', "share = 101"), (), "from 1 to 100"),
        (version("a", 'subject = "T"', "share = 5"), (), "the letter itself"),
        (version("holdout", 'subject = "T"', "share = 5"), (), "who gets no letter"),
        (version("b", 'subject = "T"', "share = 5") * 2, (), 'two versions "b"'),
        (version("b", 'subject = "T"', "share = 60") + version("c", 'subject = "U"', "share = 41"),
         (), "come to 101"),
        (version("b", 'subject = "T"', "share = 60"), ("holdout = 41",), "come to 101"),
        ("", ("holdout = 101",), "from 0 to 100"),
        (version("b", 'body = "other.md"', "share = 5"), (), "must have the links of q.md"),
        (version("b", 'body = "a.md"', "share = 5"), (), "must have the links of q.md"),
        (version("b", 'body = "none.md"', "share = 5"), (), "there is no letter none.md"),
        (version("b", 'subject = "T"', "share = 5", "weight = 3"), (), "unknown key `weight`"),
    ],
)  # fmt: skip
def test_what_makes_no_trial_is_a_mistake(versions: str, lines: tuple[str, ...], told: str) -> None:
    (mistake,) = mistakes(tried(versions, lines=lines), BODIES)
    assert told in mistake


@pytest.mark.parametrize(
    ("versions", "lines", "body", "told"),
    [
        ("", ("holdout = 100",), "q.md", ["nobody gets this letter"]),
        (version("b", 'subject = "T"', "share = 100"), (), "q.md", ['everybody gets version "b"']),
        (version("b", 'subject = "T"', "share = 50"), (), "a.md", ["the letter asks nothing"]),
        (version("b", 'body = "same.md"', "share = 50"), (), "q.md", ["have other words"]),
        (version("b", 'subject = "T"', "share = 50"), ("holdout = 10",), "q.md", []),
    ],
)  # fmt: skip
def test_a_trial_that_can_show_nothing_is_told(
    versions: str, lines: tuple[str, ...], body: str, told: list[str]
) -> None:
    toml = HEAD + listed(10, "une") + letter("question", *lines, body=body) + versions + TARGETS
    source = PlanSource(read(toml, BODIES), BODIES | {"d.toml": toml})
    found = [str(mistake) for mistake in trials_that_show_nothing(source)]
    assert len(found) == len(told)
    assert all(part in mistake for part, mistake in zip(told, found, strict=True))


def test_the_same_person_always_gets_the_same_version_of_a_trial() -> None:
    arms = (("a", 60), ("b", 30), ("holdout", 10))
    drawn = Counter(arm_of(arms, "list:10/question", 3, f"person {n}") for n in range(4000))
    assert 2250 < drawn["a"] < 2550
    assert 1080 < drawn["b"] < 1320
    assert 320 < drawn["holdout"] < 480
    again = [arm_of(arms, "list:10/question", 4, f"person {n}") for n in range(100)]
    assert again != [arm_of(arms, "list:10/question", 3, f"person {n}") for n in range(100)]
    assert arm_of((), "list:10/question", 3, "person") == ""


def test_anybody_can_compute_which_version_somebody_got() -> None:
    remainders = set()
    for number in range(1000):
        lines = f"relance version\nlist:10/question\n3\n{number}".encode()
        remainder = int(hashlib.sha256(lines).hexdigest()[:16], 16) % 100
        expected = "a" if remainder < 50 else "b"
        assert arm_of((("a", 50), ("b", 50)), "list:10/question", 3, str(number)) == expected
        remainders.add(remainder)
    assert {0, 49, 50, 99} <= remainders


def test_everybody_can_be_put_in_one_version_for_a_look() -> None:
    asked = Letter("x", "S", "a.md", versions=(Version("b", 20, "T", "a.md"),), holdout=5)
    assert all_in(asked, "b").arms == (("a", 0), ("b", 100))
    assert all_in(asked, "a").arms == ()
    assert all_in(asked, "holdout").arms == (("a", 0), ("holdout", 100))
