"""Words written for another tool bring its merge tags along: each is told with the field meant, and
nothing else is taken for one.
"""

from __future__ import annotations

import pytest

from engine.letter.compile import LetterSource, check_letter
from engine.letter.foreign_tags import find_foreign_tags, foreign_tag_warnings

LABELS = {"first_name": "Prénom", "town": "Commune"}
FIRST_NAME = (
    *(
        "*|FNAME|*",
        "*|IF:FNAME|*",
        "%FIRSTNAME%",
        "[FIRSTNAME]",
        "[Prénom]",
        "{!firstname}",
        "{!firstname_fix}",
        "{!Contact.FirstName}",
    ),
    *(
        "[[prenom]]",
        "[[firstname]]",
        "{contactfield=firstname}",
        "%%first_name%%",
        "%%First Name%%",
        "[subscriber:firstname | default:ami]",
    ),
    *(
        '[[data:firstname:""]]',
        "%recipient.first_name%",
        "~Contact.FirstName~",
        "__PRENOM__",
        "##prenom##",
        "{prenom}",
        "<<First Name>>",
    ),
    *(
        "{$name}",
        "{$prenom}",
        "${FNAME}",
        "#{prenom}",
        "{FIRST_NAME|ami}",
        "%prenom%",
        "%FIRSTNAME|ami%",
        "%SUBSCRIBER.FIRSTNAME%",
        "$prenom$",
    ),
    *(
        "{subscriber.first_name}",
        "[firstname,fallback=ami]",
        "#PRENOM#",
        "@prenom@",
        "-prenom-",
        "((prenom))",
        "«Prénom»",
        "<prenom>",
    ),
    *("<%= recipient.firstName %>", "<%= prenom %>"),
)
IN_BRACES = (
    *(
        "{{ contact.PRENOM }}",
        "{{contact.firstname}}",
        "{{ contact.attributes.PRENOM | default('x') }}",
        '{{var:firstname:"ami"}}',
    ),
    *(
        "{{ .Subscriber.FirstName }}",
        "{{ subscriber.first_name }}",
        "{{ person.first_name|default:'' }}",
        "{{params.prenom}}",
    ),
)
FOOT = (
    "*|UNSUB|*",
    "*|LIST:ADDRESS|*",
    "[UNSUBSCRIBE]",
    "%UNSUBSCRIBELINK%",
    "[link:subscription_unsubscribe_url]",
    "{unsubscribe_text}",
    "<unsubscribe>",
)
HARMLESS = (
    *(
        "100 %",
        "de 10% à 20%",
        "50% DE 80%",
        "[note]",
        "[note][1]\n\n[1]: https://e.fr",
        "[Prénom](https://e.fr)",
        "[x] fait",
        "- [ ] à faire",
    ),
    *(
        "[prénom]\n\n[prénom]: https://e.fr",
        "{#12}",
        "[1]",
        "{12}",
        "[[1]](https://e.fr)",
        "`*|FNAME|*`",
        "$5 et $6",
        "un {b} c",
        "__gras__",
    ),
    *(
        "{{ first_name }}",
        "![Prénom](pictures/a.png)",
        "<style>a {color:red}</style>",
        "Prix [TTC] et [HT]",
        "[Oui](===1===)",
        "a * | b | *",
    ),
    *(
        "<!-- *|FNAME|* -->",
        "{% if town %}x{% endif %}",
        "C:\\%TEMP%\\x".replace("TEMP", "temp"),
        "[nom inconnu]",
        "[sic]",
        "{nous}",
    ),
    *(
        "« nom »",
        "«\u00a0prénom\u00a0»",
        "a - nom - b",
        "porte-nom-propre",
        "($5)",
        "(nom)",
        "#jardin #ville#s",
        "a@b.fr@c",
    ),
    *("<https://e.fr>", "((sic))"),
    *(
        "50%nom%5",
        "function f() { return {a: 1}; }",
        "{50}",
        "<nom-de-plume>",
        "x-email-y",
        "$5 nom $6",
    ),
)


def told(text: str) -> list[str]:
    return [str(warning) for warning in foreign_tag_warnings(text, "a.md", LABELS)]


@pytest.mark.parametrize("tag", FIRST_NAME)
def test_a_tag_is_told_with_the_field_meant(tag: str) -> None:
    assert told(f"Bonjour,\n\nbonjour {tag}, ça va ?") == [
        f"a.md:3: `{tag}` is another tool's merge tag: write {{{{ first_name }}}} (warning)"
    ]


@pytest.mark.parametrize("tag", IN_BRACES)
def test_a_tag_in_braces_of_two_stops_the_letter_and_is_called_what_it_is(tag: str) -> None:
    layout = "<html lang='fr'>{{ content }}{{ foot }}</html>"
    (mistake,) = check_letter(
        LetterSource("a.md", "Objet", "", f"Bonjour {tag}, ça va ?", layout), LABELS
    )
    assert (
        str(mistake) == f"a.md:1: `{tag}` is another tool's merge tag: write {{{{ first_name }}}}"
        and mistake.column == 9
    )


@pytest.mark.parametrize("tag", FOOT)
def test_what_the_foot_holds_by_itself_is_to_be_left_out(tag: str) -> None:
    (warning,) = told(tag)
    assert f"`{tag}`" in warning and "the foot holds by itself" in warning


def test_without_a_field_of_that_meaning_the_declared_ones_are_named() -> None:
    (warning,) = told("*|PHONE|*")
    assert warning.endswith(
        "merge tag, and no field here means the same; there are: first_name, town (warning)"
    )
    assert "no field here means the same" in told("[Nom]")[0]


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_no_tag_is_left_alone(text: str) -> None:
    assert list(find_foreign_tags(f"Ici {text}, là.")) == []


def test_a_page_of_signs_is_read_in_little_time() -> None:
    assert list(find_foreign_tags("*|{!%%[[{{<<##~" * 5_000)) == []
