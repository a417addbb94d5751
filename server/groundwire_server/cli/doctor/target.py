"""The server to check: the one that is named, or else the one that the configuration describes."""

from dataclasses import dataclass, replace

from cryptography import x509

from groundwire_server.app.check_result import CheckResult
from groundwire_server.cli.connection import ConnectionOptions
from groundwire_server.edge.options import ServerOptions
from groundwire_server.files.small import UnreadableFileError, bytes_of

_EVERY_ADDRESS = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]", "::": "[::1]"}  # noqa: S104  # compared, not listened on
_SIZE_LIMIT = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Target:
    """A server, and how to reach it.

    Attributes:
        connection: the options of the connection.
        name: what the server's certificate is expected to be for; empty for the host of the address.
        missing: what the connection lacks so that nothing but the address can be checked; None when it lacks nothing.
    """

    connection: ConnectionOptions
    name: str = ""
    missing: CheckResult | None = None


def described(connection: ConnectionOptions, options: ServerOptions) -> Target | CheckResult:
    """Return the server that a configuration describes, or why it cannot be reached by it alone.

    It is expected to show the certificate of the configuration, so that an old one is noticed. Options of the
    connection that are given go before.
    """
    host, _, port = options.listen.rpartition(":")
    if int(port) == 0:
        message = "server.listen has port 0, so the server chooses a free port"
        return CheckResult.skip("server", message, "give --server HOST:PORT, as the server prints it")
    at = replace(connection, server=f"{reachable(host)}:{port}")
    if options.tls is None:
        return Target(at)
    missing = None
    if options.tls.client_ca is not None and at.tls_cert is None:
        message = "the server requires a client certificate (server.tls.client_ca)"
        missing = CheckResult.skip("tls", message, "give --tls-cert and --tls-key")
    if at.tls_ca is not None:
        return Target(at, missing=missing)
    return Target(replace(at, tls_ca=options.tls.certificate), _name(options), missing)


def reachable(host: str) -> str:
    """Return the host by which a listening address is reached from this machine."""
    return _EVERY_ADDRESS.get(host, host)


def _name(options: ServerOptions) -> str:
    """Return a name of the configured certificate; empty when it has none, or cannot be read."""
    try:
        pem = bytes_of(options.tls.certificate, _SIZE_LIMIT) if options.tls else b""
        names = x509.load_pem_x509_certificate(pem).extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except (UnreadableFileError, ValueError, x509.ExtensionNotFound):
        return ""  # reported as a fault of the file
    # A wildcard is no host name, but any word in its place makes one.
    return next((name.replace("*", "doctor") for name in names.value.get_values_for_type(x509.DNSName)), "")
