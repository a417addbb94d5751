"""A provider's endpoint that counts tokens: Anthropic's."""

from typing import Final

from pydantic_core import from_json, to_json

from groundwire_server.adapters.http.document import DocumentClient
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.vocabulary import Cause

PATH: Final = "/messages/count_tokens"
_ALONE: Final = "."


class CountingEndpoint:
    """Asks a provider how many tokens texts have.

    It is asked beside the path alone: a call for each prompt would add a round trip to each answer.

    Args:
        client: sends to the endpoint.
        model: the provider's name for the model.
    """

    def __init__(self, client: DocumentClient, model: str) -> None:
        self._client = client
        self._model = model
        self._around: int | None = None

    async def count(self, text: str, deadline: Deadline) -> int:
        """Return the number of tokens of a text, without those of the message around it.

        Raises:
            Failure: one of the MODEL_ causes; MODEL_MISCONFIGURED for a reply that is not a count.
        """
        if self._around is None:
            self._around = await self._counted(_ALONE, deadline) - 1
        return await self._counted(text, deadline) - self._around

    async def _counted(self, text: str, deadline: Deadline) -> int:
        body = to_json({"model": self._model, "messages": [{"role": "user", "content": text}]})
        reply = await self._client.post(body, deadline)
        try:
            count = from_json(reply)["input_tokens"]
        except (ValueError, LookupError, TypeError):
            count = None
        if not isinstance(count, int) or isinstance(count, bool) or count < 1:
            raise Failure(Cause.MODEL_MISCONFIGURED)
        return count
