"""Jaeger's query API over HTTP: its third version, whose replies are OTLP in JSON.

The older API under `/api/traces` has another form of span, and newer servers no longer search by it.
"""

import http.client
import json
import socket
import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from groundwire.security import on_this_machine
from groundwire_server.cli.console import one_line
from groundwire_server.cli.exits import CommandError, ExitCode
from groundwire_server.cli.trace.spans import MalformedTraceError, TracedSpan, spans_of
from groundwire_server.files.small import UnreadableFileError, text_of

_SECONDS = 10.0
_BODY_LIMIT = 64 * 1024 * 1024
_HEADER_LIMIT = 64 * 1024
_CHUNK = 64 * 1024
_ERROR_CHARS = 300
_NAME = "Jaeger's query API"
_WHERE = "give its address with --jaeger or GROUNDWIRE_JAEGER; by default it listens on port 16686"


@dataclass(frozen=True, slots=True)
class Search:
    """Which calls to search for; times in seconds.

    Attributes:
        service: the name that the server exports spans under.
        operation: the name of the call's own span; empty for any.
        attributes: that the call's own span must have.
        since: of its start, as seconds since the epoch.
        until: of its start, as seconds since the epoch.
        slower_than: the shortest duration; 0 for any.
        limit: how many traces to return at most.
    """

    service: str
    operation: str
    attributes: Mapping[str, str]
    since: float
    until: float
    slower_than: float = 0.0
    limit: int = 20

    def query(self) -> str:
        """Return it as the query of a URL."""
        given = {
            "query.serviceName": self.service,
            "query.startTimeMin": _instant(self.since),
            "query.startTimeMax": _instant(self.until),
            "query.searchDepth": str(self.limit),
        }
        if self.operation:
            given["query.operationName"] = self.operation
        if self.attributes:
            given["query.attributes"] = json.dumps(dict(self.attributes))
        if self.slower_than:
            given["query.durationMin"] = f"{round(self.slower_than * 1000)}ms"
        return urlencode(given)


