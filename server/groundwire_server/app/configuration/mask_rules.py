"""Rules for what endpoints are not sent, and recordings do not keep."""

from collections.abc import Iterator

from groundwire_server.adapters.guards.personal import PERSONAL_CATEGORIES
from groundwire_server.app.configuration.errors import ConfigError, Path, not_among
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.models.remote_guards import GrpcGuardConfig, RemoteGuardConfig


def check_masks(configuration: Configuration) -> Iterator[ConfigError]:
    """Yield an error for each word that names nothing that can be masked, or could mean two things."""
    for name, provider in configuration.providers.items():
        yield from check_mask(configuration, ("providers", name, "mask"), provider.mask)
    for name, guard in configuration.guards.items():
        if isinstance(guard, GrpcGuardConfig):
            yield from check_mask(configuration, ("guards", name, "mask"), guard.mask)


def check_mask(configuration: Configuration, path: Path, mask: tuple[str, ...]) -> Iterator[ConfigError]:
    """Yield an error for each word of one list that names nothing that can be masked, or could mean two things."""
    local = {name for name, guard in configuration.guards.items() if not isinstance(guard, RemoteGuardConfig)}
    for place, word in enumerate(mask):
        if word in PERSONAL_CATEGORIES and word in configuration.guards:
            yield ConfigError(
                (*path, place), "is a category of personal data and the name of a guard: rename the guard"
            )
        elif word in configuration.guards and word not in local:
            yield ConfigError((*path, place), "is a guard behind an endpoint, which would be sent what is masked")
        elif word not in PERSONAL_CATEGORIES and word not in local:
            said = "there is no category of personal data and no guard of this name"
            yield ConfigError((*path, place), not_among(word, {*PERSONAL_CATEGORIES, *local}, said))
