"""The verifier is one file that an auditor can read, and run alone: on old Pythons, without an
environment, on hostile input, in two languages.
"""

from __future__ import annotations

import ast
import io
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.ledger.codec import Encoded
from engine.ledger.names import NAMES
from engine.proof import verify
from engine.proof.bundle import zipped
from engine.subscriber.events import Cause, ContactNoted
from tests.auditor import plain_entry
from tests.proof.handed import (
    bundle_of,
    judged,
    ledger_of,
    signed_again,
    small_book,
    summed,
    unpack,
    verified,
)
from tests.sizes import sized

SOURCE = Path(verify.__file__).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def tree() -> ast.Module:
    return ast.parse(SOURCE)


def test_it_is_written_for_python_3_9_and_imports_nothing_else(tree: ast.Module) -> None:
    ast.parse(SOURCE, feature_version=(3, 9))
    imported = {
        alias.name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    imported |= {
        str(node.module).split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
    }
    assert imported <= set(sys.stdlib_module_names)
    assert not imported & {"socket", "ssl", "http", "urllib", "ctypes", "pickle"}


CORE, _, _ = SOURCE.partition("# " + "#" * 69 + " PART TWO")
LINES_OF_THE_CORE = 860


def top_level_names(body: list[ast.stmt]) -> set[str]:
    """The names of functions, classes and constants that these statements define."""
    names = {node.name for node in body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    targets = [
        node.targets[0] if isinstance(node, ast.Assign) else node.target
        for node in body
        if isinstance(node, ast.Assign | ast.AnnAssign)
    ]
    return names | {
        name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)
    }


def test_part_one_is_short_and_needs_nothing_of_part_two(tree: ast.Module) -> None:
    """It is what a stranger reads whole. Compiled by itself it finds what is wrong with a fact."""
    core = ast.parse(CORE)
    assert len(core.body) < len(tree.body), "where is part two?"
    used = {node.id for node in ast.walk(core) if isinstance(node, ast.Name)}
    assert not used & top_level_names(tree.body[len(core.body) :])
    lines = [line for line in CORE.partition("PART ONE")[2].splitlines() if line.strip()]
    assert len(lines) <= LINES_OF_THE_CORE
    alone: dict[str, Any] = {"__name__": verify.__name__}
    exec(compile(CORE, "core", "exec"), alone)
    fact = plain_entry("letter-begun", {"purpose": "conseils", "message": "m1"})
    assert "letter-without-ground" in alone["Replay"]().apply(fact)


def pythons() -> dict[str, str]:
    """The interpreters of this machine, one of each version."""
    found: dict[str, str] = {}
    for minor in range(9, 15):
        names = [
            *sorted(
                map(str, Path("~/.pyenv/versions").expanduser().glob(f"3.{minor}.*/bin/python"))
            ),
            shutil.which(f"python3.{minor}"),
        ]
        for path in filter(None, names):
            asked = [path, "-I", "-c", "import sys; print(sys.executable)"]
            done = subprocess.run(asked, capture_output=True, text=True, timeout=30, check=False)
            if done.returncode == 0:
                found[f"3.{minor}"] = done.stdout.strip()
                break
    return found


PYTHONS = pythons()


@pytest.mark.parametrize("python", PYTHONS.values(), ids=PYTHONS)
def test_each_python_of_this_machine_runs_it(python: str, tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(zipped(bundle_of(small_book())))
    assert verified(tmp_path / "a.zip", python=python).status == 0
    assert verified(unpack(ledger_of(small_book()), tmp_path / "ledger"), python=python).status == 0


def codes_in_the_logic(tree: ast.Module) -> set[str]:
    """Whatever it reports: the code in each call that does, by where it stands in the call."""
    at = {
        "Broken": 0,
        "Refused": 0,
        "Line": 2,
        "help_text": 0,
        "parse_path": 1,
        "proved": 0,
        "remark": 0,
        "sentence": 0,
        "unproved": 0,
        "wrong": 1,
    }
    chosen = {"title-proved", "title-unproved", "title-remarks", "verdict-wrong", "verdict-holds"}
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            code = node.args[at[name]] if name in at and len(node.args) > at[name] else None
            if isinstance(code, ast.Constant) and isinstance(code.value, str):
                found.add(code.value)
    assert all(f'"{code}"' in SOURCE.partition("SENTENCES:")[0] for code in chosen)
    return found | chosen


def test_everything_it_says_is_said_in_english_and_in_french(tree: ast.Module) -> None:
    assert codes_in_the_logic(tree) == set(verify.SENTENCES)
    for code, (english, french) in verify.SENTENCES.items():
        blanks = re.compile(r"\{\w+\}")
        assert sorted(blanks.findall(english)) == sorted(blanks.findall(french)), code


def test_it_knows_every_event_that_there_is() -> None:
    """One that is new has to be thought of here: whether it gives or takes a ground."""
    installation = {
        name for name, kind in NAMES.items() if kind.__module__.startswith("engine.installation")
    }
    assert installation <= verify.OF_INSTALLATION
    assert set(NAMES) - installation <= verify.OF_PEOPLE


@pytest.mark.parametrize("language", ["fr_FR.UTF-8", "en_US.UTF-8"])
def test_it_speaks_the_language_of_who_asks(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", language)
    assert verify.language() == language[:2]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere.zip"], "nowhere.zip cannot be read: No such file or directory"),
        (["."], "is neither a bundle nor a ledger that Relance handed over"),
        (["a.zip", "--checkpoint", "nowhere"], "nowhere cannot be read"),
        (
            ["a.zip", "--openssl", "/bin/false"],
            "does not verify Ed25519: OpenSSL 1.1.1 or later is needed",
        ),
        (["a.zip", "--openssl", "/nowhere/openssl"], "openssl cannot be run"),
        (["a.zip", "--members", "/nowhere/members"], "cannot be written"),
        (
            ["a.zip", "--with", "."],
            "before the checkpoint of the bundle: it cannot be held against it",
        ),
    ],
)
def test_what_cannot_be_examined_is_a_sentence_and_status_2(
    arguments: list[str], said: str, tmp_path: Path
) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "a.zip").write_bytes(zipped(bundle_of(small_book())))
    (tmp_path / "work" / "verify.py").write_text(SOURCE)
    command = [sys.executable, "-I", "-S", "verify.py", *arguments]
    done = subprocess.run(
        command, cwd=tmp_path / "work", capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 2 and said in done.stderr and "Traceback" not in done.stderr, (
        done.stderr
    )


def test_without_openssl_nothing_is_believed(tmp_path: Path) -> None:
    (tmp_path / "verify.py").write_text(SOURCE)
    command = [sys.executable, "-I", "-S", "verify.py", "--lang", "fr", "x.zip"]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 2 and "openssl n'est pas installé" in done.stderr


def zip_of(members: list[tuple[str, bytes]], **how: int) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", how.get("compression", zipfile.ZIP_STORED)) as archive:
        for name, data in members:
            member = zipfile.ZipInfo(name)
            member.external_attr = how.get("mode", 0o100644) << 16
            archive.writestr(member, data, how.get("compression", zipfile.ZIP_STORED))
    return target.getvalue()


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "no zip file": (lambda: b"PK\3\4 this is none", "is not a whole zip file"),
    "an empty file": (lambda: b"", "is not a whole zip file"),
    "an empty zip file": (lambda: zip_of([]), ""),
    "a path that leads out": (
        lambda: zip_of([("../../etc/passwd", b"x")]),
        "is a name or a kind of file that no bundle has",
    ),
    "an absolute path": (
        lambda: zip_of([("/etc/passwd", b"x")]),
        "is a name or a kind of file that no bundle has",
    ),
    "a path of another system": (
        lambda: zip_of([("entries\\x", b"x")]),
        "is a name or a kind of file that no bundle has",
    ),
    "a link": (
        lambda: zip_of([("checkpoint", b"/etc/passwd")], mode=0o120777),
        "is a name or a kind of file that no bundle has",
    ),
    "a folder": (
        lambda: zip_of([("entries/", b"")]),
        "is a name or a kind of file that no bundle has",
    ),
    "a bomb": (
        lambda: zip_of([("checkpoint", bytes(80_000_000))], compression=zipfile.ZIP_DEFLATED),
        "is larger than any such file",
    ),
}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_zip_file_is_named_and_nothing_of_it_is_unpacked(
    what: str, tmp_path: Path
) -> None:
    make, reason = HOSTILE[what]
    path = tmp_path / "hostile.zip"
    path.write_bytes(make())
    found = judged(path)
    assert found.status in (1, 2) and "Traceback" not in found.err
    assert not reason or any(reason in why for _, why in found.wrong), found.out
    assert list(tmp_path.iterdir()) == [path]


