"""TLS: certificates are reloaded when their files change, without a restart."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import cast

import grpc
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from groundwire_server.edge.certificate_files import CertificateFiles, TlsError
from groundwire_server.edge.options import TlsOptions
from groundwire_server.files.small import UnreadableFileError, bytes_of
from groundwire_server.ports.clock import Clock

_SIZE_LIMIT = 1024 * 1024


class ServerTls:
    """The certificates of the server's address.

    gRPC asks for the certificate at each new connection, in its own thread; a changed file is read then.
    """

    def __init__(self, options: TlsOptions, clock: Clock) -> None:
        """Read the files.

        Raises:
            TlsError: when the files cannot be used.
        """
        self._options = options
        self._files = CertificateFiles(options, lambda: _load(options, clock.today()))

    def __repr__(self) -> str:
        authorities = self._options.client_ca or "none"
        return f"<ServerTls: certificate {self._options.certificate}, client authorities {authorities}>"

    def credentials(self) -> grpc.ServerCredentials:
        """Return the credentials that gRPC listens with."""
        required = self._options.client_ca is not None
        # The stubs do not know that None means no change.
        fetch = cast("Callable[[], grpc.ServerCertificateConfiguration]", self.renewed)
        return grpc.dynamic_ssl_server_credentials(self._files.initial, fetch, require_client_authentication=required)

    def renewed(self) -> grpc.ServerCertificateConfiguration | None:
        """Return the certificate if it has changed; never raise, since gRPC would refuse the connection."""
        return self._files.renewed()


def check(options: TlsOptions, now: datetime) -> datetime:
    """Check the files against each other; return when the certificate expires.

    Raises:
        TlsError: when the files cannot be used.
    """
    certificate = _certificates(options.certificate, "certificate")[0]
    path = options.key or options.certificate
    try:
        key = load_pem_private_key(_bytes(path, "key"), None)
    except TypeError:
        raise TlsError(
            f"the key {path} has a passphrase: store a copy without one, readable by this user only"
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise TlsError(_no_key(options)) from None
    encoded = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if key.public_key().public_bytes(*encoded) != certificate.public_key().public_bytes(*encoded):
        raise TlsError(f"the key {path} does not belong to the certificate {options.certificate}: name a matching pair")
    if now < certificate.not_valid_before_utc:
        begins = certificate.not_valid_before_utc.isoformat()
        raise TlsError(
            f"the certificate {options.certificate} is not valid before {begins}: correct the clock, or wait"
        )
    if now > certificate.not_valid_after_utc:
        ended = certificate.not_valid_after_utc.isoformat()
        raise TlsError(f"the certificate {options.certificate} has expired at {ended}: renew it")
    if options.client_ca is not None:
        _certificates(options.client_ca, "client authority")
    return certificate.not_valid_after_utc


def _load(options: TlsOptions, now: datetime) -> grpc.ServerCertificateConfiguration:
    check(options, now)
    pair = (_bytes(options.key or options.certificate, "key"), _bytes(options.certificate, "certificate"))
    authorities = None if options.client_ca is None else _bytes(options.client_ca, "client authority")
    return grpc.ssl_server_certificate_configuration([pair], authorities)


def _no_key(options: TlsOptions) -> str:
    if options.key is None:
        return f"the certificate {options.certificate} has no key: name the file of its key"
    return f"the file {options.key} does not hold a private key in PEM"


def _certificates(path: Path, what: str) -> Sequence[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(_bytes(path, what))
    except ValueError:
        raise TlsError(f"the {what} {path} is not a certificate in PEM") from None


def _bytes(path: Path, what: str) -> bytes:
    try:
        return bytes_of(path, _SIZE_LIMIT)
    except UnreadableFileError as why:
        raise TlsError(f"the {what} {path} {why}") from None
