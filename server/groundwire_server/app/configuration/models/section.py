"""What every section is."""

from typing import Annotated, TypeAlias

from pydantic import BaseModel, ConfigDict, Field


class Section(BaseModel):
    """A mapping of known keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, allow_inf_nan=False)


Name: TypeAlias = Annotated[str, Field(pattern="^[a-z][a-z0-9_-]{0,63}$")]
"""What is named in a configuration: lower-case letters, digits, `_` and `-`, beginning with a letter."""
