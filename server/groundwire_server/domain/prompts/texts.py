"""The operator's texts that may stand in prompts: those of each tenant, and values of the environment."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from json import dumps
from typing import Final

from groundwire_server.domain.fencing.leak import PromptWords
from groundwire_server.domain.prompts.context import ContextSource
from groundwire_server.domain.prompts.glossary import NO_TERMS, Glossary

_DIGEST_BYTES: Final = 16


@dataclass(frozen=True)
class TenantTexts:
    """What prompts may hold for one tenant.

    Attributes:
        instructions: how its questions are answered, beside the template's own instructions.
        glossary: its terms.
        examples: questions, each with its answer.
    """

    instructions: str = field(default="", repr=False)
    glossary: Glossary = NO_TERMS
    examples: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    _tokens: dict[tuple[ContextSource, str], int] = field(default_factory=dict, init=False, repr=False, compare=False)

    def tokens(self, source: ContextSource, counter: str, count: Callable[[str], int]) -> int:
        """Return the tokens of all that a source has, which are counted once.

        Args:
            source: of these texts.
            counter: the name of the way of counting.
            count: counts the tokens of a text.
        """
        known = self._tokens.get((source, counter))
        if known is None:
            known = self._tokens[source, counter] = count(self._text(source))
        return known

    def _text(self, source: ContextSource) -> str:
        if source is ContextSource.INSTRUCTIONS:
            return self.instructions
        pairs = self.glossary.terms if source is ContextSource.GLOSSARY else self.examples
        return "\n".join(text for pair in pairs for text in pair)

    @cached_property
    def words(self) -> PromptWords:
        """The words of its instructions, which no answer says again."""
        return PromptWords(self.instructions)

    @cached_property
    def digest(self) -> bytes:
        """The same for the same texts."""
        texts = [self.instructions, self.glossary.terms, self.examples]
        return blake2b(dumps(texts).encode(), digest_size=_DIGEST_BYTES).digest()


@dataclass(frozen=True)
class ContextTexts:
    """All such texts.

    Attributes:
        everyone: those of the tenants that have none of their own.
        tenants: those of the others, complete.
        environment: values by name.
    """

    everyone: TenantTexts = TenantTexts()
    tenants: Mapping[str, TenantTexts] = field(default_factory=dict, repr=False)
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)

    def of(self, tenant: str) -> TenantTexts:
        """Return the texts of a tenant; never those of another."""
        return self.tenants.get(tenant, self.everyone)

    def digest(self, tenant: str) -> bytes:
        """Return a digest of all that the prompts of a tenant may hold of these."""
        return self.of(tenant).digest + self.environment_digest

    @cached_property
    def environment_digest(self) -> bytes:
        """The same for the same values of the environment."""
        values = sorted(self.environment.items())
        return blake2b(dumps(values).encode(), digest_size=_DIGEST_BYTES).digest()


NO_TEXTS: Final = ContextTexts()
