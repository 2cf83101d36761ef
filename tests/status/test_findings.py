"""What the facts of an installation mean: what is wrong, how bad it is, what to do. And the same
for Prometheus.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from prometheus_client.parser import text_string_to_metric_families

from engine.config import Site
from engine.inbound.imap import ImapFault
from engine.sequence.model import Plan, Purpose
from engine.status.facts import (
    DeliveryFacts,
    ExpiringKey,
    Facts,
    Process,
    ProviderCount,
    ProviderFacts,
    SilentWebhook,
    Stuck,
    TreeState,
    Trouble,
    ViewState,
    Waiting,
)
from engine.status.finding import is_well
from engine.status.finding_words import FindingWords
from engine.status.findings import findings
from engine.status.metrics import exposition
from engine.status.state_words import StateWords
from engine.words import words

RUN = Process(("follow", "send", "web"), "alpha", 41, 60.0, 1.0)
SITE = Site("Le Potager", "https://x.example", "a@x.example", "", "", "x", "en", "Europe/Paris")
KEY_OLD = words("the DKIM key {selector} signs since {date}", selector="s", date="2026-01-01")
SOMEONE = "0f1e2d3c-4b5a-4978-8796-a5b4c3d2e1f0"
WELL = Facts(
    head=100,
    processes=(RUN,),
    views=(ViewState("agenda", 100),),
    tick=0.5,
    disk_free=50_000_000_000,
    disk_total=100_000_000_000,
)


def test_what_is_left_out_and_who_is_stopped_is_counted_with_its_reason() -> None:
    plan = Plan(1, "Europe/Paris", purposes={"conseils": Purpose("conseils", "La lettre")})
    words = StateWords(SITE, plan, "en")
    facts = replace(
        WELL,
        not_sent={"pressure": 12, "segment": 5, "preferences": 1},
        not_sent_since="2026-11-23",
        stopped={"conseils": 3, "former": 1},
    )
    subjects = dict(words.subjects(facts))
    assert subjects["withheld"][:2] == [
        "0",
        "left out since 23 November 2026: pressure 12, not for this person (segment) 5,"
        " preferences 1",
    ]
    assert "`relance results LETTER`" in subjects["withheld"][2]
    assert subjects["cleaning"] == [
        "3 people are not written to about “La lettre” any more, until they do something",
        "1 person is not written to about “former” any more, until they do something",
    ]
    assert dict(words.subjects(WELL))["withheld"] == ["0"]


def test_a_relay_that_hides_what_providers_answer_is_said_to() -> None:
    words = StateWords(SITE, Plan(1, "Europe/Paris"), "en")

    def sending(facts: Facts) -> list[str]:
        return dict(words.subjects(facts))["sending"]

    through = replace(WELL, relay="smtp.example.org:587")
    assert sending(through) == ["through smtp.example.org:587; last round 0 s ago"]
    (_, hidden) = sending(replace(through, comes_back=False))
    assert hidden.startswith("a relay keeps the providers’ own answers to itself")
    assert sending(replace(WELL, relay="direct"))[0].startswith("straight to the readers’ own")
    assert codes(replace(through, comes_back=False)) == []


def codes(facts: Facts) -> list[tuple[str, str]]:
    return [(each.code, each.level) for each in findings(facts)]


def test_nothing_is_found_where_all_is_well() -> None:
    assert codes(WELL) == [] and is_well(findings(WELL))


@pytest.mark.parametrize(
    ("facts", "found"),
    [
        (replace(WELL, processes=()), [("nothing-runs", "stopped")]),
        (
            replace(WELL, processes=(replace(RUN, parts=("web",)),)),
            [("no-follow", "stopped"), ("no-send", "stopped")],
        ),
        (
            replace(WELL, processes=(RUN, replace(RUN, host="beta", seen=60.0, lives=False))),
            [("vanished", "stopped")],
        ),
        (
            replace(WELL, processes=(replace(RUN, seen=60.0, lives=False),)),
            [("nothing-runs", "stopped"), ("vanished", "stopped")],
        ),
        (
            replace(WELL, troubles=(Trouble("stands:send", "h2 (7)", 5.0),)),
            [("stands-still", "stopped")],
        ),
        (replace(WELL, views=(ViewState("letters", 40, 60, 5.0),)), []),
        (replace(WELL, views=(ViewState("letters", 40, 60, 61.0),)), [("view-behind", "stopped")]),
        (
            replace(WELL, views=(ViewState("letters", 40, 60, 61.0, "UndefinedTable"),)),
            [("view-stopped", "stopped")],
        ),
        (replace(WELL, views=(ViewState("letters", 120, -20),)), [("view-ahead", "stopped")]),
        (replace(WELL, paused={0: "restored"}), [("paused", "stopped")]),
        (replace(WELL, paused={12: "operator"}), [("list-paused", "notice")]),
        (replace(WELL, troubles=(Trouble("relay", "refused", 5.0),)), [("relay", "stopped")]),
        (
            replace(WELL, paused={0: "blocked"}, troubles=(Trouble("blocked", "5.7.1", 5.0),)),
            [("paused", "stopped"), ("blocked", "notice")],
        ),
        (
            replace(WELL, troubles=(Trouble("proof", "nothing is signed", 5.0),)),
            [("unsigned", "stopped")],
        ),
        (replace(WELL, tree=TreeState(100, 0, "x", 90, 7000.0)), []),
        (replace(WELL, tree=TreeState(100, 0, "x", 90, 7300.0)), [("checkpoint-late", "notice")]),
        (replace(WELL, tree=TreeState(100, 0, "x", 100, 99_000.0)), []),
        (replace(WELL, tree=TreeState(100, 0, "x", 90, 800.0), checkpoint_every=60.0), []),
        (
            replace(
                WELL,
                tree=TreeState(100, 0, "x", 90, 7300.0),
                troubles=(Trouble("proof", "no", 5.0),),
            ),
            [("unsigned", "stopped")],
        ),
        (replace(WELL, in_doubt=2), [("in-doubt", "stuck")]),
        (
            replace(WELL, stuck=(Stuck(SOMEONE, "list:10", "no first_name", 5.0),)),
            [("stuck", "stuck")],
        ),
        (replace(WELL, requests=2), [("requests", "notice")]),
        (replace(WELL, requests=2, requests_late=1), [("request-late", "stuck")]),
        (
            replace(WELL, troubles=(Trouble("journal", "No space left on device", 5.0),)),
            [("journal", "stopped")],
        ),
        (
            replace(WELL, troubles=(Trouble("store", "its thread has ended", 5.0),)),
            [("store", "stopped")],
        ),
        (replace(WELL, keys=(ExpiringKey("a1", "boutique", 60.0),)), [("key-expires", "notice")]),
        (replace(WELL, keys=(ExpiringKey("a1", "boutique", -60.0),)), [("key-expired", "notice")]),
        (
            replace(WELL, webhooks=(SilentWebhook("boutique", why=words("gone")),)),
            [("webhook-secret", "stuck")],
        ),
        (
            replace(WELL, webhooks=(SilentWebhook("boutique", calls=3, since=90_000.0),)),
            [("webhook-refused", "stuck")],
        ),
        (replace(WELL, webhooks=(SilentWebhook("boutique", calls=3, since=60.0),)), []),
        (replace(WELL, signing=(("old", KEY_OLD),)), [("dkim-old", "notice")]),
        (
            replace(WELL, signing=(("old", KEY_OLD), ("unusable", words("gone")))),
            [("dkim-unusable", "stopped"), ("dkim-old", "notice")],
        ),
        (replace(WELL, tick=1000.0), [("slow", "notice")]),
        (
            replace(WELL, tick=1000.0, troubles=(Trouble("relay", "refused", 5.0),)),
            [("relay", "stopped")],
        ),
        (replace(WELL, disk_free=1_000_000_000), [("disk", "notice")]),
        (replace(WELL, disk_free=1_000_000), [("disk", "stopped")]),
    ],
)
def test_what_is_wrong_is_found_with_how_bad_it_is(
    facts: Facts, found: list[tuple[str, str]]
) -> None:
    assert codes(facts) == found
    assert is_well(findings(facts)) == all(level == "notice" for _, level in found)


def test_each_finding_says_what_to_do_with_its_values() -> None:
    facts = replace(
        WELL, paused={12: "operator"}, waiting=(Waiting(12, 3, 5, "operator"), Waiting(13, 7, 7))
    )
    (found,) = findings(facts)
    assert found.what.format(**found.values) == "list 12 is paused (operator); letters due: 3"
    assert found.remedy.format(**found.values) == "`relance resume --list 12` lets them go on"


def test_prometheus_reads_the_same_and_nobody_is_in_it() -> None:
    facts = replace(
        WELL,
        processes=(RUN, replace(RUN, parts=("send",), pid=42)),
        views=(ViewState("letters", 90, 10, 2.5, "UndefinedTable"),),
        waiting=(Waiting(12, 3, 5, "operator"), Waiting(13, 7, 7)),
        paused={12: 'a "strange"\nreason'},
        stuck=(Stuck(SOMEONE, "list:10", "no first_name", 5.0),),
        in_doubt=2,
        tree=TreeState(96, 4, "lettres.example/relance/x", 90, 42.5),
    )
    text = exposition(facts).decode()
    read = {
        (sample.name.removeprefix("relance_"), *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert (read["well",], read["ledger_head",], read["stuck",], read["letters_in_doubt",]) == (
        0,
        100,
        1,
        2,
    )
    assert (read["processes", "send"], read["processes", "web"]) == (2, 1)
    assert (
        read["view_behind_entries", "letters"],
        read["view_behind_seconds", "letters"],
        read["view_stopped", "letters"],
    ) == (10, 2.5, 1)
    assert (
        read["letters_due", "13"],
        read["letters_due_within_hour", "12"],
        read["letters_held",],
    ) == (7, 5, 3)
    assert read["sending_paused", "12", 'a "strange"\nreason'] == 1
    assert read["findings", "view-stopped", "stopped"] == 1
    assert [
        read[name,]
        for name in (
            "tree_size",
            "tree_behind_entries",
            "checkpoint_size",
            "checkpoint_age_seconds",
        )
    ] == [96, 4, 90, 42.5]
    assert SOMEONE not in text and "first_name" not in text


@pytest.mark.parametrize("fault", [*ImapFault, "imap-ended"])
def test_a_mailbox_that_is_not_read_is_said_with_what_to_do(fault: str) -> None:
    troubled = replace(WELL, troubles=(Trouble(fault, "Reçus", 400.0),))
    (finding,) = findings(troubled)
    assert (finding.code, finding.level) == (fault, "stuck")
    assert "Reçus" in FindingWords(Plan(1, "Europe/Paris"), "fr").what(finding)
    assert not is_well(findings(troubled))


def told_of(delivery: DeliveryFacts) -> dict[str, tuple[str, str, str]]:
    words = StateWords(SITE, Plan(1, "Europe/Paris"), "en")
    told = findings(replace(WELL, delivery=delivery))
    return {one.code: (one.level, words.what(one), words.remedy(one)) for one in told}


def test_a_provider_that_passes_a_guard_is_named_with_its_numbers() -> None:
    gmail = ProviderFacts(
        provider="gmail", title="Gmail", sent=12_000, tried=12_010, complained=40, complaints="over"
    )
    sfr = ProviderFacts(
        provider="sfr", title="SFR", sent=980, tried=1000, bounced=20, bounces="warn"
    )
    level, what, remedy = told_of(DeliveryFacts(providers=(gmail,)))["complaints"]
    assert level == "stuck" and "relance delivery" in remedy
    assert what == "of 12,000 letters to Gmail in seven days 40 were complained of: too many"
    level, what, _remedy = told_of(DeliveryFacts(providers=(sfr,)))["bounces"]
    assert (level, what) == ("notice", "of 1,000 letters to SFR in seven days 20 came back")


def test_all_providers_together_are_named_where_none_passes_alone() -> None:
    whole = ProviderFacts(
        provider="", title="all providers", sent=900, tried=900, complained=1, complaints="warn"
    )
    few = ProviderFacts(provider="free", title="Free", sent=10, tried=10, complained=1)
    told = told_of(DeliveryFacts(whole=(whole,), providers=(few,)))
    assert "to all providers in seven days 1 were complained of" in told["complaints"][1]
    alone = replace(few, complaints="over")
    told = told_of(DeliveryFacts(whole=(whole,), providers=(alone,)))
    assert "to Free" in told["complaints"][1]


def test_a_provider_that_refuses_us_is_told_of_once_many_letters_wait() -> None:
    free = ProviderFacts(provider="free", title="Free", waiting=30, refused=9, answer="550 5.7.1")
    assert told_of(DeliveryFacts(providers=(free,))) == {}
    told = told_of(DeliveryFacts(providers=(replace(free, refused=10),)))
    what = "Free refuses our mail as such (550 5.7.1): 10 letters wait"
    assert told["provider-refuses"][:2] == ("notice", what)


def test_mail_that_comes_back_without_a_return_path_is_told_of() -> None:
    assert "return_path is not set" in told_of(DeliveryFacts(unheard=True))["no-return-path"][1]


def test_prometheus_counts_letters_by_provider_and_names_nobody() -> None:
    gmail = ProviderFacts(provider="gmail", title="Gmail", waiting=7, complaints="warn")
    ever = (ProviderCount("gmail", "sent", 1200), ProviderCount("", "hard", 3))
    facts = replace(WELL, delivery=DeliveryFacts(providers=(gmail,), ever=ever))
    families = {
        family.name: {tuple(sample.labels.values()): sample.value for sample in family.samples}
        for family in text_string_to_metric_families(exposition(facts).decode())
    }
    assert families["relance_letters"] == {("gmail", "sent"): 1200, ("unknown", "hard"): 3}
    assert families["relance_letters_waiting"] == {("gmail",): 7}
    assert families["relance_complaints_level"] == {("gmail",): 1}
    assert families["relance_bounces_level"] == {("gmail",): 0}
