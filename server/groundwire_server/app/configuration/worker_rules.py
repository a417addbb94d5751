"""Rules for several workers: what they must share, and where."""

from collections.abc import Iterator

from groundwire_server.app.configuration.errors import ConfigError
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.domain.limits import COUNTED


def check_workers(configuration: Configuration) -> Iterator[ConfigError]:
    """Yield an error when several workers have no Redis for what is one for all of them."""
    if configuration.server.workers > 1 and configuration.redis is None:
        reasons = ", and ".join(_shared(configuration))
        yield ConfigError(
            ("server", "workers"), f"several workers need `redis`: {reasons}; set redis.url, or serve with one"
        )


def _shared(configuration: Configuration) -> Iterator[str]:
    """Yield what the workers share of this configuration."""
    yield "a request id is joined, resumed and cancelled in whichever worker a call reaches"
    counted = [name for name, row in configuration.limits.items() if row.row(name).limits.keys() & COUNTED]
    if counted:
        yield f"they count together for {', '.join(f'limits.{name}' for name in counted)}"
