"""Asks a server how it is, as any client would."""

import time
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from typing import cast

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

import groundwire
from groundwire.caller import Caller
from groundwire.channels import options
from groundwire.errors import from_call
from groundwire.v1 import answer_service_pb2, document_service_pb2, retrieval_service_pb2
from groundwire.v1.document_service_pb2_grpc import DocumentServiceStub
from groundwire_server.app.check_result import CheckResult, CheckState
from groundwire_server.cli import credentials
from groundwire_server.cli.connection import ConnectionOptions
from groundwire_server.cli.doctor.report import REACHING
from groundwire_server.cli.exits import CommandError

_SERVICES = (
    answer_service_pb2.DESCRIPTOR.services_by_name["AnswerService"].full_name,
    retrieval_service_pb2.DESCRIPTOR.services_by_name["RetrievalService"].full_name,
    document_service_pb2.DESCRIPTOR.services_by_name["DocumentService"].full_name,
)
_VERSION = "groundwire-version"
_TIME = "groundwire-time"
_SKEW_SECONDS = 5.0


def ask(connection: ConnectionOptions, seconds: float) -> Iterator[CheckResult]:
    """The way by TLS and gRPC, the services' health, the version, the credential, the corpus."""
    settings = credentials.settings_of(connection)
    try:
        with credentials.usage_errors():
            credential = settings.credential()
            credentials.check_plaintext(settings, credential)
            secured = settings.security()
            caller = Caller.of(settings.caller_tenant(credential), "", ())
            metadata = (*caller.metadata(), *credential.metadata())
    except CommandError as stop:
        yield CheckResult("credential", CheckState.FAIL, stop.message)
        return
    chosen = options(connection.server)
    with (
        grpc.insecure_channel(connection.server, options=chosen)
        if secured is None
        else grpc.secure_channel(connection.server, secured.credentials(), options=chosen)
    ) as channel:
        reached = False
        for finding in _health(channel, connection, seconds):
            reached = finding.check not in REACHING or finding.state is CheckState.OK
            yield finding
        if reached:
            yield from _corpus(channel, metadata, connection, seconds)


def _health(channel: grpc.Channel, connection: ConnectionOptions, seconds: float) -> Iterator[CheckResult]:
    stub = health_pb2_grpc.HealthStub(channel)
    for service in _SERVICES:
        name = service.rpartition(".")[2]
        health: CheckResult
        try:
            status = stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=seconds).status
        except grpc.RpcError as failed:
            call = cast("grpc.Call", failed)
            if call.code() not in {grpc.StatusCode.NOT_FOUND, grpc.StatusCode.UNIMPLEMENTED}:
                yield _not_reached(call, connection)
                return
            health = CheckResult(
                "health", CheckState.WARN, f"{name} has no health", "ask a groundwire server of this version"
            )
        else:
            serves = status == health_pb2.HealthCheckResponse.SERVING
            health = (
                CheckResult("health", CheckState.OK, f"{name} serves")
                if serves
                else CheckResult(
                    "health", CheckState.FAIL, f"{name} does not serve", "wait: the server is starting or ending"
                )
            )
        if service == _SERVICES[0]:
            yield CheckResult("tls" if connection.secured else "grpc", CheckState.OK, _way(connection))
        yield health


def _corpus(
    channel: grpc.Channel, metadata: tuple[tuple[str, str], ...], connection: ConnectionOptions, seconds: float
) -> Iterator[CheckResult]:
    stub = DocumentServiceStub(channel)
    request = document_service_pb2.GetCorpusVersionRequest()
    call: grpc.Call
    found: list[CheckResult]
    began = time.time()
    try:
        response, call = stub.GetCorpusVersion.with_call(request, metadata=metadata, timeout=seconds)
    except grpc.RpcError as raised:
        call = cast("grpc.Call", raised)
        found = [_refused(from_call(call.code(), call.details(), call.trailing_metadata(), connection.server))]
    else:
        found = [
            CheckResult("credential", CheckState.OK, "the server accepts who asks"),
            CheckResult("corpus", CheckState.OK, f"version {response.corpus_version}"),
        ]
    trailers = call.trailing_metadata()
    yield _version(trailers)
    yield from clock(trailers, began, time.time())
    yield from found


def clock(trailers: Iterable[tuple[str, str | bytes]] | None, began: float, ended: float) -> Iterator[CheckResult]:
    """How far the server's clock is from this machine's, where it tells its time.

    Args:
        trailers: of a call.
        began: when the call began, by this machine's clock.
        ended: when it ended.
    """
    try:
        told = float(str(dict(trailers or ()).get(_TIME)))
    except ValueError:
        return
    # Anything between the two may have been the moment at which the server looked.
    ahead = max(told - ended, 0.0) - max(began - told, 0.0)
    if abs(ahead) <= _SKEW_SECONDS:
        yield CheckResult("clock", CheckState.OK, f"the server's is within {_SKEW_SECONDS:g} s of this machine's")
        return
    said = f"the server's is {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} this machine's"
    yield CheckResult(
        "clock", CheckState.WARN, said, "set both by NTP: tokens are refused before their time and after it"
    )


def _refused(failed: groundwire.Error) -> CheckResult:
    if failed.reason == "FORBIDDEN":
        # Known, and not a reader: nothing is wrong with it.
        return CheckResult("credential", CheckState.OK, "the server knows who asks, whose roles do not let it read")
    check = "credential" if failed.reason == "UNAUTHENTICATED" else "corpus"
    do = "give --token-file or --api-key-file, or correct what is in it" if check == "credential" else ""
    return CheckResult(check, CheckState.FAIL, failed.message.rstrip("."), do)


def _version(trailers: Iterable[tuple[str, str | bytes]] | None) -> CheckResult:
    own, theirs = version("groundwire-server"), dict(trailers or ()).get(_VERSION)
    if theirs == own:
        return CheckResult("version", CheckState.OK, f"{own}, as here")
    said = f"the server is {theirs!s}" if theirs else "the server does not say its version"
    return CheckResult("version", CheckState.WARN, f"{said}, this is {own}", "use the same on both sides")


def _way(connection: ConnectionOptions) -> str:
    return "the connection is secured, and gRPC answers" if connection.secured else "gRPC answers, not secured by TLS"


def _not_reached(call: grpc.Call, connection: ConnectionOptions) -> CheckResult:
    details = " ".join((call.details() or "").split())
    if "CERTIFICATE_VERIFY_FAILED" in details:
        do = "give its authority with --tls-ca, or the address by the name in the certificate"
        return CheckResult("tls", CheckState.FAIL, "the server's certificate is not trusted", do)
    if "WRONG_VERSION_NUMBER" in details:
        return CheckResult("tls", CheckState.FAIL, "the server has no TLS", "leave out --tls and its files")
    if connection.secured:
        do = "leave out --tls, or give --tls-cert and --tls-key where the server asks for a certificate"
        return CheckResult("tls", CheckState.FAIL, f"the connection cannot be secured ({details})", do)
    do = "add --tls where the server has TLS, or correct --server"
    return CheckResult(
        "grpc", CheckState.FAIL, f"what answers at {connection.server} speaks no plain gRPC ({details})", do
    )
