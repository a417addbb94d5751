"""The checkers that routes name."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from opentelemetry.trace import SpanKind

from groundwire_server.adapters.checker.classifier import ClassificationApi
from groundwire_server.adapters.checker.decisions import DecisionsApi
from groundwire_server.adapters.checker.http import CheckerApi, HttpChecker
from groundwire_server.adapters.checker.instrumented import CheckerIdentity, InstrumentedChecker
from groundwire_server.adapters.checker.judge import Judge
from groundwire_server.adapters.checker.masking import MaskingRater
from groundwire_server.adapters.checker.options import (
    ClassifierOptions,
    DecisionsOptions,
    JudgeOptions,
    OnnxOptions,
)
from groundwire_server.adapters.checker.prompts import CheckerPrompts
from groundwire_server.adapters.http.document import DocumentClient
from groundwire_server.adapters.providers.charged_calls import ChargedCalls
from groundwire_server.adapters.providers.charges import Charges
from groundwire_server.adapters.resilience.instrumentation import Attributes, Instrumentation
from groundwire_server.app.configuration.checker_rules import is_hosted
from groundwire_server.app.configuration.models.checkers import (
    CheckerThresholdsConfig,
    ClassifierCheckerConfig,
    DecisionsCheckerConfig,
    JudgeCheckerConfig,
    OnnxCheckerConfig,
)
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.models.generators import ExtractiveModelConfig
from groundwire_server.app.parts.fingerprint import fingerprint_of
from groundwire_server.app.parts.generators import identities, open_generator
from groundwire_server.app.parts.limiters import open_limiter_of_all, open_limiters
from groundwire_server.app.parts.limits import open_limits, prices
from groundwire_server.app.parts.masking import mask_of, open_masker
from groundwire_server.app.parts.providers import open_provider, profile_of
from groundwire_server.app.parts.shared import Lease
from groundwire_server.app.parts.tokens import open_tokens
from groundwire_server.domain.entailment import EntailmentThresholds
from groundwire_server.domain.failure import SetupError
from groundwire_server.domain.outcome import ModelIdentity
from groundwire_server.domain.residency import Residency
from groundwire_server.evaluation import checker_calibration
from groundwire_server.ports.checker import Checker, Rater
from groundwire_server.ports.recording import Recording
from groundwire_server.telemetry import names

_LOCAL: Final = "local"
"""The provider of what runs in this process, in spans."""

_WITHOUT_EFFECT: Final = frozenset({"batch"})
"""Options that change no probability."""


async def open_checker(name: str, configuration: Configuration, lease: Lease, recording: Recording) -> Checker:
    """Return the checker of a name.

    Raises:
        SetupError: when its model cannot be used, or its thresholds were fitted with another.
        ImportError: when an extra is not installed that it needs.
        OSError: when a file that its provider needs cannot be read.
    """
    match configuration.checkers[name]:
        case JudgeCheckerConfig() as judge:
            return await _open_judge(name, judge, configuration, lease, recording)
        case OnnxCheckerConfig() as onnx:
            return await _open_onnx(name, onnx, configuration, lease, recording)
        case section:
            return await _open_endpoint(name, section, configuration, lease, recording)


async def _open_endpoint(
    name: str,
    section: DecisionsCheckerConfig | ClassifierCheckerConfig,
    configuration: Configuration,
    lease: Lease,
    recording: Recording,
) -> Checker:
    provider_section = configuration.providers[section.provider]
    provider = await open_provider(section.provider, provider_section, lease, recording)
    key = (section.provider, provider_section, section.model)
    own = await open_limiters(f"{section.provider}/{section.model}", key, section.concurrency, lease, recording.metrics)
    of_all = await open_limiter_of_all(configuration.concurrency, lease, recording.metrics)
    policy = provider.call_policy(
        names.GEN_AI_EVALUATE,
        section.model,
        section.retry,
        section.breaker,
        own_limiters=own,
        outer_limiters=of_all,
    )
    price = None if section.price is None else section.price.price(configuration.spending.currency)
    limits = await open_limits(configuration, lease, recording)
    charges = Charges(price, limits.budget)
    api, fingerprint = _api(section, mask_of(provider_section.mask, configuration))
    profile, version = profile_of(provider_section)
    path = section.path + (f"?api-version={version}" if version else "")
    client = DocumentClient(
        provider.session, path, profile.credentials(provider_section.api_key), section.bounds, section.model
    )
    rater: Rater = HttpChecker(api, ChargedCalls(client, policy, section.bounds.request_seconds, charges))
    if (masker := await open_masker(provider_section.mask, configuration, lease)) is not None:
        rater = MaskingRater(rater, masker)
    return _identified(name, name, fingerprint, configuration, rater, policy.instrumentation)


def _api(section: DecisionsCheckerConfig | ClassifierCheckerConfig, mask: Sequence[object]) -> tuple[CheckerApi, str]:
    if isinstance(section, ClassifierCheckerConfig):
        fingerprint = fingerprint_of(section, ClassifierOptions, *mask, without=_WITHOUT_EFFECT)
        return ClassificationApi(section), fingerprint
    prompts = CheckerPrompts(section.prompt)
    return DecisionsApi(section, prompts), fingerprint_of(section, DecisionsOptions, prompts.hash, *mask)


async def _open_judge(
    name: str, section: JudgeCheckerConfig, configuration: Configuration, lease: Lease, recording: Recording
) -> Checker:
    model = configuration.models[section.model]
    if isinstance(model, ExtractiveModelConfig):
        raise SetupError(f"checkers.{name}.model: {section.model} quotes, and cannot judge")
    generator = await open_generator(section.model, configuration, {}, lease, recording)
    prompts = CheckerPrompts(section.prompt)
    limits = await open_limits(configuration, lease, recording)
    charges = Charges(prices(configuration).get(section.model), limits.budget)
    tokens = await open_tokens(section.model, configuration, lease)
    decides = model.model_dump(mode="json", include={"model", "temperature", "output", "extra"})
    mask = mask_of(configuration.providers[model.provider].mask, configuration)
    fingerprint = fingerprint_of(section, JudgeOptions, prompts.hash, decides, *mask)
    identity = identities(configuration)[section.model]
    hosted = is_hosted(configuration, section)
    return _identified(
        name,
        section.model,
        fingerprint,
        configuration,
        Judge(generator, section.model, section, prompts, charges, tokens),
        _internal(recording, identity, Residency.HOSTED if hosted else Residency.SELF_HOSTED),
    )


async def _open_onnx(
    name: str, section: OnnxCheckerConfig, configuration: Configuration, lease: Lease, recording: Recording
) -> Checker:
    from groundwire_server.adapters.checker.onnx import OnnxChecker  # noqa: PLC0415  # brings its runtime
    from groundwire_server.adapters.onnx.cross_encoder import CrossEncoder  # noqa: PLC0415

    options = OnnxOptions.model_validate(section.model_dump(include=set(OnnxOptions.model_fields)))

    @asynccontextmanager
    async def opened() -> AsyncIterator[tuple[OnnxChecker, str]]:
        model = await asyncio.to_thread(CrossEncoder, options, pairs=options.text_pair is not None)
        checker = OnnxChecker(model, options)
        try:
            yield checker, model.digest
        finally:
            await asyncio.to_thread(checker.close)

    rater, digest = await lease.take(("checker", options), opened)
    identity = ModelIdentity(_LOCAL, options.folder.name)
    instrumentation = _internal(recording, identity, Residency.SELF_HOSTED)
    fingerprint = fingerprint_of(options, OnnxOptions, digest, without=_WITHOUT_EFFECT)
    return _identified(name, name, fingerprint, configuration, rater, instrumentation)


def _internal(recording: Recording, identity: ModelIdentity, residency: Residency) -> Instrumentation:
    attributes: Attributes = {
        names.GEN_AI_OPERATION: names.GEN_AI_EVALUATE,
        names.GEN_AI_PROVIDER: identity.provider,
        names.GEN_AI_MODEL: identity.name,
        names.RESIDENCY: residency.value,
    }
    return Instrumentation(recording, f"{names.GEN_AI_EVALUATE} {identity.name}", attributes, kind=SpanKind.INTERNAL)


def _identified(
    name: str,
    model: str,
    fingerprint: str,
    configuration: Configuration,
    rater: Rater,
    instrumentation: Instrumentation,
) -> Checker:
    thresholds = _calibrated(name, configuration.checkers[name].thresholds, fingerprint)
    return InstrumentedChecker(rater, CheckerIdentity(name, model, fingerprint, thresholds), instrumentation)


def _calibrated(name: str, section: CheckerThresholdsConfig, fingerprint: str) -> EntailmentThresholds:
    """Return the thresholds of a checker: those that were fitted for it, if some were.

    Raises:
        SetupError: when they were fitted with another model or prompt.
    """
    if section.calibration is None:
        return section.thresholds
    fitted = checker_calibration.read(section.calibration)
    if fitted.fingerprint != fingerprint:
        raise SetupError(
            f"checkers.{name}.thresholds.calibration: {section.calibration} was fitted with another model, prompt or "
            f"template ({fitted.fingerprint}, and this is {fingerprint}): run `groundwire calibrate checker` again"
        )
    return fitted.thresholds
