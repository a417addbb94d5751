"""What the calls of PromptService need."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from groundwire_server.domain.prompts.registry import PromptHeader, PromptRegistry, PromptVersion
from groundwire_server.ports.registry_records import RegistryRecords
from groundwire_server.prompts.changing import PromptChanges


@dataclass(frozen=True, slots=True)
class PromptCalls:
    """Prompts as calls see them, by one configuration and one state of the registry.

    Attributes:
        registry: what is in force.
        records: keep what was pushed, and the changes.
        changes: makes changes.
        routes: the name of the prompt that each route uses, and the number or label by which it does, by route.
        header: reads the front matter of a version.
        refresh: has this process use what the records hold now; it leaves what is in use where they cannot be read.
    """

    registry: PromptRegistry
    records: RegistryRecords
    changes: PromptChanges
    routes: Mapping[str, tuple[str, str]]
    header: Callable[[PromptVersion], PromptHeader]
    refresh: Callable[[], Awaitable[None]]
