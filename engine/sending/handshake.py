"""From a mail server's greeting to a session in which mails may go. The only door to aiosmtplib.

aiosmtplib connects, greets, secures and authenticates; then our own session takes its transport
over. TLS, where asked for, is verified for chain and host name or there is no connection (RFC
8314); a password is said only under TLS, or in clear to this very machine. A provider's own server
is spoken to as [direct] has it: see engine/sending/direct.py.
"""

from __future__ import annotations

import socket
import ssl

import aiosmtplib

from engine.sending.delivery_journal import DeliveryJournal
from engine.sending.envelope import Offers
from engine.sending.relay_settings import RelaySettings
from engine.sending.replies import Reply, Stage, parse_reply, redacted
from engine.sending.route import RouteUnavailable, TlsFailed
from engine.sending.smtp_session import SmtpConnection, SmtpSession


async def shake_hands(
    settings: RelaySettings, journal: DeliveryJournal | None, connected: socket.socket | None = None
) -> SmtpSession:
    """`connected`: to the server already; it is closed with the connection. Raises
    RouteUnavailable.
    """
    smtp: aiosmtplib.SMTP | None = None
    try:
        smtp = _client(settings, connected)
        await _greet(smtp, settings)
        return _taken_over(smtp, settings, journal)
    except BaseException as error:
        if smtp is not None:
            smtp.close()
        elif connected is not None:
            connected.close()
        unavailable = _why(error, settings)
        if unavailable is error or unavailable is None:
            raise
        raise unavailable from error


def _client(settings: RelaySettings, connected: socket.socket | None) -> aiosmtplib.SMTP:
    if settings.username and settings.tls == "none" and not settings.is_this_machine:
        raise RouteUnavailable(
            f"A password is not sent to {settings.host} in clear: set TLS for this relay.",
            "configuration",
            "auth",
        )
    return aiosmtplib.SMTP(
        hostname=settings.host,
        port=None if connected else settings.port,
        sock=connected,
        local_hostname=settings.hostname,
        timeout=settings.timeouts.connect,
        use_tls=settings.tls == "implicit",
        start_tls=False,
        tls_context=settings.verify
        or (None if settings.tls == "none" else ssl.create_default_context()),
    )


async def _greet(smtp: aiosmtplib.SMTP, settings: RelaySettings) -> None:
    await smtp.connect()
    await _hello(smtp)
    offered = smtp.supports_extension("starttls")
    if settings.tls == "starttls" or (settings.tls == "if-offered" and offered):
        await _secure(smtp, settings, offered)
        await _hello(smtp)
    if settings.username:
        await _log_in(smtp, settings)


async def _secure(smtp: aiosmtplib.SMTP, settings: RelaySettings, offered: bool) -> None:
    if not offered:
        raise TlsFailed(
            f"{settings.host} does not offer STARTTLS, or somebody on the way removed it:"
            " nothing was sent.",
            "configuration",
            "helo",
        )
    try:
        await smtp.starttls()
    except (aiosmtplib.SMTPException, OSError) as error:
        why = _why(error, settings)
        assert why is not None
        raise TlsFailed(str(why), why.kind, why.stage, why.reply) from error
    if settings.check is not None:
        settings.check(smtp.get_transport_info("ssl_object"))


def _taken_over(
    smtp: aiosmtplib.SMTP, settings: RelaySettings, journal: DeliveryJournal | None
) -> SmtpSession:
    transport = smtp.transport
    assert transport is not None
    connection = SmtpConnection()
    transport.set_protocol(connection)
    connection.connection_made(transport)
    secured = transport.get_extra_info("ssl_object")
    cipher = secured.cipher() if secured else None
    size = smtp.esmtp_extensions.get("size", "").strip()
    offers = Offers(
        pipelining=smtp.supports_extension("pipelining"),
        size=int(size) if size.isascii() and size.isdigit() else 0,
        says_size=smtp.supports_extension("size"),
        eight_bit=smtp.supports_extension("8bitmime"),
        smtputf8=smtp.supports_extension("smtputf8"),
        dsn=smtp.supports_extension("dsn"),
    )
    tls = f"{secured.version()} {cipher[0]}" if secured and cipher else ""
    return SmtpSession(connection, offers, settings.timeouts, tls, journal)


async def _hello(smtp: aiosmtplib.SMTP) -> None:
    try:
        await smtp.ehlo()
    except aiosmtplib.SMTPHeloError as refused:
        if refused.code // 100 != 5 or not smtp.is_connected:
            raise
        await smtp.helo()


async def _log_in(smtp: aiosmtplib.SMTP, settings: RelaySettings) -> None:
    # One attempt, not one per method as aiosmtplib's login does: a wrong password tried thrice
    # locks accounts.
    for method, log_in in (
        ("plain", smtp.auth_plain),
        ("login", smtp.auth_login),
        ("cram-md5", smtp.auth_crammd5),
    ):
        if method in smtp.supported_auth_methods:
            await log_in(settings.username, settings.password)
            return
    raise RouteUnavailable(
        f"{settings.host} offers no way to log in that is known here (PLAIN, LOGIN, CRAM-MD5).",
        "configuration",
        "auth",
    )


def _why(error: BaseException, settings: RelaySettings) -> RouteUnavailable | None:
    """What aiosmtplib or the network raised, as RouteUnavailable; None for an error that is a
    defect of ours.
    """
    where = f"{settings.host}:{settings.port}"
    if isinstance(error, RouteUnavailable):
        return error
    if isinstance(error, ValueError) and not isinstance(
        error, OSError
    ):  # a certificate error is both
        return RouteUnavailable(
            f"The settings of {where} cannot be used: {error}", "configuration", "connect"
        )
    if isinstance(error, aiosmtplib.SMTPResponseException):
        stage: Stage = (
            "auth"
            if isinstance(error, aiosmtplib.SMTPAuthenticationError)
            else ("connect" if isinstance(error, aiosmtplib.SMTPConnectResponseError) else "helo")
        )
        reply = _reply(error.code, error.message)
        sentence = (
            f"{where} refused {'the login' if stage == 'auth' else 'the connection'}: {error.code}"
            f" {reply.text}"
        )
        return RouteUnavailable(
            sentence, "temporary" if error.code // 100 == 4 else "configuration", stage, reply
        )
    cause = error if isinstance(error, ssl.SSLError) else error.__cause__
    if isinstance(cause, ssl.SSLCertVerificationError):
        sentence = (
            f"The certificate of {where} cannot be trusted ({cause.verify_message}): nothing was"
            " sent."
        )
        return RouteUnavailable(sentence, "configuration", "connect")
    if isinstance(cause, ssl.SSLError):
        return RouteUnavailable(
            f"No secure connection to {where}: {cause.reason}.", "configuration", "connect"
        )
    if isinstance(error, (aiosmtplib.SMTPException, OSError)):
        return RouteUnavailable(f"{where} cannot be reached: {error}", "temporary", "connect")
    return None


def _reply(code: int, text: str) -> Reply:
    try:
        reply = parse_reply([f"{code} {text}".encode("utf-8", "replace")])
    except ValueError:
        return Reply(421, "", "The server's answer makes no sense.")
    return Reply(reply.code, reply.enhanced, redacted(reply.text))
