"""An answer that is being written, as those who share it speak of it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RunKey:
    """Names a run: a request id means nothing outside its tenant and subject."""

    tenant: str
    subject: str
    request_id: str
