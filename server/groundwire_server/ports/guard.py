"""Looking for what a policy does not allow in texts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from groundwire_server.domain.allowance import Allowance
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.generation import Usage
from groundwire_server.domain.guards.finding import Finding
from groundwire_server.domain.requester import Requester
from groundwire_server.domain.vocabulary import Screen


class LocalGuard(Protocol):
    """A guard that works in this process, in time in proportion to the text."""

    @property
    def by_word(self) -> bool:
        """Whether nothing that it finds has white space in it, so that a text can be screened as it grows."""
        ...

    @property
    def finds_data(self) -> bool:
        """Whether it finds data, such as a key or an address, which stays that where nothing beside it says so.

        Others object to what a text is about.
        """
        ...

    def find(self, text: str) -> Sequence[Finding]:
        """Return what it objects to, in the order of the text; stretches may overlap."""
        ...

    def about(self, rule: str) -> str:
        """Return what a rule of it looks for, for who asks why; empty where the name says it."""
        ...


@dataclass(frozen=True, slots=True)
class ScreenRequest:
    """Texts that a guard outside this process looks at together.

    Attributes:
        requester: on whose behalf.
        screen: where the texts come from.
        texts: of a question and its turns, of passages, or of stretches of an answer.
        allowance: what all models together may consume for the call.
    """

    requester: Requester
    screen: Screen
    texts: tuple[str, ...]
    allowance: Allowance


@dataclass(frozen=True, slots=True)
class ScreenReply:
    """What a guard found.

    Attributes:
        findings: for each text, in order.
        usage: what a model consumed for it.
    """

    findings: tuple[tuple[Finding, ...], ...]
    usage: Usage = Usage()


class RemoteGuard(Protocol):
    """A guard behind an endpoint. Every adapter passes `tests/contract/test_guard.py`."""

    @property
    def model(self) -> str:
        """The alias under which its usage is counted."""
        ...

    async def screen(self, request: ScreenRequest, deadline: Deadline) -> ScreenReply:
        """Return what it objects to in each text, by `deadline`.

        Raises:
            ChargedFailure: with one of the MODEL_ causes, PROMPT_TOO_LONG, OUTPUT_MALFORMED, CAPACITY_EXHAUSTED or
                BUDGET_EXHAUSTED.
        """
        ...


Guard: TypeAlias = LocalGuard | RemoteGuard