def test_many_files_that_are_too_much_together_are_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify, "MAX_BUNDLE", 1_000_000)
    path = tmp_path / "bombs.zip"
    path.write_bytes(
        zip_of(
            [(f"words/{n:064x}.txt", bytes(30_000)) for n in range(40)],
            compression=zipfile.ZIP_DEFLATED,
        )
    )
    assert judged(path).names("bombs.zip", "would unpack to more than any bundle holds")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_stands_in_the_zip_file_twice_is_named(tmp_path: Path) -> None:
    path = tmp_path / "twice.zip"
    path.write_bytes(zip_of([*sorted(bundle_of(small_book()).items()), ("checkpoint", b"another")]))
    assert judged(path).names("checkpoint", "stands in the zip file twice")


def test_a_link_in_a_folder_is_not_followed(tmp_path: Path) -> None:
    folder = unpack(bundle_of(small_book()), tmp_path / "b")
    (folder / "person.json").unlink()
    (folder / "person.json").symlink_to("/etc/hostname")
    (folder / "inner").symlink_to("/etc")
    found = judged(folder)
    assert found.names("person.json", "a kind of file that no bundle has") and found.names(
        "inner", "a kind of file that no bundle has"
    )


@pytest.mark.parametrize(
    "data",
    [
        b"[" * 60_000,
        b'{"a":' * 12_000,
        b'{"at":1e5}',
        b'{"at":NaN}',
        b'{"at":' + b"9" * 5_000 + b"}",
        b'{"at":1,"at":2}',
        b"\xff",
        b"{}",
        b"null",
        b'"\\ud800"',
    ],
)
def test_json_that_programs_read_differently_is_no_entry(data: bytes, tmp_path: Path) -> None:
    files = bundle_of(small_book()) | {"entries/0000000022.json": data, "person.json": data}
    found = judged(unpack(signed_again(files), tmp_path / "b"))
    assert found.status == 1 and any(
        place.startswith("entries/0000000022") for place, _ in found.wrong
    )


