"""What `--with` changes of recorded calls: their prompt, their model, or their route's settings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from groundwire_server.app.configuration.errors import not_among
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.configuration.models.routes import RouteConfig
from groundwire_server.app.experiments.settings import with_settings
from groundwire_server.cli.configured import known_model
from groundwire_server.cli.exits import CommandError, ExitCode
from groundwire_server.cli.prompts.offline import OpenedRegistry
from groundwire_server.domain.failure import SetupError
from groundwire_server.domain.prompts.registry import PromptVersion
from groundwire_server.evaluation.inputs.parsing import text_from, yaml_of

_KINDS: Final = ("prompt", "model", "route")
_ADVICE: Final = "write keys of `routes.<name>`, such as limits"
_SHAPE: Final = "prompt=NAME/VERSION, prompt=NAME/LABEL, model=NAME or route=FILE"


@dataclass(frozen=True, slots=True)
class AskedChanges:
    """What is to be otherwise, as far as the command line says.

    Attributes:
        prompt: the version that every call is rendered with; None keeps its own.
        model: the alias that is asked in place of all others; empty keeps them.
        settings: of the route, in the form of `routes.<name>`.
        title: what it is called.
    """

    prompt: PromptVersion | None = None
    model: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    title: str = ""

    def __bool__(self) -> bool:
        """Whether anything is otherwise."""
        return bool(self.prompt is not None or self.model or self.settings)

    def route(self, name: str, configuration: Configuration) -> RouteConfig:
        """Return a route as it is with these settings.

        Raises:
            CommandError: when there is no such route, or the settings are not those of a route.
        """
        if name not in configuration.routes:
            said = not_among(name, configuration.routes, f"the calls are of the route {name}, which there is not")
            raise CommandError(ExitCode.USAGE, said)
        settings = dict(self.settings)
        for alias in _models(settings):
            known_model(alias, configuration)
        if self.model:
            settings["models"] = [self.model]
        if self.prompt is not None:
            settings["prompt"] = {"name": self.prompt.name, "version": self.prompt.version}
        try:
            return with_settings(configuration.routes[name], settings)
        except TypeError:
            raise CommandError(ExitCode.USAGE, f"--with route: {_ADVICE}: {{evidence_tokens: 2000}}") from None
        except ValidationError as wrong:
            first = wrong.errors(include_url=False, include_input=False)[0]
            place = ".".join(map(str, first["loc"]))
            raise CommandError(ExitCode.USAGE, f"--with route: {place}: {first['msg']}") from None


def changes_of(asked: Sequence[str], opened: OpenedRegistry) -> AskedChanges:
    """Return what `--with` says, given once or more.

    Raises:
        CommandError: when it says something else, or names what there is not.
        SetupError: when a file cannot be read.
    """
    given: dict[str, str] = {}
    for each in asked:
        kind, equals, value = each.partition("=")
        if kind not in _KINDS or not equals or not value:
            raise CommandError(ExitCode.USAGE, f"--with {each}: give {_SHAPE}")
        if kind in given:
            raise CommandError(ExitCode.USAGE, f"--with {kind} is given twice: give one")
        given[kind] = value
    model = known_model(given["model"], opened.configuration) if "model" in given else ""
    prompt = opened.version(given["prompt"]) if "prompt" in given else None
    settings = _settings(Path(given["route"])) if "route" in given else {}
    titles = [
        "" if prompt is None else f"prompt {prompt.name}/{prompt.version}",
        f"model {model}" if model else "",
        f"route {given['route']}" if settings else "",
    ]
    return AskedChanges(prompt, model, settings, ", ".join(filter(None, titles)))


def _models(settings: Mapping[str, Any]) -> Sequence[str]:
    """Return the models that settings of a route name, as far as they have the form of aliases."""
    named = settings.get("models")
    return [each for each in named if isinstance(each, str)] if isinstance(named, list) else ()


def _settings(file: Path) -> Mapping[str, Any]:
    read, _ = yaml_of(file, text_from(file), _ADVICE)
    if not isinstance(read, dict) or not read:
        raise SetupError(f"{file} has no settings of a route: {_ADVICE}")
    return read
