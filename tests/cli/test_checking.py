"""`check`: all that is wrong with an author's folder at once, with file and place; exit status 2,
nothing started, nothing lost.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from engine.authoring.inspection import inspect, read_folder
from engine.cli.check import check
from engine.config import Config, read_config
from engine.letter.french_spacing import spaced
from engine.runtime.announcement import console_lines
from engine.sequence.mistakes import Unpublishable
from tests.running_installation import CONFIG, LAYOUT, write_sequences

ROOT = Path(__file__).resolve().parent.parent.parent
DIALOGUE = """title = "Essai"
purpose = "conseils"
[[list]]
id = 10
name = "ten"
ends = { leave = true }
  [[list.letter]]
  id = "asks"
  after = "0 minutes"
  subject = "Une question"
  preheader = "En un clic."
  body = "asks.md"
[[form]]
name = "f"
title = "T"
list = 10
notice = "N"
checkbox = "C"
"""
WORDS = {
    "d.toml": DIALOGUE,
    "asks.md": "Bonjour {{ first_name | default('vous', true) }},\n\n[Oui](+++10+++)\n",
    "layout.html": LAYOUT,
}


def folder(path: Path, words: Mapping[str, str] = WORDS) -> Config:
    (path / "config.toml").write_text(CONFIG, "utf-8")
    write_sequences(path, words)
    return read_config(path)


def said(path: Path, **changed: str) -> list[str]:
    words = WORDS | {name.replace("_", "."): text for name, text in changed.items()}
    return [str(mistake) for mistake in read_folder(folder(path, words)).mistakes]


def test_a_folder_with_nothing_wrong_is_told_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said(tmp_path) == []
    assert check(read_config(tmp_path), argparse.Namespace(json=False)) == 0
    heard = capsys.readouterr()
    assert heard.out == "1 liste, 1 lettre : rien n’empêche de publier.\n"
    assert heard.err == ""
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.toml", "sequences"]


def test_the_sample_comes_out_clean_but_for_its_order_form_which_no_shop_signs_for() -> None:
    (warning,) = read_folder(read_config(ROOT)).mistakes
    assert (
        not warning.fatal
        and warning.file == "clients.toml"
        and "[form] order_key_file" in warning.text
    )


def test_a_form_that_asks_nobody_to_confirm_is_warned_of_until_a_shop_signs_for_it(
    tmp_path: Path,
) -> None:
    form = """
