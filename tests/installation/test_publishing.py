"""Settings as they are published in the installation's stream, and read back from it."""

from __future__ import annotations

from dataclasses import replace

from engine.authoring.plan_words import tell
from engine.authoring.publication import Proposal
from engine.installation.events import VersionsPublished
from engine.installation.publishing import affected_lists, difference, publication
from engine.installation.state import Installation, read_settings, write_settings
from engine.sequence.declared import Declared, Retention
from engine.sequence.delay import Delay
from engine.sequence.model import Plan
from engine.sequence.parse import Settings, parse
from engine.sequence.pressure import parse_cap
from engine.subscriber.agenda_key import ListKey
from tests.sequence.dialogues import HEAD, SETTINGS, WORDS, letter, listed, read


def test_settings_published_before_there_was_anything_to_declare_keep_their_digest() -> None:
    before = write_settings(SETTINGS)
    assert "declared" not in before and "partner" not in before
    assert read_settings(before).declared is None
    assert write_settings(read_settings(before)) == before


def test_a_change_of_a_duration_alone_is_published() -> None:
    first, second = (
        Settings(declared=Declared(retention=Retention(silent_after=Delay(months=months))))
        for months in (24, 12)
    )
    installation = Installation()
    for event in publication(installation, {}, first, 1, "test"):
        installation = installation.evolve(event)
    assert publication(installation, {}, first, 2, "test") == ()
    for event in publication(installation, {}, second, 3, "test"):
        installation = installation.evolve(event)
    editions = [installation.plan(edition).declared for edition in (1, 2)]
    assert [declared.retention.silent_after for declared in editions if declared] == [
        Delay(months=24),
        Delay(months=12),
    ]


def test_a_cap_and_a_weight_are_changes_of_their_own_and_touch_no_due_date() -> None:
    text = HEAD + listed(11, "a", "ends = { leave = true }") + letter("one")
    before = read(text)
    capped = replace(SETTINGS, caps=(parse_cap("3 per 1 week"),))
    after = read(text.replace("[[list.letter]]", "[[list.letter]]\nweight = 8"), settings=capped)
    changes = difference(before, after)
    assert changes.weighed == ((ListKey(11), "one"),)
    assert (changes.caps, changes.settings, changes.retimed) == (("",), False, ())
    assert changes.count == 2 + len(changes.words)
    own = tuple(replace(p, caps=capped.caps) for p in SETTINGS.purposes[:1])
    purposed = replace(SETTINGS, purposes=own + SETTINGS.purposes[1:])
    assert difference(before, read(text, settings=purposed)).caps == ("conseils",)
    assert affected_lists(before, after) == frozenset()


def test_the_plan_says_whom_a_new_cap_touches() -> None:
    before = read(HEAD + listed(11, "a", "ends = { leave = true }") + letter("one"))
    conseils = replace(SETTINGS.purposes[0], caps=(parse_cap("1 per 2 days"),))
    settings = replace(
        SETTINGS,
        purposes=(conseils, *SETTINGS.purposes[1:]),
        caps=(parse_cap("3 per 1 week"), parse_cap("8 per 1 month")),
    )
    after = parse(dict(before.words), settings)
    plan = Proposal(1, before, after, {}, settings, difference(before, after), {11: 3})
    lines = list(tell(plan, "en"))
    assert (
        "~ config.toml: at most 3 per 7 days · 8 per 1 month for anybody (3 people stand there)"
        in lines
    )
    assert "~ config.toml: at most 1 per 2 days of “La lettre” (3 people stand there)" in lines
    back = Proposal(2, after, before, {}, SETTINGS, difference(after, before), {11: 3})
    assert "~ config.toml: no cap any more for the house (3 people stand there)" in tell(back, "en")


VERSION = '[[list.letter.version]]\nid = "b"\nsubject = "Autrement"\nshare = {share}\n'


def published(*texts: str) -> tuple[Installation, list[VersionsPublished]]:
    """An installation that has published one dialogue after the other, and what it said of
    versions.
    """
    installation, said = Installation(), []
    for at, text in enumerate(texts, 1):
        facts = publication(installation, {"d.toml": text, **WORDS}, SETTINGS, at, "test")
        said += [fact for fact in facts if isinstance(fact, VersionsPublished)]
        for fact in facts:
            installation = installation.evolve(fact)
    return installation, said


def test_a_trial_goes_on_while_its_versions_and_shares_stay() -> None:
    text = HEAD + listed(11, "a") + letter("one") + VERSION.format(share=50)
    other_words = text.replace("Autrement", "Encore autrement")
    installation, said = published(text, other_words, other_words.replace("Sujet", "Titre"))
    assert said == [VersionsPublished(1, 1, "list:11/one", (("a", 50), ("b", 50)))]
    assert [installation.plan(n).lists[11].letters[0].tried_since for n in (1, 2, 3)] == [1, 1, 1]


def test_other_shares_are_another_trial_and_a_letter_without_versions_ends_it() -> None:
    text = HEAD + listed(11, "a") + letter("one")
    trial, other = text + VERSION.format(share=50), text + VERSION.format(share=30)
    installation, said = published(trial, other, text, trial)
    assert [(fact.edition, dict(fact.arms)) for fact in said] == [
        (1, {"a": 50, "b": 50}),
        (2, {"a": 70, "b": 30}),
        (3, {}),
        (4, {"a": 50, "b": 50}),
    ]
    since = [installation.plan(n).lists[11].letters[0].tried_since for n in (1, 2, 3, 4)]
    assert since == [1, 2, 0, 4]


def test_the_plan_says_who_may_call_and_who_no_longer() -> None:
    text = HEAD + listed(11, "a", "ends = { leave = true }") + letter("one")
    shop = '[[webhook]]\nname = "b"\nfrom = "stripe"\nsecret_file = "s"\n'
    rule = '[[webhook.do]]\non = "purchase"\njoin = 11\n'
    bare, calling, joining = (read(text + more) for more in ("", shop, shop + rule))

    def told(before: Plan, after: Plan) -> list[str]:
        plan = Proposal(1, before, after, {}, SETTINGS, difference(before, after), {11: 3})
        return [line for line in tell(plan, "en") if "webhook b" in line]

    assert told(bare, calling) == ["+ webhook b: called at /w/b"]
    assert told(calling, joining) == ["~ webhook b: who calls, or what follows"]
    assert told(joining, bare) == ["- webhook b: its calls are answered 404"]
    assert told(joining, joining) == []
