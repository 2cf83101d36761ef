"""What no file of the repository may hold: a path into somebody's home, or the address of a package
index.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.shape.source import Finding, Source

_HOME = re.compile(r"(?<![\w.$}/-])(?:/(?:home|Users)/[\w.-]+|/root(?=/)|[A-Z]:\\Users\\\w)")
_INDEX = re.compile(
    r"pypi\.org|pythonhosted\.org|registry\.npmjs|--(?:extra-)?index-url|--find[-]links",
    re.IGNORECASE,
)


def nothing_names_a_machine(source: Source) -> Iterator[Finding]:
    for number, line in enumerate(source.text.splitlines(), start=1):
        if found := _HOME.search(line):
            yield source.finding(number, f"{found[0]} is a path into somebody's home")
        if found := _INDEX.search(line):
            yield source.finding(number, f"{found[0]} names a package index")
