"""One new host takes what it needs, whole, from the host it was told of; nobody else takes
anything.
"""

from __future__ import annotations

import os
import socket
import ssl
import stat
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from engine.config import Config, config_of
from engine.i18n.user_error import UserError
from engine.joining import offering, taking
from engine.joining.gathering import gather, refuse_unshared_store
from engine.joining.offering import Outcome, new_offer
from engine.joining.protocol import (
    GREETING,
    MAX_BUNDLE_BYTES,
    MAX_FILES,
    REFUSED,
    REQUEST_BYTES,
    Bundle,
    BundleRefused,
    JoinToken,
    TokenRefused,
    decoded,
    encoded,
    is_file_name,
    read_token,
)
from engine.joining.taking import fetch, lay_out, read_address, refuse_taken_folder
from engine.secret_files import make_secrets
from engine.sequence.mistakes import Unpublishable
from engine.sequence.webhooks import Webhook
from tests.joining.offered import BUNDLE, CONFIG, LINK_KEY, Open, open_offer


def take(standing: Open, folder: Path, token: JoinToken | None = None) -> Config:
    return fetch(
        "127.0.0.1", standing.port, token or standing.token, lambda got: lay_out(folder, got)
    )


def wrong(standing: Open) -> JoinToken:
    return replace(standing.token, secret=os.urandom(32))


def everything_in(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


# Taken.


def test_a_host_takes_configuration_and_secrets_which_its_owner_alone_reads(tmp_path: Path) -> None:
    folder = tmp_path / "relance"
    with open_offer() as standing:
        assert take(standing, folder).site.name == "Le Potager"
    assert standing.ended == [Outcome.TAKEN]
    assert everything_in(folder) == BUNDLE.files
    for path in (folder, *folder.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_an_offer_is_taken_once(tmp_path: Path) -> None:
    answers: list[str] = []
    with open_offer() as standing:

        def keep(bundle: Bundle) -> Config:
            with pytest.raises(UserError) as second:
                take(standing, tmp_path / "second")
            answers.append(str(second.value))
            return lay_out(tmp_path / "first", bundle)

        fetch("127.0.0.1", standing.port, standing.token, keep)
    assert standing.ended == [Outcome.TAKEN]
    assert len(answers) == 1 and not (tmp_path / "second").exists()


def test_of_two_that_are_connected_before_it_is_taken_one_is_handed_it() -> None:
    with open_offer() as standing, connected(standing) as first, connected(standing) as second:
        for connection in (first, second):
            connection.sendall(GREETING + standing.token.secret)
        answers = [connection.recv(8) for connection in (first, second)]
        assert sorted(answer == REFUSED for answer in answers) == [False, True]
    assert standing.ended == [Outcome.UNCONFIRMED]


def test_what_was_handed_out_and_is_not_confirmed_is_said(tmp_path: Path) -> None:
    with open_offer() as standing:

        def fail(bundle: Bundle) -> Config:
            raise UserError("the disk is full")

        with pytest.raises(UserError, match="disk is full"):
            fetch("127.0.0.1", standing.port, standing.token, fail)
    assert standing.ended == [Outcome.UNCONFIRMED]


# Not taken.


def test_five_wrong_tokens_end_the_offer_each_with_the_same_answer() -> None:
    answers = set()
    with open_offer() as standing:
        for _ in range(5):
            with pytest.raises(UserError) as refused:
                fetch(
                    "127.0.0.1", standing.port, wrong(standing), lambda got: config_of(Path(), "")
                )
            answers.add(str(refused.value))
    assert standing.ended == [Outcome.GUESSED] and len(answers) == 1


def test_four_wrong_tokens_and_a_stranger_s_words_leave_it_open(tmp_path: Path) -> None:
    with open_offer() as standing:
        for _ in range(4):
            with pytest.raises(UserError, match="does not take this token"):
                take(standing, tmp_path / "wrong", wrong(standing))
        for _ in range(3):
            with connected(standing) as stranger:
                stranger.sendall(
                    b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n".ljust(REQUEST_BYTES)
                )
                assert stranger.recv(8) == REFUSED
        take(standing, tmp_path / "right")
    assert standing.ended == [Outcome.TAKEN]
    assert not (tmp_path / "wrong").exists()


def test_an_offer_ends_when_its_time_is_over() -> None:
    with open_offer(seconds=0.1) as standing:
        pass
    assert standing.ended == [Outcome.EXPIRED]
    with pytest.raises(UserError, match="does not answer"):
        take(standing, Path("nowhere"))


def test_nobody_who_is_slow_holds_up_who_joins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(offering, "ASKING_SECONDS", 0.5)
    with (
        open_offer() as standing,
        socket.create_connection(("127.0.0.1", standing.port)) as silent,
        connected(standing) as slow,
    ):
        slow.sendall(GREETING)
        slow.settimeout(10)
        begun = time.monotonic()
        with pytest.raises((OSError, EOFError)):
            assert slow.recv(1) == b""
            raise EOFError
        assert time.monotonic() - begun < 5
        take(standing, tmp_path / "relance")
        assert silent.fileno() >= 0
    assert standing.ended == [Outcome.TAKEN]


def test_an_older_tls_is_not_spoken() -> None:
    with open_offer(seconds=1) as standing:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        with (
            pytest.raises((ssl.SSLError, ConnectionError)),
            socket.create_connection(("127.0.0.1", standing.port)) as plain,
        ):
            context.wrap_socket(plain)


# The man in the middle, and a host that answers wrongly.


def test_nothing_is_said_to_a_host_with_another_certificate(tmp_path: Path) -> None:
    heard: list[bytes] = []
    with answering(lambda connection: heard.append(connection.recv(100))) as (port, token):
        elsewhere = replace(token, fingerprint=os.urandom(32))
        with pytest.raises(UserError, match="nothing was said to it"):
            fetch("127.0.0.1", port, elsewhere, lambda got: lay_out(tmp_path / "new", got))
    assert b"".join(heard) == b"" and not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (b"", "cut off"),
        (b"\0\0\0\0", "cut off"),
        ((1000).to_bytes(8, "big") + b"{", "cut off"),
        ((MAX_BUNDLE_BYTES + 1).to_bytes(8, "big"), "larger"),
        (bytes([255] * 8), "larger"),
        ((2).to_bytes(8, "big") + b"{}", "no configuration"),
    ],
)
def test_an_answer_that_is_cut_off_or_wrong_leaves_nothing(
    tmp_path: Path, answer: bytes, sentence: str
) -> None:
    def say(connection: ssl.SSLSocket) -> None:
        connection.recv(100)
        connection.sendall(answer)

    with answering(say) as (port, token), pytest.raises(UserError, match=sentence):
        fetch("127.0.0.1", port, token, lambda got: lay_out(tmp_path / "new", got))
    assert not (tmp_path / "new").exists()


