"""What `groundwire policy diff` shows: settings of routes that differ."""

import os
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from rich.text import Text

from groundwire_server.app.configuration import dump
from groundwire_server.app.configuration.errors import dotted
from groundwire_server.app.configuration.load import Loaded, Sources
from groundwire_server.cli.configured import known_route, loaded_from
from groundwire_server.cli.console import Terminal


class SettingDifference(NamedTuple):
    """A setting that differs; None where one side does not have it.

    Attributes:
        route: its name, or both names.
        setting: its key within the route.
    """

    route: str
    setting: str
    first: Any
    second: Any


def of_files(first: Path, second: Path) -> list[SettingDifference]:
    """Return what differs between the routes of two files; a route that one lacks differs in every setting."""
    one, other = (_routes(loaded_from(Sources(file, os.environ))) for file in (first, second))
    names = sorted(one.keys() | other.keys())
    return [each for name in names for each in _between(name, one.get(name, {}), other.get(name, {}))]


def of_routes(first: str, second: str, config: Path | None) -> list[SettingDifference]:
    """Return what differs between two routes of one configuration.

    Raises:
        CommandError: when there is none of one of the names.
    """
    loaded = loaded_from(Sources.found(config, os.environ))
    routes = _routes(loaded)
    one, other = (known_route(name, loaded.configuration) for name in (first, second))
    return list(_between(f"{one}, {other}", routes[one], routes[other]))


def show_differences(console: Terminal, found: Sequence[SettingDifference]) -> None:
    """Print what differs, route by route."""
    if not found:
        console.print("nothing differs")
    for route, differences in groupby(found, key=lambda each: each.route):
        console.print(route, style="bold")
        for each in differences:
            console.hang(Text(f"  {each.setting}: "), Text(f"{_said(each.first)} -> {_said(each.second)}"))


def _routes(loaded: Loaded) -> Mapping[str, Mapping[str, Any]]:
    """Return the settings of each route, by their keys within it."""
    found: dict[str, dict[str, Any]] = {}
    for path, value, _ in dump.rows(loaded):
        section, *rest = path
        if section == "routes":
            name, *keys = rest
            found.setdefault(str(name), {})[dotted(tuple(keys))] = value
    return found


def _between(route: str, one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[SettingDifference]:
    for setting in dict.fromkeys((*one, *other)):
        first, second = one.get(setting), other.get(setting)
        if first != second:
            yield SettingDifference(route, setting, first, second)


def _said(value: Any) -> str:
    match value:
        case None:
            return "unset"
        case list() if all(isinstance(each, str) for each in value):
            return ", ".join(value) or "none"
        case _:
            return dump.one_line(value)
