"""Every message the program says is said in French too, with the same placeholders, and nothing
else is kept.
"""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date
from gettext import GNUTranslations
from io import BytesIO
from pathlib import Path
from typing import IO

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from engine.i18n import language
from engine.i18n.phrases import say_every, written_delay_in_words
from tests.messages import Message, faults, in_python, in_template, messages, unmarked

ROOT = Path(__file__).parent.parent.parent
CATALOGUE = ROOT / "engine" / "i18n" / "locale" / "fr" / "LC_MESSAGES" / "relance.po"
HEADER = (
    'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\nPlural-Forms: nplurals=2;'
    ' plural=(n > 1);\\n"\n\n'
)


def test_the_french_catalogue_says_what_the_program_says() -> None:
    with CATALOGUE.open("rb") as file:
        catalogue = read_po(file, locale="fr", abort_invalid=True)
    found = faults(list(messages(ROOT / "engine")), catalogue)
    assert not found, "\n\n".join(found)


@pytest.mark.parametrize(
    ("code", "entries", "fault"),
    [
        ('_("Stop")', "", "not in the catalogue"),
        ('self.say.ngettext("{n} letter", "{n} letters", n)', "", "not in the catalogue"),
        ("pass", 'msgid "Stop"\nmsgstr "Arrêter"\n', "no longer used"),
        ('_("Stop")', 'msgid "Stop"\nmsgstr ""\n', "not translated"),
        ('_("Stop")', '#, fuzzy\nmsgid "Stop"\nmsgstr "Arrêter"\n', "guessed"),
        ('_("To {name}")', 'msgid "To {name}"\nmsgstr "À {nom}"\n', "placeholders differ"),
        ('_("To %(name)s")', 'msgid "To %(name)s"\nmsgstr "À"\n', "placeholders differ"),
        (
            'ngettext("one letter", "{n} letters", n)',
            (
                'msgid "one letter"\nmsgid_plural "{n} letters"\nmsgstr[0] "une lettre"\nmsgstr[1]'
                ' "lettres"\n'
            ),
            "placeholders differ",
        ),
        ('_(f"To {name}")', "", "one plain string"),
        ('_("Stop" if now else "Wait")', "", "one plain string"),
        ('_("")', "", "one plain string"),
    ],
)
def test_a_fault_between_code_and_catalogue_is_named(code: str, entries: str, fault: str) -> None:
    (found,) = faults(list(in_python(code, "x.py")), _catalogue(entries))
    assert fault in found


@pytest.mark.parametrize(
    ("code", "entries"),
    [
        ('_("To {name}")', 'msgid "To {name}"\nmsgstr "À {name}"\n'),
        (
            'ngettext("one letter", "{n} letters", n)',
            (
                'msgid "one letter"\nmsgid_plural "{n} letters"\nmsgstr[0] "{n} lettre"\nmsgstr[1]'
                ' "{n} lettres"\n'
            ),
        ),
        ("_(refusal.sentence)", ""),
    ],
)
def test_a_catalogue_that_agrees_has_no_fault(code: str, entries: str) -> None:
    assert faults(list(in_python(code, "x.py")), _catalogue(entries)) == []


def test_each_mistake_of_an_author_can_be_told_in_french() -> None:
    rooms = (
        *(ROOT / "engine" / "sequence").glob("*.py"),
        *(ROOT / "engine" / "letter").glob("*.py"),
        *(ROOT / "engine").glob("*.py"),
    )
    told = [
        message.place for file in rooms for message in unmarked(file.read_text("utf-8"), str(file))
    ]
    assert not told, f'mark these with N_("…") and give what they name as values: {told}'


@pytest.mark.parametrize(
    "code",
    [
        'table.mistake("at", f"`{key}` is late")',
        'Mistake(file, 1, "is no text")',
        'raise Unreadable("no day")',
    ],
)
def test_a_sentence_no_catalogue_can_hold_is_found(code: str) -> None:
    assert [message.place for message in unmarked(code, "x.py")] == ["x.py:1"]


def test_messages_are_found_in_templates() -> None:
    text = (
        '<p>{{ _("Stop") }}</p>\n{% trans n=3 %}{{ n }} letter{% pluralize %}{{ n }} letters{%'
        " endtrans %}"
    )
    assert list(in_template(text, "x.html")) == [
        Message("Stop", "x.html:1"),
        Message(("%(n)s letter", "%(n)s letters"), "x.html:2"),
    ]


@pytest.mark.parametrize("spoken", language.LANGUAGES)
def test_a_message_no_catalogue_holds_is_said_in_english(spoken: language.Language) -> None:
    assert language.translator(spoken)("Held by no catalogue") == "Held by no catalogue"


LETTERS = (
    'msgid "{n} letter"\nmsgid_plural "{n} letters"\nmsgstr[0] "{n} lettre"\nmsgstr[1] "{n}'
    ' lettres"\n'
)


@pytest.mark.parametrize("spoken", language.LANGUAGES)
def test_nothing_said_is_nothing_in_each_language(spoken: language.Language) -> None:
    assert language.translator(spoken)("") == ""


