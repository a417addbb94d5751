"""What every section is."""

from collections.abc import Mapping
from typing import Annotated, Any, TypeAlias

from pydantic import BaseModel, ConfigDict, Discriminator, Field


class Section(BaseModel):
    """A mapping of known keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, allow_inf_nan=False)


Name: TypeAlias = Annotated[str, Field(pattern="^[a-z][a-z0-9_-]{0,63}$")]
"""What is named in a configuration: lower-case letters, digits, `_` and `-`, beginning with a letter."""


def by_kind(default: str) -> Discriminator:
    """Tells which of several tagged sections is meant by its `kind`; the default where that is left out."""

    def kind(values: Any) -> Any:
        return str(values.get("kind", default)) if isinstance(values, Mapping) else getattr(values, "kind", None)

    return Discriminator(kind)
