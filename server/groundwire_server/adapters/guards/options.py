"""What the options of all guards have in common."""

from typing import Annotated, TypeAlias

from pydantic import Field

Category: TypeAlias = Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,63}$")]
"""A kind of content: lower-case letters, digits and `_`, beginning with a letter."""

Version: TypeAlias = Annotated[str, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z._-]{0,31}$")]
"""The version of a guard's policy."""
