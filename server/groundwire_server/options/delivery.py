"""Options of posting webhooks, whatever they are about."""

from pydantic import Field

from groundwire_server.options import Options


class DeliveryOptions(Options):
    """How often, and for how long, a webhook is posted."""

    timeout_seconds: float = Field(10.0, gt=0, le=60, description="How long a receiver may take.")
    attempts: int = Field(8, ge=1, le=50, description="Attempts at a webhook before it is given up.")
    backoff_seconds: float = Field(5.0, gt=0, le=3600, description="Wait before the second attempt; it doubles.")
    max_backoff_seconds: float = Field(3600.0, gt=0, le=86_400, description="Longest wait between two attempts.")
