"""What an operator says about the servers of a provider, whatever their protocol."""

import re
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from pydantic import Field

from groundwire_server.adapters.http.options import Endpoint
from groundwire_server.domain.residency import Residency
from groundwire_server.options import Options

_VERSION: Final = re.compile(r"/v\d\w*$")


class ReadinessOptions(Options):
    """How a server is asked whether its models are loaded, while they are not."""

    probe: bool = Field(
        True,
        description="Whether it is asked. If so, a server that refuses connections counts as one that is starting. "
        "Hosted providers are asked only where `path` is set.",
    )
    path: str | None = Field(
        None,
        pattern=r"^/[!-~]*$",
        description="Path of its health check, behind `base_url` without the version; by the profile if unset.",
        examples=["/health"],
    )
    interval_seconds: float = Field(
        1.0, gt=0, le=600, description="Seconds between two questions at first; doubled from one to the next."
    )
    max_seconds: float = Field(5.0, gt=0, le=600, description="Longest time between two questions, in seconds.")


def health_url(endpoint: Endpoint, options: ReadinessOptions, profile_path: str | None) -> str | None:
    """Return where a server says whether its models are loaded; None where it is not asked.

    Args:
        endpoint: of the server.
        options: whether and where it is asked.
        profile_path: the path by its profile; None where that knows none.
    """
    path = options.path or (profile_path if endpoint.residency is Residency.SELF_HOSTED else None)
    if path is None or not options.probe:
        return None
    parts = urlsplit(endpoint.base_url)
    return urlunsplit((parts.scheme, parts.netloc, _VERSION.sub("", parts.path) + path, "", ""))
