"""URLs in a configuration."""

from urllib.parse import SplitResult, urlsplit


def parsed_url(address: str, example: str) -> SplitResult:
    """Return the parts of a URL that can be connected to.

    What is wrong with it would otherwise be found at the first call, or never: gRPC takes port 65537 for port 1.

    Args:
        address: the URL.
        example: one that is right, for the message.

    Raises:
        ValueError: when it is not a URL of HTTP, or has no host that can be looked up, or no port that there can be.
    """
    if not address.lower().startswith(("http://", "https://")):
        raise ValueError(f"must begin with http:// or https://, such as {example}")
    if " " in address or not address.isprintable():
        raise ValueError(f"must not hold spaces or control characters: write {example}, for instance")
    try:
        parts = urlsplit(address)
        if not (parts.hostname or "").encode("idna") or parts.port == 0:
            raise ValueError
    except ValueError:  # of the parts, of `port`, and of the encoding
        raise ValueError(f"must have a valid host, and a port from 1 to 65535 if any, such as {example}") from None
    return parts