[[form]]
name = "commande"
title = "Votre commande"
list = 10
basis = "service"
order_field = "order"
notice = "Nous gardons votre adresse."
"""
    config = folder(tmp_path, WORDS | {"d.toml": DIALOGUE + form})
    (warning,) = read_folder(config).mistakes
    assert (
        not warning.fatal
        and warning.line == DIALOGUE.count("\n") + 2
        and "anybody can type an address" in warning.text
    )
    (without,) = read_folder(
        folder(tmp_path, WORDS | {"d.toml": DIALOGUE + form.replace('order_field = "order"', "")})
    ).mistakes
    assert "without an `order_field`" in without.text
    folder(tmp_path, WORDS | {"d.toml": DIALOGUE + form})
    with (tmp_path / "config.toml").open("a") as file:
        file.write('\n[form]\norder_key_file = "order.key"\n')
    for key, said in (
        (None, "no key of signed orders"),
        ("short", "shorter than 32"),
        ("0f" * 32, ""),
    ):
        if key is not None:
            (tmp_path / "order.key").write_text(key)
        found = [
            mistake
            for mistake in read_folder(read_config(tmp_path)).mistakes
            if mistake.file == "config.toml"
        ]
        assert [(mistake.fatal, said in mistake.text) for mistake in found] == (
            [(True, True)] if said else []
        )


@pytest.mark.parametrize(
    ("console", "told"),
    [
        (
            'port = 9082\nurl = "http://localhost:8082"',
            "nomme le port 8082, et la console écoute sur le 9082",
        ),
        ("port = 9082", ""),
        ('port = 9082\nurl = ""', ""),
        ('port = 8082\nurl = "http://localhost:8082"', ""),
        ('port = 9082\nurl = "https://console.example.org"', ""),
    ],
)
def test_a_console_whose_url_names_another_port_is_warned_of(
    tmp_path: Path, console: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder(tmp_path)
    (tmp_path / "config.toml").write_text(f"{CONFIG}\n[console]\n{console}\n", "utf-8")
    config = read_config(tmp_path)
    assert check(config, argparse.Namespace(json=True)) == 0
    warnings = [(one["file"], one["text"]) for one in json.loads(capsys.readouterr().out)]
    started = " ".join(console_lines(config, config.console.address(), ""))
    if told:
        ((file, text),) = warnings
        assert file == "config.toml" and told in text and told in started
    else:
        assert warnings == [] and "8082, et" not in started


def test_mistakes_of_all_kinds_are_told_together(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = DIALOGUE.replace("ends = { leave = true }", "ends = { move = 99 }").replace(
        "En un clic.", "{{ nothing }}"
    )
    letter = (
        "Bonjour {{ nickname }},\n\n[Oui](===11===) ou +++10+++\n\n![Photo](pictures/gone.png)\n"
    )
    config = folder(tmp_path, WORDS | {"d.toml": bad, "asks.md": letter})
    assert check(config, argparse.Namespace(json=False)) == 2
    heard = capsys.readouterr()
    assert heard.out == ""
    assert [
        line.split("\N{NO-BREAK SPACE}: ")[0].split(": ")[0]
        for line in heard.err.splitlines()
        if not line.startswith("    ")
    ] == [
        "sequences/asks.md:1",
        "sequences/asks.md:3",
        "sequences/asks.md:3",
        "sequences/asks.md:5",
        "sequences/d.toml:6",
        "sequences/d.toml:11",
    ]
    for part in (
        "`nickname`",
        "liste 11, qui n’existe pas",
        "est hors d’un lien",
        "sequences/pictures/gone.png",
        "pas de liste 99",
        "`nothing`",
    ):
        assert heard.err.count(part) == 1, part


def test_mistakes_can_be_read_by_a_program(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = folder(tmp_path, WORDS | {"old.md": "Rien."})
    assert check(config, argparse.Namespace(json=True)) == 0
    (found,) = json.loads(capsys.readouterr().out)
    text = "aucune liste et aucun envoi n’expédie cette lettre"
    assert found == {
        "file": "sequences/old.md",
        "line": 1,
        "column": 0,
        "text": text,
        "fatal": False,
    }


@pytest.mark.parametrize(
    ("changed", "mistake"),
    [
        (
            {"d_toml": DIALOGUE.replace("Une question", "{{ nickname }}")},
            "d.toml:10: The merge field `nickname` does not exist.",
        ),
        (
            {"d_toml": DIALOGUE.replace("Une question", "[x](===10===)")},
            "d.toml:10: The subject cannot hold a link.",
        ),
        (
            {"asks_md": "[Oui](+++10+++) <script>x</script>"},
            "asks.md:1: <script> may not be used in a letter",
        ),
        ({"layout_html": '<html lang="fr">{{ content }}</html>'}, "layout.html:1: "),
        (
            {
                "layout_html": LAYOUT.replace(
                    "{{ foot }}", '{{ foot }}<a href="===unsubscribe===">x</a>'
                )
            },
            "layout.html:1: a confirmation has nothing",
        ),
        (
            {"asks_md": "[Oui](+++10+++) {{ first_name }}"},
            "asks.md:1: The field `first_name` is empty for this person and has no default.",
        ),
        (
            {"d_toml": DIALOGUE.replace("Une question", "{{ first_name }} ?")},
            "d.toml:10: The field `first_name` is empty for this person and has no default.",
        ),
        (
            {"layout_html": LAYOUT.replace("{{ foot }}", "{{ first_name }}{{ foot }}")},
            "layout.html:1: The field `first_name` is empty for this person",
        ),
        (
            {"asks_md": "[Oui](+++10+++) {{ first_name | d('x') }} [Plan](files/gone.pdf)"},
            "asks.md:1: there is no file sequences/files/gone.pdf",
        ),
        (
            {"asks_md": "[Oui](+++10+++) {{ first_name | d('x') }} [Plan](files/../d.toml)"},
            "asks.md:1: ",
        ),
        (
            {
                "d_toml": DIALOGUE + '[confirmation]\nbody = "c.md"\nsubject = "{{ nick }}"\n',
                "c_md": "[Oui](===confirm===)",
            },
            "d.toml:21: ",
        ),
        (
            {
                "d_toml": DIALOGUE + '[confirmation]\nbody = "c.md"\n',
                "c_md": "[Oui](===confirm===) {{ nick }}",
            },
            "c.md:1: The merge field `nick`",
        ),
    ],
)
def test_a_letter_is_held_against_its_layout_its_fields_and_its_files(
    tmp_path: Path, changed: dict[str, str], mistake: str
) -> None:
    assert any(each.startswith(mistake) for each in said(tmp_path, **changed)), said(
        tmp_path, **changed
    )


# What is changed in DIALOGUE, how; what is told, with the line and the caret.
IN_FRENCH = [
    (
        'after = "0 minutes"',
        'after = "2 jourz"',
        """sequences/d.toml:9: `after` : « 2 jourz » n’est pas une durée : écrivez par exemple \
