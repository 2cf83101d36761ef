"""A time zone or a language as people and other programs write it → its IANA name or its code: the
one reader for every door. Pure.

What CLDR knows (Windows' names of zones, the names of languages in French, in English and in the
language itself) is read by babel, and only when a text is not already a name or a code.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache

from engine.sequence.timing import is_zone, known_zones

# In the order in which a city that two regions claim is looked for.
_REGIONS = (
    "Europe/",
    "America/",
    "Asia/",
    "Africa/",
    "Australia/",
    "Pacific/",
    "Atlantic/",
    "Indian/",
    "Antarctica/",
    "Arctic/",
)
_OFTEN_SPOKEN = (
    *(
        "fr",
        "en",
        "de",
        "es",
        "it",
        "nl",
        "pt",
        "ca",
        "eu",
        "gl",
        "br",
        "oc",
        "co",
        "lb",
        "pl",
        "cs",
        "sk",
        "hu",
        "ro",
        "bg",
        "hr",
        "sr",
        "sl",
    ),
    *(
        "bs",
        "mk",
        "sq",
        "el",
        "tr",
        "ru",
        "uk",
        "be",
        "lt",
        "lv",
        "et",
        "fi",
        "sv",
        "da",
        "nb",
        "nn",
        "no",
        "is",
        "ga",
        "cy",
        "mt",
        "ar",
        "he",
    ),
    *("fa", "hi", "bn", "ur", "zh", "ja", "ko", "vi", "th", "id", "ms"),
)
_OFFSET = re.compile(r"^\s*\((?:UTC|GMT)[^)]*\)\s*", re.IGNORECASE)
_BESIDE = re.compile(r"\s*\([^)]*\)\s*$")
_CODE = re.compile(r"([A-Za-z]{2,3})(?:[-_.@][A-Za-z0-9_.@-]{1,40})?", re.ASCII)
_LONGEST = 100


@lru_cache(maxsize=4096)
def read_zone(text: str) -> str:
    """The IANA name of a zone written in any case (`america/chicago`, `Europe/Paris (CET)`), of a
    city (`Paris`), or as Windows and Rails call it (`Romance Standard Time`, `Eastern Time (US &
    Canada)`); "" for what is none.
    """
    if is_zone(text):
        return text
    if not text or len(text) > _LONGEST:
        return ""
    plain = _OFFSET.sub("", text)
    for written in (plain, _BESIDE.sub("", plain)):
        for name in (written, re.sub(r" time$", " Standard Time", written, flags=re.IGNORECASE)):
            if zone := _zones().get(_squeezed(name)):
                return zone
    return next((zone for city in plain.split(",") if (zone := _zones().get(_squeezed(city)))), "")


@lru_cache(maxsize=4096)
def read_language(text: str) -> str:
    """The code of a language, without its region: `fr` from `FR`, `fr_CA`, `fra`, `Français`,
    `french`, `Français (France)`; "" for what is none.
    """
    first = re.split(r"[,;]", text[:_LONGEST], maxsplit=1)[0].strip()
    if first.lower() in ("fr", "en"):
        return first.lower()
    if not first:
        return ""
    name, match = _squeezed(_BESIDE.sub("", first)), _CODE.fullmatch(first)
    code = _languages().get(name, "") or (_languages().get(match[1].lower(), "") if match else "")
    return code or _own_names().get(name, "")


def _squeezed(text: str) -> str:
    """Without case, accents, blanks and underscores; signs are kept, because Etc/GMT+5 is not
    Etc/GMT-5.
    """
    apart = unicodedata.normalize("NFKD", text).casefold()
    return "".join(
        character
        for character in apart
        if not (character.isspace() or character == "_" or unicodedata.combining(character))
    )


@cache
def _zones() -> dict[str, str]:
    from babel.core import get_global

    names = sorted(known_zones())
    read: dict[str, str] = {}
    for region in _REGIONS:
        for name in names:
            if name.startswith(region):
                read.setdefault(_squeezed(name.rpartition("/")[2]), name)
    # Windows' "UTC+02" and the like name an offset, not a place: no clock changes there.
    windows = {
        _squeezed(name): str(zone)
        for name, zone in get_global("windows_zone_mapping").items()
        if is_zone(str(zone)) and "UTC" not in name
    }
    return read | windows | {_squeezed(name): name for name in names}


@cache
def _languages() -> dict[str, str]:
    """From squeezed names, and codes of two or three letters, to the language code that is kept."""
    from babel.core import Locale, get_global

    codes = {str(code): str(code) for code in Locale("en").languages if len(str(code)) in (2, 3)}
    aliases = {
        str(code): str(other)
        for code, other in get_global("language_aliases").items()
        if len(str(code)) == 3 and str(other) in codes
    }
    names: dict[str, str] = {}
    for spoken in ("fr", "en"):
        for code, name in Locale(spoken).languages.items():
            if str(code).partition("_")[0] in codes:
                names.setdefault(_squeezed(str(name)), str(code).partition("_")[0])
    return names | codes | aliases


@cache
def _own_names() -> dict[str, str]:
    """The names of languages in the languages themselves; read last, because each is a file of its
    own.
    """
    from babel.core import Locale

    return {_squeezed(Locale(code).get_language_name(code) or code): code for code in _OFTEN_SPOKEN}
