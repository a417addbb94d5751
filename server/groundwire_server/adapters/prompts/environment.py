"""The sandbox that templates of prompts run in, and what keeps quoted text from closing its own fence."""

from collections.abc import Callable
from typing import Final

from jinja2 import StrictUndefined
from jinja2.environment import TemplateModule
from jinja2.sandbox import ImmutableSandboxedEnvironment

_TAGS: Final = ("passage", "draft", "given", "question", "statement")
"""What surrounds text in prompts that is not ours."""


def environment() -> ImmutableSandboxedEnvironment:
    """Return an environment with the filters `fenced`, for text between tags, and `attribute`."""
    made = ImmutableSandboxedEnvironment(undefined=StrictUndefined, keep_trailing_newline=False)
    made.filters["fenced"] = _fenced
    made.filters["attribute"] = _attribute
    return made


def macro(module: TemplateModule, name: str) -> Callable[..., str]:
    """Return a macro of a template."""
    found: Callable[..., str] = getattr(module, name)
    return found


def _fenced(text: str) -> str:
    for tag in _TAGS:
        text = text.replace(f"</{tag}", f"<\\/{tag}").replace(f"<{tag}", f"<\\{tag}")
    return text


def _attribute(text: str) -> str:
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;").replace("\n", " ")
