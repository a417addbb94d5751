"""Guards of words, placed on a screen."""

import asyncio
import re
from collections.abc import Sequence

from groundwire_server.domain.consumption import ChargedFailure
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.generation import Usage
from groundwire_server.domain.guards.finding import Finding, GuardActions, GuardIdentity
from groundwire_server.domain.vocabulary import Cause, GuardAction, Screen
from groundwire_server.pipeline.screening.guards import PlacedGuard, ScreenGuards
from groundwire_server.ports.guard import ScreenReply, ScreenRequest

IDENTITY = GuardIdentity("words", "7")


class LocalWords:
    """A LocalGuard that finds words, by their categories."""

    by_word = True
    finds_data = True

    def __init__(self, **words: str) -> None:
        self._words = words
        self.seen: list[str] = []

    def find(self, text: str) -> Sequence[Finding]:
        self.seen.append(text)
        return [
            Finding(category, *match.span())
            for category, word in self._words.items()
            for match in re.finditer(re.escape(word), text)
        ]

    def about(self, rule: str) -> str:
        return rule


class LocalPhrases(LocalWords):
    """Such a guard whose words may have white space in them."""

    by_word = False


class LocalContext(LocalWords):
    """Such a guard that finds the group `found` of patterns."""

    def find(self, text: str) -> Sequence[Finding]:
        return [
            Finding(category, *match.span("found"))
            for category, pattern in self._words.items()
            for match in re.finditer(pattern, text)
        ]


class RemoteWords:
    """A RemoteGuard that finds words, after a time, unless it fails."""

    model = "guard-model"

    def __init__(self, seconds: float = 0.0, failure: Cause | None = None, **words: str) -> None:
        self._words = LocalWords(**words)
        self._seconds = seconds
        self._failure = failure
        self.requests: list[ScreenRequest] = []

    async def screen(self, request: ScreenRequest, deadline: Deadline) -> ScreenReply:
        self.requests.append(request)
        await asyncio.sleep(self._seconds)
        if self._failure is not None:
            raise ChargedFailure(Failure(self._failure), Usage(3))
        return ScreenReply(tuple(tuple(self._words.find(text)) for text in request.texts), Usage(5))


def guards(
    guard: LocalWords | RemoteWords, action: GuardAction, screen: Screen, **more: object
) -> dict[Screen, ScreenGuards]:
    """A screen with one guard."""
    actions = GuardActions(action, **more)  # type: ignore[arg-type]
    if isinstance(guard, LocalWords):
        return {screen: ScreenGuards(local=(PlacedGuard(IDENTITY, actions, guard),))}
    return {screen: ScreenGuards(remote=(PlacedGuard(IDENTITY, actions, guard),))}
