"""Certificates with the names and times that a test wants; trustme issues neither URI names nor every date."""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from trustme import CA

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Issued:
    """A certificate and its key, in PEM."""

    certificate: bytes
    key: bytes

    def write(self, folder: Path) -> tuple[Path, Path]:
        """Put both into files, as an operator would; return their paths."""
        certificate, key = folder / "tls.crt", folder / "tls.key"
        certificate.write_bytes(self.certificate)
        key.write_bytes(self.key)
        return certificate, key


class Authority:
    """Issues certificates."""

    def __init__(self) -> None:
        self._ca = CA()

    @property
    def pem(self) -> bytes:
        """What those who trust it hold."""
        return self._ca.cert_pem.bytes()

    def issue(
        self,
        *,
        dns: Sequence[str] = (),
        uris: Sequence[str] = (),
        begins: datetime | None = None,
        ends: datetime | None = None,
        usages: Sequence[x509.ObjectIdentifier] = (),
    ) -> Issued:
        """A certificate of these names; by default it began yesterday and ends tomorrow."""
        own = x509.load_pem_x509_certificate(self.pem)
        key = load_pem_private_key(self._ca.private_key_pem.bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        subject = ec.generate_private_key(ec.SECP256R1())
        now = datetime.now(UTC)
        names: list[x509.GeneralName] = [x509.DNSName(name) for name in dns]
        names += [x509.UniformResourceIdentifier(uri) for uri in uris]
        if dns:
            names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
        built = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([]))
            .issuer_name(own.subject)
            .public_key(subject.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begins or now - DAY)
            .not_valid_after(ends or now + DAY)
            .add_extension(x509.SubjectAlternativeName(names), critical=True)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        )
        if usages:
            built = built.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        issued = built.sign(key, hashes.SHA256())
        return Issued(issued.public_bytes(Encoding.PEM), _pem(subject))


def _pem(key: ec.EllipticCurvePrivateKey, passphrase: bytes | None = None) -> bytes:
    from cryptography.hazmat.primitives import serialization

    protection: serialization.KeySerializationEncryption = (
        serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    )
    return key.private_bytes(Encoding.PEM, serialization.PrivateFormat.PKCS8, protection)


def locked(key: bytes) -> bytes:
    """The same key under a passphrase."""
    loaded = load_pem_private_key(key, None)
    assert isinstance(loaded, ec.EllipticCurvePrivateKey)
    return _pem(loaded, b"hush-hush")


def signed_by(signer: Issued, uri: str) -> Issued:
    """A certificate signed with the key of one that is no authority, with its chain."""
    own = x509.load_pem_x509_certificate(signer.certificate)
    key = load_pem_private_key(signer.key, None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    subject = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    issued = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(own.subject)
        .public_key(subject.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - DAY)
        .not_valid_after(now + DAY)
        .add_extension(x509.SubjectAlternativeName([x509.UniformResourceIdentifier(uri)]), critical=True)
        .sign(key, hashes.SHA256())
    )
    return Issued(issued.public_bytes(Encoding.PEM) + signer.certificate, _pem(subject))
