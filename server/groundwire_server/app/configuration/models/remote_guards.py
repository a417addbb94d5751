"""Guards behind endpoints: classification models, and guards of the operator's own."""

from typing import Literal, TypeAlias

from pydantic import Field

from groundwire_server.adapters.guards.remote.options import (
    ClassifierGuardOptions,
    GrpcGuardOptions,
    HttpGuardOptions,
)
from groundwire_server.adapters.resilience.retry_budget import RetryBudgetOptions
from groundwire_server.app.configuration.models.protection import ProtectedConfig
from groundwire_server.app.configuration.models.section import Name
from groundwire_server.options import Options


class _OfKind(Options):
    kind: Literal["classifier", "http", "grpc"] = Field(description="Kind of guard.")


class _AtProvider(_OfKind):
    provider: Name = Field(description="The provider, by name; of the kind `openai`.", examples=["own"])


class ClassifierGuardConfig(ProtectedConfig, ClassifierGuardOptions, _AtProvider):
    """A classification model, such as one for prompt injection or toxicity."""

    kind: Literal["classifier"] = Field(description="A classification endpoint.")


class HttpGuardConfig(ProtectedConfig, HttpGuardOptions, _AtProvider):
    """A guard of your own behind HTTP, which keeps the contract `groundwire.guard/1`."""

    kind: Literal["http"] = Field(description="A guard of your own behind HTTP.")


class GrpcGuardConfig(ProtectedConfig, GrpcGuardOptions, _OfKind):
    """A guard of your own behind gRPC, which implements `groundwire.guard.v1.GuardService`."""

    kind: Literal["grpc"] = Field(description="A guard of your own behind gRPC.")
    retry_budget: RetryBudgetOptions = Field(default_factory=RetryBudgetOptions, description="Budget of its retries.")
    mask: tuple[Name, ...] = Field(
        (),
        max_length=64,
        description="What it is sent placeholders for: categories of personal data, and guards by name.",
        examples=[["email", "phone"]],
    )


RemoteGuardConfig: TypeAlias = ClassifierGuardConfig | HttpGuardConfig | GrpcGuardConfig
