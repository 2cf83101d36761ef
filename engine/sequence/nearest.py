"""What an author most likely meant by an unknown word: a list, a file, a key, a field by its name,
its label or its usual names elsewhere.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from unicodedata import combining, normalize

from engine.words import N_, Words, words

NO_HINT = Words("")

# The same thing as other tools and other languages call it. What stands in a set is one meaning.
_SAME_FIELD = (
    frozenset(
        {
            "firstname",
            "fname",
            "first",
            "givenname",
            "forename",
            "prenom",
            "vorname",
            "nombre",
            "nome",
        }
    ),
    frozenset(
        {
            "lastname",
            "lname",
            "last",
            "surname",
            "familyname",
            "nom",
            "nomdefamille",
            "nachname",
            "apellido",
            "cognome",
        }
    ),
    frozenset({"town", "city", "ville", "stadt", "ciudad", "commune"}),
    frozenset(
        {
            "company",
            "companyname",
            "organization",
            "organisation",
            "societe",
            "entreprise",
            "firma",
            "empresa",
        }
    ),
    frozenset({"phone", "phonenumber", "tel", "telephone", "sms", "mobile", "portable", "telefon"}),
    frozenset({"postcode", "zip", "zipcode", "postalcode", "codepostal", "plz"}),
    frozenset({"country", "pays", "land"}),
    frozenset({"birthday", "birthdate", "dateofbirth", "anniversaire", "datedenaissance"}),
    frozenset({"gender", "sexe", "civilite", "salutation"}),
)
# Of these names some are everyday words too.
_EVERYDAY = {
    "first", "last", "land", "zip", "tel", "nome", "nombre", "town", "city", "country", "pays",
    "ville",
}  # fmt: skip
_USUAL = frozenset().union(*_SAME_FIELD) - _EVERYDAY | {
    "email", "emailaddress", "adresseemail", "courriel", "fullname", "nomcomplet", "name",
}  # fmt: skip
_KEYS = {
    "objet": "subject", "sujet": "subject", "corps": "body", "texte": "body", "apres": "after",
    "attente": "wait", "attendre": "wait", "jours": "days", "heure": "at", "entre": "between",
    "nom": "name", "titre": "title", "groupe": "group", "finalite": "purpose",
    "rappelle": "reminds", "rappel": "reminder", "fin": "ends", "merci": "thanks", "liste": "list",
    "vers": "to", "a": "to", "date": "on", "bouton": "button", "expediteur": "from",
    "adresse": "postal_address", "langue": "language", "fuseau": "timezone",
}  # fmt: skip


def folded(word: str) -> str:
    """Letters and digits alone, in lower case, without accents."""
    plain = "".join(letter for letter in normalize("NFD", word) if not combining(letter))
    return re.sub(r"[\W_]", "", plain).lower()


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word most similar to `word`; "" if none is similar."""
    by_folded = {folded(name): name for name in known}
    close = difflib.get_close_matches(folded(word), by_folded, 1)
    return by_folded[close[0]] if close else ""


def nearest_key(word: str, known: Iterable[str]) -> str:
    names = set(known)
    translated = _KEYS.get(folded(word), "")
    return translated if translated in names else nearest(word, sorted(names))


def nearest_field(word: str, labels: Mapping[str, str]) -> str:
    """The declared field meant by `word`; `labels` are what readers see, by the field's name. Empty
    if none comes close.
    """
    wanted = folded(word)
    meanings = {wanted}.union(*(names for names in _SAME_FIELD if wanted in names))
    for name, label in labels.items():
        if meanings & {folded(name), folded(label), *map(folded, label.split())}:
            return name
        if any(folded(name) in same and same & meanings for same in _SAME_FIELD):
            return name
    if len(meanings) > 1:
        return ""
    close = nearest(word, (*labels, *labels.values()))
    return next((name for name, label in labels.items() if close and close in (name, label)), "")


def is_usual_field(word: str) -> bool:
    """Whether tools and people call a field by this word: `FNAME`, `prénom`, `E-mail`."""
    return folded(word) in _USUAL


def hint(name: str | int) -> Words:
    """`; did you mean …?`, to end a sentence with; nothing where nothing came close."""
    return words(N_("; did you mean `{name}`?"), name=name) if name else NO_HINT


def question(name: str) -> Words:
    """The same as a sentence of its own, after another."""
    return words(N_(" Did you mean `{name}`?"), name=name) if name else NO_HINT
