"""Guards: what looks for things in texts that a policy does not allow."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field

from groundwire_server.adapters.guards.instructions.guard import instruction_version
from groundwire_server.adapters.guards.languages import LANGUAGES_VERSION
from groundwire_server.adapters.guards.nonsense import NONSENSE_VERSION
from groundwire_server.adapters.guards.options import Category, Version
from groundwire_server.adapters.guards.personal import PERSONAL_VERSION, PersonalGuardOptions, PresidioGuardOptions
from groundwire_server.adapters.guards.secrets import SECRETS_VERSION, SecretsGuardOptions
from groundwire_server.app.configuration.models.remote_guards import (
    ClassifierGuardConfig,
    GrpcGuardConfig,
    HttpGuardConfig,
)
from groundwire_server.app.configuration.models.section import Name
from groundwire_server.options import Options


class OwnGuardConfig(Options):
    """What all guards of the operator's own have."""

    version: Version = Field(description="Version of the policy, which replies and events name.", examples=["1"])
    category: Category = Field(description="Kind of content that it finds.", examples=["competitors"])


class TermsGuardConfig(OwnGuardConfig):
    """Words and phrases, whatever their case, inflection of spaces and punctuation."""

    kind: Literal["terms"] = Field(description="Words and phrases.")
    terms: tuple[Annotated[str, Field(min_length=1, max_length=200)], ...] | None = Field(
        None, min_length=1, max_length=10_000, description="The words and phrases.", examples=[["Initech"]]
    )
    file: Path | None = Field(
        None,
        description="A text file of further ones, one a line; at most 8 MiB and 200,000 lines.",
        examples=["terms.txt"],
    )
    at_least: int = Field(
        1, ge=1, le=100, description="How many different ones make a finding; above 1, together they are a topic."
    )


class PatternsGuardConfig(OwnGuardConfig):
    """Regular expressions, in the syntax of RE2."""

    kind: Literal["patterns"] = Field(description="Regular expressions.")
    patterns: tuple[Annotated[str, Field(min_length=1, max_length=1000)], ...] = Field(
        min_length=1,
        max_length=1000,
        description="The expressions, in the syntax of RE2; each is run in time in proportion to the text.",
        examples=[[r"\bPROJECT-[A-Z]{3}\b"]],
    )


class PersonalGuardConfig(PersonalGuardOptions):
    """Personal data, by patterns, check digits and the words beside it."""

    kind: Literal["personal"] = Field(description="Personal data by its form.")

    @property
    def version(self) -> str:
        """The version of the server's rules."""
        return PERSONAL_VERSION


class SecretsGuardConfig(SecretsGuardOptions):
    """Keys, tokens and passwords, by their shape and the words beside them."""

    kind: Literal["secrets"] = Field(description="Secrets by their shape.")

    @property
    def version(self) -> str:
        """The version of the server's rules."""
        return SECRETS_VERSION


class PresidioGuardConfig(PresidioGuardOptions):
    """Personal data, by presidio's recognisers without its models."""

    kind: Literal["presidio"] = Field(
        description="Presidio's recognisers of forms; `pip install 'groundwire-server[presidio]'`."
    )
    version: Version = Field(description="Version of the policy, which replies and events name.", examples=["1"])


class InjectionGuardConfig(Options):
    """What a question says to the model in place of asking, by rules in seventeen languages."""

    kind: Literal["injection"] = Field(description="Injection, jail-breaking and extraction of the prompt, by rules.")

    @property
    def version(self) -> str:
        """The version of the server's rules."""
        return instruction_version()


class InstructionsGuardConfig(Options):
    """What a document says to the model that reads it, and what no document should ask for."""

    kind: Literal["instructions"] = Field(description="Instructions to the model in documents, by rules.")

    @property
    def version(self) -> str:
        """The version of the server's rules."""
        return instruction_version()


class NonsenseGuardConfig(Options):
    """Questions that say nothing in any language."""

    kind: Literal["nonsense"] = Field(description="Questions without a word.")

    @property
    def version(self) -> str:
        """The version of the server's rules."""
        return NONSENSE_VERSION


class LanguagesGuardConfig(Options):
    """Questions that are surely in a language other than some."""

    kind: Literal["languages"] = Field(description="Questions in a language that is not served.")
    serves: tuple[Annotated[str, Field(pattern="^[a-z]{2}$")], ...] = Field(
        min_length=1, description="Codes of the languages that are served (ISO 639-1).", examples=[["en", "de"]]
    )

    @property
    def version(self) -> str:
        """The version of the server's rules, with the languages."""
        return f"{LANGUAGES_VERSION}-{'.'.join(sorted(self.serves))}"


LocalGuardConfig: TypeAlias = (
    TermsGuardConfig
    | PatternsGuardConfig
    | InjectionGuardConfig
    | InstructionsGuardConfig
    | NonsenseGuardConfig
    | LanguagesGuardConfig
    | PersonalGuardConfig
    | SecretsGuardConfig
    | PresidioGuardConfig
)
"""A guard that works in the server."""

GuardConfig: TypeAlias = Annotated[
    LocalGuardConfig | ClassifierGuardConfig | HttpGuardConfig | GrpcGuardConfig, Field(discriminator="kind")
]

BUILT_IN: Mapping[str, GuardConfig] = {
    "injection": InjectionGuardConfig(kind="injection"),
    "instructions": InstructionsGuardConfig(kind="instructions"),
    "nonsense": NonsenseGuardConfig(kind="nonsense"),
    "personal": PersonalGuardConfig(kind="personal"),
    "secrets": SecretsGuardConfig(kind="secrets"),
}
"""Guards that exist without being configured."""


def _with_built_in(guards: dict[str, GuardConfig]) -> dict[str, GuardConfig]:
    return {**BUILT_IN, **guards}


Guards: TypeAlias = Annotated[dict[Name, GuardConfig], AfterValidator(_with_built_in)]
"""Guards by name; those of the server are among them."""
