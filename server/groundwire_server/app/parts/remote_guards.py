"""The guards behind endpoints that routes name."""

from contextlib import AbstractAsyncContextManager, nullcontext
from functools import partial
from random import Random
from typing import Final

from groundwire_server.adapters.guards.remote.classifier import ClassificationGuardApi
from groundwire_server.adapters.guards.remote.contract import ContractGuardApi
from groundwire_server.adapters.guards.remote.endpoint import EndpointGuard, GuardApi
from groundwire_server.adapters.guards.remote.instrumented import InstrumentedGuard, TextScreener
from groundwire_server.adapters.guards.remote.json_format import JsonFormat
from groundwire_server.adapters.guards.remote.masking import MaskingTextScreener
from groundwire_server.adapters.http.document import DocumentClient
from groundwire_server.adapters.providers.charged_calls import ChargedCalls, Transport
from groundwire_server.adapters.providers.charges import Charges
from groundwire_server.adapters.providers.provider import FAILURES, watched_circuit
from groundwire_server.adapters.resilience.call_policy import CallPolicy
from groundwire_server.adapters.resilience.circuit import Circuit
from groundwire_server.adapters.resilience.instrumentation import Attributes, Instrumentation
from groundwire_server.adapters.resilience.retries import Retries
from groundwire_server.adapters.resilience.retry_budget import RetryBudget
from groundwire_server.app.clock import SystemClock
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.models.remote_guards import (
    ClassifierGuardConfig,
    GrpcGuardConfig,
    HttpGuardConfig,
    RemoteGuardConfig,
)
from groundwire_server.app.parts.limiters import open_limiter_of_all, open_limiters
from groundwire_server.app.parts.limits import open_limits
from groundwire_server.app.parts.masking import open_masker
from groundwire_server.app.parts.providers import open_provider, profile_of
from groundwire_server.app.parts.shared import Lease
from groundwire_server.domain.failure import SetupError
from groundwire_server.domain.guards.finding import GuardIdentity
from groundwire_server.ports.guard import RemoteGuard
from groundwire_server.ports.recording import Recording
from groundwire_server.telemetry import metrics, names

_OWN: Final = "own"
"""The provider of guards behind gRPC, in spans: the operator runs them."""


async def open_remote_guard(
    name: str, section: RemoteGuardConfig, configuration: Configuration, lease: Lease, recording: Recording
) -> RemoteGuard:
    """Return the guard that a section describes.

    Raises:
        SetupError: when a file that its connection needs cannot be read.
    """
    try:
        if isinstance(section, GrpcGuardConfig):
            transport, policy = await _open_grpc(name, section, lease, recording)
        else:
            transport, policy = await _open_http(name, section, configuration, lease, recording)
    except OSError as failed:
        # Not every one of these knows its file.
        said = f"guards.{name}: a certificate or key of its connection cannot be read: {failed.strerror}"
        raise SetupError(said) from None
    price = None if section.price is None else section.price.price(configuration.spending.currency)
    limits = await open_limits(configuration, lease, recording)
    calls = ChargedCalls(transport, policy, section.bounds.request_seconds, Charges(price, limits.budget))
    guard: TextScreener = EndpointGuard(_api(section), calls)
    mask = section.mask if isinstance(section, GrpcGuardConfig) else configuration.providers[section.provider].mask
    if (masker := await open_masker(mask, configuration, lease)) is not None:
        guard = MaskingTextScreener(guard, masker)
    return InstrumentedGuard(guard, GuardIdentity(name, section.version), policy.instrumentation)


def _api(section: RemoteGuardConfig) -> GuardApi:
    match section:
        case ClassifierGuardConfig():
            return ClassificationGuardApi(section)
        case HttpGuardConfig():
            return ContractGuardApi(section, JsonFormat())
        case GrpcGuardConfig():
            # Imported here: other guards do not need gRPC's client and its messages.
            from groundwire_server.adapters.guards.remote.grpc_format import ProtobufFormat  # noqa: PLC0415

            return ContractGuardApi(section, ProtobufFormat())


async def _open_http(
    name: str,
    section: ClassifierGuardConfig | HttpGuardConfig,
    configuration: Configuration,
    lease: Lease,
    recording: Recording,
) -> tuple[Transport, CallPolicy]:
    provider_section = configuration.providers[section.provider]
    provider = await open_provider(section.provider, provider_section, lease, recording)
    if isinstance(section, ClassifierGuardConfig):
        model = section.model
        of_all = await open_limiter_of_all(configuration.concurrency, lease, recording.metrics)
    else:
        # A guard of the operator's own need not be a model, and does not wait for those.
        model, of_all = name, ()
    policy = provider.call_policy(
        names.GEN_AI_GUARD,
        model,
        section.retry,
        section.breaker,
        own_limiters=await open_limiters(
            f"{section.provider}/{model}",
            (section.provider, provider_section, model),
            section.concurrency,
            lease,
            recording.metrics,
        ),
        outer_limiters=of_all,
    )
    profile, version = profile_of(provider_section)
    path = section.path + (f"?api-version={version}" if version else "")
    credentials = profile.credentials(provider_section.api_key)
    return DocumentClient(provider.session, path, credentials, section.bounds, model), policy


async def _open_grpc(
    name: str, section: GrpcGuardConfig, lease: Lease, recording: Recording
) -> tuple[Transport, CallPolicy]:
    from groundwire_server.adapters.guards.remote.grpc_format import (  # noqa: PLC0415  # as above
        GrpcChannel,
        GrpcTransport,
    )

    endpoint = section.endpoint
    what = (name, endpoint, section.bounds.response_bytes)
    channel = await lease.take(("guard channel", *what), partial(GrpcChannel, endpoint, section.bounds.response_bytes))
    span = f"{names.GEN_AI_GUARD} {name}"
    made = partial(_protection, span, section, recording)
    circuit, budget = await lease.take(("guard circuit", *what, section.breaker, section.retry_budget), made)
    attributes: Attributes = {
        names.GEN_AI_OPERATION: names.GEN_AI_GUARD,
        names.GEN_AI_PROVIDER: _OWN,
        names.GEN_AI_MODEL: name,
        names.SERVER_ADDRESS: endpoint.host,
        names.SERVER_PORT: endpoint.port,
        names.RESIDENCY: endpoint.residency.value,
    }
    random = Random()  # noqa: S311  # draws waits
    repeated = partial(recording.metrics.add, metrics.RETRIES, 1, span)
    policy = CallPolicy(
        circuit,
        Retries(section.retry, budget, FAILURES, random, repeated),
        Instrumentation(recording, span, attributes),
        await open_limiters(f"guard/{name}", ("guard", *what), section.concurrency, lease, recording.metrics),
    )
    return GrpcTransport(channel), policy


def _protection(
    span: str, section: GrpcGuardConfig, recording: Recording
) -> AbstractAsyncContextManager[tuple[Circuit, RetryBudget]]:
    circuit = watched_circuit(span, _OWN, section.breaker, SystemClock(), recording)
    return nullcontext((circuit, RetryBudget(section.retry_budget)))
