"""What every section is."""

from collections.abc import Mapping
from typing import Annotated, Any, TypeAlias

from pydantic import Discriminator, Field

from groundwire_server.options import Options


class Section(Options):
    """A section that no class below takes as it is: `app/` makes of it what they take."""


Name: TypeAlias = Annotated[str, Field(pattern="^[a-z][a-z0-9_-]{0,63}$")]
"""What is named in a configuration: lower-case letters, digits, `_` and `-`, beginning with a letter."""


def by_kind(default: str) -> Discriminator:
    """Tells which of several tagged sections is meant by its `kind`; the default where that is left out."""

    def kind(values: Any) -> Any:
        return str(values.get("kind", default)) if isinstance(values, Mapping) else getattr(values, "kind", None)

    return Discriminator(kind)
