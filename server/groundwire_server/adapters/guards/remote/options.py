"""What an operator says about a guard behind an endpoint."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal, Self, TypeAlias
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from groundwire_server.adapters.guards.options import Category, Version
from groundwire_server.adapters.http.options import DocumentBounds
from groundwire_server.domain.residency import Residency
from groundwire_server.options import Options
from groundwire_server.options.headers import Headers, SecretHeaders
from groundwire_server.options.url import parsed_url

CallerField: TypeAlias = Literal["tenant", "subject", "end_user", "route"]

ClassifierApi: TypeAlias = Literal["tei", "vllm_classify"]

_PATHS: Final[Mapping[ClassifierApi, str]] = {"tei": "/predict", "vllm_classify": "/classify"}


class GuardBounds(DocumentBounds):
    """Limits of one request, in addition to the deadline of its call."""

    # A reply is read on the event loop. A whole batch with the most findings of each text takes some 700 KiB.
    response_bytes: int = Field(1024 * 1024, ge=1024, le=1 << 26, description="Largest response, in bytes.")


class VersionedOptions(Options):
    """What every guard behind an endpoint has."""

    version: Version = Field(
        description="Version of the guard's model or rules, which replies and events name.", examples=["2"]
    )


class LabelOptions(Options):
    """What a label of a classification model means."""

    category: Category = Field(description="The category of its findings.", examples=["injection"])
    min_score: float = Field(0.5, gt=0, le=1, description="Lowest score of a finding, above 0 to 1.")


class ClassifierGuardOptions(VersionedOptions):
    """A classification model that says of each text which labels it has."""

    model: str = Field(
        min_length=1,
        max_length=256,
        description="The provider's name for the model.",
        examples=["Llama-Prompt-Guard-2-86M"],
    )
    api: ClassifierApi = Field(
        "tei", description="The endpoint: `tei` (`/predict`) of Text Embeddings Inference, or `vllm_classify`."
    )
    labels: dict[str, LabelOptions] = Field(
        min_length=1,
        max_length=256,
        description="The labels that make a finding: by name, or by number from 0 with `vllm_classify`.",
        examples=[{"LABEL_1": {"category": "injection", "min_score": 0.8}}],
    )
    scores: Literal["probabilities", "logits"] = Field(
        "probabilities",
        description="What TEI is asked for: `probabilities`, which together make 1, or `logits`, of which a sigmoid "
        "makes a probability for each label, for models whose labels do not exclude each other.",
    )
    window_bytes: int = Field(
        1024,
        ge=64,
        le=1024 * 1024,
        description="Bytes of a text in one input, from which on it is cut into several; what the model refuses as too "
        "long is cut in halves.",
    )
    overlap_bytes: int = Field(128, ge=0, le=64 * 1024, description="Bytes that two neighbouring inputs share.")
    batch: int = Field(32, ge=1, le=4096, description="Inputs per request.")
    bounds: GuardBounds = Field(
        default_factory=GuardBounds, description="Limits of one request, in addition to the deadline of its call."
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.api == "vllm_classify" and not all(each.isascii() and each.isdigit() for each in self.labels):
            raise ValueError("labels must be numbers with `api: vllm_classify`, such as 1")
        if self.api == "vllm_classify" and self.scores == "logits":
            raise ValueError("scores must be `probabilities` with `api: vllm_classify`")
        if self.overlap_bytes * 4 > self.window_bytes:
            raise ValueError("overlap_bytes must be at most a quarter of window_bytes")
        return self

    @property
    def path(self) -> str:
        """Where requests go, behind the provider's base."""
        return _PATHS[self.api]

    @property
    def found_categories(self) -> frozenset[str]:
        """The categories of its findings."""
        return frozenset(each.category for each in self.labels.values())


class GuardBatchOptions(Options):
    """Size of requests."""

    texts: int = Field(64, ge=1, le=1000, description="Texts per request; more are sent in several, side by side.")
    bytes: int = Field(
        1024 * 1024,
        ge=1024,
        le=1 << 26,
        description="Bytes of texts per request; a text that is longer has a request of its own.",
    )


