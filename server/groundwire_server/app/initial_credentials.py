"""Credentials that a first start needs: a certificate for TLS, an API key, and secrets shared with other services.

Everything is kept while it is valid, so that the same step can run before every start.
"""

import base64
import ipaddress
import os
import re
import secrets
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from groundwire_server.app import keys
from groundwire_server.domain.caller import Role
from groundwire_server.domain.failure import SetupError
from groundwire_server.files.atomic import replace_file
from groundwire_server.files.small import UnreadableFileError, bytes_of, text_of
from groundwire_server.ports.clock import Clock

LIFETIME: Final = timedelta(days=365)
RENEW_BEFORE: Final = timedelta(days=30)
_CLOCK_SKEW: Final = timedelta(hours=1)
"""How far the clock of a client may be behind."""
_SIZE_LIMIT: Final = 64 * 1024
_SECRET_BYTES: Final = 32
_DNS_NAME: Final = re.compile(r"(\*\.)?[A-Za-z0-9_]([A-Za-z0-9_.-]{0,252})")


class InitialCredentialsError(SetupError):
    """A file of the initial credentials cannot be read or written."""


def ensure_certificate(folder: Path, hosts: Sequence[str], clock: Clock) -> str:
    """Make sure that the folder holds a certificate for these hosts, which is valid for another 30 days.

    The authority that signs it signs nothing else: its key is not kept. A renewal therefore replaces `ca.pem` too.

    Args:
        folder: holds `ca.pem`, `tls.crt` and `tls.key`.
        hosts: names and IP addresses of the server.
        clock: tells the time.

    Returns:
        What was done, as one line.

    Raises:
        ValueError: when a host is neither a name nor an IP address.
        InitialCredentialsError: when a file cannot be read or written.
    """
    now = clock.today()
    certificate, key, authority = (folder / name for name in ("tls.crt", "tls.key", "ca.pem"))
    if all(path.exists() for path in (certificate, key, authority)):
        known = _certificate(certificate)
        if known is not None and set(_names(hosts)) <= _names_of(known) and _lasts(known.not_valid_after_utc, now):
            return f"kept {certificate}, valid until {known.not_valid_after_utc:%Y-%m-%d}"
    signed, private, root = _issue(hosts, now)
    # A server that reads them in between finds a pair that does not match, and keeps the one that it has.
    _write(key, private)
    _write(authority, root, mode=0o644)
    _write(certificate, signed, mode=0o644)
    return f"made {certificate} for {', '.join(hosts)}, valid until {now + LIFETIME:%Y-%m-%d}"


def ensure_api_key(folder: Path, tenant: str, subject: str, roles: Collection[Role], clock: Clock) -> str:
    """Make sure that the folder holds an API key that is valid for another 30 days.

    A key that was revoked is not replaced: it was revoked for a reason.

    Args:
        folder: holds `api-key`, the text of the key, and `keys.json`, the file of keys.
        tenant: of the key's caller.
        subject: of the key's caller.
        roles: of the key's caller.
        clock: tells the time.

    Returns:
        What was done, as one line.

    Raises:
        ValueError: when tenant or subject is not a valid name.
        InitialCredentialsError: when a file cannot be read or written.
        KeyFileError: when the file of keys cannot be read or written.
    """
    path, file = folder / "api-key", folder / "keys.json"
    if path.exists() and file.exists():
        key_id = _text(path).removeprefix("gw_").partition("_")[0]
        found = next((each for each in keys.known(file, clock) if each.key_id == key_id), None)
        if found is not None and found.revoked is not None:
            return f"kept {path}, which is revoked: delete it to get another"
        if found is not None and (found.expires is None or _lasts(found.expires, clock.today())):
            return f"kept {path}, " + (f"valid until {found.expires:%Y-%m-%d}" if found.expires else "without expiry")
    key, text = keys.create(file, tenant, subject, (), roles, LIFETIME, clock)
    _write(path, f"{text}\n".encode())
    return f"made {path} for tenant {tenant}, {'+'.join(sorted(roles))}, valid until {key.expires:%Y-%m-%d}"


def ensure_secret(path: Path) -> str:
    """Make sure that a file holds a secret, which is random; return what was done, as one line.

    Raises:
        InitialCredentialsError: when the file cannot be read or written.
    """
    if path.exists() and _text(path):
        return f"kept {path}"
    # In base64, as keys of records are written. No newline follows: not everything that reads a password from a file
    # removes it.
    _write(path, base64.b64encode(secrets.token_bytes(_SECRET_BYTES)))
    return f"made {path}"


def _issue(hosts: Sequence[str], now: datetime) -> tuple[bytes, bytes, bytes]:
    """Return a certificate, its key and the authority's certificate, PEM."""
    authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"groundwire init {now:%Y-%m-%d}")])
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "groundwire")])
    authority = (
        _builder(issuer, issuer, authority_key, now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(authority_key, hashes.SHA256())
    )
    signer = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key())
    certificate = (
        _builder(subject, issuer, key, now)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(_names(hosts)), critical=False)
        .add_extension(signer, critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return certificate.public_bytes(Encoding.PEM), private, authority.public_bytes(Encoding.PEM)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime
) -> x509.CertificateBuilder:
    public = key.public_key()
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _names(hosts: Sequence[str]) -> list[x509.GeneralName]:
    return [_name(host) for host in hosts]


def _name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        if not _DNS_NAME.fullmatch(host):
            raise ValueError(f"host {host}: is neither a name nor an IP address") from None
        return x509.DNSName(host)


def _names_of(certificate: x509.Certificate) -> set[x509.GeneralName]:
    try:
        return set(certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    except x509.ExtensionNotFound:
        return set()


def _lasts(until: datetime, now: datetime) -> bool:
    return until - now > RENEW_BEFORE


def _certificate(path: Path) -> x509.Certificate | None:
    """Return the certificate of a file; None when there is none in it."""
    try:
        return x509.load_pem_x509_certificate(bytes_of(path, _SIZE_LIMIT))
    except UnreadableFileError as why:
        raise InitialCredentialsError(f"{path} {why}") from None
    except ValueError:
        return None


def _text(path: Path) -> str:
    try:
        return text_of(path, _SIZE_LIMIT).strip()
    except UnreadableFileError as why:
        raise InitialCredentialsError(f"{path} {why}") from None


def _write(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Replace a file atomically; by default only its owner may read it."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_file(path, content, lambda number: os.fchmod(number, mode))
    except OSError as failed:
        raise InitialCredentialsError(f"{path} cannot be written: {failed.strerror}") from None
