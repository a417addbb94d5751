"""What a group of commands is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

Command: TypeAlias = Callable[..., None]
Examples: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """A group of commands.

    Attributes:
        commands: each with its name and its examples.
        default: the command that is meant where the first word names none; empty when there is none.
    """

    name: str
    help: str
    commands: Mapping[Command, tuple[str, Examples]]
    default: str = ""
