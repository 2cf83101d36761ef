"""What the chaos suite found, where it has run: how many letters a kill leaves that came twice.

`make chaos` writes `bench/chaos.json`, `{"kills": 300, "lost": 0, "doubles": 41, "connections":
2}`: kills in all, letters that never came, letters that came more than once, and the SMTP
connections a sender has open when it is killed. Without that file there is no row.
"""

from __future__ import annotations

import json
from pathlib import Path

from bench.table import Row

FOUND = Path(__file__).with_name("chaos.json")


def rows(path: Path = FOUND) -> list[Row]:
    """The limit is one message in doubt for each open connection."""
    if not path.exists():
        return []
    found = {
        name: int(value) for name, value in json.loads(path.read_text(encoding="utf-8")).items()
    }
    figure, limit = found["doubles"] / found["kills"], found["connections"]
    name = f"doubles per kill ({found['kills']:,} kills, {found['lost']:,} lost)"
    return [
        Row(name, round(figure, 3), "letters", limit, round(figure / limit, 3), 1.0, at_most=True)
    ]
