"""The settings that an arm may have: those of a route, as far as an experiment may vary them."""

import json
from collections.abc import Mapping
from copy import copy
from typing import Any, Final

from pydantic import create_model

from groundwire_server.app.configuration.errors import ConfigError, Path
from groundwire_server.app.configuration.models.routes import RouteConfig
from groundwire_server.domain.experiments.experiment import MERGED_SETTINGS
from groundwire_server.options import Options

DIMENSIONS: Final = (
    "prompt",
    "context",
    "models",
    "search",
    "rerank",
    "limits",
    "thresholds",
    "release",
    "checker",
    "check",
    "rewrite",
    "routing",
    "fallbacks",
)
"""The keys of a route that an arm may set. The others say who may see what, and what is kept: they stay the route's."""

_FILES: Final = (("thresholds", "calibration"), ("rerank", "calibration"))
"""Files of the server's machine, which a definition that comes by a call must not name."""


def _optional() -> dict[str, Any]:
    """Return the fields of a route that may be set, none of which must be."""
    fields: dict[str, Any] = {}
    for name in DIMENSIONS:
        field = copy(RouteConfig.model_fields[name])
        if field.is_required():
            field.default = None
        fields[name] = (field.annotation, field)
    return fields


ArmSettings: Final = create_model("ArmSettings", __base__=Options, __doc__="The settings of an arm.", **_optional())
"""The settings of an arm, each in the form that it has in a route's section."""


def refused_files(settings: Mapping[str, Any], path: Path) -> list[ConfigError]:
    """Return an error for each file that the settings of an arm name.

    Args:
        settings: as the definition has them.
        path: of the settings in the definition.
    """
    return [
        ConfigError((*path, *named), "is a file of the server, which an experiment cannot name: leave it out")
        for named in _FILES
        if isinstance(section := settings.get(named[0]), Mapping) and section.get(named[1]) is not None
    ]


def with_settings(route: RouteConfig, settings: Mapping[str, Any]) -> RouteConfig:
    """Return a route with the settings of an arm in place of its own.

    Of the sections in MERGED_SETTINGS it keeps every key that the arm does not set; the others are the arm's alone, but
    for the name of the prompt. A relevance that the arm sets counts in place of the route's calibration.

    Raises:
        ValidationError: when the settings do not fit what the route keeps.
        TypeError: when a section that is merged has no keys; those of an arm were checked for that.
    """
    values = route.model_dump(mode="json", exclude_unset=True)
    for name, value in settings.items():
        own = values.get(name)
        if name in MERGED_SETTINGS:
            values[name] = {**(own or {}), **value}
        elif name == "prompt":
            values[name] = {"name": route.prompt.name, **value}
        else:
            values[name] = value
    if "min_relevance" in settings.get("thresholds", {}):
        values["thresholds"].pop("calibration", None)
    return RouteConfig.model_validate_json(json.dumps(values), strict=True)
