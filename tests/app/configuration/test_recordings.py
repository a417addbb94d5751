"""What the configuration says of recordings: by name alone, with a place to keep them."""

from pathlib import Path

import pytest

from groundwire_server.adapters.guards.personal import PERSONAL_CATEGORIES
from groundwire_server.domain.recording_policy import RecordingPolicy
from tests.app.configuration.reading import errors, loaded

ROUTE = "routes:\n  default:\n    models: [extractive]\n    store: main\n"
WITHOUT = f"records: {{enabled: false}}\n{ROUTE}"
DAY = 86_400.0


def policy(folder: Path, text: str) -> RecordingPolicy | None:
    configuration = loaded(folder, text).configuration
    return configuration.routes["default"].recording.policy(configuration.records.retention)


def test_nothing_is_recorded_unless_tenants_are_named(tmp_path: Path) -> None:
    assert policy(tmp_path, ROUTE) is None


def test_what_is_recorded_is_masked_unless_it_says_otherwise(tmp_path: Path) -> None:
    text = f"{ROUTE}    recording: {{tenants: [acme]}}\n"
    assert policy(tmp_path, text) == RecordingPolicy(frozenset({"acme"}), 0.01, 14 * DAY)
    assert loaded(tmp_path, text).configuration.routes["default"].recording.mask == PERSONAL_CATEGORIES


def test_a_route_says_how_long_and_how_much(tmp_path: Path) -> None:
    retention = "records: {retention: {recording_days: 3}}\n"
    assert policy(tmp_path, f"{retention}{ROUTE}    recording: {{tenants: [acme], share: 1}}\n") == RecordingPolicy(
        frozenset({"acme"}), 1.0, 3 * DAY
    )
    found = policy(tmp_path, f"{retention}{ROUTE}    recording: {{tenants: [acme], keep_days: 0.5}}\n")
    assert found is not None
    assert found.keep == DAY / 2


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f"{WITHOUT}    recording: {{tenants: [acme]}}\n",
         "6: routes.default.recording.tenants: recordings are kept in records: set records.enabled"),
        (f"{ROUTE}    recording: {{share: 0.5}}\n",
         "5: routes.default.recording.tenants: no call is recorded without it: name tenants, or []"),
        (f"{ROUTE}    recording: {{tenants: ['*']}}\n", "5: routes.default.recording.tenants[0]: must be a text that"),
        (f"tenants: [acme]\n{ROUTE}    recording: {{tenants: [acne]}}\n",
         "6: routes.default.recording.tenants[0]: there is no tenant of this name; did you mean acme?"),
        (f"{ROUTE}    recording: {{tenants: [acme], mask: [emial]}}\n",
         "5: routes.default.recording.mask[0]: there is no category of personal data and no guard of this name"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_line(tmp_path: Path, text: str, line: str) -> None:
    (error,) = errors(tmp_path, text)
    assert error.startswith(f"groundwire.yaml:{line}")
