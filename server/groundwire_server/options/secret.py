"""Secrets: named by reference, read once, never printed."""

import os
from pathlib import Path
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from groundwire_server.files.small import UnreadableFileError, text_of

_SIZE_LIMIT = 64 * 1024


class Secret:
    """A secret and its reference, `env://NAME` or `file://PATH`, which alone is printed.

    pydantic's SecretStr hides the value too, but the file would hold the secret itself, and files are committed, copied
    and shown. Here it is refused.
    """

    __slots__ = ("_value", "reference")

    def __init__(self, reference: str, value: str) -> None:
        self.reference = reference
        self._value = value

    @classmethod
    def resolve(cls, reference: str) -> "Secret":
        """Read the secret of a reference.

        Raises:
            ValueError: when it is not a reference, or leads nowhere; the message holds no part of what was given.
        """
        scheme, separator, place = reference.partition("://")
        if not separator or scheme not in {"env", "file"} or not place:
            raise ValueError("must be a reference, env://NAME or file:///PATH, and not the secret itself")
        return cls(reference, _from_environment(place) if scheme == "env" else _from_file(Path(place)))

    def reveal(self) -> str:
        """Return the secret itself."""
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
        resolved = core_schema.no_info_after_validator_function(cls.resolve, core_schema.str_schema(strict=True))
        return core_schema.json_or_python_schema(
            resolved,
            core_schema.union_schema([core_schema.is_instance_schema(cls), resolved]),
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
