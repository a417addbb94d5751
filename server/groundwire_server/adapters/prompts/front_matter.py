"""The front matter of a template: what it is, what it needs, and how its model is asked."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from json import dumps
from typing import Annotated, Any, Final, Literal

from pydantic import Field, ValidationError, model_validator

from groundwire_server.domain.failure import GroundwireError
from groundwire_server.domain.generation import PromptSettings
from groundwire_server.domain.prompts.context import ContextValue
from groundwire_server.domain.prompts.finding import PromptFinding
from groundwire_server.domain.prompts.variables import Variable, VariableType
from groundwire_server.options import Options
from groundwire_server.options.yaml_text import InvalidYamlError, Path, parse_yaml

RESERVED: Final = frozenset(
    {
        *("mark", "question", "turns", "passages", "draft", "wrong", "problem", "departures", "sentence", "rests_on"),
        *("segments", "answer_form", "loop", "self", "super", "varargs", "kwargs", "true", "false", "none"),
    }
)
"""What every template has, or Jinja itself."""

_FENCE: Final = "---"
_LINE_END: Final = re.compile("\r\n?")
_MOST_VARIABLES: Final = 64
_MOST_FINDINGS: Final = 20
_MOST_SAID: Final = 400
"""Code points of a message: names that it repeats may have any length."""

VariableName = Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,63}$")]


class UnusableTemplateError(GroundwireError):
    """A text cannot be used as a template.

    Attributes:
        findings: what is wrong, each an error; the first ones where there are many.
    """

    def __init__(self, findings: tuple[PromptFinding, ...]) -> None:
        if (more := len(findings) - _MOST_FINDINGS) > 0:
            rest = PromptFinding(0, True, f"has {more} more errors: correct these first")
            findings = (*findings[:_MOST_FINDINGS], rest)
        findings = tuple(replace(each, message=_short(each.message)) for each in findings)
        super().__init__("; ".join(each.message for each in findings))
        self.findings = findings


class VariableConfig(Options):
    """A variable beside the question and the passages."""

    type: Literal["text", "list", "pairs"] = Field("text", description="What it holds.")
    required: bool = Field(False, description="Whether a route must declare a block of context for it.")
    default: str | tuple[str, ...] | dict[str, str] | None = Field(
        None, description="What it holds where a call has nothing for it; empty if unset."
    )
    max_tokens: int | None = Field(None, ge=1, le=1_000_000, description="The most that a route may give it.")

    @model_validator(mode="after")
    def _fitting(self) -> "VariableConfig":
        kinds = {"text": str, "list": tuple, "pairs": dict}
        if self.default is not None and not isinstance(self.default, kinds[self.type]):
            forms = {"text": "a text", "list": "a list of texts", "pairs": "`key: text` lines"}
            raise ValueError(f"its default must be {forms[self.type]}, as its type says")
        return self

    def variable(self, name: str) -> Variable:
        """Return the variable as the domain has it."""
        default: ContextValue | None = tuple(self.default.items()) if isinstance(self.default, dict) else self.default
        return Variable(name, VariableType(self.type.upper()), self.required, default, self.max_tokens)


class ModelParametersConfig(Options):
    """Parameters of the model that go before those of the configuration."""

    temperature: float | None = Field(None, ge=0, le=2, description="Randomness of the output.")
    top_p: float | None = Field(None, gt=0, le=1, description="Probability mass that tokens are drawn from.")
    max_output_tokens: int | None = Field(
        None, ge=16, le=32_768, description="Tokens that the model may generate; the route's limit holds as well."
    )


class PromptLimitsConfig(Options):
    """Limits on what a rendered prompt may be."""

    max_tokens: int | None = Field(None, ge=50, le=1_000_000, description="Tokens of a whole prompt.")


class FrontMatter(Options):
    """The front matter of a template, between two lines `---`."""

    description: str = Field("", max_length=500, description="What the prompt is for.")
    owner: str = Field("", max_length=100, description="Whom to ask about it.")
    form: Literal["answer"] = Field("answer", description="The form of the reply.")
    variables: dict[VariableName, VariableConfig] = Field(
        default_factory=dict, max_length=_MOST_VARIABLES, description="Variables that it shows, by name."
    )
    model: ModelParametersConfig = Field(default_factory=ModelParametersConfig, description="Parameters of the model.")
    limits: PromptLimitsConfig = Field(default_factory=PromptLimitsConfig, description="Limits.")

    @model_validator(mode="after")
    def _free_names(self) -> "FrontMatter":
        if taken := sorted(RESERVED.intersection(self.variables)):
            raise ValueError(f"variables.{taken[0]}: every template has a variable of this name: choose another")
        return self

    @property
    def declared(self) -> Mapping[str, Variable]:
        """The variables by name."""
        return {name: section.variable(name) for name, section in self.variables.items()}

    @property
    def settings(self) -> PromptSettings:
        """What it says of the call of its model."""
        return PromptSettings(
            self.model.temperature, self.model.top_p, self.model.max_output_tokens, self.limits.max_tokens
        )


@dataclass(frozen=True, slots=True)
class SplitTemplate:
    """A template in its two parts.

    Attributes:
        header: its front matter.
        body: what follows them.
        offset: lines before the body.
        lines: the line of each value of the header in the file.
    """

    header: FrontMatter
    body: str
    offset: int
    lines: Mapping[Path, int]


def split(text: str) -> SplitTemplate:
    """Return the parts of a template; one that does not begin with a line `---` has a body alone.

    A byte order mark before it, which some editors write, is left out.

    Raises:
        UnusableTemplateError: with an error for each fault of the front matter.
    """
    text = _LINE_END.sub("\n", text.removeprefix("\ufeff"))
    head, *rest = text.split("\n")
    if head.rstrip() != _FENCE:
        return SplitTemplate(FrontMatter(), text, 0, {})
    end = next((place for place, line in enumerate(rest) if line.rstrip() == _FENCE), None)
    if end is None:
        raise _unusable([(1, "the front matter does not end: close it with a line `---`")])
    try:
        # Below an empty line, in place of the fence: so all lines are those of the file.
        values, lines = parse_yaml("\n".join(["", *rest[:end]]))
    except InvalidYamlError as broken:
        raise _unusable([(each.line, each.sentence) for each in broken.faults]) from None
    if values is not None and not isinstance(values, dict):
        raise _unusable([(2, "the front matter must hold `key: value` lines, such as `description: Answers`")])
    try:
        # As JSON, in which a list may be a tuple, and strictly: no value is converted.
        header = FrontMatter.model_validate_json(dumps(values or {}), strict=True)
    except ValidationError as invalid:
        raise _unusable(_faults(invalid, lines)) from None
    return SplitTemplate(header, "\n".join(rest[end + 1 :]), end + 2, lines)


def _faults(invalid: ValidationError, lines: Mapping[Path, int]) -> Iterator[tuple[int, str]]:
    """Yield the line of each value that is wrong, and why; no message has the value."""
    several: set[Path] = set()
    for error in invalid.errors(include_url=False, include_input=False):
        path, message = tuple(error["loc"]), _sentence(error)
        # A default has several types, each with an error of its own.
        if types := [place for place, part in enumerate(path) if place > 2 and part in _TYPES]:
            path, message = path[: types[0]], "must be a text, a list of texts, or `key: text` lines"
            if path in several:
                continue
            several.add(path)
        path = path[:-1] if path[-1:] == ("[key]",) else path
        known = path
        while known and known not in lines:
            known = known[:-1]
        place = ".".join(map(str, path))
        yield lines.get(known, 1), f"{place}: {message}" if place else message


_TYPES: Final = frozenset({"str", "tuple[str, ...]", "dict[str,str]"})


def _around(path: tuple[str | int, ...]) -> type[Options]:
    """Return the section that a key stands in."""
    match path:
        case ("model", _):
            return ModelParametersConfig
        case ("limits", _):
            return PromptLimitsConfig
        case ("variables", _, _):
            return VariableConfig
        case _:
            return FrontMatter


def _sentence(error: Any) -> str:
    match error["type"]:
        case "extra_forbidden":
            return f"unknown key; there are: {', '.join(sorted(_around(error['loc']).model_fields))}"
        case "value_error":
            return str(error["ctx"]["error"])
        case "string_pattern_mismatch":
            return "must be a name of lower-case letters, digits and `_`, beginning with a letter"
        case _:
            return str(error["msg"]).replace("Input should", "must").replace("String should", "must")


def _short(message: str) -> str:
    return message if len(message) <= _MOST_SAID else f"{message[: _MOST_SAID - 1]}…"


def _unusable(faults: Iterable[tuple[int, str]]) -> UnusableTemplateError:
    return UnusableTemplateError(tuple(PromptFinding(line, True, message) for line, message in faults))
