"""Certificates that are read again when their files change."""

import logging
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Generic, TypeVar

from groundwire_server.domain.failure import SetupError
from groundwire_server.edge.options import TlsOptions
from groundwire_server.files.small import mark

T = TypeVar("T")

_log = logging.getLogger(__name__)


class TlsError(SetupError):
    """The certificate, its key or the authorities of client certificates cannot be used."""


class CertificateFiles(Generic[T]):
    """The files of a certificate, as what an address listens with.

    Files that do not match leave the last good certificate in use, and are reported once. Any thread may ask.

    Args:
        options: the files.
        load: reads them; it raises TlsError when they cannot be used.

    Attributes:
        initial: what was read first.

    Raises:
        TlsError: when the files cannot be used.
    """

    def __init__(self, options: TlsOptions, load: Callable[[], T]) -> None:
        self._options = options
        self._load = load
        self._lock = Lock()
        # In this order a change in between is seen at the next connection, not missed.
        self._marks = self._refused = self._seen()
        self.initial = load()

    def renewed(self) -> T | None:
        """Return what the files hold now if they have changed; None if they have not, or cannot be used."""
        with self._lock:
            marks = self._seen()
            if marks == self._marks:
                return None
            try:
                loaded = self._load()
            except TlsError as unusable:
                if marks != self._refused:
                    self._refused = marks
                    said = "the new certificate cannot be used; the old one stays in use"
                    _log.error(said, extra={"why": str(unusable)})
                return None
            self._marks = marks
        _log.info("the certificate was reloaded", extra={"certificate": str(self._options.certificate)})
        return loaded

    def _seen(self) -> Sequence[object]:
        """Return the marks of the files, which differ when a file has changed."""
        return [mark(path) for path in self._options.files]
