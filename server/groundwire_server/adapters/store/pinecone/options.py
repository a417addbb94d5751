"""Options of a store in Pinecone."""

from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationInfo, field_validator

from groundwire_server.options import Options
from groundwire_server.options.secret import Secret


class PineconeOptions(Options):
    """Two indexes in Pinecone; needs the extra `pinecone`. It has never been run against the real service."""

    kind: Literal["pinecone"] = Field("pinecone", description="Two indexes in Pinecone.")
    sparse_host: str = Field(
        description="URL of the sparse index, with the words, texts and descriptions.",
        examples=["https://groundwire-words-abc123.svc.aped-1234-a56b.pinecone.io"],
    )
    dense_host: str | None = Field(
        None,
        description="URL of the dense index, with the embedder's vectors; search is by keyword alone if unset.",
        examples=["https://groundwire-vectors-abc123.svc.aped-1234-a56b.pinecone.io"],
    )
    api_key: Secret = Field(
        description="API key, a reference: env://NAME or file:///PATH.", examples=["env://PINECONE_API_KEY"]
    )
    ca: Path | None = Field(
        None,
        description="Authorities that Pinecone's certificates are verified with, PEM; the system's if unset.",
        examples=["/etc/groundwire/proxy-ca.pem"],
    )
    alpha: float = Field(0.5, ge=0, le=1, description="Weight of meaning in a hybrid search, from 0 to 1.")
    batch_records: int = Field(200, ge=1, le=1000, description="Records per request.")
    change_seconds: float = Field(
        600.0, ge=60, le=86_400, description="Longest time of a change; what is unfinished after it has broken off."
    )
    version_lag_seconds: float = Field(
        1.0, ge=0, le=60, description="Seconds that a search may use an older corpus version than another server wrote."
    )
    max_attempts: int = Field(
        3, ge=1, le=10, description="Attempts of a call when Pinecone is unavailable, all within its deadline."
    )
    max_concurrent: int = Field(
        64, ge=1, le=10_000, description="Calls in flight; further ones wait, within their deadlines."
    )
    call_seconds: float = Field(60.0, gt=0, le=3600, description="Longest time of one call, whatever its deadline.")

    @field_validator("sparse_host", "dense_host")
    @classmethod
    def _url(cls, url: str | None) -> str | None:
        if url is None:
            return None
        parts = urlsplit(url)
        loopback = parts.hostname in {"127.0.0.1", "::1", "localhost"}
        if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and loopback)):
            raise ValueError("must be a URL that begins with https://, as Pinecone shows it for the index")
        return url.rstrip("/")

    @field_validator("dense_host")
    @classmethod
    def _own_index(cls, url: str | None, info: ValidationInfo) -> str | None:
        if url is not None and url == info.data.get("sparse_host"):
            raise ValueError("is that of sparse_host too: words and vectors have an index each")
        return url
