"""The sandbox that templates of prompts run in, and what keeps quoted text from closing its own fence."""

import re
from collections.abc import Callable
from typing import Final

from jinja2 import StrictUndefined
from jinja2.environment import TemplateModule
from jinja2.sandbox import ImmutableSandboxedEnvironment

_TAG: Final = re.compile(r"<(?=\s*(?:/\s*)?(?:passage|draft|given|question|statement|turn))", re.IGNORECASE)
"""The beginning of what surrounds text in prompts that is not ours, in every form that a model takes for it."""


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
    return _TAG.sub(r"<\\", text)


def _attribute(text: str) -> str:
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;").replace("\n", " ")