def test_a_host_that_never_answers_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking, "ANSWER_SECONDS", 0.3)
    released = threading.Event()
    with answering(lambda connection: bool(released.wait(10))) as (port, token):
        with pytest.raises(UserError, match=r"does not answer|cut off"):
            fetch("127.0.0.1", port, token, lambda got: lay_out(tmp_path / "new", got))
        released.set()


# What may be written.


@pytest.mark.parametrize(
    "name",
    [
        *("../x", "/etc/passwd", "a/../../x", "", "a//b", "./a", "a\\b", "a\nb", "a/" * 9 + "b"),
        *("data/marks/x", "data/ledger-position.json", "data", "x" * 201),
    ],
)
def test_no_name_leads_out_of_the_folder_or_is_a_machine_s_own(name: str) -> None:
    assert not is_file_name(name)
    with pytest.raises(BundleRefused):
        encoded(replace(BUNDLE, files={**BUNDLE.files, name: b"x"}))


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"data/secrets/link.key": b"x"},
        {"config.toml": b"x", "config.toml/x": b"y"},
        {"config.toml": bytes(2_000_001)},
        {"config.toml": b"x"} | {f"f{n}": b"" for n in range(MAX_FILES)},
    ],
)
def test_a_bundle_that_is_no_installation_or_too_large_is_refused(files: dict[str, bytes]) -> None:
    with pytest.raises(BundleRefused):
        encoded(Bundle("0.2.0", files))


def test_a_bundle_comes_out_as_it_went_in() -> None:
    assert decoded(encoded(BUNDLE)) == BUNDLE


def test_a_token_comes_out_as_it_went_in_and_shows_itself_nowhere() -> None:
    token = JoinToken(os.urandom(32), os.urandom(32))
    assert read_token(token.text()) == token
    assert token.secret.hex() not in repr(token) and repr(token.secret) not in repr(token)
    for text in ("", "rj1.", token.text()[:-1], token.text() + "A", "rj2" + token.text()[3:]):
        with pytest.raises(TokenRefused):
            read_token(text)


@pytest.mark.parametrize(
    "url", ["http://h:1", "https://h", "https://h:0", "https://h:1/x", "h:1", "https://h:99999", ""]
)
def test_an_address_that_no_offer_prints_is_refused(url: str) -> None:
    with pytest.raises(UserError):
        read_address(url)


def test_the_address_of_an_offer_is_read() -> None:
    assert read_address("https://[2001:db8::1]:8090") == ("2001:db8::1", 8090)


# The folder.


def test_a_folder_in_which_something_lies_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("mine")
    with pytest.raises(UserError, match="not empty"):
        refuse_taken_folder(tmp_path)
    with pytest.raises(UserError, match="is a file"):
        refuse_taken_folder(tmp_path / "notes")


def test_an_attempt_that_was_killed_is_no_hindrance(tmp_path: Path) -> None:
    (tmp_path / taking.UNFINISHED).mkdir()
    (tmp_path / taking.UNFINISHED / "config.toml").write_text("half")
    refuse_taken_folder(tmp_path)
    lay_out(tmp_path, BUNDLE)
    assert everything_in(tmp_path) == BUNDLE.files


