"""What keeps a vocabulary from being used."""

from groundwire_server.domain.failure import GroundwireError, SetupError


class MissingTokenizerError(GroundwireError, ImportError):
    """A package of the extra `tokens` is not installed."""

    def __init__(self, package: str) -> None:
        super().__init__(
            f"counting with this vocabulary needs the package {package!r}: pip install 'groundwire-server[tokens]'",
            name=package,
        )


class UnusableVocabularyError(SetupError):
    """A file is no vocabulary that can be used."""
