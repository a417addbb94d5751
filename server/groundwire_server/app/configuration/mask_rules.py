"""Rules for what providers are not sent."""

from collections.abc import Iterator

from groundwire_server.adapters.guards.personal import PERSONAL_CATEGORIES
from groundwire_server.app.configuration.errors import ConfigError, not_among
from groundwire_server.app.configuration.models.configuration import Configuration


def check_masks(configuration: Configuration) -> Iterator[ConfigError]:
    """Yield an error for each word that is neither a category of personal data nor a guard, or could be both."""
    known = {*PERSONAL_CATEGORIES, *configuration.guards}
    both = configuration.guards.keys() & set(PERSONAL_CATEGORIES)
    for name, provider in configuration.providers.items():
        for place, word in enumerate(provider.mask):
            path = ("providers", name, "mask", place)
            if word not in known:
                said = "there is no category of personal data and no guard of this name"
                yield ConfigError(path, not_among(word, known, said))
            elif word in both:
                yield ConfigError(path, "is a category of personal data and the name of a guard: rename the guard")
