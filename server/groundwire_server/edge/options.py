"""Options of the server, apart from the modules that use them, whose imports a configuration does not need."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, Field

from groundwire_server.edge.limits import RECEIVE_LIMIT
from groundwire_server.options import Options
from groundwire_server.options.secret import Secret

_MIB = 1024 * 1024


class TlsOptions(Options):
    """TLS of the listening address, from files in PEM, which are read again when they change."""

    certificate: Path = Field(
        description="The server's certificate, and the chain from it to an authority, PEM.",
        examples=["/etc/groundwire/tls.crt"],
    )
    key: Path | None = Field(
        None,
        description="The certificate's private key without a passphrase, PEM; in the certificate's file if unset.",
        examples=["/etc/groundwire/tls.key"],
    )
    # gRPC for Python either asks for no certificate or insists on one.
    client_ca: Path | None = Field(
        None,
        description="Authorities of client certificates, PEM; if set, every caller must present a certificate.",
        examples=["/etc/groundwire/clients.pem"],
    )

    @property
    def files(self) -> Sequence[Path]:
        """Every file."""
        return [path for path in (self.certificate, self.key, self.client_ca) if path is not None]


class DrainOptions(Options):
    """How the server shuts down."""

    notice_seconds: float = Field(
        0.0, ge=0, le=600, description="Seconds between NOT_SERVING and the refusal of new calls, for load balancers."
    )
    grace_seconds: float = Field(10.0, ge=0, le=3600, description="Seconds that calls in flight have to finish.")


def _host_and_port(address: str) -> str:
    host, colon, port = address.rpartition(":")
    if not host or not colon or not (port.isascii() and port.isdecimal() and int(port) < 65536):
        raise ValueError("must be HOST:PORT, such as 127.0.0.1:50051")
    return address


ListenAddress: TypeAlias = Annotated[str, AfterValidator(_host_and_port)]
"""HOST:PORT to listen on."""


class TransportOptions(Options):
    """Limits on connections, before any call."""

    max_connections: int = Field(
        1000,
        ge=1,
        le=100_000,
        description="Open connections; further ones are closed at once. An idle one costs about 30 KB and a file "
        "descriptor.",
    )
    max_streams: int = Field(
        100,
        ge=1,
        le=10_000,
        description="Calls at once on one connection; further ones wait in the client, without an error. A client that "
        "needs more opens several channels.",
    )
    max_metadata_bytes: int = Field(
        16_384,
        ge=1024,
        le=1_048_576,
        description="Metadata of a call, such as its token. From this size on some calls are refused, from twice the "
        "size on all.",
    )
    handshake_seconds: float = Field(
        20.0, ge=1, le=600, description="Seconds in which a new connection has to finish TLS and HTTP/2's handshake."
    )
    idle_seconds: float = Field(
        600.0, ge=1, le=86_400, description="Seconds after which a connection without a call is closed."
    )
    age_seconds: float = Field(
        3600.0,
        ge=10,
        le=86_400,
        description="Seconds after which new calls need a new connection, so that certificates are verified again and "
        "calls spread over servers.",
    )
    age_grace_seconds: float = Field(
        3600.0,
        ge=1,
        le=86_400,
        description="Seconds that calls may go on after that. It also ends the calls of a client that does not read.",
    )
    min_ping_seconds: float = Field(
        5.0,
        ge=0.1,
        le=600,
        description="Shortest time between a client's pings; one that pings more often is disconnected.",
    )


class RequestBytesOptions(Options):
    """Largest requests, by what they hold. With the defaults, no request that the contract allows is too large."""

    question: int = Field(
        4 * _MIB,
        ge=1024,
        le=RECEIVE_LIMIT,
        description="Bytes of a question to answer, or to search with; passages that the caller provides make it "
        "large.",
    )
    document: int = Field(5 * _MIB, ge=1024, le=RECEIVE_LIMIT, description="Bytes of a document to store.")
    grounding: int = Field(
        11 * _MIB, ge=1024, le=RECEIVE_LIMIT, description="Bytes of a text to check, with its facts."
    )
    other: int = Field(_MIB, ge=1024, le=RECEIVE_LIMIT, description="Bytes of any other request.")


class ArrivalOptions(Options):
    """Limits on calls of which the headers alone have arrived, so that none waits for long, or in another's place."""

    request_seconds: float = Field(
        20.0,
        gt=0,
        le=600,
        description="Seconds in which the request of a call, or the first of a stream, has to arrive.",
    )
    next_request_seconds: float = Field(
        300.0, gt=0, le=3600, description="Seconds in which the next request of a stream has to arrive."
    )
    max_unauthenticated: int = Field(
        1000, ge=1, le=100_000, description="Calls at once whose credential is being checked."
    )
    max_unauthenticated_per_address: int = Field(
        200,
        ge=1,
        le=100_000,
        description="Calls at once from one address, or one /64 of IPv6, whose credential is being checked. All "
        "callers behind one proxy have one address.",
    )
    max_waiting: int = Field(2000, ge=1, le=100_000, description="Calls at once whose request has not arrived.")
    max_waiting_per_tenant: int = Field(
        500, ge=1, le=100_000, description="Calls of one tenant at once whose request has not arrived."
    )
    max_waiting_per_connection: int = Field(
        100,
        ge=1,
        le=100_000,
        description="Calls of one connection at once whose request has not arrived. With fewer than max_streams, a "
        "client that begins many calls at once has some of them refused.",
    )
    max_request_streams: int = Field(
        500, ge=1, le=100_000, description="Open streams of requests, such as IngestDocuments."
    )
    max_request_streams_per_tenant: int = Field(
        50, ge=1, le=100_000, description="Open streams of requests of one tenant."
    )
    max_operation_waits: int = Field(
        500, ge=1, le=100_000, description="Calls at once that wait for a queued answer, or follow one."
    )
    max_operation_waits_per_tenant: int = Field(
        100, ge=1, le=100_000, description="Calls of one tenant at once that wait for a queued answer, or follow one."
    )
    max_review_watches: int = Field(100, ge=1, le=100_000, description="Calls at once that watch reviews.")
    max_review_watches_per_tenant: int = Field(
        50, ge=1, le=100_000, description="Calls of one tenant at once that watch reviews."
    )
    max_health_checks: int = Field(
        200, ge=1, le=100_000, description="Health checks at once; they count in no other limit."
    )
    max_health_watches: int = Field(
        100, ge=1, le=100_000, description="Health watches at once; they count in no other limit."
    )
    max_health_calls_per_address: int = Field(
        50, ge=1, le=100_000, description="Health checks, and watches, at once from one address, or one /64 of IPv6."
    )
    max_reflections: int = Field(50, ge=1, le=100_000, description="Calls of the reflection service at once.")


