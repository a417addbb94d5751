"""What can be set, read once and frozen."""

import ipaddress
from pathlib import Path

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """The server's settings; each can be given as the environment variable GROUNDWIRE_<NAME>."""

    model_config = SettingsConfigDict(env_prefix="GROUNDWIRE_", frozen=True, extra="forbid")

    listen: str = Field("127.0.0.1:50051", description="Address to listen on, loopback only; port 0 chooses one.")
    data: Path = Field(Path("groundwire-data"), description="Folder of the embedded store.")
    local_embedder: bool = Field(True, description="Embed with the model on this machine; off, search by keyword.")
    vector_cache: int = Field(4096, ge=0, le=1_000_000, description="Vectors of recent questions to keep.")
    otlp_endpoint: str | None = Field(None, description="Where to send traces over OTLP gRPC, as http://host:4317.")
    concurrent_calls: int = Field(1000, ge=1, description="Calls served at once, health checks included.")
    write_seconds: float = Field(10.0, gt=0, description="How long one event of a stream waits for a slow reader.")
    drain_notice: float = Field(0.0, ge=0, description="Seconds between NOT_SERVING and refusing new calls.")
    drain_grace: float = Field(10.0, ge=0, description="Seconds that calls in flight have to finish on shutdown.")
    log_level: str = Field("INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="Least severe log line written.")

    @field_validator("listen")
    @classmethod
    def _loopback(cls, address: str) -> str:
        host, colon, port = address.rpartition(":")
        if not colon or not (port.isascii() and port.isdecimal() and int(port) < 65536):
            raise ValueError("must be HOST:PORT, such as 127.0.0.1:50051")
        if not _is_loopback(host.strip("[]")):
            raise ValueError("must be a loopback address, such as 127.0.0.1: there is no authentication yet")
        return address


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
