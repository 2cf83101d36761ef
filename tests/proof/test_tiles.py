"""Tiles: where each hash of the tree is kept, by the coordinates everybody uses (F06)."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.proof.errors import ProofRefused
from engine.proof.tiles import (
    ENTRIES,
    WIDTH,
    Tile,
    entry_bundle,
    hashes_of,
    parse_bundle,
    parse_path,
    place_of,
    tiles_grown,
    tiles_of,
)


def test_a_tree_of_seventy_thousand_leaves_has_the_tiles_of_the_standards_example() -> None:
    tiles = list(tiles_of(70_000))
    assert [
        sum(tile.level == level and tile.width == WIDTH for tile in tiles) for level in (0, 1, 2)
    ] == [273, 1, 0]
    assert [tile for tile in tiles if tile.width < WIDTH] == [
        Tile(0, 273, 112),
        Tile(1, 1, 17),
        Tile(2, 0, 1),
    ]


def test_a_tree_of_one_tile_has_one_hash_above_it() -> None:
    assert list(tiles_of(256)) == [Tile(0, 0), Tile(1, 0, 1)]
    assert list(tiles_of(0)) == []


@given(st.integers(0, 200_000), st.integers(0, 3000))
def test_what_grows_is_what_the_larger_tree_has_and_the_smaller_had_not(
    old: int, more: int
) -> None:
    before, after = set(tiles_of(old)), set(tiles_of(old + more))
    assert set(tiles_grown(old, old + more)) == after - before


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 1_234_067), "tile/0/x001/x234/067"),
        (Tile(0, 0), "tile/0/000"),
        (Tile(3, 999, 12), "tile/3/999.p/12"),
        (Tile(63, 1000, 255), "tile/63/x001/000.p/255"),
        (Tile(ENTRIES, 273, 112), "tile/entries/273.p/112"),
    ],
)
def test_a_tile_has_one_path(tile: Tile, path: str) -> None:
    assert tile.path == path
    assert parse_path(path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile/0/0",
        "tile/00/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/0/x000/067",
        "tile/0/001/067",
        "tile/0/x001",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/012",
        "tile/0/000.p/",
        "tile/0/000/",
        "/tile/0/000",
        "tile/0/../000",
        "tile/0/000\n",
        "tile/0/٠٠٠",
        "tile/0/" + "x999/" * 30 + "999",
        "tile/0/" + "x999/" * 6 + "999",
    ],
)
def test_what_is_no_tiles_path_is_refused(path: str) -> None:
    with pytest.raises(ProofRefused):
        parse_path(path)


@given(st.integers(-1, 63), st.integers(0, 2**63 - 1), st.integers(1, 256))
def test_every_tile_is_found_again_by_its_path(level: int, number: int, width: int) -> None:
    assert parse_path(Tile(level, number, width).path) == Tile(level, number, width)


@given(
    st.text()
    | st.lists(
        st.sampled_from(["tile", "/", "0", "63", "x001", "001", ".p/", "entries", "12", "é", "\n"])
    ).map("".join)
)
def test_reading_a_path_says_nothing_but_its_refusal(path: str) -> None:
    with suppress(ProofRefused):
        assert parse_path(path).path == path


@given(st.integers(0, 40), st.integers(0, 2**20))
def test_a_node_comes_from_one_tile(level: int, index: int) -> None:
    place = place_of((level, index))
    assert place.first + place.count <= WIDTH
    assert (place.number * WIDTH + place.first) << (8 * place.level) == index << level
    assert place.count << (8 * place.level) == 1 << level


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=256))
def test_a_bundle_gives_back_its_entries(entries: list[bytes]) -> None:
    assert parse_bundle(entry_bundle(entries)) == entries


def test_a_bundle_says_the_length_of_an_entry_high_byte_first() -> None:
    assert entry_bundle([b"x" * 258, b""]) == b"\x01\x02" + b"x" * 258 + b"\0\0"


def test_an_entry_that_is_too_long_for_its_length_is_refused() -> None:
    assert len(entry_bundle([b"x" * 65_535])) == 65_537
    with pytest.raises(ProofRefused, match="65536"):
        entry_bundle([b"x" * 65_536])


@pytest.mark.parametrize("raw", [b"", b"\0", b"\0\1", b"\0\2x", b"\0\0" * 257])
def test_a_bundle_that_is_cut_off_or_too_full_is_refused(raw: bytes) -> None:
    with pytest.raises(ProofRefused):
        parse_bundle(raw)


@given(st.binary(max_size=1000))
def test_reading_a_bundle_says_nothing_but_its_refusal(raw: bytes) -> None:
    with suppress(ProofRefused):
        assert entry_bundle(parse_bundle(raw)) == raw


@pytest.mark.parametrize("length", [0, 31, 33, 256 * 32 + 32])
def test_bytes_that_are_no_hashes_are_no_tile(length: int) -> None:
    with pytest.raises(ProofRefused):
        hashes_of(b"\0" * length)
    assert hashes_of(b"a" * 32 + b"b" * 32) == [b"a" * 32, b"b" * 32]