class ServerOptions(Options):
    """How the server listens, limits its load and shuts down."""

    listen: ListenAddress = Field("127.0.0.1:50051", description="HOST:PORT to listen on; port 0 chooses a free one.")
    workers: int = Field(
        1,
        ge=1,
        le=64,
        description="Processes that serve on this port; several need `redis`, and divide the limits on calls at once.",
    )
    tls: TlsOptions | None = Field(None, description="TLS of the listening address; plain text if unset.")
    max_concurrent_calls: int = Field(
        1000,
        ge=1,
        le=100_000,
        description="Calls in flight whose caller and request are known; further ones are refused.",
    )
    write_seconds: float = Field(
        10.0, gt=0, le=600, description="Seconds that one event of a stream waits for a slow client."
    )
    connections: TransportOptions = Field(
        default_factory=TransportOptions, description="Limits on connections, before any call."
    )
    request_bytes: RequestBytesOptions = Field(
        default_factory=RequestBytesOptions, description="Largest requests, by what they hold."
    )
    arrival: ArrivalOptions = Field(
        default_factory=ArrivalOptions, description="Limits on calls that have sent their headers alone."
    )
    drain: DrainOptions = Field(default_factory=DrainOptions, description="How the server shuts down.")
    dangerously_listen_without_authentication: bool = Field(
        False, description="Listen beyond this machine although everybody there can then call as anybody."
    )


class DecisionLogOptions(Options):
    """The decision log. Events are alike when they have route, status, cause and action in common."""

    notable: int = Field(
        100,
        ge=0,
        le=100_000,
        description="Events alike that are logged in 10 s where the call failed, fell back or was slow; further ones "
        "are counted in one line.",
    )
    ordinary: int = Field(
        10, ge=0, le=100_000, description="Events alike that are logged in 10 s where all was as it should be."
    )
    slow_seconds: float = Field(5.0, gt=0, le=3600, description="From how many seconds on a call is slow.")
    subject_key: Secret | None = Field(
        None,
        description="Key of the hash that stands for a caller's subject, a reference: env://NAME or file:///PATH; "
        "without one, those who can guess a subject can find it in the log.",
        examples=["env://SUBJECT_KEY"],
    )