class ContractGuardOptions(VersionedOptions):
    """A guard of the operator's own, which keeps the contract `groundwire.guard/1`."""

    categories: tuple[Category, ...] = Field(
        min_length=1,
        max_length=256,
        description="The categories that it may report; a reply with another one is a failure.",
        examples=[["injection", "toxicity"]],
    )
    caller: tuple[CallerField, ...] = Field(
        (),
        description="What it is told about the caller: `tenant`, `subject`, `end_user` and `route`; nothing if unset.",
        examples=[["tenant"]],
    )
    max_findings: int = Field(
        100,
        ge=1,
        le=10_000,
        description="Findings per text whose places are read; where there are more, the whole text is found.",
    )
    batch: GuardBatchOptions = Field(default_factory=GuardBatchOptions, description="Size of requests.")

    @property
    def found_categories(self) -> frozenset[str]:
        """The categories of its findings."""
        return frozenset(self.categories)


class HttpGuardOptions(ContractGuardOptions):
    """A guard of the operator's own behind HTTP."""

    path: str = Field(
        "/screen", pattern="^/[!-~]{0,255}$", description="Path of the guard, behind the provider's `base_url`."
    )
    bounds: GuardBounds = Field(
        default_factory=GuardBounds, description="Limits of one request, in addition to the deadline of its call."
    )


def _url(address: str) -> str:
    parts = parsed_url(address, "http://127.0.0.1:50061")
    if parts.username is not None or parts.query or parts.fragment or parts.path.rstrip("/"):
        raise ValueError("must be a scheme, a host and a port alone, such as https://guard.example.com:443")
    return address.rstrip("/")


class GrpcEndpointOptions(Options):
    """Where a gRPC server listens, who runs it, and how the connection to it is secured."""

    url: Annotated[str, AfterValidator(_url)] = Field(
        description="Address: https:// with TLS, http:// without, and a host with its port.",
        examples=["https://guard.example.com:443"],
    )
    residency: Residency = Field(
        Residency.HOSTED, description="Who runs it: `self_hosted` where questions and documents stay with you."
    )
    headers: Headers = Field(
        default_factory=SecretHeaders,
        description="Metadata of every call, each value a reference: env://NAME or file:///PATH.",
        examples=[{"authorization": "env://GUARD_AUTHORIZATION"}],
    )
    ca_file: Path | None = Field(
        None,
        description="Authorities to trust instead of the system's, PEM.",
        examples=["/etc/groundwire/guard-ca.pem"],
    )
    certificate_file: Path | None = Field(
        None, description="The server's own certificate as a client, PEM.", examples=["/etc/groundwire/client.pem"]
    )
    key_file: Path | None = Field(
        None, description="The private key of that certificate, PEM.", examples=["/etc/groundwire/client-key.pem"]
    )
    keepalive_seconds: float = Field(
        30.0, ge=5, le=3600, description="Seconds without traffic after which the connection is tested."
    )
    trace_context: bool = Field(True, description="Whether calls carry `traceparent`.")

    @model_validator(mode="after")
    def _secured(self) -> Self:
        if (self.certificate_file is None) != (self.key_file is None):
            raise ValueError("certificate_file and key_file must be set together")
        if not self.secure and (self.ca_file is not None or self.certificate_file is not None):
            raise ValueError("url must begin with https:// where ca_file or certificate_file is set")
        if any(name.lower().endswith("-bin") for name in self.headers):
            # gRPC takes bytes for such a name alone, and each call would fail.
            raise ValueError("headers must not end in -bin, which is gRPC's mark of values that are no text")
        return self

    @property
    def secure(self) -> bool:
        """Whether the connection has TLS."""
        return self.url.lower().startswith("https://")

    @property
    def host(self) -> str:
        """The name to connect to."""
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        """The port to connect to."""
        return urlsplit(self.url).port or (443 if self.secure else 80)


class GrpcGuardBounds(Options):
    """Limits of one call, in addition to its deadline."""

    response_bytes: int = Field(1024 * 1024, ge=1024, le=1 << 26, description="Largest response, in bytes.")
    request_seconds: float = Field(10.0, gt=0, le=600, description="Seconds from its beginning to its last byte.")


class GrpcGuardOptions(ContractGuardOptions):
    """A guard of the operator's own behind gRPC."""

    endpoint: GrpcEndpointOptions = Field(description="Where it listens, and how the connection is secured.")
    bounds: GrpcGuardBounds = Field(
        default_factory=GrpcGuardBounds, description="Limits of one call, in addition to its deadline."
    )
