"""How long the certificates of a secured connection still hold. Whether they are trusted, gRPC says."""

import socket
import ssl
from collections.abc import Iterator
from datetime import datetime, timedelta

from cryptography import x509

from groundwire_server.app.check_result import CheckResult, CheckState
from groundwire_server.cli import credentials
from groundwire_server.cli.connection import ConnectionOptions

_SECONDS = 3.0
_SOON = timedelta(days=14)


def validity(connection: ConnectionOptions, address: tuple[str, int], now: datetime) -> Iterator[CheckResult]:
    """The server's certificate, and the caller's own where there is one; what cannot be had is left out.

    Args:
        connection: what was said about it.
        address: where the server listens.
        now: the time, with its zone.
    """
    shown = _of_server(address)
    if shown is not None:
        yield _finding("the server's certificate", shown, now, "renew it on the server")
    try:
        own = credentials.settings_of(connection).security()
    except ValueError:
        return  # said by who connects
    if own is None or not isinstance(own.certificate, bytes):
        return
    try:
        certificate = x509.load_pem_x509_certificate(own.certificate)
    except ValueError:
        yield CheckResult("certificate", CheckState.FAIL, f"{connection.tls_cert} is damaged", "have it renewed")
    else:
        yield _finding("your certificate", certificate, now, "have it renewed")


def _of_server(address: tuple[str, int]) -> x509.Certificate | None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # Nothing is said to this connection: it is only looked at what is shown.
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


def _finding(whose: str, certificate: x509.Certificate, now: datetime, do: str) -> CheckResult:
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if now < begins:
        return CheckResult("certificate", CheckState.FAIL, f"{whose} holds only from {begins:%Y-%m-%d %H:%M} UTC", do)
    if now >= ends:
        return CheckResult("certificate", CheckState.FAIL, f"{whose} has ended on {ends:%Y-%m-%d %H:%M} UTC", do)
    if ends - now < _SOON:
        return CheckResult("certificate", CheckState.WARN, f"{whose} ends on {ends:%Y-%m-%d %H:%M} UTC", do)
    return CheckResult("certificate", CheckState.OK, f"{whose} holds until {ends:%Y-%m-%d}")
