"""How a channel to a server is set up."""

from groundwire.security import on_this_machine

RECEIVE_LIMIT = 16 * 1024 * 1024
"""The contract's limit of a message in bytes; gRPC's own is 4 MiB, less than a document with its text can take."""

DEFAULT_SERVER = "127.0.0.1:50051"
DEFAULT_TIMEOUT = 30.0
INGEST_TIMEOUT = 3600.0


def options(server: str) -> list[tuple[str, int]]:
    """The channel's options; a server on this machine is never looked for behind an HTTP proxy."""
    chosen = [("grpc.max_receive_message_length", RECEIVE_LIMIT)]
    if on_this_machine(server):
        chosen.append(("grpc.enable_http_proxy", 0))
    return chosen
