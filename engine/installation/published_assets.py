"""Which pictures and downloads an edition has: a text among its others, in the form of `sha256sum`,
so that the ledger says what octets a name stood for on any day. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from engine.installation.state import Installation

MANIFEST = "assets.sha256"
"""Its path among the texts of an edition; no file of the author's folder is read by that name."""


def manifest(digests: Mapping[str, str]) -> str:
    """`digests` by the path below sequences/ ("pictures/logo.png")."""
    return "".join(f"{digest}  {path}\n" for path, digest in sorted(digests.items()))


@lru_cache(maxsize=64)
def digests_in(text: str) -> Mapping[str, str]:
    """What `manifest` wrote."""
    return {line[66:]: line[:64] for line in text.splitlines()}


def published_assets(installation: Installation) -> Mapping[str, str]:
    """The digest of every path that an edition has had, as it was last: letters that have left name
    what is not in the edition in force any more.
    """
    texts = (dict(installation.editions[n].files).get(MANIFEST) for n in installation.editions)
    return _together(tuple(installation.words[digest] for digest in texts if digest))


@lru_cache(maxsize=4)
def _together(texts: tuple[str, ...]) -> Mapping[str, str]:
    together: dict[str, str] = {}
    for text in texts:
        together |= digests_in(text)
    return together
