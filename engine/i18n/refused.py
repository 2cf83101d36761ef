"""The core's own sentences and reasons in the operator's language: pure code speaks English, so
they are translated where they are shown.
"""

from __future__ import annotations

import re
from functools import lru_cache

from engine.i18n import refused_files, refused_rights
from engine.i18n.in_words import in_words as in_words_of
from engine.i18n.language import N_, Say, grouped
from engine.words import Value

_PLAIN = (
    refused_files.PLAIN
    | refused_rights.PLAIN
    | frozenset(
        {
            N_("PostgreSQL is starting or recovering from a crash"),
            N_("PostgreSQL is stopping"),
            N_("Another process is starting or stopping PostgreSQL"),
            N_("Waiting for the remains of a killed PostgreSQL to end"),
            N_("an address has exactly one @ sign"),
            N_("the address holds a space or an invisible character"),
            N_("the address holds a space"),
            N_("the address holds a line break or a control character"),
            N_("the address is empty"),
            N_("there is more than one address here"),
            N_("the part before the @ is not well formed"),
            N_("the part before the @ starts with a combining accent"),
            N_("the part before the @ holds a curly apostrophe: write a plain one"),
            N_("the part before the @ holds a long dash: write a plain hyphen"),
            N_("the domain after the @ is not well formed"),
            N_("nobody is known under this address"),
            N_("too many changes at once; please try again"),
            N_("this person has been erased"),
            N_("this person has asked for no more letters at all"),
            N_("this person has been asked to confirm already"),
            N_("this person receives these letters already"),
            N_("this person is there already"),
            N_("this person stands there already"),
            N_("this address cannot be written to"),
            N_("nobody is written to under this address"),
            N_("this has been withdrawn already"),
            N_("nothing has changed"),
            N_("this letter is not in doubt: it is being sent"),
            N_("in doubt already"),
            N_("the outcome of this letter is recorded already"),
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
            N_("only consent lets anybody write for a partner"),
            N_("which order or sale was the address given with?"),
            N_("what is this person's profession? The letters must have to do with it"),
            N_("how could they object when the address was collected?"),
        }
    )
)
_SAYING = (
    # What the embedded PostgreSQL says of its progress.
    N_("Creating a new PostgreSQL in {folder}"),
    N_("PostgreSQL runs as user {user}, which may now pass through {folders}"),
    N_("{what} ({seconds} s so far)"),
    N_("an address is never longer than {most} characters"),
    N_("the part before the @ is longer than {most} octets"),
    N_("the part before the @ holds “{sign}”, which no mail server takes"),
    N_("there is no list {list} in what is published"),
    N_("list {list} is no longer published"),
    N_('there is no live ground to write for the purpose "{purpose}"'),
    N_('this person is among "{group}", to whom "{other}" yields'),
    N_("this person has been on list {list} before, and it is never joined twice"),
    N_("this person left list {list} less than {time} ago"),
    N_("this person is not on list {list}"),
    N_("this person is on list {list} already"),
    N_("this address is suppressed ({why})"),
    N_("this address is suppressed already ({why})"),
    N_('this person has withdrawn from "{purpose}"'),
    N_('the consent for "{purpose}" names another partner'),
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
    *refused_files.WITH_VALUES,
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