@dataclass(frozen=True, slots=True)
class Jaeger:
    """A Jaeger that answers queries.

    Attributes:
        url: the address of its query API.
        authorization: the header `authorization` of each request; empty for none.
    """

    url: str
    authorization: str = field(default="", repr=False)

    @classmethod
    def at(cls, url: str, authorization_file: Path | None) -> "Jaeger":
        """Return the Jaeger at an address.

        Raises:
            CommandError: when the address or the credential cannot be used.
        """
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or not _has_port(url):
            raise CommandError(ExitCode.USAGE, "--jaeger must be a URL, such as http://127.0.0.1:16686")
        if parts.username is not None or parts.password is not None:
            advice = "write the header's value into a file and give --jaeger-auth-file"
            raise CommandError(ExitCode.USAGE, f"--jaeger must hold neither user nor password: {advice}")
        if authorization_file is None:
            return cls(url.rstrip("/"))
        if parts.scheme != "https" and not on_this_machine(f"{parts.hostname}:1"):
            raise CommandError(
                ExitCode.USAGE,
                f"no credential is sent to {parts.hostname} over an unencrypted connection: use https://",
            )
        return cls(url.rstrip("/"), _header_of(authorization_file))

    def trace(self, trace_id: str) -> Sequence[TracedSpan]:
        """Return the spans of a trace; none where Jaeger does not have it.

        Raises:
            CommandError: when Jaeger cannot be asked.
        """
        return self._spans(f"/api/v3/traces/{quote(trace_id, safe='')}")

    def find(self, search: Search) -> Sequence[TracedSpan]:
        """Return the spans of the traces that a search finds.

        Raises:
            CommandError: when Jaeger cannot be asked.
        """
        return self._spans(f"/api/v3/traces?{search.query()}")

    def services(self) -> frozenset[str]:
        """Return the names of the services that Jaeger has traces of.

        Raises:
            CommandError: when Jaeger cannot be asked.
        """
        status, reply = self._get("/api/v3/services")
        listed = reply.get("services") if isinstance(reply, dict) and status == http.HTTPStatus.OK else None
        return frozenset(str(each) for each in listed) if isinstance(listed, list) else frozenset()

    def _spans(self, path: str) -> Sequence[TracedSpan]:
        status, reply = self._get(path)
        if status == http.HTTPStatus.NOT_FOUND:
            return ()
        try:
            return spans_of(reply)
        except MalformedTraceError:
            raise CommandError(ExitCode.FAILED, f"{self.url} sends traces in an unknown form: {_version()}") from None

    def _get(self, path: str) -> tuple[int, Any]:
        """Return the status and the JSON of a reply that is Jaeger's own.

        Raises:
            CommandError: for every other.
        """
        status, body = self._exchange(path)
        if status in {http.HTTPStatus.UNAUTHORIZED, http.HTTPStatus.FORBIDDEN}:
            advice = "give --jaeger-auth-file, or correct what the file holds"
            raise CommandError(ExitCode.FAILED, f"{self.url} rejects the request with HTTP status {status}: {advice}")
        try:
            reply = json.loads(body)
        except ValueError:
            reply = None
        known = isinstance(reply, dict) and not reply.keys().isdisjoint({"result", "error", "services"})
        if status in {http.HTTPStatus.OK, http.HTTPStatus.NOT_FOUND} and known:
            return status, reply
        if isinstance(reply, dict) and known:
            error = reply["error"].get("message", "") if isinstance(reply.get("error"), dict) else ""
            said = one_line(str(error))[:_ERROR_CHARS] or "no reason"
            advice = _version() if status == http.HTTPStatus.BAD_REQUEST else "its own log says more"
            raise CommandError(ExitCode.FAILED, f"Jaeger answers with HTTP status {status} ({said}): {advice}")
        raise CommandError(ExitCode.FAILED, f"{self.url} is not {_NAME} (HTTP status {status}): {_version()}; {_WHERE}")

    def _exchange(self, path: str) -> tuple[int, bytes]:
        parts = urlsplit(self.url)
        # Of the standard library's clients this one uses no proxy, and follows no redirect with the credential.
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(parts.hostname or "", parts.port, timeout=_SECONDS)
        headers = {"accept": "application/json"}
        if self.authorization:
            headers["authorization"] = self.authorization
        try:
            connection.request("GET", parts.path + path, headers=headers)
            response = connection.getresponse()
            return response.status, self._bounded(response)
        except ssl.SSLCertVerificationError:
            advice = "name its authority in the variable SSL_CERT_FILE"
            raise CommandError(
                ExitCode.UNREACHABLE, f"the certificate of {self.url} is not trusted: {advice}"
            ) from None
        except (ssl.SSLError, http.client.HTTPException, ConnectionResetError):
            raise CommandError(ExitCode.FAILED, f"{self.url} is not {_NAME}: {_WHERE}") from None
        except TimeoutError:
            raise CommandError(
                ExitCode.UNREACHABLE, f"Jaeger does not answer within {_SECONDS:g} s at {self.url}: check its load"
            ) from None
        except (OSError, UnicodeError) as failed:
            reason = "unknown host" if isinstance(failed, socket.gaierror) else getattr(failed, "strerror", None)
            raise CommandError(
                ExitCode.UNREACHABLE, f"no Jaeger at {self.url} ({reason or 'no connection'}): start it, or {_WHERE}"
            ) from None
        finally:
            connection.close()

    def _bounded(self, response: http.client.HTTPResponse) -> bytes:
        """Return the body, unless it is too long or takes too long."""
        body = bytearray()
        until = time.monotonic() + _SECONDS
        while chunk := response.read(_CHUNK):
            body += chunk
            if len(body) > _BODY_LIMIT:
                raise CommandError(
                    ExitCode.FAILED, f"the reply of {self.url} is over {_BODY_LIMIT >> 20} MiB: ask for less"
                )
            if time.monotonic() > until:
                raise TimeoutError
        return bytes(body)


def _has_port(url: str) -> bool:
    """Return whether the port of a URL is a port; most have none, which is one too."""
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False


def _header_of(file: Path) -> str:
    try:
        value = text_of(file, _HEADER_LIMIT).strip()
    except UnreadableFileError as wrong:
        raise CommandError(ExitCode.USAGE, f"--jaeger-auth-file {file} {wrong}") from None
    if not value or not (value.isascii() and value.isprintable()):
        raise CommandError(
            ExitCode.USAGE, f"{file} must hold the value of a header on one line, such as: Bearer …, or Basic …"
        )
    return value


def _instant(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _version() -> str:
    return "use Jaeger 2.19 or newer"