"0 minutes", "6 heures", "2 jours", "1 mois"
      after = "2 jourz"
              ^
""",
    ),
    (
        'after = "0 minutes"',
        'aftr = "2 jours"',
        """sequences/d.toml:7: quand ? écrivez `after = "2 jours"` (depuis l’arrivée), \
`wait = "2 jours"` (depuis la lettre précédente), ou `before = "1 jour"` avec `anchor = "webinaire"`
      [[list.letter]]
      ^
sequences/d.toml:9: clé inconnue `aftr` ; vouliez-vous dire `after` ?
      aftr = "2 jours"
      ^
""",
    ),
    (
        'subject = "Une question"',
        "subject = “Une question”",
        """sequences/d.toml:10: ceci n’est pas du TOML : ces guillemets sont typographiques : un \
traitement de texte les a mis ; TOML veut des guillemets droits, "…"
      subject = “Une question”
                ^
""",
    ),
    (
        'body = "asks.md"',
        'body = "sequences/asks.md"',
        """sequences/d.toml:12: le fichier est cherché dans sequences/ : \
écrivez `asks.md`, pas `sequences/asks.md`
      body = "sequences/asks.md"
             ^
""",
    ),
    (
        'body = "asks.md"',
        'body = "lettres/asks.html"',
        """sequences/d.toml:12: il n’y a pas de lettre lettres/asks.html dans sequences/ ; \
vouliez-vous dire `asks.md` ?
      body = "lettres/asks.html"
             ^
""",
    ),
    (
        "ends = { leave = true }",
        'ends = { move = "tenn" }',
        """sequences/d.toml:6: il n’y a pas de liste "tenn" ; vouliez-vous dire `ten` ?
    ends = { move = "tenn" }
           ^
""",
    ),
    (
        'preheader = "En un clic."',
        'at = "25:00"',
        """sequences/d.toml:11: `at` : « 25:00 » n’est pas une heure : les heures \
vont de 0 à 23, les minutes de 0 à 59
      at = "25:00"
           ^
""",
    ),
    (
        'preheader = "En un clic."',
        'days = "mon-fry"',
        """sequences/d.toml:11: `days` : dans « mon-fry », « fry » n’est pas un jour : \
vouliez-vous dire « fri » ?
      days = "mon-fry"
             ^
""",
    ),
    (
        'preheader = "En un clic."',
        'objet = "x"',
        """sequences/d.toml:11: clé inconnue `objet` ; vouliez-vous dire `subject` ?
      objet = "x"
      ^
""",
    ),
    (
        'name = "ten"',
        'name = "Été à Nice"',
        """sequences/d.toml:5: `name` "Été à Nice" : seulement des minuscules sans accent, des \
chiffres et des traits d’union, comme "ete-a-nice"
    name = "Été à Nice"
           ^
