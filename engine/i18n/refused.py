"""The core's own sentences and reasons in the operator's language: pure code speaks English, so
they are translated where they are shown.
"""

from __future__ import annotations

import re
from functools import lru_cache

from engine.i18n import refused_rights
from engine.i18n.in_words import in_words as in_words_of
from engine.i18n.language import N_, Say, grouped
from engine.words import Value

_PLAIN = refused_rights.PLAIN | frozenset(
    {
        N_("PostgreSQL is starting or recovering from a crash"),
        N_("PostgreSQL is stopping"),
        N_("Another process is starting or stopping PostgreSQL"),
        N_("Waiting for the remains of a killed PostgreSQL to end"),
        # Why something happened, as events and grounds have it.
        N_("operator"),
        N_("api"),
        N_("rule"),
        N_("ended"),
        N_("withdrawn"),
        N_("live"),
        N_("contradictory"),
        N_("refused"),
        N_("gave up"),
        N_("blocked"),
        N_("never handed over"),
        N_("too late"),
        N_("cannot be rendered"),
        N_("cannot be carried"),
        N_("objected"),
        N_("imported"),
        N_("bounced"),
        N_("complained"),
        N_("resend"),
        N_("taken-as-sent"),
        N_("hard"),
        N_("soft"),
        N_("consent"),
        N_("soft-optin"),
        N_("b2b"),
        N_("service"),
        N_("confirmed by the person"),
        N_("asked for by the person"),
        N_("first-start"),
        N_("outage"),
        N_("restored"),
        N_("not published"),
        N_("erased"),
        N_("processing restricted"),
        N_("no ground for this purpose"),
        N_("consent withdrawn"),
        N_("the request is no longer open"),
        N_("no longer on this list"),
    }
)
_SAYING = (
    # What the embedded PostgreSQL says of its progress.
    N_("Creating a new PostgreSQL in {folder}"),
    N_("PostgreSQL runs as user {user}, which may now pass through {folders}"),
    N_("{what} ({seconds} s so far)"),
    N_("not eligible: {why}"),
    N_("{kind}: what has happened to this person cannot be taken in"),
    N_(
        "{file} is not the secret this database was begun with: copy data/secrets from a machine"
        " that runs on it, or from where you keep it apart; nothing was changed"
    ),
    N_(
        "{file} is not the secret this database was begun with: copy data/secrets from a machine"
        " that runs on it, or from where you keep it apart; if you have replaced it on purpose:"
        " `relance accept-secret {name}`; nothing was changed"
    ),
    N_(
        "{file} is missing, and the role {role} is there already: copy data/secrets from a machine"
        " that runs on this database; if the password is lost everywhere, let an administrator"
        " run\n  ALTER ROLE {role} PASSWORD '…';\nand put it into that file"
    ),
    N_(
        "the database does not take the password in data/secrets/database.password for {role}: copy"
        " data/secrets from a machine that runs on it, or let an administrator run\n  ALTER ROLE"
        " {role} PASSWORD '…';\nand put it into that file"
    ),
    N_("the database cannot be reached: {why}; see [store] url in config.toml"),
    N_("[store] url in config.toml is not an address PostgreSQL understands"),
    N_(
        "the clock of this machine ({host}) differs by {seconds} s from the database's, and the"
        " others ({others}) agree with the database: set this machine's clock right and start again"
    ),
    N_(
        "the clock of this machine ({host}) differs by {seconds} s from the database's, and the"
        " others ({others}) agree with this machine: set the clock of the database's machine right"
        " and start again"
    ),
    N_(
        "the clock of this machine ({host}) differs by {seconds} s from the database's: set the one"
        " that is wrong right and start again"
    ),
    *refused_rights.WITH_VALUES,
)
_TRANSLATED = ("why", "what")
_THOUSANDS = re.compile(r"\d{1,3}(,\d{3})+")


def _pattern(said: str) -> re.Pattern[str]:
    """What fits the sentence with its values put in: a value that comes twice is the same twice."""
    seen: set[str] = set()

    def value(found: re.Match[str]) -> str:
        again = found[1] in seen
        seen.add(found[1])
        return f"(?P={found[1]})" if again else f"(?P<{found[1]}>.+?)"

    return re.compile(re.sub(r"\\\{(\w+)\\\}", value, re.escape(said)))


_WITH_VALUES = tuple((_pattern(said), said) for said in _SAYING)


def in_words(value: Value, _: Say) -> str:
    return _sentence(value, _) if type(value) is str else in_words_of(value, _)


@lru_cache(maxsize=1024)
def _sentence(sentence: str, _: Say) -> str:
    """A sentence of the core, translated; any other as the catalogue has it, or as it is."""
    if sentence in _PLAIN:
        return _(sentence)
    for pattern, said in _WITH_VALUES:
        found = pattern.fullmatch(sentence)
        if found is not None:
            values = found.groupdict()
            values |= {name: _sentence(values[name], _) for name in _TRANSLATED if name in values}
            return _(said).format(
                **{
                    name: grouped(int(v.replace(",", "")), _) if _THOUSANDS.fullmatch(v) else v
                    for name, v in values.items()
                }
            )
    return _(sentence) if sentence else ""
