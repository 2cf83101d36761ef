"""A publication's plan says of each segment that differs how many people enter and leave it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.authoring.plan_words import tell
from engine.authoring.publication import apply, plan_publication
from engine.config import read_config
from engine.context import AppContext
from engine.sequence.model import Field
from engine.subscriber.agenda_key import BroadcastKey
from tests.conftest import MakeContext
from tests.projections.test_segments_followed import FIELDS, FRESH, LISTS, LYON, join, members
from tests.running_installation import write_sequences

CHILD = '[[segment]]\nid = "petit"\nname = "Petit"\nin = "lyon"\nall = [\'on 10\']\n'
MEASURED = '[[segment]]\nid = "measured"\nname = "M"\nall = ["measured clicked within 3 days"]\n'


@pytest.fixture
def context(make_context: MakeContext) -> AppContext:
    context = make_context({"a.toml": LISTS + LYON + CHILD}, FIELDS)
    for name, town in (("anna", "Lyon"), ("ben", "Nice"), ("zoe", "Nice")):
        join(context, name, town=town)
    return context


def told(context: AppContext, segments: str) -> list[str]:
    write_sequences(context.config.folder, {"a.toml": LISTS + segments})
    lines = tell(plan_publication(context), "en")
    return [line for line in lines if line[2:].startswith("segment ")]


def test_who_enters_and_leaves_is_counted_before_it_is_in_force(context: AppContext) -> None:
    nice = LYON.replace('"Lyon"\'', '"Nice"\'')
    assert told(context, nice + CHILD + FRESH) == [
        "+ segment fresh (Fresh): 3 enter, 0 leave",
        "~ segment lyon (Lyon): 2 enter, 1 leave",
        "~ segment petit (Petit): 2 enter, 1 leave",
    ]
    assert len(members(context, "lyon")) == 1
    apply(context, plan_publication(context))
    assert len(members(context, "lyon")) == 2


def test_whom_a_broadcast_reaches_is_counted_by_its_segments_as_they_will_be(
    context: AppContext,
) -> None:
    nice = LYON.replace('"Lyon"\'', '"Nice"\'')
    to = '[[broadcast]]\nid = "news"\nto = ["segment:lyon"]\non = "2040-01-01 09:00"\n'
    write_sequences(context.config.folder, {"a.md": "Bonjour.\n"})
    told(context, nice + CHILD + to + 'subject = "S"\nbody = "a.md"\n')
    assert plan_publication(context).people_on(BroadcastKey("news")) == 2


def test_of_one_that_goes_it_is_said_who_is_in_it_and_what_used_it(context: AppContext) -> None:
    assert told(context, CHILD.replace('in = "lyon"\n', "")) == [
        "- segment lyon (Lyon): 0 enter, 1 leave; it was used by segment petit inside it",
        "~ segment petit (Petit): 2 enter, 0 leave",
    ]


def test_the_first_segments_are_counted_one_by_one(make_context: MakeContext) -> None:
    context = make_context({"a.toml": LISTS}, FIELDS)
    join(context, "anna", town="Lyon")
    assert told(context, LYON) == ["+ segment lyon (Lyon): 1 enter, 0 leave"]


def test_who_is_measured_is_counted_too(context: AppContext) -> None:
    [line] = told(context, LYON + CHILD + MEASURED)
    assert line == "+ segment measured (M): 0 enter, 0 leave"


def test_of_one_that_reads_a_field_it_is_said_that_no_auditor_can_recompute_it(
    context: AppContext,
) -> None:
    rule = '[[rule]]\nwhen = "enters {0}"\nthen = {{ join = 11 }}\n'
    for segment, is_told in (("lyon", True), ("fresh", False)):
        segments = LYON + CHILD + FRESH + rule.format(segment)
        write_sequences(context.config.folder, {"a.toml": LISTS + segments})
        notes = [line for line in tell(plan_publication(context), "en") if "auditor" in line]
        assert [line.startswith("    segment lyon reads a field") for line in notes] == (
            [True] * is_told
        )


def test_a_cap_is_said_in_the_language_of_the_author(context: AppContext) -> None:
    config = context.config.folder / "config.toml"
    config.write_text(config.read_text("utf-8") + '\n[pressure]\nmax = "3 per 1 week"\n', "utf-8")
    fresh = replace(context, config=read_config(context.config.folder))
    assert any("3 par 7 jours" in line for line in tell(plan_publication(fresh), "fr"))


OPTIONS = 'options = ["Argile", "Sable"]'
SOIL = f'soil = {{ label = "Sol", type = "choice", {OPTIONS} }}\n'
ARGILE = (
    '[[segment]]\nid = "argile"\nname = "Argile"\nall = [\'field soil is "Argile"\']\n'
    '[[segment]]\nid = "autres"\nname = "Autres"\nall = [\'field soil is not "Argile"\']\n'
)
CLIENTS = '[[segment]]\nid = "clients"\nname = "Clients"\nall = ["in group clients"]\n'


def test_an_option_that_goes_takes_people_out_of_a_segment_that_says_the_same(
    make_context: MakeContext,
) -> None:
    context = make_context({"a.toml": LISTS + ARGILE}, SOIL)
    for name, soil in (("anna", "Argile"), ("ben", "Sable"), ("zoe", "Sable")):
        join(context, name, soil=soil)
    assert len(members(context, "autres")) == 2
    chosen = Field("soil", "Sol", "choice", ("Argile", "Limon"))
    others = (field for field in context.config.settings.fields if field.name != "soil")
    settings = replace(context.config.settings, fields=(*others, chosen))
    changed = replace(context, config=replace(context.config, settings=settings))
    assert told(changed, ARGILE)[1:] == ["~ segment autres (Autres): 0 enter, 2 leave"]
    apply(changed, plan_publication(changed))
    assert members(changed, "autres") == set()


def test_a_list_of_another_group_changes_who_is_in_the_segment_of_a_group(
    make_context: MakeContext,
) -> None:
    context = make_context({"a.toml": LISTS + CLIENTS}, FIELDS)
    join(context, "anna")
    grouped = LISTS.replace('name = "dix"', 'name = "dix"\ngroup = "clients"')
    write_sequences(context.config.folder, {"a.toml": grouped + CLIENTS})
    proposal = plan_publication(context)
    assert "~ segment clients (Clients): 1 enter, 0 leave" in list(tell(proposal, "en"))
    apply(context, proposal)
    assert len(members(context, "clients")) == 1