""",
    ),
]


@pytest.mark.parametrize(("good", "bad", "told"), IN_FRENCH, ids=[bad for _, bad, _ in IN_FRENCH])
def test_a_mistake_is_told_in_the_language_of_the_installation_under_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], good: str, bad: str, told: str
) -> None:
    config = folder(tmp_path, WORDS | {"d.toml": DIALOGUE.replace(good, bad, 1)})
    assert check(config, argparse.Namespace(json=False)) == 2
    assert capsys.readouterr().err.replace("\N{NO-BREAK SPACE}", " ") == told


@pytest.mark.parametrize("tag", ["prenom", "Prénom", "FNAME", "firstname"])
def test_a_field_is_known_by_its_label_and_by_the_names_other_tools_give_it(
    tmp_path: Path, tag: str
) -> None:
    told = said(tmp_path, asks_md=f"[Oui](+++10+++) {{{{ {tag} }}}}")
    assert f"asks.md:1: The merge field `{tag}` does not exist. Did you mean `first_name`?" in told


def test_a_tag_of_another_tool_is_told_wherever_it_stands(tmp_path: Path) -> None:
    words = {
        "asks_md": "*|FNAME|* [Oui](+++10+++) {{ first_name | d('x') }}",
        "layout_html": LAYOUT.replace("{{ foot }}", "%NOM%{{ foot }}"),
    }
    told = said(
        tmp_path,
        d_toml=DIALOGUE.replace("Une question", "Bonjour [FIRSTNAME]").replace(
            "En un clic.", "{!firstname}"
        ),
        **words,
    )
    assert [line.split(" is another")[0] for line in told] == [
        "asks.md:1: `*|FNAME|*`",
        "d.toml:10: `[FIRSTNAME]`",
        "d.toml:11: `{!firstname}`",
        "layout.html:2: `%NOM%`",
    ]
    assert all(line.endswith("(warning)") for line in told)


def test_blanks_at_which_french_lines_may_break_are_told_once_a_file(tmp_path: Path) -> None:
    blank = (
        "Bonjour {{ first_name | d('x') }} !\n\nUn « mot » ? `a ; b`\n\n[Oui](+++10+++) <b"
        " style='color : red'>x</b>\n"
    )
    told = said(tmp_path, asks_md=blank, d_toml=DIALOGUE.replace("Une question", "Une question ?"))
    assert [line.split(" a line may break")[0] for line in told] == ["asks.md:1:", "d.toml:10:"]
    assert "4 in all" in told[0] and "1 in all" in told[1]
    assert said(tmp_path, asks_md=spaced(blank)) == []


def test_of_a_long_line_only_what_stands_around_the_place_is_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = folder(
        tmp_path,
        WORDS
        | {
            "asks.md": (
                "mot " * 200
                + "[Oui](===99===) [ici](+++10+++) {{ first_name | d('x') }} "
                + "mot " * 200
            )
        },
    )
    assert check(config, argparse.Namespace(json=False)) == 2
    _, line, caret = capsys.readouterr().err.splitlines()
    assert len(line) <= 80 and line[caret.index("^") :].startswith("99===")


def test_a_picture_that_is_there_is_no_mistake(tmp_path: Path) -> None:
    (tmp_path / "sequences" / "pictures").mkdir(parents=True)
    (tmp_path / "sequences" / "pictures" / "é.png").write_bytes(b"x")
    words = WORDS | {
        "asks.md": (
            WORDS["asks.md"] + "\n![Photo](pictures/%C3%A9.png)\n\n`![Photo](pictures/gone.png)`\n"
        )
    }
    assert [str(each) for each in read_folder(folder(tmp_path, words)).mistakes] == []


def test_a_folder_without_a_layout_is_told_once(tmp_path: Path) -> None:
    config = folder(tmp_path)
    words = {path: text for path, text in WORDS.items() if path != "layout.html"}
    (mistake,) = inspect(config, words).mistakes
    assert (
        str(mistake)
        == "layout.html:1: there is no layout.html: the frame that every letter is set in"
    )


def test_warnings_wait_until_the_mistakes_are_gone(tmp_path: Path) -> None:
    (mistake,) = said(tmp_path, old_md="Rien.", d_toml=DIALOGUE + "colour = 1\n")
    assert mistake.startswith(
        "d.toml:19: unknown key `colour`; known here: age, ask, basis, button"
    )


def test_what_cannot_be_read_is_told_with_its_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = folder(tmp_path)
    (tmp_path / "sequences" / "asks.md").write_bytes(b"caf\xe9")
    assert check(config, argparse.Namespace(json=False)) == 2
    assert (
        capsys.readouterr().err
        == "sequences/asks.md:1: n’est pas en UTF-8 (octet 3)\N{NO-BREAK SPACE}: enregistrez-le en"
        " UTF-8\n"
    )


def test_only_a_sound_folder_is_gone_on_with(tmp_path: Path) -> None:
    assert read_folder(folder(tmp_path, WORDS | {"old.md": "x"})).sound().plan.lists
    with pytest.raises(Unpublishable):
        read_folder(folder(tmp_path, WORDS | {"d.toml": "x = 1"})).sound()


@pytest.mark.parametrize(
    ("written", "line", "sentence"),
    [
        ("[smtp.timeouts]\ndot = 600", 2, "`dot` must be text in quotes"),
        (
            '[smtp.timeouts]\n\nmail = "soon"',
            3,
            '`mail`: "soon" is not a time to wait: write for example "30 seconds", "5 minutes"',
        ),
        (
            '[smtp.timeouts]\nrcpt = "0 seconds"',
            2,
            '`rcpt`: "0 seconds" leaves no time at all: write "1 second" or more',
        ),
        (
            '[smtp.timeouts]\nconnect = "61 minutes"',
            2,
            '`connect`: "61 minutes" is longer than an hour',
        ),
        (
            '[smtp.timeouts]\ndot = "30 minutes"',
            2,
            "one letter could take more than an hour with these times to wait (twice `dot`, and"
            " `mail`, `rcpt`, `data` and `block`), and leave long after its reader has withdrawn",
        ),
        ('[smtp.timeouts]\ndots = "1 minute"', 2, "unknown key `dots`; did you mean `dot`?"),
        ('[smtp]\ntimeouts = "1 minute"', 2, "`timeouts` must be a table"),
        (
            '[sending]\ndrain = "1 day"',
            2,
            '`drain`: "1 day" is not a time to wait: write for example "30 seconds", "5 minutes"',
        ),
        ('[sending]\ndrain = "2 hours"', 2, '`drain`: "2 hours" is longer than an hour'),
    ],
)
def test_a_time_to_wait_that_cannot_be_is_told_with_its_line_and_key(
    tmp_path: Path, written: str, line: int, sentence: str
) -> None:
    (tmp_path / "config.toml").write_text(f"{CONFIG}\n{written}\n", "utf-8")
    with pytest.raises(Unpublishable) as refused:
        read_config(tmp_path)
    place = CONFIG.count("\n") + 1 + line
    assert [str(mistake) for mistake in refused.value.mistakes] == [
        f"config.toml:{place}: {sentence}"
    ]


HIDDEN = "=?utf-8?q?a=0D=0ABcc:_x@y.example?="
TWICE = "=?utf-8?b?PT91dGYtOD9xP2E9MEE/PQ==?="


@pytest.mark.parametrize(
    "value", ["Anne\\nBcc: x@y.example", "Anne\\u0085", HIDDEN, TWICE, "=?utf-8?b?%%%?="]
)
def test_what_stands_in_headers_is_held_to_what_headers_take(tmp_path: Path, value: str) -> None:
    named = CONFIG.replace("[site]", f'[site]\nfrom_name = "{value}"', 1)
    assert "from_name" not in CONFIG
    (tmp_path / "config.toml").write_text(
        named + f'[[purpose]]\nid = "autre"\nname = "{value}"\n', "utf-8"
    )
    with pytest.raises(Unpublishable) as refused:
        read_config(tmp_path)
    told = [str(mistake).split(": ", 1)[1] for mistake in refused.value.mistakes]
    assert told == [
        f"`{key}` stands in a header of each letter: one line, without control characters, not even"
        " within =?…?="
        for key in ("from_name", "name")
    ]
    (mistake,) = said(tmp_path, d_toml=DIALOGUE.replace("Une question", value))
    assert mistake.startswith("d.toml:10: The subject ")


@pytest.mark.parametrize("purpose", ["conseils_du_jardin", "été", "a b", "x" * 64])
def test_the_id_of_a_purpose_is_part_of_a_header(tmp_path: Path, purpose: str) -> None:
    (tmp_path / "config.toml").write_text(
        CONFIG + f'[[purpose]]\nid = "{purpose}"\nname = "N"\n', "utf-8"
    )
    with pytest.raises(Unpublishable, match="may hold small letters, digits and hyphens only"):
        read_config(tmp_path)


def test_an_encoded_word_that_hides_nothing_may_stand_in_a_subject(tmp_path: Path) -> None:
    assert (
        said(
            tmp_path, d_toml=DIALOGUE.replace("Une question", "Comment lire =?utf-8?q?caf=C3=A9?=")
        )
        == []
    )


def test_times_to_wait_are_seconds_on_the_wall_clock(tmp_path: Path) -> None:
    written = (
        '[smtp.timeouts]\nconnect = "20 seconds"\ndot = "20 minutes"\n'
        '[sending]\ndrain = "0 seconds"\n'
    )
    (tmp_path / "config.toml").write_text(f"{CONFIG}\n{written}\n", "utf-8")
    config = read_config(tmp_path)
    assert (
        config.smtp.timeouts.connect,
        config.smtp.timeouts.mail,
        config.smtp.timeouts.dot,
        config.sending.drain,
    ) == (20, 300, 1200, 0)


def test_an_option_that_no_field_has_is_a_warning_at_its_place(tmp_path: Path) -> None:
    config = folder(
        tmp_path,
        WORDS
        | {
            "d.toml": DIALOGUE.replace(
                "Une question", "{% if soil == 'Sables' %}Sable{% else %}Une question{% endif %}"
            ),
            "asks.md": WORDS["asks.md"] + "\n{% if soil == 'Argile' %}Lourde.{% endif %}\n",
        },
    )
    text = (tmp_path / "config.toml").read_text("utf-8")
    soil = '\n[fields.soil]\nlabel = "Sol"\ntype = "choice"\noptions = ["Sable", "Tourbe"]\n'
    (tmp_path / "config.toml").write_text(text + soil, "utf-8")
    found = [
        (mistake.file, mistake.line, mistake.fatal)
        for mistake in read_folder(read_config(config.folder)).mistakes
        if "none of its options" in str(mistake)
    ]
    assert found == [("asks.md", 5, False), ("d.toml", 10, False)]
