"""What sections share: names of the operator's choosing, the key that tells several kinds apart, and providers."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Discriminator, Field

from groundwire_server.options import Options

Name: TypeAlias = Annotated[str, Field(pattern="^[a-z][a-z0-9_-]{0,63}$")]
"""A name in a configuration: lower-case letters, digits, `_` and `-`, beginning with a letter."""


class AtProvider(Options):
    """The first keys of a model and of an embedder that a provider runs, in their order."""

    kind: Literal["openai", "anthropic"] = Field(description="API dialect.")
    provider: Name = Field(description="The provider, by name.")


def by_kind(default: str) -> Discriminator:
    """Return what chooses among tagged sections by their `kind`, or takes the default where that is left out."""

    def kind(values: Any) -> Any:
        return str(values.get("kind", default)) if isinstance(values, Mapping) else getattr(values, "kind", None)

    return Discriminator(kind)
