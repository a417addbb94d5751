"""Secrets: named by reference, read once, never printed."""

import os
from pathlib import Path
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from groundwire_server.files.small import UnreadableFileError, text_of

_SIZE_LIMIT = 64 * 1024


class Secret:
    """A secret and where it comes from: `env://NAME` or `file://PATH`. It shows only the latter.

    A secret itself in the file is refused: files are committed, copied and shown.
    """

    __slots__ = ("_value", "reference")

    def __init__(self, reference: str) -> None:
        """Read what the reference leads to.

        Raises:
            ValueError: when it is no reference, or leads nowhere; the text holds no part of what was given.
        """
        scheme, separator, place = reference.partition("://")
        if not separator or scheme not in {"env", "file"} or not place:
            raise ValueError("must be a reference, env://NAME or file:///PATH, and not the secret itself")
        self.reference = reference
        self._value = _from_environment(place) if scheme == "env" else _from_file(Path(place))

    def reveal(self) -> str:
        """The secret itself."""
        return self._value

    def __repr__(self) -> str:
        return f"Secret({self.reference!r})"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and (self.reference, self._value) == (other.reference, other._value)

    def __hash__(self) -> int:
        return hash((self.reference, self._value))

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(
            cls,
            core_schema.str_schema(strict=True),
            serialization=core_schema.plain_serializer_function_ser_schema(lambda secret: secret.reference),
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "string", "pattern": "^(env|file)://.+"}


def _from_environment(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise ValueError(f"the variable {name} is not set: set it where the server is started")
    return value


def _from_file(path: Path) -> str:
    try:
        text = text_of(path, _SIZE_LIMIT)
    except UnreadableFileError as why:
        raise ValueError(f"{path} {why}") from None
    if not (value := text.rstrip("\r\n")):
        raise ValueError(f"{path} is empty: write the secret into it")
    return value
