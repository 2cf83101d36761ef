"""How large a test is that says the same of few and of many: `make test` runs it small, `make
test-all` (RELANCE_LONG=1) as large as it is meant.

What is asserted is the same in both.
"""

from __future__ import annotations

import os

LONG = os.environ.get("RELANCE_LONG", "0") not in ("", "0")


def sized(small: int, large: int) -> int:
    return large if LONG else small
