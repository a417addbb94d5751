"""All that can be set."""

from typing import Annotated

from pydantic import Field

from groundwire_server.adapters.resilience.fair_limiter import ConcurrencyOptions
from groundwire_server.app.configuration.models.access import Authentication, Tenant
from groundwire_server.app.configuration.models.embedders import Embedder
from groundwire_server.app.configuration.models.generators import Model
from groundwire_server.app.configuration.models.providers import Provider
from groundwire_server.app.configuration.models.routes import Route
from groundwire_server.app.configuration.models.section import Name, Section
from groundwire_server.app.configuration.models.server import Server, Telemetry
from groundwire_server.app.configuration.models.spending import Spending
from groundwire_server.app.configuration.models.stores import Store

RouteName = Annotated[str, Field(pattern="^[a-z][a-z0-9_-]{0,62}$")]


class Configuration(Section):
    """A configuration in force."""

    server: Server = Field(default_factory=Server, description="How the server listens and ends.")
    authentication: Authentication = Field(
        default_factory=Authentication,
        description="How callers prove who they are. Without any of it they are believed, on this machine alone.",
    )
    tenants: tuple[Tenant, ...] | None = Field(
        None,
        min_length=1,
        description="The tenants that there are; whatever a credential names if none.",
        examples=[["acme", "demo"]],
    )
    telemetry: Telemetry = Field(default_factory=Telemetry, description="What is told of what the server does.")
    embedders: dict[Name, Embedder] = Field(default_factory=dict, description="What makes vectors, by name.")
    stores: dict[Name, Store] = Field(min_length=1, description="Where documents are kept, by name.")
    corpus: Name | None = Field(
        None,
        description="The store that the document calls keep documents in; the only one if none.",
        examples=["main"],
    )
    providers: dict[Name, Provider] = Field(
        default_factory=dict, description="Who runs models that are not part of the server, by name."
    )
    models: dict[Name, Model] = Field(min_length=1, description="What writes answers, by name.")
    concurrency: ConcurrencyOptions | None = Field(
        None, description="How many calls of models at once, for all of them together; as many as come if none."
    )
    routes: dict[RouteName, Route] = Field(
        min_length=1, description="The uses of the service, by name; calls that name none take `default`."
    )
    self_hosted_only: tuple[Tenant, ...] | None = Field(
        None,
        min_length=1,
        description="Tenants whose questions and documents reach no hosted model or embedder, whatever the route.",
        examples=[["acme"]],
    )
    spending: Spending = Field(default_factory=Spending, description="What models may cost.")

    @property
    def corpus_store(self) -> str:
        """The name of the store that keeps documents."""
        return self.corpus or next(iter(self.stores))
