"""The rerankers that routes name."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from opentelemetry.trace import SpanKind

from groundwire_server.adapters.http.document import DocumentClient
from groundwire_server.adapters.providers.charged_calls import ChargedCalls
from groundwire_server.adapters.providers.charges import Charges
from groundwire_server.adapters.reranker.endpoint import PATH, EndpointReranker
from groundwire_server.adapters.reranker.instrumented import InstrumentedReranker, TextRater
from groundwire_server.adapters.reranker.masking import MaskingTextRater
from groundwire_server.adapters.reranker.options import EndpointRerankerOptions, OnnxRerankerOptions
from groundwire_server.adapters.resilience.instrumentation import Attributes, Instrumentation
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.models.rerankers import EndpointRerankerConfig, OnnxRerankerConfig
from groundwire_server.app.parts.fingerprint import fingerprint_of
from groundwire_server.app.parts.limiters import open_limiter_of_all, open_limiters
from groundwire_server.app.parts.limits import open_limits
from groundwire_server.app.parts.masking import mask_of, open_masker
from groundwire_server.app.parts.providers import open_provider, profile_of
from groundwire_server.app.parts.shared import Lease
from groundwire_server.domain.residency import Residency
from groundwire_server.ports.recording import Recording
from groundwire_server.ports.reranker import Reranker
from groundwire_server.telemetry import names

_LOCAL: Final = "local"
"""The provider of what runs in this process, in spans."""


async def open_reranker(name: str, configuration: Configuration, lease: Lease, recording: Recording) -> Reranker:
    """Return the reranker of a name.

    Raises:
        SetupError: when its model cannot be used.
        ImportError: when an extra is not installed that it needs.
        OSError: when a file that its provider needs cannot be read.
    """
    section = configuration.rerankers[name]
    if isinstance(section, OnnxRerankerConfig):
        return await _open_onnx(name, section, lease, recording)
    return await _open_endpoint(name, section, configuration, lease, recording)


async def _open_endpoint(
    name: str, section: EndpointRerankerConfig, configuration: Configuration, lease: Lease, recording: Recording
) -> Reranker:
    provider_section = configuration.providers[section.provider]
    provider = await open_provider(section.provider, provider_section, lease, recording)
    key = (section.provider, provider_section, section.model)
    policy = provider.call_policy(
        names.GEN_AI_RERANK,
        section.model,
        section.retry,
        section.breaker,
        own_limiters=await open_limiters(
            f"{section.provider}/{section.model}", key, section.concurrency, lease, recording.metrics
        ),
        outer_limiters=await open_limiter_of_all(configuration.concurrency, lease, recording.metrics),
    )
    price = None if section.price is None else section.price.price(configuration.spending.currency)
    limits = await open_limits(configuration, lease, recording)
    profile, version = profile_of(provider_section)
    client = DocumentClient(
        provider.session,
        PATH + (f"?api-version={version}" if version else ""),
        profile.credentials(provider_section.api_key),
        section.bounds,
        section.model,
    )
    calls = ChargedCalls(client, policy, section.bounds.request_seconds, Charges(price, limits.budget))
    rater: TextRater = EndpointReranker(calls, section)
    if (masker := await open_masker(provider_section.mask, configuration, lease)) is not None:
        rater = MaskingTextRater(rater, masker)
    fingerprint = fingerprint_of(section, EndpointRerankerOptions, *mask_of(provider_section.mask, configuration))
    return InstrumentedReranker(rater, name, fingerprint, policy.instrumentation)


async def _open_onnx(name: str, section: OnnxRerankerConfig, lease: Lease, recording: Recording) -> Reranker:
    from groundwire_server.adapters.onnx.cross_encoder import CrossEncoder  # noqa: PLC0415  # brings its runtime
    from groundwire_server.adapters.reranker.onnx import OnnxReranker  # noqa: PLC0415

    options = OnnxRerankerOptions.model_validate(section.model_dump(include=set(OnnxRerankerOptions.model_fields)))

    @asynccontextmanager
    async def opened() -> AsyncIterator[tuple[OnnxReranker, str]]:
        model = await asyncio.to_thread(CrossEncoder, options, truncates=True)
        reranker = OnnxReranker(model, options, lease.weights, recording.metrics)
        try:
            yield reranker, model.digest
        finally:
            await asyncio.to_thread(reranker.close)

    rater, digest = await lease.take(("reranker", options), opened)
    attributes: Attributes = {
        names.GEN_AI_OPERATION: names.GEN_AI_RERANK,
        names.GEN_AI_PROVIDER: _LOCAL,
        names.GEN_AI_MODEL: options.folder.name,
        names.RESIDENCY: Residency.SELF_HOSTED.value,
    }
    instrumentation = Instrumentation(
        recording, f"{names.GEN_AI_RERANK} {options.folder.name}", attributes, kind=SpanKind.INTERNAL
    )
    fingerprint = fingerprint_of(options, OnnxRerankerOptions, digest, without=frozenset({"batch"}))
    return InstrumentedReranker(rater, name, fingerprint, instrumentation)