def test_each_language_counts_in_its_own_way() -> None:
    octets = language.compiled(BytesIO((HEADER + LETTERS).encode()), "fr")
    french = GNUTranslations(BytesIO(octets)).ngettext
    english = language.counting_translator("en")
    assert [french("{n} letter", "{n} letters", n) for n in (0, 1, 2)] == [
        "{n} lettre",
        "{n} lettre",
        "{n} lettres",
    ]
    assert [english("{n} letter", "{n} letters", n) for n in (0, 1, 2)] == [
        "{n} letters",
        "{n} letter",
        "{n} letters",
    ]


def test_a_catalogue_is_compiled_once_and_anew_where_it_is_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "pycache_prefix", str(tmp_path / "kept"))
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    source, compilations = tmp_path / "relance.po", list[str]()

    def counted(file: IO[bytes], spoken: language.Language) -> bytes:
        compilations.append(spoken)
        return compiled(file, spoken)

    compiled = language.compiled
    monkeypatch.setattr(language, "compiled", counted)
    for word, times in (("lettre", 1), ("lettre", 1), ("courrier", 2)):
        source.write_text(HEADER + LETTERS.replace("lettre", word), encoding="utf-8")
        if word == "lettre":
            os.utime(source, (1, 1))
        known = language._kept_or_compiled(source, "fr")
        assert known.ngettext("{n} letter", "{n} letters", 1) == f"{{n}} {word}"
        assert len(compilations) == times
    [kept] = (tmp_path / "kept").rglob("*.mo")
    kept.write_bytes(b"")
    assert language._kept_or_compiled(source, "fr") and len(compilations) == 3


def test_a_folder_that_takes_nothing_costs_no_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setattr(sys, "pycache_prefix", str(tmp_path / "file"))
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    source = tmp_path / "relance.po"
    source.write_text(HEADER + LETTERS, encoding="utf-8")
    assert language._kept_or_compiled(source, "fr").ngettext("{n} letter", "", 1) == "{n} lettre"


def test_a_day_is_said_in_words() -> None:
    assert [language.day_in_words(date(2026, 12, 1), each) for each in language.LANGUAGES] == [
        "1 December 2026",
        "1er décembre 2026",
    ]
    assert language.day_in_words(date(2026, 12, 2), "fr") == "2 décembre 2026"


@pytest.mark.parametrize(
    ("cron", "english", "french"),
    [
        ("0 9 * * *", "every day, 9:00", "chaque jour, 9\u00a0h"),
        ("30 8 * * 1,4", "every Monday, Thursday, 8:30", "chaque lundi, jeudi, 8\u00a0h\u00a030"),
        (
            "0 9 1,22 * *",
            "on the 1st, 22nd of each month, 9:00",
            "le 1er, 22 de chaque mois, 9\u00a0h",
        ),
        ("0 9 11 1,7 *", "on the 11th of January, July, 9:00", "le 11 janvier, juillet, 9\u00a0h"),
        ("*/5 * * * *", "every */5 * * * * (cron)", "chaque */5 * * * * (cron)"),
    ],
)
def test_a_cron_line_is_said_in_words(cron: str, english: str, french: str) -> None:
    assert (say_every(cron, "en"), say_every(cron, "fr")) == (english, french)


@pytest.mark.parametrize(
    ("written", "french"),
    [("1 week", "1 semaine"), ("2 days 6 hours", "2 jours 6 heures"), ("soon", "soon"), ("", "")],
)
def test_a_duration_keeps_its_units_in_another_language(written: str, french: str) -> None:
    assert written_delay_in_words(written, "fr") == french


def test_a_town_is_called_as_its_reader_calls_it() -> None:
    assert [language.town_in_words("Europe/Vienna", each) for each in language.LANGUAGES] == [
        "Vienna",
        "Vienne",
    ]
    assert language.town_in_words("America/Port_of_Spain", "fr") == "Port-d’Espagne"
    assert language.town_in_words("Europe/Paris", "fr") == "Paris"


def test_a_language_relance_does_not_speak_is_refused() -> None:
    with pytest.raises(ValueError, match="does not speak 'de': choose one of en, fr"):
        language.translator("de")  # type: ignore[arg-type]


def test_speaking_english_loads_nothing_of_babel() -> None:
    code = (
        "import sys, engine.i18n.language as l; l.translator('en')('Stop'); print('babel' in"
        " sys.modules)"
    )
    spoken = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True, timeout=30
    )
    assert spoken.stdout == b"False\n"


def _catalogue(entries: str) -> Catalog:
    return read_po(BytesIO((HEADER + entries).encode()), locale="fr")


def test_thousands_are_grouped_as_each_language_does() -> None:
    assert [
        language.grouped(number, language.translator("en")) for number in (3, 3002, 1_234_567)
    ] == ["3", "3,002", "1,234,567"]
    assert [
        language.grouped(number, language.translator("fr")) for number in (3, 3002, 1_234_567)
    ] == ["3", "3\u202f002", "1\u202f234\u202f567"]
