"""What differs between two versions of a letter is seen word by word."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.console.word_difference import Line, Piece, Row, side_by_side

TEXTS = st.lists(st.sampled_from(["Bonjour", "Merci à vous", "Une graine", "", "fin."]), max_size=9)


def test_one_word_of_a_line_is_marked_on_both_sides() -> None:
    (row,) = side_by_side("Une petite graine", "Une grande graine")
    assert row == Row(
        Line(1, (Piece("Une ", False), Piece("petite", True), Piece(" graine", False))),
        Line(1, (Piece("Une ", False), Piece("grande", True), Piece(" graine", False))),
    )


def test_far_from_a_change_lines_are_left_out() -> None:
    old = [f"ligne {n}" for n in range(30)]
    rows = side_by_side("\n".join(old), "\n".join([*old[:20], "neuf", *old[20:]]))
    assert [row.after.number for row in rows] == [19, 20, 21, 22, 23]
    assert [row.gap for row in rows] == [True, False, False, False, False]
    assert rows[2].before.number == 0


@given(TEXTS, TEXTS)
def test_each_side_is_read_back_from_its_pieces(old: list[str], new: list[str]) -> None:
    rows = side_by_side("\n".join(old), "\n".join(new))
    for lines, side in ((old, 0), (new, 1)):
        for line in (row[side] for row in rows):
            assert isinstance(line, Line)
            if line.number:
                assert "".join(piece.text for piece in line.pieces) == lines[line.number - 1]
    same = "\n".join(old).splitlines() == "\n".join(new).splitlines()
    assert (rows == []) == same
