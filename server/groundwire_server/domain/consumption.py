"""What a model call has consumed: estimates where the provider reports nothing, and the usage of a call that failed."""

from collections.abc import Callable, Iterable

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
"""Failures after the model has received its prompt: its input tokens are billed, even without any output."""


def prompt_tokens(prompt: Prompt, count: Callable[[str], int] = estimate_tokens) -> int:
    """Return the number of input tokens.

    Args:
        prompt: as it is sent.
        count: counts those of a text; an estimate by default.
    """
    begun = prompt.begun
    more = "" if begun is None else begun.written + begun.correction + begun.opening
    return count(prompt.system) + count(prompt.user) + (count(more) if more else 0)


def has_read(failure: Failure) -> bool:
    """Return whether a model that failed had received its prompt."""
    return failure.cause in _HAVING_READ


def estimated(
    request: GenerationRequest,
    written: Iterable[str],
    failure: Failure | None,
    count: Callable[[str], int] = estimate_tokens,
) -> Usage:
    """Return the estimated usage of a call that ended early; none if the model has not received the prompt.

    Args:
        request: of the call.
        written: the pieces of text that arrived.
        failure: of the call; None when its reader left.
        count: counts the tokens of a text.
    """
    text = "".join(written)
    if failure is not None and not text and not has_read(failure):
        return Usage()
    return Usage(prompt_tokens(request.prompt, count), count(text), estimated=True)


class ChargedFailure(Failure):
    """A call of a model that failed, with what it consumed.

    Attributes:
        usage: what was consumed all the same.
    """

    def __init__(self, failure: Failure, usage: Usage) -> None:
        super().__init__(failure.cause, retry_after=failure.retry_after)
        self.usage = usage
        self._error_type = failure.error_type

    @property
    def error_type(self) -> str:
        """That of the failure underneath."""
        return self._error_type
