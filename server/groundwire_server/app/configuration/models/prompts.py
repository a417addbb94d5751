"""Prompts: where versions are kept, and which one a route asks its models with."""

from pathlib import Path

from pydantic import Field, model_validator

from groundwire_server.app.configuration.models.authentication import Tenant
from groundwire_server.domain.prompts.registry import NAME_PATTERN, VERSION_PATTERN
from groundwire_server.options import Options


class PromptsConfig(Options):
    """Where prompts are kept beside those built in."""

    folder: Path | None = Field(
        None,
        description="A folder of prompts, `NAME/VERSION.jinja`, with `labels.yaml`; it is watched, and read whole or "
        "not at all.",
        examples=["prompts"],
    )
    managed_by: Tenant | None = Field(
        None,
        description="The tenant whose operators change prompts and experiments at run time, in `records`; nobody does "
        "if unset.",
        examples=["acme"],
    )


class PromptConfig(Options):
    """The prompt of a route; without version and label it is the one labelled `production`, or the newest."""

    name: str = Field("answer", pattern=f"^{NAME_PATTERN.pattern}$", description="The name of the prompt.")
    version: str | None = Field(
        None,
        pattern=f"^{VERSION_PATTERN.pattern}$",
        description="Its version; that of `label` if unset.",
        examples=["1.2.0"],
    )
    label: str | None = Field(
        None,
        pattern=f"^{NAME_PATTERN.pattern}$",
        description="The label that is followed, in place of a version: `production` if unset, or the newest version "
        "where there is no such label.",
        examples=["candidate"],
    )

    @model_validator(mode="after")
    def _one(self) -> "PromptConfig":
        if self.version is not None and self.label is not None:
            raise ValueError("names a version and a label: name one of them")
        return self

    @property
    def wanted(self) -> str:
        """The version or the label; empty without either."""
        return self.version or self.label or ""
