"""What stands in prompts beside the question and the passages: the blocks of a route, and the texts of tenants."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, model_validator

from groundwire_server.app.configuration.models.authentication import Tenant
from groundwire_server.domain.prompts.context import ContextBlock, ContextSource, Keep
from groundwire_server.domain.prompts.variables import TURNS
from groundwire_server.options import Options

_NO_KEY: Final = frozenset({"turns", "glossary", "instructions", "examples"})
_CALLER_KEY: Final = re.compile("[a-z][a-z0-9_-]{0,63}")
_VARIABLE: Final = re.compile("env://(?P<name>[A-Za-z_][A-Za-z0-9_]{0,127})")
_SECRET_WORDS: Final = ("SECRET", "PASSWORD", "PASSWD", "PASSPHRASE", "TOKEN", "CREDENTIAL", "APIKEY")
_SECRET_PARTS: Final = frozenset(
    {
        *("KEY", "KEYS", "PRIVATE", "AUTH", "DSN", "PASS", "DBPASS", "PGPASS", "PWD", "DBPWD", "COOKIE", "SALT"),
        *("BEARER", "JWT", "PAT", "PIN", "OTP", "PEM", "SIGNING", "WEBHOOK"),
    }
)
_WORD: Final = re.compile("[A-Z]+(?![a-z])|[A-Za-z][a-z]*|[0-9]+")
"""A word of a name: `DB_PASS` and `dbPass` have the same two."""

_LONGEST_VALUE: Final = 1024


class ContextBlockConfig(Options):
    """A block of context in a route's prompts, by the name of the template's variable."""

    source: Literal["turns", "caller", "glossary", "instructions", "date", "locale", "environment", "examples"] = Field(
        description="Where it comes from."
    )
    key: str | None = Field(
        None,
        min_length=1,
        max_length=128,
        description="The name within the source: of a value of `caller` or `environment` (all of them, as pairs, if "
        "unset), of the caller's value that is the `locale`, or the time zone of a `date` (UTC if unset).",
        examples=["plan"],
    )
    max_tokens: int = Field(500, ge=1, le=200_000, description="Tokens that it may take of a prompt.")
    keep: Keep | None = Field(
        None,
        description="What remains where it is longer: FIRST, LAST or NOTHING; if unset the last turns, and the first "
        "of everything else. Instructions are never cut.",
        examples=[Keep.FIRST],
    )

    @model_validator(mode="after")
    def _key_of_source(self) -> "ContextBlockConfig":
        if self.key is None:
            return self
        if self.source in _NO_KEY:
            raise ValueError(f"has a key, and the source {self.source} has no parts with names: leave it out")
        if self.source in {"caller", "locale"} and not _CALLER_KEY.fullmatch(self.key):
            raise ValueError(f"has the key {self.key}, and values of callers have names as {_CALLER_KEY.pattern}")
        if self.source == "date":
            _check_zone(self.key)
        return self

    def block(self, name: str) -> ContextBlock:
        """Return the block that the pipeline fills."""
        keep = self.keep or (Keep.LAST if self.source == TURNS else Keep.FIRST)
        return ContextBlock(name, ContextSource(self.source.upper()), self.max_tokens, keep, self.key or "")


BlockName = Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,63}$")]

Blocks = dict[BlockName, ContextBlockConfig]


class ExampleConfig(Options):
    """A question, and how it should be answered."""

    question: str = Field(min_length=1, max_length=4096, description="The question.", examples=["When is rent due?"])
    answer: str = Field(
        min_length=1, max_length=16_384, description="Its answer.", examples=["On the first of the month."]
    )


class TenantTextsConfig(Options):
    """Texts of one tenant."""

    instructions: str | None = Field(
        None,
        min_length=1,
        max_length=16_384,
        description="How its questions are answered, beside the prompt's own instructions.",
        examples=["Answer in two sentences at most."],
    )
    glossary: dict[
        Annotated[str, Field(min_length=1, max_length=128)], Annotated[str, Field(min_length=1, max_length=1024)]
    ] = Field(
        default_factory=dict,
        max_length=5000,
        description="Its terms, each with its meaning.",
        examples=[{"SLA": "the service level that a contract promises"}],
    )
    examples: tuple[ExampleConfig, ...] = Field((), max_length=64, description="Questions with their answers.")


class TenantContextConfig(TenantTextsConfig):
    """Texts of one tenant, here or in a file; those of the file come first."""

    file: Path | None = Field(
        None,
        description="A YAML file with the keys `instructions`, `glossary` and `examples`, of at most 256 KiB; it is "
        "read again when it changes.",
        examples=["context/acme.yaml"],
    )


def _declared(reference: str) -> str:
    """Return a reference to a variable that is set and is no secret.

    Raises:
        ValueError: for any other.
    """
    if reference.startswith("file://"):
        raise ValueError("names a file, which is how secrets are named: prompts hold none; use env://NAME")
    found = _VARIABLE.fullmatch(reference)
    if found is None:
        raise ValueError("must be a reference to a variable, env://NAME")
    check_public_name(found["name"])
    value = os.environ.get(found["name"])
    if not value:
        raise ValueError(f"the variable {found['name']} is not set: set it where the server is started")
    if len(value) > _LONGEST_VALUE:
        raise ValueError(f"the variable {found['name']} has more than {_LONGEST_VALUE} characters")
    return reference


def check_public_name(name: str) -> str:
    """Return the name of a value that is no secret's.

    Raises:
        ValueError: for one that is.
    """
    folded = name.upper().replace("_", "")
    parts = {*name.upper().split("_"), *(word.upper() for word in _WORD.findall(name))}
    if any(word in folded for word in _SECRET_WORDS) or _SECRET_PARTS.intersection(parts) or folded.endswith("KEY"):
        raise ValueError(f"{name} is named as a secret is: prompts hold none; rename it if it is not one")
    return name


EnvironmentReference = Annotated[str, AfterValidator(_declared)]
EnvironmentName = Annotated[str, Field(pattern="^[A-Za-z][A-Za-z0-9_]{0,63}$"), AfterValidator(check_public_name)]


class ContextConfig(Options):
    """Texts of the operator's that prompts may hold; each route declares which of them its prompts do."""

    environment: dict[EnvironmentName, EnvironmentReference] = Field(
        default_factory=dict,
        max_length=64,
        description="Values of the server's environment by name, each a reference env://NAME; never secrets.",
        examples=[{"region": "env://REGION"}],
    )
    every_tenant: TenantContextConfig = Field(
        default_factory=TenantContextConfig,
        description="Texts of every tenant. Its own instructions and examples follow these, and of two meanings of a "
        "term its own counts.",
    )
    tenants: dict[Tenant, TenantContextConfig] = Field(
        default_factory=dict, description="Texts of single tenants, which no other tenant's prompts hold."
    )

    @property
    def values(self) -> Mapping[str, str]:
        """The values of the environment by name."""
        return {name: os.environ[reference.removeprefix("env://")] for name, reference in self.environment.items()}


def _check_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"there is no time zone {name}: name one such as Europe/Berlin") from None
