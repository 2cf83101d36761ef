"""What the delivery view is asked, and which of the letters it holds the agenda still has due.

Apart from the view because it looks into the schemas of two others, each with its own version.
"""

from __future__ import annotations

from typing import cast

from engine.delivery.figures import DayCount, PutOff, What
from engine.store.database import Database
from engine.store.sql import beside
from projections.agenda import Agenda
from projections.delivery import Delivery
from projections.letters import Letters

SQL = beside(__file__)


class DeliveryReading:
    """Implements engine.delivery.figures.DeliveryViews."""

    def __init__(
        self, database: Database, delivery: Delivery, agenda: Agenda, letters: Letters
    ) -> None:
        self.database, self.view = database, delivery
        self.asking = SQL.within(
            delivery=delivery.schema, agenda=agenda.schema, letters=letters.schema
        )

    def by_day(self, since: int) -> list[DayCount]:
        with self.database.connection() as connection:
            rows = connection.execute(self.view.sql["by_day"], {"since": since}).fetchall()
        return [DayCount(*row) for row in cast("list[DayCount]", rows)]

    def ever(self) -> list[tuple[str, What, int]]:
        with self.database.connection() as connection:
            rows = connection.execute(self.view.sql["ever"]).fetchall()
        return cast("list[tuple[str, What, int]]", rows)

    def suppressed(self) -> dict[str, int]:
        with self.database.connection() as connection:
            rows = connection.execute(self.view.sql["suppressed"]).fetchall()
        return dict(cast("list[tuple[str, int]]", rows))

    def put_off(self) -> list[PutOff]:
        with self.database.connection() as connection:
            rows = connection.execute(self.asking["put_off"]).fetchall()
        return [PutOff(*row) for row in cast("list[PutOff]", rows)]
