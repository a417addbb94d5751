"""What is wrong with a template."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PromptFinding:
    """Something that is wrong, or may be, with a template.

    Attributes:
        line: counts from 1; 0 for the template as a whole.
        error: whether the version cannot be used; otherwise it is a warning.
        message: what is wrong, and what to do.
    """

    line: int
    error: bool
    message: str
