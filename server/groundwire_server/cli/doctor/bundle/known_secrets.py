"""The secrets that this machine knows: those of the configuration, the connection and the environment."""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel

from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.cli.connection import ConnectionOptions
from groundwire_server.cli.doctor.bundle.redaction import SECRET_NAME, is_reference
from groundwire_server.files.small import UnreadableFileError, text_of
from groundwire_server.options.secret import Secret

_LIMIT = 1024 * 1024
_PART = re.compile(r"[\s,;=]+")
_SHORTEST_PART = 8


def known_secrets(
    configuration: Configuration | None, connection: ConnectionOptions, environment: Mapping[str, str] = os.environ
) -> Iterator[str]:
    """Yield every secret that can be found, and the parts of those that are lists.

    Args:
        configuration: whose secrets and key files are read; None where there is none.
        connection: whose credential and key are read.
        environment: variables, by name.
    """
    for secret in _all(configuration, connection, environment):
        yield secret
        # Such as the headers of OTLP in one variable, or a scheme before a token.
        yield from (part for part in _PART.split(secret) if len(part) >= _SHORTEST_PART)


def _all(
    configuration: Configuration | None, connection: ConnectionOptions, environment: Mapping[str, str]
) -> Iterator[str]:
    if configuration is not None:
        yield from _within(configuration)
        tls = configuration.server.tls
        if tls is not None:
            yield from _key(tls.key or tls.certificate)
        keys = configuration.authentication.api_keys
        if keys is not None:
            yield from _key_hashes(keys.file)
    for file in (connection.token_file, connection.api_key_file):
        if file is not None:
            yield from _content(file)
    if connection.tls_key is not None:
        yield from _key(connection.tls_key)
    for name, value in environment.items():
        yield from _variable(name, value)


def _within(value: Any) -> Iterator[str]:
    """Yield the secrets of a section, however deep they are."""
    match value:
        case Secret():
            yield value.reveal()
        case BaseModel():
            for name in type(value).model_fields:
                yield from _within(getattr(value, name))
        case dict():
            for each in value.values():
                yield from _within(each)
        case list() | tuple() | frozenset():
            for each in value:
                yield from _within(each)
        case _:
            return


def _variable(name: str, value: str) -> Iterator[str]:
    if SECRET_NAME.fullmatch(name) or name.endswith("_HEADERS"):
        if not is_reference(value):
            yield value
    elif SECRET_NAME.fullmatch(name.removesuffix("_FILE")):
        yield from _content(Path(value))
    try:
        parts = urlsplit(value)
        credentials = [parts.username, parts.password] if "://" in value else []
    except ValueError:
        return
    for each in credentials:
        if each:
            yield from (each, unquote(each))


def _key(file: Path) -> Iterator[str]:
    """Yield the lines of a private key; those of a certificate beside it are no secret."""
    secret = False
    for text in _content(file):
        for line in text.splitlines():
            if line.startswith("-----"):
                secret = "PRIVATE KEY" in line and "BEGIN" in line
            elif secret:
                yield line


def _key_hashes(file: Path) -> Iterator[str]:
    for text in _content(file):
        yield from re.findall(r"\b[0-9a-f]{64}\b", text)


def _content(file: Path) -> Iterator[str]:
    try:
        yield text_of(file, _LIMIT).strip()
    except UnreadableFileError:
        return