def test_the_exact_bytes_of_the_engine_are_read() -> None:
    state = Encoded(
        "8d3f2f0e-6a0e-4c86-9a45-2f6a3a1f7b1c", ContactNoted(5, 7), Cause("form"), 6
    ).at_version(3)
    entry = verify.parse_entry(9, state)
    assert (
        entry.position,
        entry.version,
        entry.name,
        entry.at,
        entry.recorded_at,
        entry.number("contacted_at"),
    ) == (9, 3, "contact-noted", 5, 6, 7)
    tail = verify.END_OF_ENTRY.search(state)
    assert tail is not None and tail[1] == b"6"
    assert tail[2] == b"8d3f2f0e-6a0e-4c86-9a45-2f6a3a1f7b1c"


@pytest.mark.parametrize("text", ["QR==", "QQ=", "QQ", "QQ==\n", " QQ==", "Q-==", "QQ==QQ=="])
def test_base64_has_one_spelling(text: str) -> None:
    """The last bits of the last character mean nothing: one that differs there alone is an altered
    one.
    """
    assert verify.unbase64("QQ==") == b"A"
    with pytest.raises(verify.Broken):
        verify.unbase64(text)


PARSERS: list[Callable[[bytes], object]] = [
    verify.parse_note,
    verify.parse_checkpoint,
    verify.parse_inclusion,
    verify.parse_consistency,
    verify.notes_in,
    verify.read_json,
    lambda data: verify.parse_entry(1, data),
    lambda data: verify.parse_tile(data, 3),
    lambda data: verify.parse_vkey(verify.utf8(data)),
    lambda data: verify.parse_policy(verify.utf8(data)),
    lambda data: verify.parse_sums(verify.utf8(data)),
    lambda data: verify.parse_salt(verify.utf8(data)),
    verify.fingerprint,
]
FILES = bundle_of(small_book())
TYPICAL = (
    "checkpoint",
    "stream.note",
    "vkey.txt",
    "policy.txt",
    "SHA256SUMS",
    "entries/0000000022.json",
    "entries/0000000022.tlog-proof",
)
SEEDS = [FILES[name] for name in TYPICAL]


