"""What is posted about a checkpoint goes over TLS, to whoever is named there, and ends in time."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from socket import create_server

import pytest

from engine.proof import posting
from engine.proof.posting import Answer, NotFetched, posted
from tests.sending.certificates import Authority

Talk = Callable[[ssl.SSLSocket], None]
QUESTION = b"the whole question"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nyes"


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def serve(authority: Authority, tmp_path: Path) -> Iterator[Callable[[Talk], str]]:
    with closing(create_server(("127.0.0.1", 0))) as listening:

        def serving(talk: Talk) -> str:
            def once() -> None:
                with suppress(OSError):
                    accepted, _ = listening.accept()
                    with authority.server(tmp_path).wrap_socket(accepted, server_side=True) as tls:
                        read = b""
                        while not read.endswith(QUESTION):
                            read += tls.recv(65_536)
                        talk(tls)

            threading.Thread(target=once, daemon=True).start()
            return f"https://127.0.0.1:{listening.getsockname()[1]}/add"

        yield serving


def whole(tls: ssl.SSLSocket) -> None:
    tls.sendall(ANSWER)


def dripping(tls: ssl.SSLSocket) -> None:
    for octet in ANSWER:
        tls.sendall(bytes([octet]))
        time.sleep(0.2)


@pytest.fixture
def trusting(authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "authority.pem"
    file.write_text(ssl.DER_cert_to_PEM_cert(authority.der), "ascii")
    monkeypatch.setenv("SSL_CERT_FILE", str(file))


@pytest.mark.usefixtures("trusting")
def test_an_answer_over_tls_is_read(serve: Callable[[Talk], str]) -> None:
    assert posted(serve(whole), QUESTION, {}, 100) == Answer(200, "text/plain", b"yes")


@pytest.mark.usefixtures("trusting")
def test_one_that_comes_drop_by_drop_over_tls_is_not_waited_for(
    serve: Callable[[Talk], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting, "POST_SECONDS", 1)
    begun = time.monotonic()
    with pytest.raises(NotFetched, match="not there after 1 seconds"):
        posted(serve(dripping), QUESTION, {}, 100)
    assert time.monotonic() - begun < 3


def test_whom_nobody_vouches_for_is_told_nothing(serve: Callable[[Talk], str]) -> None:
    with pytest.raises(NotFetched, match="cannot be reached"):
        posted(serve(whole), QUESTION, {}, 100)
