"""The guard `secrets`: keys, tokens and passwords, by their shape or by the words beside them."""

import re
from collections.abc import Iterator, Sequence
from typing import Final, Literal, TypeAlias, get_args

from pydantic import Field

from groundwire_server.adapters.guards.rules import read_rules
from groundwire_server.domain.guards.finding import Finding
from groundwire_server.domain.guards.plain_form import plain_form
from groundwire_server.domain.guards.secret_shapes import SECRET_SHAPES
from groundwire_server.options import Options

SECRETS_VERSION: Final = "1"
"""Of the rules in `secrets.toml`: it changes whenever they do."""

SecretCategory: TypeAlias = Literal[
    "anthropic_key",
    "api_key",
    "aws_key",
    "github_token",
    "gitlab_token",
    "google_key",
    "jwt",
    "openai_key",
    "password",
    "private_key",
    "slack_token",
    "stripe_key",
]

SECRET_CATEGORIES: Final[tuple[SecretCategory, ...]] = get_args(SecretCategory)
"""What can be looked for."""

_BLOCK: Final = "private_key_block"
_BLOCK_WORD: Final = re.compile(r"(?:\\[nr]|\s)+|(?P<word>(?:(?!\\[nr])\S)+)")
"""White space, as it is or as JSON writes it, or a word."""
_KEY_LINE: Final = re.compile(r"[A-Za-z0-9+/=_]+")
_SHORTEST_FIRST_LINE: Final = 24


class SecretsGuardOptions(Options):
    """Keys, tokens and passwords, by their shape or by the words beside them."""

    categories: tuple[SecretCategory, ...] = Field(
        SECRET_CATEGORIES, min_length=1, description="Kinds of secrets to look for."
    )


class SecretsGuard:
    """Secrets in texts; what writers put in place of one is none.

    Args:
        options: what is looked for.
    """

    by_word = True
    finds_data = True

    def __init__(self, options: SecretsGuardOptions | None = None) -> None:
        options = options or SecretsGuardOptions()
        self._rules = read_rules(("secrets.toml",), SECRET_SHAPES, options.categories)

    def find(self, text: str) -> Sequence[Finding]:
        """Return the secrets of a text; each line of a private key by itself."""
        plain = plain_form(text)
        found = self._rules.find(plain.text)
        if any(each.rule == _BLOCK for each in found):
            found = [part for each in found for part in (_lines(plain.text, each) if each.rule == _BLOCK else (each,))]
        return found if plain.text is text else [plain.as_original(each) for each in found]

    def about(self, rule: str) -> str:
        """Return what a rule looks for."""
        return self._rules.about(rule)


def _lines(text: str, block: Finding) -> Iterator[Finding]:
    """Yield the lines of a private key, from its first to where other words follow."""
    begun = False
    for word in _BLOCK_WORD.finditer(text, block.start, block.end):
        if (line := word["word"]) is None:
            continue
        if begun and not _KEY_LINE.fullmatch(line):
            return
        begun = begun or (len(line) >= _SHORTEST_FIRST_LINE and _KEY_LINE.fullmatch(line) is not None)
        if begun:
            yield Finding(block.category, word.start(), word.end(), block.rule)
