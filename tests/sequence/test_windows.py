"""The table that says when instants leave a window equals the calendar, instant by instant."""

from bisect import bisect_right

from hypothesis import given
from hypothesis import strategies as st

from engine.sequence.delay import DAY, HOUR, Delay
from engine.sequence.timing import later, to_instant
from engine.sequence.timing import read_local_minute as local
from engine.sequence.windows import Piece, pieces
from tests.sizes import sized

ZONES = ("Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC")
AROUND = [
    to_instant(local(text), "Europe/Paris")
    for text in ("2027-03-28 02:30", "2027-10-31 02:30", "2028-02-29 12:00", "2027-01-01 00:30")
]
delays = st.one_of(
    st.builds(Delay, days=st.integers(1, 400)),
    st.builds(Delay, months=st.integers(1, 14)),
    st.builds(Delay, minutes=st.integers(1, 3000)),
)


def shift_at(table: tuple[Piece, ...], instant: int) -> int:
    piece = table[bisect_right([p.starts for p in table], instant) - 1]
    assert piece.starts <= instant < piece.ends
    return piece.shift


@given(st.data(), st.sampled_from(ZONES), delays, st.sampled_from(AROUND))
def test_the_table_says_of_every_instant_what_the_calendar_says(
    data: st.DataObject, zone: str, delay: Delay, around: int
) -> None:
    now = later(around, delay, zone) + data.draw(st.integers(-DAY, DAY))
    table = pieces(now, delay, zone)
    last = table[-1].ends - 1
    near = st.integers(min(last, max(table[0].starts, around - 2 * DAY)), last)
    instants = data.draw(st.lists(near, min_size=3, max_size=sized(10, 60)))
    instants += [piece.starts for piece in table] + [piece.ends - 1 for piece in table]
    for instant in instants:
        assert shift_at(table, instant) == later(instant, delay, zone) - instant


@given(st.sampled_from(ZONES), delays, st.integers(0, 2_000_000_000_000), st.integers(1, 900 * DAY))
def test_what_lies_before_the_table_has_left_the_window(
    zone: str, delay: Delay, now: int, before: int
) -> None:
    table = pieces(now, delay, zone)
    assert table[-1].ends > now
    assert later(table[0].starts - before, delay, zone) <= now


def test_the_hour_that_comes_twice_leaves_after_two_full_days() -> None:
    """What was done before a clock goes back leaves at the same hour of the clock, an hour more
    than two days later; from the second time that the hour comes, two days later.
    """
    back = to_instant(local("2027-10-31 02:00"), "Europe/Paris") + HOUR
    before, after = pieces(back + 3 * DAY, Delay(days=2), "Europe/Paris")
    assert (before.shift, before.ends) == (2 * DAY + HOUR, back)
    assert (after.shift, after.starts) == (2 * DAY, back)
