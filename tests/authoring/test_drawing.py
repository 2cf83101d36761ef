"""`graph`: a dialogue drawn as text, for Mermaid and for Graphviz; every list, letter, answer,
reminder, rule and ending is in it.
"""

from __future__ import annotations

import argparse
import re
from dataclasses import replace
from pathlib import Path

import pytest

from engine.authoring.graph import draw_dot, draw_mermaid, draw_text
from engine.cli.arguments_of_letters import graph_arguments
from engine.cli.simulate import graph
from engine.config import read_config
from engine.i18n.user_error import UserError
from tests.running_installation import CONFIG, LAYOUT, write_sequences
from tests.sequence.dialogues import HEAD, letter, listed, read

WORDS = {"a.md": "Bonjour.\n", "q.md": "Alors ?\n\n[Oui](===11===) [Un carnet aussi](+++12+++)\n"}
TEXT = (
    HEAD
    + listed(10, "dix", 'group = "prospects"', 'ends = { move = 12, after = "1 week" }')
    + letter("welcome")
)
TEXT += letter("asks", 'at = "09:00"', 'days = "mon-fri"', body="q.md", when='after = "2 days"')
TEXT += letter("again", 'reminds = "asks"', body="q.md", when='wait = "1 day"')
TEXT += listed(11, "oui", 'group = "clients"', "ends = { leave = true }") + letter(
    "bravo", 'between = "09:00-18:00"'
)
TEXT += letter("more", 'days = "sat,sun"', when='wait = "1 month"')
TEXT += listed(12, "carnet", "leaves = [10]")
TEXT += (
    '[[broadcast]]\nid = "poll"\nto = [10]\nevery = "0 9 1 * *"\nsubject = "Sondage"\nbody ='
    ' "q.md"\n'
)
TEXT += '[[form]]\nname = "f"\ntitle = "La lettre"\nlist = 10\nnotice = "N"\ncheckbox = "C"\n'
PLAN = read(TEXT, WORDS)

DRAWN = """\
Essai  (d.toml)

╭ form f  “La lettre”
╰    ──▸ 10 dix

╭ 10 dix  [prospects]
│    D+0  welcome  “Sujet”
│    D+2 09:00 Mon-Fri  asks  “Sujet”
│       ├ “Oui”             ──▸ 11 oui
│       └ “Un carnet aussi” ──+▸ 12 carnet
│    no answer to asks after 1 day  again  “Sujet”
│       ├ “Oui”             ──▸ 11 oui
│       └ “Un carnet aussi” ──+▸ 12 carnet
╰ after the last letter, 7 days ──▸ 12 carnet

╭ 11 oui  [clients]
│    who joins leaves @prospects
│    D+0 09:00-18:00  bravo  “Sujet”
│    then 1 month later Sat,Sun  more  “Sujet”
╰ after the last letter, at once: leaves the list

╭ 12 carnet
│    who joins leaves 10 dix
╰ no letters

╭ broadcast poll to 10 dix, every 0 9 1 * * (cron)
│    “Sondage”
│       ├ “Oui”             ──▸ 11 oui
╰       └ “Un carnet aussi” ──+▸ 12 carnet
"""


def test_a_dialogue_is_drawn_in_text() -> None:
    assert "\n".join(draw_text(PLAN, "d.toml", "en")) + "\n" == DRAWN


def test_the_drawing_speaks_the_language_of_the_author() -> None:
    drawn = list(draw_text(PLAN, "d.toml", "fr"))
    assert "│    J+2 09:00 lun-ven  asks  « Sujet »" in drawn
    assert "│    sans réponse à asks après 1 jour  again  « Sujet »" in drawn


def test_mermaid_has_each_box_and_arrow() -> None:
    drawn = list(draw_mermaid(PLAN, "d.toml", "en"))
    assert drawn[0] == "flowchart TD"
    for line in (
        (
            '  list10["10 dix<br/>D+0: welcome<br/>D+2 09:00 Mon-Fri: asks<br/>no answer to asks'
            ' after 1 day: again"]'
        ),
        '  form0(["form f<br/>La lettre"])',
        '  list10 -->|"Oui"| list11',
        '  list10 -.->|"Un carnet aussi"| list12',
        '  list10 ==>|"7 days"| list12',
        '  form0 -->|"Je m\'inscris"| list10',
        "  broadcast0 -.- list10",
    ):
        assert line in drawn, line
    assert len(drawn) == len(set(drawn))


def test_graphviz_has_each_box_and_arrow() -> None:
    drawn = list(draw_dot(PLAN, "d.toml", "en"))
    assert (drawn[0], drawn[-1]) == ("digraph dialogue {", "}")
    assert '  list10 -> list11 [style=solid, label="Oui"];' in drawn
    assert '  list10 -> list12 [style=dashed, label="Un carnet aussi"];' in drawn
    assert '  list12 [shape=box, label="12 carnet"];' in drawn


