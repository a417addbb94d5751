"""TLS of the gateway: certificates are read again when their files change, as on the server's own address."""

import ssl

from groundwire_server.edge.certificate_files import CertificateFiles, TlsError
from groundwire_server.edge.options import TlsOptions
from groundwire_server.edge.tls import check
from groundwire_server.ports.clock import Clock


class GatewayTls:
    """The certificates of the gateway's address.

    OpenSSL asks at each new connection; a changed file is read then.

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
        self._files = CertificateFiles(options, self._load)
        self._active = self.context = self._files.initial
        self.context.sni_callback = self._renew

    def _renew(self, connection: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
        """Have a new connection use the certificate that there is now."""
        self._active = self._files.renewed() or self._active
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
