"""What the installation's own robot is at: the one trial of a form that is under way, and the mails
that came for it. Gone with the trial.
"""

from __future__ import annotations

from typing import NamedTuple

from psycopg.rows import TupleRow

from engine.store.database import Database
from engine.store.sql import beside

SQL = beside(__file__)
MAX_MAILS = 50


class Trial(NamedTuple):
    """`step` is what is waited for; `is_late` once it has been for too long. `address` is the
    robot's in this trial.
    """

    form: str
    way: str
    address: str
    step: str
    is_late: bool = False


class RobotDesk:
    def __init__(self, database: Database) -> None:
        self._database = database

    def trial(self) -> Trial | None:
        rows = self._run("trial")
        if not rows:
            return None
        form, way, address, step, is_late = rows[0]
        return Trial(str(form), str(way), str(address), str(step), bool(is_late))

    def put_trial(self, trial: Trial, seconds: float) -> None:
        """`seconds` of wall time for which its step is waited for."""
        values = trial._asdict() | {"seconds": seconds}
        del values["is_late"]
        self._run("put_trial", **values)

    def end_trial(self) -> None:
        self._run("end_trial")
        self._run("forget_mails")

    def keep_mail(self, octets: bytes) -> None:
        """Only while a trial is under way; others are nobody's."""
        self._run("keep_mail", octets=octets, most=MAX_MAILS)

    def mails(self) -> list[bytes]:
        """In the order in which they came."""
        return [bytes(row[0]) for row in self._run("mails")]

    def _run(self, statement: str, **values: object) -> list[TupleRow]:
        with self._database.connection() as connection:
            cursor = connection.execute(SQL[statement], values)
            return cursor.fetchall() if cursor.description else []
