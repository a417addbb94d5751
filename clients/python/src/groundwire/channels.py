"""How a channel to a server is set up."""

from groundwire.security import on_this_machine

RECEIVE_LIMIT = 16 * 1024 * 1024
"""The contract's limit of a message in bytes; gRPC's own is 4 MiB, which a list of passages can exceed."""

DEFAULT_SERVER = "127.0.0.1:50051"
DEFAULT_TIMEOUT = 30.0
INGEST_TIMEOUT = 3600.0


def options(server: str) -> list[tuple[str, int]]:
    """Return the channel's options; a server on this machine is never looked for behind an HTTP proxy."""
    chosen = [
        ("grpc.max_receive_message_length", RECEIVE_LIMIT),
        # gRPC waits a second before it connects again, and up to two minutes: longer than an answer is kept going.
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.max_reconnect_backoff_ms", 5_000),
        # A peer that went without a word is noticed in time to take a stream up again.
        ("grpc.keepalive_time_ms", 10_000),
        ("grpc.keepalive_timeout_ms", 5_000),
    ]
    if on_this_machine(server):
        chosen.append(("grpc.enable_http_proxy", 0))
    return chosen