@pytest.mark.parametrize("there", [True, False])
def test_a_configuration_that_this_program_does_not_read_leaves_the_folder_as_it_was(
    tmp_path: Path, there: bool
) -> None:
    folder = tmp_path / "relance"
    if there:
        folder.mkdir()
    broken = replace(BUNDLE, files={**BUNDLE.files, "config.toml": b"[newer]\nkey = 1\n"})
    with pytest.raises(Unpublishable):
        lay_out(folder, broken)
    assert folder.exists() is there and not list(tmp_path.rglob("*/*"))


def test_a_rename_that_fails_leaves_the_folder_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    renamed = Path.rename

    def fail(path: Path, target: Path) -> Path:
        if path.name == "config.toml":
            raise OSError(28, "No space left on device", str(path))
        return renamed(path, target)

    monkeypatch.setattr(Path, "rename", fail)
    with pytest.raises(OSError, match="No space"):
        lay_out(tmp_path, BUNDLE)
    assert list(tmp_path.iterdir()) == []


# What is offered.


def installation(folder: Path, more: str = "", store: str = "") -> Config:
    folder.mkdir(exist_ok=True)
    text = CONFIG.replace("postgresql://gardener@db.example.org/relance", store or BASE)
    (folder / "config.toml").write_text(text + more)
    make_secrets(folder / "data" / "secrets")
    return config_of(folder, text + more)


BASE = "postgresql://gardener:p@db.example.org/relance"


def test_what_a_machine_has_of_its_own_does_not_travel(tmp_path: Path) -> None:
    config = installation(tmp_path, '\n[form]\norder_key_file = "keys/shop"\n')
    secrets = config.secrets
    (secrets / "dkim").mkdir()
    for name in ("dkim/relance.pem", "database.password", "postgres.password", "link.key.new"):
        (secrets / name).write_text("x")
    for name in ("marks/1", "ledger-position.json", "stop.journal", "published/a", "../keys/shop"):
        (config.data / name).parent.mkdir(exist_ok=True)
        (config.data / name).write_text("x")
    bundle = gather(config, ())
    assert set(bundle.files) == {
        "config.toml",
        "keys/shop",
        *(
            f"data/secrets/{name}"
            for name in (
                *("link.key", "suppression.pepper", "nonce.key", "proof.key"),
                *("dkim/relance.pem", "database.password"),
            )
        ),
    }
    assert bundle.by_hand == ()


def test_files_out_of_the_folder_and_those_that_are_missing_are_named(tmp_path: Path) -> None:
    store = f"{BASE}?sslmode=verify-full&sslrootcert=/etc/relance/ca.pem&passfile=../pgpass"
    config = installation(tmp_path, store=store)
    webhook = Webhook("boutique", "generic", ("data/secrets/shop", "keys/shop"))
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "shop").write_text("x" * 40)
    bundle = gather(config, (webhook,))
    assert bundle.by_hand == ("/etc/relance/ca.pem", "../pgpass", "data/secrets/shop")
    assert bundle.files["keys/shop"] == b"x" * 40


def test_a_secret_of_the_environment_travels_as_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = installation(tmp_path)
    monkeypatch.setenv("RELANCE_LINK_KEY", LINK_KEY)
    assert gather(config, ()).files["data/secrets/link.key"] == LINK_KEY.encode()


@pytest.mark.parametrize(
    "store",
    [
        "embedded",
        "postgresql:///relance",
        "postgresql://localhost/relance",
        "postgresql://127.0.0.1/relance",
        "postgresql://[::1]/relance",
        "postgresql:///relance?host=/run/postgresql",
        "postgresql://db.example.org,localhost/relance",
    ],
)
def test_a_database_that_another_host_does_not_reach_is_not_offered(
    tmp_path: Path, store: str
) -> None:
    with pytest.raises(UserError, match="alone"):
        refuse_unshared_store(installation(tmp_path, store=store))


def test_a_database_that_the_environment_names_is_not_offered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = installation(tmp_path)
    refuse_unshared_store(config)
    monkeypatch.setenv("RELANCE_STORE_URL", BASE)
    with pytest.raises(UserError, match="environment"):
        refuse_unshared_store(config)


def test_the_certificate_s_key_does_not_stay_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    new_offer(b"", 1)
    assert list(tmp_path.iterdir()) == []


@contextmanager
def connected(standing: Open) -> Iterator[ssl.SSLSocket]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", standing.port), 10) as plain,
        context.wrap_socket(plain) as connection,
    ):
        yield connection


@contextmanager
def answering(answer: Callable[[ssl.SSLSocket], object]) -> Iterator[tuple[int, JoinToken]]:
    """A host that answers one connection as it likes; its port, and the token of its
    certificate.
    """
    offer = new_offer(b"", 1)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(10)

        def serve() -> None:
            plain, _ = listening.accept()
            with plain, offer.context.wrap_socket(plain, server_side=True) as connection:
                answer(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listening.getsockname()[1], offer.token
        finally:
            thread.join(15)
            assert not thread.is_alive()
