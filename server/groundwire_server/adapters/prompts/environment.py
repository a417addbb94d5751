"""The sandbox that templates of prompts run in."""

from collections.abc import Callable

from jinja2 import StrictUndefined
from jinja2.environment import TemplateModule
from jinja2.sandbox import ImmutableSandboxedEnvironment


def environment() -> ImmutableSandboxedEnvironment:
    """Return an environment; what it renders of others has been made harmless before, by the fence of a request."""
    return ImmutableSandboxedEnvironment(undefined=StrictUndefined, keep_trailing_newline=False)


def macro(module: TemplateModule, name: str) -> Callable[..., str]:
    """Return a macro of a template."""
    found: Callable[..., str] = getattr(module, name)
    return found
