"""Reading a response of a model, whatever the protocol."""

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Final

import jiter

from groundwire_server.adapters.generator.finish_reasons import end_of
from groundwire_server.adapters.generator.http.preamble import PreambleStripper
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import FinishReason, Token
from groundwire_server.domain.vocabulary import Cause

_HALF: Final = re.compile(rb"\\u[dD][89a-fA-F]|\xed[\xa0-\xbf]")
"""Half of a character outside the basic plane, as an escape or as bytes."""

_MOST_TOKENS: Final = 2**31 - 1

_CONTENT: Final = -1
"""The source of a draft that is the text of a reply; calls of a tool are numbered from 0."""


class MalformedResponseFailure(Failure):
    """A response is not what the protocol says."""

    def __init__(self) -> None:
        super().__init__(Cause.MODEL_UNAVAILABLE)


class ResponseParser(ABC):
    """What one response has said so far, and the draft in it.

    The draft is the input of the first call of a tool, or else the text of the reply from its first object on:
    whichever comes first. What a model writes before it is left out; what it writes after it is not.

    Attributes:
        reason: why the model stopped, once it has said so.
        failure: what the provider reported instead, or MalformedResponseFailure when it cannot be understood.
        done: whether nothing that matters can follow.
        input_tokens: what the provider counted; None where it gave no count, or one that cannot be.
        output_tokens: the same.
        cached_tokens: how many of the input tokens came from its cache.
        written_tokens: how many of them it has put there.
        model: its name as the response has it; empty where it has none.
        tokens: of the reply, where they came with log probabilities.
        unseen: what the model wrote in addition to the draft, such as its thoughts.
    """

    __slots__ = (
        "_half",
        "_halves",
        "_plain",
        "_preamble",
        "_source",
        "cached_tokens",
        "done",
        "failure",
        "input_tokens",
        "model",
        "output_tokens",
        "reason",
        "tokens",
        "unseen",
        "written_tokens",
    )

    def __init__(self) -> None:
        self._preamble = PreambleStripper()
        self._source: int | None = None
        self._half = ""
        self._halves = False
        self._plain = False
        self.reason: FinishReason | None = None
        self.failure: Failure | None = None
        self.model = ""
        self.done = False
        self.input_tokens: int | None = None
        self.output_tokens: int | None = None
        self.cached_tokens = 0
        self.written_tokens = 0
        self.tokens: list[Token] = []
        self.unseen = self._preamble.dropped

    def take(self, events: Sequence[bytes]) -> str:
        """Take what one read brought and return the draft's text in it, up to a failure."""
        parts: list[str] = []
        try:
            for data in events:
                parts.append(self._event(data))
                if self.done:
                    break
        except Failure as failure:
            self.failure = failure
        except (AttributeError, LookupError, TypeError, ValueError):
            # Values are used without a look at their types: nearly always they are what they should be.
            self.failure = MalformedResponseFailure()
        return "".join(parts)

    def end(self) -> str:
        """Return what is left of a reply in which no draft began: prose, which is not of the form asked for."""
        return "" if self.began else self._preamble.rest()

    def go_on(self) -> None:
        """Read the reply as the rest of a draft that was begun in the request: nothing stands before it."""
        self._source, self._plain = _CONTENT, True

    @property
    def began(self) -> bool:
        """Whether the draft has begun."""
        return self._source is not None

    @abstractmethod
    def _event(self, data: bytes) -> str:
        """The draft's text in an event."""

    def _decoded(self, data: bytes) -> Any:
        try:
            return jiter.from_json(data, cache_mode="keys")
        except ValueError:
            if not _HALF.search(data):
                raise
        # A gateway has cut the text between the halves of a character.
        self._halves, self._plain = True, False
        try:
            return json.loads(data)
        except RecursionError:
            raise MalformedResponseFailure from None

    def _content(self, text: str) -> str:
        """The draft's text in a stretch of the reply's."""
        if self._plain:
            return text
        if self._source is None:
            text = self._preamble.feed(self._joined(text))
            if text:
                self._source = _CONTENT
        elif self._source == _CONTENT:
            text = self._joined(text)
        else:
            return ""
        self._plain = self._source == _CONTENT and not self._halves
        return text

    def _called(self, number: int, arguments: str) -> str:
        """The draft's text in a stretch of what a tool is called with."""
        if self._source is None:
            self._preamble.rest()
            self._source = number
        return self._joined(arguments) if self._source == number else ""

    def _stopped(self, reason: str | None) -> None:
        end = None if reason is None else end_of(reason)
        if isinstance(end, Cause):
            raise Failure(end)
        self.reason = end or self.reason

    def _joined(self, text: str) -> str:
        """The text with the halves of characters put together; a half that stays alone becomes U+FFFD."""
        if not self._halves or not text:
            return text
        text, self._half = self._half + text, ""
        if "\ud800" <= text[-1] <= "\udbff":
            text, self._half = text[:-1], text[-1]
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def token_count(value: object) -> int | None:
    """Return a provider's count of tokens; None for anything that is not one."""
    return value if type(value) is int and 0 <= value <= _MOST_TOKENS else None
