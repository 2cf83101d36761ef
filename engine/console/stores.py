"""What the console is handed: the stores of all its rooms together. Each page module declares its
own, and is handed no more.
"""

from __future__ import annotations

from typing import Protocol

from engine.console.dialogues import DialogueStores, DialogueViews
from engine.console.sign_in import SignInStores
from engine.console.timing_page import TimingStores
from engine.console.today import AllTodayViews, TodayStores


class ConsoleViews(AllTodayViews, DialogueViews, Protocol):
    """What pages ask of the views."""


class ConsoleStores(SignInStores, TodayStores, DialogueStores, TimingStores, Protocol):
    """Every Protocol of a page module."""

    @property
    def views(self) -> ConsoleViews: ...
