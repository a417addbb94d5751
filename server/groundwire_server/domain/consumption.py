"""What a call of a model has consumed of which nobody gave a count."""

from collections.abc import Iterable

from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import GenerationRequest, Prompt, Usage
from groundwire_server.domain.text.tokens import estimate_tokens
from groundwire_server.domain.vocabulary import Cause

_HAVING_READ = frozenset(
    {
        Cause.MODEL_TIMEOUT,
        Cause.MODEL_SLOW_START,
        Cause.MODEL_INTERRUPTED,
        Cause.MODEL_REFUSED,
        Cause.MODEL_CONTENT_FILTERED,
    }
)
"""Failures of a model that has been given its prompt: it is paid for reading it, though it wrote nothing."""


def prompt_tokens(prompt: Prompt) -> int:
    """About how many tokens a model reads."""
    return estimate_tokens(prompt.system) + estimate_tokens(prompt.user)


def estimated(request: GenerationRequest, written: Iterable[str], failure: Failure | None) -> Usage:
    """What was consumed by a call that was cut; nothing where the model has not come to read.

    Args:
        request: what it was asked.
        written: the pieces that came.
        failure: how it failed; None when its reader left it.
    """
    text = "".join(written)
    if failure is not None and not text and failure.cause not in _HAVING_READ:
        return Usage()
    return Usage(prompt_tokens(request.prompt), estimate_tokens(text), estimated=True)