@st.composite
def mangled(draw: st.DrawFn) -> bytes:
    """Something real with a stretch of it cut out, doubled or overwritten."""
    data = draw(st.sampled_from(SEEDS))
    begin = draw(st.integers(0, len(data)))
    end = draw(st.integers(begin, min(len(data), begin + 40)))
    return (
        data[:begin]
        + draw(st.one_of(st.just(b""), st.binary(max_size=8), st.just(data[begin:end] * 2)))
        + data[end:]
    )


@settings(max_examples=sized(50, 200), deadline=None)
@given(
    data=st.one_of(
        st.binary(max_size=300),
        st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")),
        mangled(),
    )
)
def test_no_parser_fails_otherwise_than_by_naming_what_is_wrong(data: bytes) -> None:
    for parse in PARSERS:
        try:
            parse(data)
        except verify.Broken as broken:
            assert verify.sentence(broken.code, "fr", **broken.values)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=mangled(), name=st.sampled_from(sorted(set(FILES) - {"SHA256SUMS"})))
def test_whatever_a_file_holds_there_is_a_verdict(data: bytes, name: str, tmp_path: Path) -> None:
    (tmp_path / "b.zip").write_bytes(zipped(summed(FILES | {name: data})))
    found = judged(tmp_path / "b.zip")
    assert found.status == (0 if data == FILES[name] else 1)


def lived(*facts: tuple[str, dict[str, object]]) -> list[str]:
    """What the verifier says of the last of one person's facts; nothing was wrong before."""
    replay = verify.Replay()
    for name, data in facts[:-1]:
        assert replay.apply(plain_entry(name, data)) == []
    return [verify.sentence(fault, "en") for fault in replay.apply(plain_entry(*facts[-1]))]


GROUND: tuple[tuple[str, dict[str, object]], ...] = (
    ("subscriber-registered", {}),
    ("consent-given", {"purpose": "conseils"}),
    ("list-joined", {"list": 10, "run": 1}),
)
LETTER: dict[str, object] = {
    "key": "list:10",
    "kind": "letter",
    "letter": "welcome",
    "message": "m1",
    "list": 10,
    "run": 1,
    "purpose": "conseils",
}
MENDABLE: dict[str, object] = {
    "key": "list:10",
    "letter": "welcome",
    "message": "m1",
    "why": "cannot be rendered",
    "what": "field:town",
}
AGAIN: dict[str, object] = {"key": "list:10", "letter": "welcome", "message": "m1"}


def test_a_letter_withheld_for_what_was_mended_is_begun_again_once_it_was_asked_for() -> None:
    aside = (*GROUND, ("letter-begun", LETTER), ("letter-withheld", MENDABLE))
    second = ("letter-begun", LETTER | {"attempt": 2})
    assert lived(*aside, second) == ["a letter after its last word"]
    assert lived(*aside, ("letter-retried", AGAIN), second) == []
    assert (
        lived(*aside, ("letter-retried", AGAIN), second, ("letter-sent", {"message": "m1"})) == []
    )


def test_nothing_else_is_tried_again_and_nothing_twice() -> None:
    wrong = ["a letter tried again that was not withheld for what can be mended"]
    begun = (*GROUND, ("letter-begun", LETTER))
    assert lived(*begun, ("letter-retried", AGAIN)) == wrong
    assert lived(*begun, ("letter-sent", {"message": "m1"}), ("letter-retried", AGAIN)) == wrong
    assert (
        lived(
            *begun, ("letter-withheld", MENDABLE | {"why": "too late"}), ("letter-retried", AGAIN)
        )
        == wrong
    )
    assert (
        lived(
            *begun,
            ("letter-withheld", MENDABLE),
            ("letter-retried", AGAIN),
            ("letter-retried", AGAIN),
        )
        == wrong
    )
