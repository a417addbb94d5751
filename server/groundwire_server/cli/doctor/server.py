"""Checks of a server, as any client would make them."""

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
from groundwire_server.cli.doctor.target import Target
from groundwire_server.cli.exits import CommandError

_SERVICES = (
    answer_service_pb2.DESCRIPTOR.services_by_name["AnswerService"].full_name,
    retrieval_service_pb2.DESCRIPTOR.services_by_name["RetrievalService"].full_name,
    document_service_pb2.DESCRIPTOR.services_by_name["DocumentService"].full_name,
)
_VERSION = "groundwire-version"
_TIME = "groundwire-time"
_SKEW_SECONDS = 5.0


def check_server(target: Target, seconds: float) -> Iterator[CheckResult]:
    """Yield results for TLS, gRPC, the health of the services, the version, the credential and the corpus.

    Args:
        target: the server.
        seconds: for each call.
    """
    connection = target.connection
    settings = credentials.settings_of(connection)
    try:
        with credentials.usage_errors():
            credential = settings.credential()
            credentials.check_plaintext(settings, credential)
            secured = settings.security()
            caller = Caller.of(settings.caller_tenant(credential), "", ())
            metadata = (*caller.metadata(), *credential.metadata())
    except CommandError as stop:
        yield CheckResult.fail("credential", stop.message)
        return
    chosen: list[tuple[str, str | int]] = [*options(connection.server)]
    if target.name:
        chosen.append(("grpc.ssl_target_name_override", target.name))
    with (
        grpc.insecure_channel(connection.server, options=chosen)
        if secured is None
        else grpc.secure_channel(connection.server, secured.credentials(), options=chosen)
    ) as channel:
        reached = False
        for result in _health(channel, target, seconds):
            reached = result.check not in REACHING or result.state is CheckState.OK
            yield result
        if reached:
            yield from _corpus(channel, metadata, connection, seconds, anonymous=not credential.given)


def _health(channel: grpc.Channel, target: Target, seconds: float) -> Iterator[CheckResult]:
    stub = health_pb2_grpc.HealthStub(channel)
    for service in _SERVICES:
        name = service.rpartition(".")[2]
        health: CheckResult
        try:
            status = stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=seconds).status
        except grpc.RpcError as failed:
            call = cast("grpc.Call", failed)
            if call.code() not in {grpc.StatusCode.NOT_FOUND, grpc.StatusCode.UNIMPLEMENTED}:
                yield _not_reached(call, target)
                return
            health = CheckResult.warn(
                "health", f"{name} does not report its health", "use a groundwire server of this version"
            )
        else:
            serves = status == health_pb2.HealthCheckResponse.SERVING
            health = (
                CheckResult.ok("health", f"{name} serves")
                if serves
                else CheckResult.fail(
                    "health", f"{name} does not serve", "wait: the server is starting or shutting down"
                )
            )
        if service == _SERVICES[0]:
            yield CheckResult.ok("tls" if target.connection.secured else "grpc", _way(target.connection))
        yield health


def _corpus(
    channel: grpc.Channel,
    metadata: tuple[tuple[str, str], ...],
    connection: ConnectionOptions,
    seconds: float,
    *,
    anonymous: bool,
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
        failed = from_call(call.code(), call.details(), call.trailing_metadata(), connection.server)
        found = [_refused(failed, anonymous=anonymous)]
    else:
        found = [
            CheckResult.ok("credential", "the server accepts the credential"),
            CheckResult.ok("corpus", f"version {response.corpus_version}"),
        ]
    trailers = call.trailing_metadata()
    yield _version(trailers)
    yield from clock(trailers, began, time.time())
    yield from found


def clock(trailers: Iterable[tuple[str, str | bytes]] | None, began: float, ended: float) -> Iterator[CheckResult]:
    """Yield a result for the difference between the server's clock and this machine's, if the server sends its time.

    Args:
        trailers: the trailing metadata of a call.
        began: when the call began, by this machine's clock.
        ended: when it ended.
    """
    try:
        told = float(str(dict(trailers or ()).get(_TIME)))
    except ValueError:
        return
    # The server may have read its clock at any moment between the two.
    ahead = max(told - ended, 0.0) - max(began - told, 0.0)
    if abs(ahead) <= _SKEW_SECONDS:
        yield CheckResult.ok("clock", f"the server's clock is within {_SKEW_SECONDS:g} s of this machine's")
        return
    message = f"the server's clock is {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} this machine's"
    yield CheckResult.warn(
        "clock", message, "synchronize both by NTP: tokens are rejected before and after the time of their validity"
    )


def _refused(failed: groundwire.Error, *, anonymous: bool) -> CheckResult:
    if failed.reason == "UNAUTHENTICATED" and anonymous:
        message = "the server requires a credential, and none was given: the corpus is not checked"
        return CheckResult.skip("credential", message, "give --token-file or --api-key-file")
    if failed.reason == "FORBIDDEN":
        # The credential is valid; its roles are another matter.
        return CheckResult.ok("credential", "the server accepts the credential, but its roles do not allow reading")
    check = "credential" if failed.reason == "UNAUTHENTICATED" else "corpus"
    advice = (
        "give --token-file or --api-key-file, or correct the credential in the file" if check == "credential" else ""
    )
    return CheckResult.fail(check, failed.message.rstrip("."), advice)


def _version(trailers: Iterable[tuple[str, str | bytes]] | None) -> CheckResult:
    own, theirs = version("groundwire-server"), dict(trailers or ()).get(_VERSION)
    if theirs == own:
        return CheckResult.ok("version", f"{own} on both sides")
    message = f"the server has {theirs!s}" if theirs else "the server does not send its version"
    return CheckResult.warn("version", f"{message}, and this command has {own}", "use the same version on both sides")


def _way(connection: ConnectionOptions) -> str:
    return "gRPC responds over TLS" if connection.secured else "gRPC responds over plaintext"


def _not_reached(call: grpc.Call, target: Target) -> CheckResult:
    connection = target.connection
    details = " ".join((call.details() or "").split())
    if target.name and ("CERTIFICATE_VERIFY_FAILED" in details or "Hostname" in details):
        message = f"{connection.server} does not show the certificate in server.tls.certificate"
        return CheckResult.fail("tls", message, "restart the server, or find out which other one listens there")
    if "CERTIFICATE_VERIFY_FAILED" in details:
        advice = "give its authority with --tls-ca, or use the host name in the certificate as the address"
        return CheckResult.fail("tls", "the server's certificate is not trusted", advice)
    if "WRONG_VERSION_NUMBER" in details:
        return CheckResult.fail("tls", "the server does not use TLS", "leave out --tls and its files")
    if connection.secured:
        advice = "leave out --tls, or give --tls-cert and --tls-key if the server requires a certificate"
        return CheckResult.fail("tls", f"there is no TLS connection ({details})", advice)
    advice = "add --tls if the server uses TLS, or correct --server"
    return CheckResult.fail("grpc", f"{connection.server} does not respond to gRPC over plaintext ({details})", advice)