def test_lists_of_other_files_stand_at_the_edge() -> None:
    elsewhere = {
        n: replace(each, file="e.toml") if n == 12 else each for n, each in PLAN.lists.items()
    }
    plan = replace(PLAN, lists=elsewhere)
    assert '  list12[["12 carnet"]]' in list(draw_mermaid(plan, "d.toml", "en"))
    assert not any("no letters" in line for line in draw_text(plan, "d.toml", "en"))


HOSTILE = '"];evil[label="x\\'


def test_no_word_of_an_author_is_read_as_a_drawing() -> None:
    words = WORDS | {"q.md": '["; evil &lt;b&gt; #quot; &](===11===) [Un](+++12+++)'}
    plan = replace(
        read(TEXT.replace('"Sondage"', """'"];evil<b>`#'"""), words), titles={"d.toml": HOSTILE}
    )
    mermaid = "\n".join(draw_mermaid(plan, "d.toml", "en"))
    assert '|"#quot;; evil #lt;b#gt; #35;quot; #38;"|' in mermaid
    assert '#quot;];evil#lt;b#gt;#96;#35;"}}' in mermaid
    dot = "\n".join(draw_dot(plan, "d.toml", "en"))
    bare = re.sub(r'"(?:\\.|[^"\\])*"', '""', dot)
    assert "evil" not in bare
    assert '"' not in bare.replace('""', "")


def arguments(*said: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    graph_arguments(parser)
    return parser.parse_args(said)


def test_the_verb_draws_one_dialogue_or_each(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "config.toml").write_text(CONFIG, "utf-8")
    other = 'title = "Autre"\npurpose = "conseils"\n'
    write_sequences(tmp_path, WORDS | {"d.toml": TEXT, "e.toml": other, "layout.html": LAYOUT})
    config = read_config(tmp_path)
    assert graph(config, arguments("e")) == 0
    assert capsys.readouterr().out == "Autre  (e.toml)\n"
    assert graph(config, arguments()) == 0
    drawn = capsys.readouterr().out
    assert drawn.startswith("Essai  (d.toml)\n")
    assert drawn.endswith("\nAutre  (e.toml)\n")
    with pytest.raises(UserError, match=r"there are: d\.toml, e\.toml"):
        graph(config, arguments("x"))


def test_who_a_letter_and_a_broadcast_are_for_is_drawn_by_the_name_of_the_segment() -> None:
    segments = "".join(
        f'[[segment]]\nid = "{name}"\nname = "{name.title()}"\nstatic = true\n'
        for name in ("salon", "foire")
    )
    only, unless = 'only = "segment:salon"', 'unless = "segment:foire"'
    to = '[[broadcast]]\nid = "b"\nto = [10, "segment:salon"]\non = "2026-12-01 09:00"\n'
    text = HEAD + segments + listed(10, "dix") + letter("welcome", only, unless) + to
    lines = list(draw_text(read(text + 'subject = "S"\nbody = "a.md"\n', WORDS), "d.toml", "en"))
    assert "│       only to the segment “Salon”" in lines
    assert "│       not to the segment “Foire”" in "\n".join(lines).replace("╰", "│").split("\n")
    assert any(
        "broadcast b to 10 dix, the segment “Salon”, 2026-12-01 09:00" in one for one in lines
    )


def test_a_french_author_reads_french_typography() -> None:
    plan = read(HEAD + listed(21, "carnet", 'ends = { leave = true, after = "1 month" }'), {})
    assert any(
        line.endswith("après la dernière lettre, 1 mois : quitte la liste")
        for line in draw_text(plan, "d.toml", "fr")
    )


RULES = (
    '\n[[segment]]\nid = "s"\nname = "Actifs"\nall = ["on 10"]\n'
    '[[rule]]\nwhen = "enters s"\nthen = { join = 12 }\n'
    '[[rule]]\nwhen = "leaves s"\nthen = { move = 11, from = 10 }\n'
    '[[rule]]\nwhen = "leaves s"\nthen = { leave = 12 }\n'
)


def test_what_rules_about_segments_do_is_drawn() -> None:
    plan = read(TEXT + RULES, WORDS)
    drawn = "\n".join(draw_text(plan, "d.toml", "en"))
    assert "╭ rule: who enters the segment “Actifs”\n╰    ──▸ 12 carnet" in drawn
    assert "rule: who is no longer in the segment “Actifs”\n╰    10 dix ──▸ 11 oui" in drawn
    assert "╰    leaves list 12 carnet" in drawn
    assert "rule0 --> list12" in "\n".join(draw_mermaid(plan, "d.toml", "en"))
    assert "rule1 -> list11" in "\n".join(draw_dot(plan, "d.toml", "en"))
