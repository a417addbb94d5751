"""TLS of the gateway: certificates are read again when their files change, as on the server's own address."""

import logging
import ssl
from collections.abc import Sequence

from groundwire_server.edge.options import TlsOptions
from groundwire_server.edge.tls import TlsError, check
from groundwire_server.files.small import mark
from groundwire_server.ports.clock import Clock

_log = logging.getLogger(__name__)


class GatewayTls:
    """The certificates of the gateway's address.

    OpenSSL asks at each new connection; a changed file is read then. Files that do not match leave the last good
    certificate in use, and are reported once.

    Args:
        options: the files.
        clock: tells whether a certificate has expired.

    Attributes:
        context: what the gateway listens with.

    Raises:
        TlsError: when the files cannot be used.
    """

    def __init__(self, options: TlsOptions, clock: Clock) -> None:
        self._options = options
        self._clock = clock
        self._marks = self._refused = self._seen()
        self._active = self.context = self._load()
        self.context.sni_callback = self._renew

    def _renew(self, connection: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
        """Have a new connection use the certificate that there is now."""
        marks = self._seen()
        if marks not in (self._marks, self._refused):
            try:
                self._active, self._marks = self._load(), marks
                _log.info("the certificate was reloaded", extra={"certificate": str(self._options.certificate)})
            except TlsError as unusable:
                self._refused = marks
                said = "the new certificate cannot be used; the old one stays in use"
                _log.error(said, extra={"why": str(unusable)})
        connection.context = self._active

    def _load(self) -> ssl.SSLContext:
        options = self._options
        check(options, self._clock.today())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["http/1.1"])
        try:
            context.load_cert_chain(options.certificate, options.key)
            if options.client_ca is not None:
                context.verify_mode = ssl.CERT_REQUIRED
                context.load_verify_locations(options.client_ca)
        except (OSError, ssl.SSLError) as wrong:
            raise TlsError(f"the certificate {options.certificate} cannot be used: {type(wrong).__name__}") from None
        return context

    def _seen(self) -> Sequence[object]:
        """Return the marks of the files, which differ when a file has changed."""
        return [mark(path) for path in self._options.files]
