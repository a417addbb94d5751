"""The sandbox that templates of prompts run in."""

from collections.abc import Callable, Sequence
from typing import Final

from jinja2 import StrictUndefined
from jinja2.environment import TemplateModule
from jinja2.sandbox import ImmutableSandboxedEnvironment

FILTERS: Final = ("capitalize", "join", "length", "lower", "title", "trim", "upper")
"""The filters of a template; all but `length` take texts of the operator's alone."""


def environment(filters: Sequence[str] | None = None) -> ImmutableSandboxedEnvironment:
    """Return an environment; what it renders of others has been made harmless before, by the fence of a request.

    Args:
        filters: all that there are, where templates are the operator's, which have no tests and no functions.
    """
    made = ImmutableSandboxedEnvironment(undefined=StrictUndefined, keep_trailing_newline=False)
    if filters is not None:
        made.globals.clear()
        made.tests.clear()
        made.filters = {name: made.filters[name] for name in filters}
    return made


def macro(module: TemplateModule, name: str) -> Callable[..., str]:
    """Return a macro of a template."""
    found: Callable[..., str] = getattr(module, name)
    return found
