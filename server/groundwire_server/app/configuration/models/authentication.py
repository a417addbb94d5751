"""Authentication of callers."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from groundwire_server.adapters.authentication.certificates import CertificateOptions
from groundwire_server.adapters.authentication.issuers import IssuerOptions
from groundwire_server.domain.caller import TENANT_PATTERN
from groundwire_server.options import Options

Tenant = Annotated[str, Field(pattern=f"^{TENANT_PATTERN}$")]


class ApiKeysConfig(Options):
    """API keys, made with `groundwire keys create`."""

    file: Path = Field(
        description="The file of keys; it holds only their hashes, and is read again when it changes.",
        examples=["groundwire-keys.json"],
    )


class AuthenticationConfig(Options):
    """How callers are authenticated. Without it they are trusted to identify themselves, on this machine alone."""

    api_keys: ApiKeysConfig | None = Field(None, description="API keys in a file.")
    tokens: tuple[IssuerOptions, ...] = Field((), description="Issuers of tokens (JWT).")
    certificates: CertificateOptions | None = Field(None, description="Client certificates.")

    @property
    def required(self) -> bool:
        """Whether callers must authenticate."""
        return self.api_keys is not None or bool(self.tokens) or self.certificates is not None
