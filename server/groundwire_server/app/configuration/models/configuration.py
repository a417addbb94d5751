"""The whole configuration, and its JSON schema."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from groundwire_server.adapters.answer_cache.options import AnswerCacheOptions
from groundwire_server.adapters.records.options import RecordsOptions
from groundwire_server.adapters.redis.options import RedisOptions
from groundwire_server.adapters.resilience.fair_limiter import ConcurrencyOptions
from groundwire_server.admission.capacity import CapacityOptions
from groundwire_server.app.configuration.models.authentication import AuthenticationConfig, Tenant
from groundwire_server.app.configuration.models.checkers import CheckerConfig
from groundwire_server.app.configuration.models.context import ContextConfig
from groundwire_server.app.configuration.models.embedders import EmbedderConfig
from groundwire_server.app.configuration.models.generators import ModelConfig
from groundwire_server.app.configuration.models.guards import BUILT_IN, Guards
from groundwire_server.app.configuration.models.limits import LimitRowConfig
from groundwire_server.app.configuration.models.prompts import PromptsConfig
from groundwire_server.app.configuration.models.providers import ProviderConfig
from groundwire_server.app.configuration.models.queue import QueueConfig
from groundwire_server.app.configuration.models.rerankers import RerankerConfig
from groundwire_server.app.configuration.models.review_notices import ReviewsConfig
from groundwire_server.app.configuration.models.routes import RouteConfig
from groundwire_server.app.configuration.models.screens import IngestConfig
from groundwire_server.app.configuration.models.section import Name
from groundwire_server.app.configuration.models.stores import EmbeddedStoreConfig, StoreConfig
from groundwire_server.app.configuration.models.telemetry import TelemetryConfig
from groundwire_server.edge.gateway.options import GatewayOptions
from groundwire_server.edge.options import ServerOptions
from groundwire_server.options import Options

Weight = Annotated[float, Field(gt=0, le=1000)]

RouteName = Annotated[str, Field(pattern="^[a-z][a-z0-9_-]{0,62}$")]


class SpendingConfig(Options):
    """The currency of prices."""

    currency: str = Field("USD", pattern="^[A-Z]{3}$", description="Currency of all prices, as its three-letter code.")


class Configuration(Options):
    """The configuration of a server."""

    server: ServerOptions = Field(
        default_factory=ServerOptions, description="How the server listens, limits its load and shuts down."
    )
    gateway: GatewayOptions = Field(
        default_factory=GatewayOptions,
        description="The contract over HTTP, for browsers and plain HTTP; off by default.",
    )
    authentication: AuthenticationConfig = Field(
        default_factory=AuthenticationConfig,
        description="How callers are authenticated. Without it they are trusted to identify themselves, on this "
        "machine alone.",
    )
    tenants: tuple[Tenant, ...] | None = Field(
        None,
        min_length=1,
        description="The tenants that exist; any tenant that a credential names if unset.",
        examples=[["acme", "demo"]],
    )
    tenant_weights: dict[Tenant, Weight] = Field(
        default_factory=dict,
        description="Weights of tenants' shares of all that is scarce, such as models' slots; 1 for those that are not "
        "named.",
        examples=[{"acme": 3}],
    )
    capacity: CapacityOptions = Field(
        default_factory=CapacityOptions, description="What the server works on at once, and how long others wait."
    )
    telemetry: TelemetryConfig = Field(default_factory=TelemetryConfig, description="Traces, metrics and logs.")
    redis: RedisOptions | None = Field(
        None,
        description="The Redis that the processes of one service share; without one, limits, spending and answers in "
        "flight are each process's own.",
    )
    records: RecordsOptions = Field(
        default_factory=RecordsOptions, description="Where queued questions and their answers are kept."
    )
    queue: QueueConfig = Field(
        default_factory=QueueConfig, description="Questions that are answered later; they need `records`."
    )
    reviews: ReviewsConfig = Field(
        default_factory=ReviewsConfig,
        description="Ticketing systems that are notified of reviews, and decide them; each route says what is "
        "reviewed.",
    )
    prompts: PromptsConfig = Field(
        default_factory=PromptsConfig, description="Where prompts are kept beside those built in."
    )
    answer_cache: AnswerCacheOptions = Field(
        default_factory=AnswerCacheOptions,
        description="Earlier answers that may stand in; each route says when one does.",
    )
    embedders: dict[Name, EmbedderConfig] = Field(
        default_factory=dict, description="Embedders, which make vectors, by name."
    )
    stores: dict[Name, StoreConfig] = Field(min_length=1, description="Stores of documents, by name.")
    corpus: Name | None = Field(
        None,
        description="The store that document calls write to, by name; the only store if unset.",
        examples=["main"],
    )
    providers: dict[Name, ProviderConfig] = Field(
        default_factory=dict, description="Providers of models and embedders outside the server, by name."
    )
    models: dict[Name, ModelConfig] = Field(min_length=1, description="Models, which write answers, by name.")
    checkers: dict[Name, CheckerConfig] = Field(
        default_factory=dict, description="Checkers, models that check sentences of answers, by name."
    )
    rerankers: dict[Name, RerankerConfig] = Field(
        default_factory=dict, description="Rerankers, models that rate passages together with the question, by name."
    )
    guards: Guards = Field(
        default_factory=lambda: dict(BUILT_IN),
        description="Guards, which look for what is not allowed in texts, by name. Those of the server, injection, "
        "instructions, nonsense, personal and secrets, are there without being named.",
    )
    ingest: IngestConfig = Field(default_factory=IngestConfig, description="How documents are taken in.")
    concurrency: ConcurrencyOptions | None = Field(
        None, description="Calls of all models together in flight; unlimited if unset."
    )
    context: ContextConfig = Field(
        default_factory=ContextConfig,
        description="Texts of yours that prompts may hold beside passages; each route declares which.",
    )
    routes: dict[RouteName, RouteConfig] = Field(
        min_length=1, description="Routes, the named uses of the service; calls that name none take `default`."
    )
    self_hosted_only: tuple[Tenant, ...] | None = Field(
        None,
        min_length=1,
        description="Tenants whose questions and documents never reach a hosted model, embedder, checker, reranker or "
        "guard, whatever the route.",
        examples=[["acme"]],
    )
    spending: SpendingConfig = Field(default_factory=SpendingConfig, description="The currency of prices.")
    limits: dict[Name, LimitRowConfig] = Field(
        default_factory=dict,
        description="Limits on what tenants, subjects and end users may use, by name. Where several rows match a call, "
        "all hold; a call that no row matches is unlimited.",
    )

    @property
    def queues(self) -> bool:
        """Whether questions can be answered later."""
        return self.queue.enabled and self.records.enabled

    @property
    def corpus_store(self) -> str:
        """The name of the store that document calls write to."""
        return self.corpus or next(iter(self.stores))


def embedded_folders(configuration: Configuration) -> Sequence[Path]:
    """Return the folders of the embedded stores."""
    stores = configuration.stores.values()
    return [store.folder.absolute() for store in stores if isinstance(store, EmbeddedStoreConfig)]


def records_options(configuration: Configuration) -> RecordsOptions | None:
    """Return the options of the database of records; None where there is none."""
    if not configuration.records.enabled:
        return None
    folders = embedded_folders(configuration)
    return configuration.records.beside(folders[0]) if folders else configuration.records


def json_schema() -> dict[str, Any]:
    """Return the JSON schema of the file, by which editors check and complete it."""
    schema = Configuration.model_json_schema()
    # A file may leave these sections out, since they are built in; the class alone may not.
    del schema["required"]
    for section in (schema, *schema["$defs"].values()):
        properties = section.get("properties", {})
        for name in set(properties) - set(section.get("required", ())):
            properties[name] = _nullable(properties[name])
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "groundwire.yaml"}


def _nullable(field: dict[str, Any]) -> dict[str, Any]:
    """Allow null for a section: it is what YAML has for one whose lines are all comments."""
    described: dict[str, Any] = {key: field[key] for key in ("title", "description", "default") if key in field}
    typed = {key: value for key, value in field.items() if key not in described}
    if "$ref" not in typed and typed.get("type") != "object":
        return field
    return {**described, "anyOf": [typed, {"type": "null"}]}
