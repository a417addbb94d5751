"""Checks of the files that a configuration names: certificates, keys, authorities, API keys, and room on the disk."""

import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from stat import S_IROTH

from cryptography import x509

from groundwire_server.app.check_result import CheckResult
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.models.stores import (
    EmbeddedStoreConfig,
    PineconeStoreConfig,
    WeaviateStoreConfig,
)
from groundwire_server.cli.doctor.certificates import SOON, validity_of
from groundwire_server.cli.sizes import size
from groundwire_server.edge.options import TlsOptions
from groundwire_server.files.small import UnreadableFileError, bytes_of

_PEM_LIMIT = 1024 * 1024
_LITTLE_BYTES = 1 << 30
_NO_BYTES = 64 << 20


def files(configuration: Configuration, now: datetime) -> Iterator[CheckResult]:
    """Yield results for the files of a configuration; those that cannot be read at all are reported elsewhere.

    Args:
        configuration: that names the files.
        now: the time, with its zone.
    """
    if configuration.server.tls is not None:
        yield from _server_certificate(configuration.server.tls, now)
    for setting, file in _authorities(configuration):
        yield from _authority(setting, file, now)
    if configuration.authentication.api_keys is not None:
        yield from _api_keys(configuration.authentication.api_keys.file, now)
    for name, store in configuration.stores.items():
        if isinstance(store, EmbeddedStoreConfig):
            yield from _disk(name, store.folder)


def _server_certificate(options: TlsOptions, now: datetime) -> Iterator[CheckResult]:
    from groundwire_server.edge.certificate_files import TlsError  # noqa: PLC0415  # as below
    from groundwire_server.edge.tls import check  # noqa: PLC0415  # brings gRPC's server

    try:
        check(options, now)
    except TlsError as wrong:
        yield CheckResult.fail("certificate", f"server.tls: {wrong}", "correct it: the server does not start with it")
        return
    yield CheckResult.ok("certificate", f"the key of {options.certificate} belongs to it")
    own, *chain = _certificates(options.certificate)
    yield validity_of(f"server.tls.certificate {options.certificate}", own, now, "renew it; the server reads it again")
    for each in chain:
        yield validity_of(f"an authority in {options.certificate}", each, now, "get a new chain with the certificate")
    key = options.key or options.certificate
    if key.stat().st_mode & S_IROTH:
        yield CheckResult.warn("certificate", f"every user of this machine can read the key {key}", f"chmod o-r {key}")


def _authorities(configuration: Configuration) -> Iterator[tuple[str, Path]]:
    """Yield each setting that names certificates of authorities, with its file."""
    tls = configuration.server.tls
    if tls is not None and tls.client_ca is not None:
        yield "server.tls.client_ca", tls.client_ca
    for name, provider in configuration.providers.items():
        if provider.ca_file is not None:
            yield f"providers.{name}.ca_file", provider.ca_file
    for name, store in configuration.stores.items():
        if isinstance(store, WeaviateStoreConfig) and store.tls is not None and store.tls.ca is not None:
            yield f"stores.{name}.tls.ca", store.tls.ca
        elif isinstance(store, PineconeStoreConfig) and store.ca is not None:
            yield f"stores.{name}.ca", store.ca
    otlp = configuration.telemetry.otlp
    for place, receiver in (("", otlp), (".traces", otlp.traces), (".metrics", otlp.metrics), (".logs", otlp.logs)):
        if receiver.ca is not None:
            yield f"telemetry.otlp{place}.ca", receiver.ca


def _authority(setting: str, file: Path, now: datetime) -> Iterator[CheckResult]:
    """Yield one result for a file, by its certificate that ends first: a bundle may hold hundreds."""
    found = _certificates(file)
    if found:
        first = min(found, key=lambda each: each.not_valid_after_utc)
        yield validity_of(f"{setting} {file}", first, now, "get the authority's new certificate")


def _certificates(file: Path) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(bytes_of(file, _PEM_LIMIT))
    except (UnreadableFileError, ValueError):
        return []


def _api_keys(file: Path, now: datetime) -> Iterator[CheckResult]:
    from groundwire_server.app import keys  # noqa: PLC0415  # brings what reads keys
    from groundwire_server.app.clock import SystemClock  # noqa: PLC0415

    try:
        valid = [key for key in keys.known(file, SystemClock()) if key.state == "live"]
    except keys.KeyFileError as wrong:
        yield CheckResult.fail("api-keys", str(wrong))
        return
    # A key that was made for a few hours is meant to expire.
    lasting = [(key.key_id, key.expires) for key in valid if key.expires and key.expires - key.created > SOON]
    ending = sorted(key_id for key_id, expires in lasting if expires - now < SOON)
    if not valid:
        advice = "create one with `groundwire keys create`: every call with an API key is rejected"
        yield CheckResult.warn("api-keys", f"{file} has no key that is valid", advice)
    elif ending:
        message = f"of the keys in {file} these expire within {SOON.days} days: {', '.join(ending)}"
        yield CheckResult.warn("api-keys", message, "create and deploy others with `groundwire keys create`")
    else:
        yield CheckResult.ok("api-keys", f"{file} has {len(valid)} valid key{'' if len(valid) == 1 else 's'}")


def _disk(name: str, folder: Path) -> Iterator[CheckResult]:
    place = next((each for each in (folder.absolute(), *folder.absolute().parents) if each.exists()), None)
    if place is None:
        return
    usage = shutil.disk_usage(place)
    message = f"store {name}: {size(usage.free)} are free of {size(usage.total)} under {place}"
    if usage.free < _NO_BYTES:
        yield CheckResult.fail("disk", message, "make room: documents cannot be stored")
    elif usage.free < _LITTLE_BYTES:
        yield CheckResult.warn("disk", message, "make room: documents will soon no longer be stored")
    else:
        yield CheckResult.ok("disk", message)
