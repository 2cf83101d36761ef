"""How much is measured: enough to see that it works, ten minutes' worth, or what the goals were set
for.
"""

from __future__ import annotations

from enum import Enum
from typing import TypeVar

T = TypeVar("T")


class Size(Enum):
    QUICK = 0
    USUAL = 1
    LARGE = 2

    def pick(self, quick: T, usual: T, large: T) -> T:
        return (quick, usual, large)[self.value]
