"""Answers of groundwire as LangChain's runnable."""

from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, TypeAlias, TypedDict, Unpack, cast

from langchain_core.runnables import RunnableConfig, RunnableSerializable
from pydantic import ConfigDict, Field

from groundwire import Clients, Filter, Outcome, ProvidedPassage, Question
from groundwire.outcomes import text_or_reason
from langchain_groundwire.questions import question_of

Given: TypeAlias = str | dict[str, Any]
"""A question, as `question_of` reads it."""


class AnswerArguments(TypedDict, total=False):
    """What one call may say in place of what the runnable says, and the id that makes the call idempotent."""

    k: int | None
    filter: Filter | None
    context: Mapping[str, str] | None
    end_user_id: str
    timeout: float | None
    request_id: str


class _Asked(TypedDict):
    question: Question
    passages: list[ProvidedPassage] | None
    route: str
    request_id: str
    top_k: int | None
    filter: Filter | None
    context: Mapping[str, str]
    end_user_id: str
    timeout: float | None


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, or a piece of one in a stream; the pieces add up to the whole.

    Attributes:
        text: the text; empty where the outcome carries none.
        outcome: how the question ended. In a stream the last piece has it, whose text is empty; the others have None.
    """

    text: str
    outcome: Outcome | None = None

    def __add__(self, following: "Answer") -> "Answer":
        outcome = self.outcome if following.outcome is None else following.outcome
        return Answer(self.text + following.text, outcome)

    def __str__(self) -> str:
        """Return the text; in place of an answer, one line that says why there is none."""
        if self.outcome is None or self.outcome.text:
            return self.text
        return text_or_reason(self.outcome)


class GroundwireAnswerer(RunnableSerializable[Given, Answer]):
    """Answers from your documents, with citations, or the reason why not.

    The input is a question's text, or a dictionary as `question_of` describes it. Every outcome that the product plans
    for is a value, abstentions among them; a failed call raises ``groundwire.Error``. The text of a stream was checked
    before it left the server. Leaving a stream ends the answer there.

    ``invoke``, ``stream`` and the others take ``k``, ``filter``, ``context``, ``end_user_id``, ``timeout`` and
    ``request_id`` as well.

    Attributes:
        clients: the connection; as the environment says unless it is given.
        route: the named use; empty takes the server's default.
        k: the most passages to consider, 1 to 64; None takes the route's.
        filter: narrows the search by the documents' metadata.
        context: values by name that the caller knows of the question, such as ``{"plan": "pro"}``; a model sees those
            that the route declares. The input's ``context`` is something else: documents.
        end_user_id: a pseudonym of the person behind the call, for limits by end user and experiments.
        timeout: the deadline of an answer, in seconds from its start; None takes that of the clients. The server
            divides it among its stages, and returns an outcome before it ends.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    clients: Clients = Field(default_factory=Clients.from_env, exclude=True)
    route: str = ""
    k: int | None = None
    filter: Filter | None = None
    context: Mapping[str, str] = Field(default_factory=dict)
    end_user_id: str = ""
    timeout: float | None = None

    def invoke(self, input: Given, config: RunnableConfig | None = None, **kwargs: Any) -> Answer:  # noqa: A002
        """Return the answer with its outcome."""
        return self._call_with_config(self._answer, input, config, **kwargs)

    async def ainvoke(self, input: Given, config: RunnableConfig | None = None, **kwargs: Any) -> Answer:  # noqa: A002
        """Return the answer with its outcome; a cancelled task ends it at the server."""
        return await self._acall_with_config(self._aanswer, input, config, **kwargs)

    def stream(
        self,
        input: Given,  # noqa: A002  (LangChain's)
        config: RunnableConfig | None = None,
        **kwargs: Any,
    ) -> Iterator[Answer]:
        """Yield the answer's text as it comes, and the outcome last."""
        yield from self._transform_stream_with_config(iter([input]), self._pieces, config, **kwargs)

    async def astream(
        self,
        input: Given,  # noqa: A002  (LangChain's)
        config: RunnableConfig | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[Answer]:
        """Yield the answer's text as it comes, and the outcome last."""

        async def inputs() -> AsyncIterator[Given]:
            yield input

        streamed = self._atransform_stream_with_config(inputs(), self._apieces, config, **kwargs)
        # A loop over an asynchronous generator does not close it when the loop is left.
        async with aclosing(cast("AsyncGenerator[Answer, None]", streamed)) as pieces:
            async for piece in pieces:
                yield piece

    def _answer(self, given: Given, **said: Unpack[AnswerArguments]) -> Answer:
        outcome = self.clients.sync.answer(**self._asked(given, **said))
        return Answer(outcome.text, outcome)

    async def _aanswer(self, given: Given, **said: Unpack[AnswerArguments]) -> Answer:
        outcome = await self.clients.aio.answer(**self._asked(given, **said))
        return Answer(outcome.text, outcome)

    def _pieces(self, inputs: Iterator[Given], **said: Unpack[AnswerArguments]) -> Iterator[Answer]:
        for given in inputs:
            with self.clients.sync.stream(**self._asked(given, **said)) as events:
                for piece in events.text():
                    yield Answer(piece)
                yield Answer("", events.outcome)

    async def _apieces(self, inputs: AsyncIterator[Given], **said: Unpack[AnswerArguments]) -> AsyncIterator[Answer]:
        async for given in inputs:
            async with self.clients.aio.stream(**self._asked(given, **said)) as events:
                async for piece in events.text():
                    yield Answer(piece)
                yield Answer("", events.outcome)

    def _asked(
        self,
        given: Given,
        *,
        k: int | None = None,
        filter: Filter | None = None,  # noqa: A002  (the contract's word)
        context: Mapping[str, str] | None = None,
        end_user_id: str = "",
        timeout: float | None = None,
        request_id: str = "",
    ) -> _Asked:
        """Return what the client is asked, with what this call says in place of what the runnable says."""
        question, passages = question_of(given)
        return {
            "question": question,
            "passages": passages,
            "route": self.route,
            "request_id": request_id,
            "top_k": self.k if k is None else k,
            "filter": self.filter if filter is None else filter,
            "context": self.context if context is None else context,
            "end_user_id": end_user_id or self.end_user_id,
            "timeout": self.timeout if timeout is None else timeout,
        }
