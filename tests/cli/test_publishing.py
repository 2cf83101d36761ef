"""`publish`: the plan is shown first, with whom it touches; then it is in force; and one can go
back.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from engine.authoring.plan_words import tell
from engine.authoring.publication import (
    PublishedMeanwhile,
    apply,
    plan_publication,
    plan_rollback,
    publish_first,
    rollback,
    unpublished_changes,
)
from engine.cli.arguments_of_letters import publish_arguments
from engine.cli.publish import run
from engine.commands.command_handler import CommandRequest
from engine.context import AppContext
from engine.i18n.user_error import UserError
from engine.installation.publishing import difference
from engine.sequence.declared import Declared, Product
from engine.sequence.mistakes import Unpublishable
from engine.sequence.model import Field, Purpose
from engine.subscriber.commands import ChangeProfile, SetPreferences
from engine.subscriber.events import Cause
from engine.vault.vault import VaultWrite
from engine.words import Language
from tests.cli.asking import DIALOGUE, FILES, join
from tests.running_installation import Installations, write_sequences

MORE = DIALOGUE.replace(
    '[[list]]\nid = 11\nname = "oui"\n',
    '[[list]]\nid = 11\nname = "oui"\n\n  [[list.letter]]\n  id = "bravo"\n  after = "1 day"\n '
    ' subject = "Bravo"\n  body = "asks.md"\n',
)


@pytest.fixture
def context(make_context: Callable[..., AppContext]) -> AppContext:
    return make_context(FILES)


@pytest.fixture(scope="module")
def peopled(installations: Installations) -> Iterator[AppContext]:
    """Three people on list 10, two on list 11; only read by its tests."""
    with installations.made(FILES) as made:
        join(made, 3)
        join(made, 2, 11)
        yield made


def write(context: AppContext, toml: str, **words: str) -> None:
    write_sequences(
        context.config.folder,
        {"d.toml": toml} | {name.replace("_", "."): text for name, text in words.items()},
    )


def words(context: AppContext, *said: str, language: Language = "en") -> list[str]:
    return list(tell(plan_publication(context), language, backfill="--backfill" in said))


def arguments(*said: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    publish_arguments(parser)
    return parser.parse_args(said)


def test_nothing_differs_right_after_a_publication(context: AppContext) -> None:
    assert words(context) == ["Nothing differs from what is in force."]
    assert unpublished_changes(context) == 0
    edition = context.installation_stream.current().edition
    assert apply(context, plan_publication(context)) == edition


def test_the_plan_shows_the_words_and_whom_each_change_touches(peopled: AppContext) -> None:
    changed = MORE.replace('wait = "2 days"', 'wait = "3 days"').replace(
        'name = "non"', 'name = "non"\nrejoin = "never"'
    )
    write(
        peopled,
        changed + '\n[[list]]\nid = 13\nname = "plus"\n',
        asks_md="Eh bien ?\n\n[Oui](===11===) [Non](===12===)\n",
    )
    try:
        found = words(peopled)
    finally:
        write(peopled, DIALOGUE, asks_md=FILES["asks.md"])
    head = found[: found.index("")]
    assert head == [
        "+ list 13 plus",
        "~ list 11 oui: its rules or its order (2 people stand there)",
        "~ list 12 non: its rules or its order (0 people stand there)",
        "+ letter bravo of 11 oui (2 people stand there)",
        "~ letter again of 10 question: at another time (3 people stand there)",
        "  New letters do not go to those for whom their moment is past; with --backfill they do.",
    ]
    assert [line for line in found if line.startswith(("-Alors", "+Eh"))] == [
        "-Alors ?",
        "+Eh bien ?",
    ]
    assert '+  wait = "3 days"' in found
    assert (
        found[-1]
        == "In all: 2 letters (1 new, 0 gone, 1 at another time), 3 lists, 2 texts; 5 people stand"
        " there."
    )


def test_values_that_do_not_fit_a_field_s_new_type_are_counted_and_kept(
    context: AppContext,
) -> None:
    kept = dict(zip(join(context, 4), ("1980-09-03", "3/9/80", "hier", ""), strict=True))
    now = context.clock.now()
    context.command_handler.execute(
        [
            CommandRequest(
                ChangeProfile(now, Cause("operator"), ("first_name",)),
                stream=stream,
                vault_write=VaultWrite("", now, fields={"first_name": value}),
            )
            for stream, value in kept.items()
        ]
    )
    typed = (Field("first_name", "Né le", "date"),)
    settings = replace(context.config.settings, fields=typed)
    changed = replace(context, config=replace(context.config, settings=settings))
    proposal = plan_publication(changed)
    assert proposal.unfit == {"first_name": 2}
    assert (
        "    field first_name: the values of 2 people do not fit its type or options; they are kept"
        " as they are"
    ) in list(tell(proposal, "en"))
    apply(changed, proposal)
    assert plan_publication(changed).unfit == {}
    people = context.vault.people(kept)
    assert {stream: people[stream].fields["first_name"] for stream in kept} == kept


def test_who_would_be_stranded_is_said_and_needs_an_explicit_yes(
    peopled: AppContext, capsys: pytest.CaptureFixture[str]
) -> None:
    elsewhere = {name: text.replace("11", "14") for name, text in FILES.items()}
    write_sequences(peopled.config.folder, elsewhere)
    try:
        assert plan_publication(peopled).stranded == {11: 2}
        with pytest.raises(UserError, match="say --yes"):
            run(peopled, arguments())
    finally:
        write_sequences(peopled.config.folder, FILES)
    told = capsys.readouterr().out.splitlines()
    place = told.index("- liste 11 oui (2 personnes y sont)")
    assert (
        told[place + 1]
        == "    elles y restent et ne reçoivent plus rien ; gardez la liste, ou déplacez-les"
        " d’abord"
    )
    assert peopled.installation_stream.current().edition == 1


def test_a_changed_date_of_a_broadcast_is_a_letter_at_another_time(peopled: AppContext) -> None:
    write(peopled, DIALOGUE.replace("2040-01-01", "2041-01-01"))
    try:
        assert "~ broadcast poll: at another time (2 people stand there)" in words(peopled)
    finally:
        write(peopled, DIALOGUE)


def test_a_publication_puts_the_new_words_in_force(
    context: AppContext, capsys: pytest.CaptureFixture[str]
) -> None:
    write(context, MORE)
    assert unpublished_changes(context) == 3
    assert run(context, arguments("--yes")) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "L’édition 2 est en vigueur."
    assert context.installation_stream.current().plan().lists[11].letters[0].id == "bravo"
    assert unpublished_changes(context) == 0


def test_only_the_plan_is_shown_where_that_is_asked(
    context: AppContext, capsys: pytest.CaptureFixture[str]
) -> None:
    write(context, MORE)
    assert run(context, arguments("--plan")) == 0
    assert "+ lettre bravo de 11 oui" in capsys.readouterr().out
    assert context.installation_stream.current().edition == 1


@pytest.mark.parametrize(("said", "edition"), [("o\n", 2), ("yes\n", 2), ("\n", 1), ("n\n", 1)])
def test_somebody_at_a_terminal_is_asked(
    make_context: Callable[..., AppContext],
    monkeypatch: pytest.MonkeyPatch,
    said: str,
    edition: int,
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    context = make_context(FILES)
    write(context, MORE)
    monkeypatch.setattr("sys.stdin", Terminal(said))
    if edition == 1:
        with pytest.raises(UserError, match="nothing was changed"):
            run(context, arguments())
    else:
        assert run(context, arguments()) == 0
    assert context.installation_stream.current().edition == edition


def test_backfill_is_kept_with_the_new_letters(context: AppContext) -> None:
    write(context, MORE)
    assert any("also go to those" in line for line in words(context, "--backfill")) is False
    join(context, 1, 11)
    assert any("also go to those" in line for line in words(context, "--backfill"))
    apply(context, plan_publication(context), backfill=True)
    lists = context.installation_stream.current().plan().lists
    assert lists[11].letters[0].backfill
    assert not lists[10].letters[0].backfill


def test_going_back_publishes_what_was_in_force_before(context: AppContext) -> None:
    assert plan_rollback(context) is None
    assert rollback(context) == 0
    with pytest.raises(UserError, match="nothing to go back to"):
        run(context, arguments("--rollback"))
    write(context, MORE)
    apply(context, plan_publication(context))
    proposal = plan_rollback(context)
    assert proposal is not None
    assert list(tell(proposal, "en"))[:3] == [
        "Back to edition 1:",
        "~ list 11 oui: its rules or its order (0 people stand there)",
        "- letter bravo of 11 oui (0 people stand there)",
    ]
    assert rollback(context) == 3
    current = context.installation_stream.current()
    assert current.plan().lists[11].letters == ()
    assert current.editions[3].rolled_back_to == 1
    assert current.editions[3].files == current.editions[1].files
    assert unpublished_changes(context) == 3


def test_a_fatal_mistake_stops_a_publication_and_nothing_is_lost(context: AppContext) -> None:
    write(context, MORE, asks_md="{{ nickname }} ?\n\n[Oui](===11===)\n")
    with pytest.raises(Unpublishable) as refused:
        run(context, arguments("--yes"))
    assert [str(mistake) for mistake in refused.value.mistakes] == [
        "asks.md:1: The merge field `nickname` does not exist."
    ]
    assert context.installation_stream.current().edition == 1
    assert unpublished_changes(context) == 2


def test_whoever_looked_at_an_older_plan_looks_again(context: AppContext) -> None:
    write(context, MORE)
    proposal = plan_publication(context)
    write(context, MORE.replace("Bravo", "Bravo !"))
    apply(context, plan_publication(context))
    with pytest.raises(PublishedMeanwhile):
        apply(context, proposal)
    assert context.installation_stream.current().edition == 2


def test_the_first_run_publishes_by_itself_and_later_ones_do_not(
    make_context: Callable[..., AppContext],
) -> None:
    context = make_context()
    write_sequences(context.config.folder, FILES)
    assert context.installation_stream.current().edition == 0
    assert publish_first(context)
    assert sorted(context.installation_stream.current().plan().lists) == [10, 11, 12]
    write(context, MORE)
    assert not publish_first(context)
    assert context.installation_stream.current().edition == 1


def test_the_same_letters_of_another_unicode_form_are_no_change(context: AppContext) -> None:
    write(context, DIALOGUE.replace("Une question", "Cafe\u0301"))
    apply(context, plan_publication(context))
    assert unpublished_changes(context) == 0
    write(context, DIALOGUE.replace("Une question", "Caf\u00e9"))
    assert unpublished_changes(context) == 0


def test_no_text_can_steer_the_terminal_it_is_shown_on(context: AppContext) -> None:
    write(context, DIALOGUE, asks_md="Alors \u009b2J ?\n\n[Oui](===11===) [Non](===12===)\n")
    assert "+Alors ·2J ?" in words(context)


THEMES = '\n[[theme]]\nid = "semis"\nname = "Semis"\n\n[[content]]\nid = "video"\nname = "Vidéos"\n'


def test_a_theme_that_is_taken_away_is_told_with_who_has_chosen_it(
    make_context: Callable[..., AppContext],
) -> None:
    context = make_context(FILES, THEMES)
    first, second = join(context, 2)
    for stream, themes in ((first, ("semis",)), (second, ("semis",)), (second, ())):
        command = SetPreferences(context.clock.now(), Cause("api"), themes=themes)
        context.command_handler.execute_one(CommandRequest(command, stream=stream))
    proposal = plan_publication(context)
    without = replace(proposal.before, themes={}, contents={})
    taken_away = replace(
        proposal,
        after=without,
        difference=difference(proposal.before, without),
        choosing=context.views.choosing(),
    )
    assert list(tell(taken_away, "en"))[:3] == [
        "- config.toml: theme “Semis” (1 person has chosen it)",
        "    they keep this choice: letters of another theme or type do not reach them",
        "- config.toml: type of content “Vidéos” (0 people have chosen it)",
    ]


RULE = '\n[[rule]]\nwhen = "enters on-ten"\nthen = { join = 11 }\n'
ON_TEN = '\n[[segment]]\nid = "on-ten"\nname = "Ten"\nall = ["on 10"]\n'


def test_a_letter_that_others_get_and_a_rule_have_lines_of_their_own(peopled: AppContext) -> None:
    only = DIALOGUE.replace('id = "again"', 'id = "again"\n  only = "segment:on-ten"')
    write(peopled, only + ON_TEN + RULE)
    try:
        found = words(peopled)
    finally:
        write(peopled, DIALOGUE)
    assert (
        "~ letter again of 10 question: to others of those who stand there (3 people stand there)"
        in found
    )
    place = found.index("+ segment on-ten (Ten): 3 enter, 0 leave")
    assert found[place + 1 : place + 3] == [
        "    its rules are applied to none of these, only to who enters or leaves later",
        "+ rule: who enters on-ten joins 11 oui",
    ]


def test_what_differs_of_config_toml_is_named(peopled: AppContext) -> None:
    settings = peopled.config.settings
    declared = settings.declared or Declared()
    changed = replace(
        settings,
        fields=(Field("town", "Ville"),),
        purposes=(*settings.purposes, Purpose("club", "Le club")),
        timezone="America/Martinique",
        declared=replace(declared, products=(Product("livre", "Le livre"),), consent="ask-first"),
    )
    context = replace(peopled, config=replace(peopled.config, settings=changed))
    assert [line for line in words(context) if "config.toml" in line] == [
        "+ config.toml: purpose “Le club” [club]",
        "+ config.toml: field town",
        "- config.toml: field first_name",
        "~ config.toml: time zone Europe/Paris → America/Martinique",
        "+ config.toml: product “Le livre” [livre]",
        "~ config.toml: [consent]",
    ]
    assert "~ broadcast poll: at another time (2 people stand there)" in words(context)
    french = words(context, language="fr")
    assert "+ config.toml\u00a0: champ town" in french


def test_a_field_that_goes_is_told_with_who_has_told_it(context: AppContext) -> None:
    (stream,) = join(context, 1)
    now = context.clock.now()
    context.command_handler.execute_one(
        CommandRequest(
            ChangeProfile(now, Cause("operator"), ("first_name",)),
            stream=stream,
            vault_write=VaultWrite("", now, fields={"first_name": "Anna"}),
        )
    )
    settings = replace(context.config.settings, fields=())
    changed = replace(context, config=replace(context.config, settings=settings))
    assert plan_publication(changed).held == {"first_name": 1}
