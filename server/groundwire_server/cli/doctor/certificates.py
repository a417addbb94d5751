"""Checks of the validity of certificates. Whether they are trusted is checked by gRPC itself."""

import socket
import ssl
from collections.abc import Iterator
from datetime import datetime, timedelta

from cryptography import x509

from groundwire_server.app.check_result import CheckResult
from groundwire_server.cli import credentials
from groundwire_server.cli.connection import ConnectionOptions

_SECONDS = 3.0
SOON = timedelta(days=30)


def validity(connection: ConnectionOptions, address: tuple[str, int], now: datetime) -> Iterator[CheckResult]:
    """Yield results for the server's certificate and for the caller's own; one that cannot be read is left out.

    Args:
        connection: the options of the connection.
        address: the address of the server.
        now: the time, with its zone.
    """
    shown = _of_server(address)
    if shown is not None:
        yield validity_of("the server's certificate", shown, now, "renew it on the server")
    try:
        own = credentials.settings_of(connection).security()
    except ValueError:
        return  # reported by `check_server`
    if own is None or not isinstance(own.certificate, bytes):
        return
    try:
        certificate = x509.load_pem_x509_certificate(own.certificate)
    except ValueError:
        yield CheckResult.fail("certificate", f"{connection.tls_cert} is damaged", "get a new one")
    else:
        yield validity_of("your certificate", certificate, now, "renew it")


def _of_server(address: tuple[str, int]) -> x509.Certificate | None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # Nothing is sent over this connection: the certificate is only read.
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    try:
        with (
            socket.create_connection(address, _SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=address[0]) as secured,
        ):
            shown = secured.getpeercert(binary_form=True)
        return None if shown is None else x509.load_der_x509_certificate(shown)
    except (OSError, ValueError):
        return None


def validity_of(whose: str, certificate: x509.Certificate, now: datetime, advice: str) -> CheckResult:
    """Return the result for a certificate's time: a failure outside of it, a warning in its last 30 days.

    Args:
        whose: what the certificate is called.
        certificate: to check.
        now: the time, with its zone.
        advice: what to do when the certificate expires.
    """
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if now < begins:
        message = f"{whose} is valid only from {begins:%Y-%m-%d %H:%M} UTC"
        return CheckResult.fail("certificate", message, "correct the clock of this machine, or wait")
    if now >= ends:
        return CheckResult.fail("certificate", f"{whose} expired on {ends:%Y-%m-%d %H:%M} UTC", advice)
    if ends - now < SOON:
        return CheckResult.warn("certificate", f"{whose} expires on {ends:%Y-%m-%d %H:%M} UTC", advice)
    return CheckResult.ok("certificate", f"{whose} is valid until {ends:%Y-%m-%d}")
