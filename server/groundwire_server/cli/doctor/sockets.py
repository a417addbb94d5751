"""Whether something listens."""

import socket

SECONDS = 3.0


def refusal(host: str, port: int) -> str:
    """Why there is no connection; empty when there is one."""
    try:
        with socket.create_connection((host, port), SECONDS):
            return ""
    except (OSError, OverflowError) as failed:
        return getattr(failed, "strerror", None) or str(failed)
