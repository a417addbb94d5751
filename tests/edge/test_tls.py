"""Which files TLS can be served from, and what is said about the others."""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from groundwire_server.app.clock import SystemClock
from groundwire_server.edge.certificate_files import TlsError
from groundwire_server.edge.options import TlsOptions
from groundwire_server.edge.tls import ServerTls, check
from tests.doubles.certificates import Authority, Issued, locked

AUTHORITY = Authority()
GOOD = AUTHORITY.issue(dns=["localhost"])
NOW = datetime.now(UTC)


def tls(certificate: Path, key: Path | None = None, client_ca: Path | None = None) -> TlsOptions:
    return TlsOptions(certificate=certificate, key=key, client_ca=client_ca)


@pytest.fixture
def files(tmp_path: Path) -> TlsOptions:
    """A good certificate, its key and an authority of clients."""
    authority = tmp_path / "clients.pem"
    authority.write_bytes(AUTHORITY.pem)
    return tls(*GOOD.write(tmp_path), authority)


def key_of(files: TlsOptions) -> Path:
    assert files.key is not None
    return files.key


def test_good_files_say_when_the_certificate_expires(files: TlsOptions) -> None:
    assert NOW < check(files, NOW) < NOW + timedelta(days=2)


def test_one_file_may_hold_certificate_and_key(tmp_path: Path) -> None:
    path = tmp_path / "both.pem"
    path.write_bytes(GOOD.key + GOOD.certificate)
    assert check(tls(path), NOW) > NOW


def _without_key(files: TlsOptions) -> TlsOptions:
    return tls(files.certificate)


def _key_absent(files: TlsOptions) -> TlsOptions:
    key_of(files).unlink()
    return files


def _key_of_another(files: TlsOptions) -> TlsOptions:
    key_of(files).write_bytes(AUTHORITY.issue(dns=["localhost"]).key)
    return files


def _key_locked(files: TlsOptions) -> TlsOptions:
    key_of(files).write_bytes(locked(GOOD.key))
    return files


def _key_is_a_certificate(files: TlsOptions) -> TlsOptions:
    key_of(files).write_bytes(GOOD.certificate)
    return files


def _expired(files: TlsOptions) -> TlsOptions:
    _renew(files, AUTHORITY.issue(dns=["localhost"], begins=NOW - timedelta(9), ends=NOW - timedelta(1)))
    return files


def _not_yet_valid(files: TlsOptions) -> TlsOptions:
    _renew(files, AUTHORITY.issue(dns=["localhost"], begins=NOW + timedelta(1), ends=NOW + timedelta(9)))
    return files


def _folder(files: TlsOptions) -> TlsOptions:
    return tls(files.certificate.parent, files.key)


def _key_folder(files: TlsOptions) -> TlsOptions:
    return tls(files.certificate, files.certificate.parent)


def _no_certificate(files: TlsOptions) -> TlsOptions:
    files.certificate.write_text("Zertifikat für Müller", encoding="latin-1")
    return files


def _empty(files: TlsOptions) -> TlsOptions:
    files.certificate.write_bytes(b"")
    return files


def _large(files: TlsOptions) -> TlsOptions:
    files.certificate.write_bytes(b"x" * (1024 * 1024 + 1))
    return files


def _authority_absent(files: TlsOptions) -> TlsOptions:
    return tls(files.certificate, files.key, files.certificate.parent / "absent.pem")


def _authority_broken(files: TlsOptions) -> TlsOptions:
    return tls(files.certificate, files.key, files.key)


def _renew(files: TlsOptions, issued: Issued) -> None:
    files.certificate.write_bytes(issued.certificate)
    key_of(files).write_bytes(issued.key)


BROKEN = [
    (_without_key, "has no key: name the file of its key"),
    (_key_absent, r"the key .*tls\.key cannot be read: No such file"),
    (_key_of_another, r"tls\.key does not belong to the certificate .*tls\.crt: name a matching pair"),
    (_key_locked, "has a passphrase: store a copy without one"),
    (_key_is_a_certificate, r"tls\.key does not hold a private key in PEM"),
    (_expired, "has expired at .*: renew it"),
    (_not_yet_valid, "is not valid before .*: correct the clock, or wait"),
    (_folder, "the certificate .* is a folder: name the file in it"),
    (_key_folder, "the key .* is a folder: name the file in it"),
    (_no_certificate, r"tls\.crt is not a certificate in PEM"),
    (_empty, r"tls\.crt is not a certificate in PEM"),
    (_large, "is larger than 1 MiB"),
    (_authority_absent, r"the client authority .*absent\.pem cannot be read: No such file"),
    (_authority_broken, r"the client authority .* is not a certificate in PEM"),
]


@pytest.mark.parametrize(("spoil", "says"), BROKEN, ids=[row[0].__name__ for row in BROKEN])
def test_files_that_cannot_be_used_are_refused_in_one_line(
    files: TlsOptions, spoil: Callable[[TlsOptions], TlsOptions], says: str
) -> None:
    spoiled = spoil(files)
    with pytest.raises(TlsError, match=says) as caught:
        ServerTls(spoiled, SystemClock())
    assert "\n" not in str(caught.value)
    assert "PRIVATE" not in str(caught.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_key_that_may_not_be_read_is_refused_in_one_line(files: TlsOptions) -> None:
    key_of(files).chmod(0)
    with pytest.raises(TlsError, match="cannot be read: Permission denied"):
        ServerTls(files, SystemClock())


def test_the_repr_names_the_files_and_holds_no_key(files: TlsOptions) -> None:
    assert repr(ServerTls(files, SystemClock())) == (
        f"<ServerTls: certificate {files.certificate}, client authorities {files.client_ca or 'none'}>"
    )


def test_files_that_have_not_changed_are_not_read_again(files: TlsOptions) -> None:
    tls = ServerTls(files, SystemClock())
    assert tls.renewed() is None
    _renew(files, AUTHORITY.issue(dns=["localhost"]))
    assert tls.renewed() is not None
    assert tls.renewed() is None


RENEWALS = [row for row in BROKEN if row[0] in {_key_absent, _key_of_another, _expired, _not_yet_valid, _empty}]


@pytest.mark.parametrize(("spoil", "says"), RENEWALS, ids=[row[0].__name__ for row in RENEWALS])
def test_a_renewal_that_cannot_be_used_leaves_the_old_and_is_told_of_once(
    files: TlsOptions, spoil: Callable[[TlsOptions], TlsOptions], says: str, caplog: pytest.LogCaptureFixture
) -> None:
    tls = ServerTls(files, SystemClock())
    spoil(files)
    assert [tls.renewed() for _ in range(3)] == [None] * 3
    (record,) = caplog.records
    assert record.getMessage() == "the new certificate cannot be used; the old one stays in use"
    _renew(files, AUTHORITY.issue(dns=["localhost"]))
    assert tls.renewed() is not None
