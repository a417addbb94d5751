"""The routes that arms make of a configuration, and what keeps an experiment from being used."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from groundwire_server.adapters.prompts.catalogue import compiler
from groundwire_server.app.configuration.errors import InvalidConfigurationError
from groundwire_server.app.configuration.load import Sources, load
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.experiments.definition import read_experiment
from groundwire_server.app.experiments.variants import (
    MOST_VARIANTS,
    ExpandedConfiguration,
    expanded,
    in_order,
    refuse_broken,
    route_of,
)
from groundwire_server.app.parts.experiment_opening import checked_with
from groundwire_server.app.parts.prompts import registry_of
from groundwire_server.domain.experiments.experiment import ArmEnd, Assignment, Experiment
from groundwire_server.domain.requester import Requester
from groundwire_server.domain.vocabulary import Action, Cause

NOW: Final = datetime(2026, 12, 1, 9, tzinfo=UTC)
FILE: Final = """
models: {extractive: {kind: extractive, store: main}, other: {kind: extractive, store: main}}
stores: {main: {kind: embedded}}
routes:
  default:
    models: [extractive]
    store: main
    prompt: {label: production}
    limits: {top_k: 12, output_tokens: 500}
    fallbacks: {NO_EVIDENCE: [FAIL_SAFE]}
  faq: {models: [extractive], store: main, experiments: {by_subject: true, holdout_percent: 5}}
"""


@pytest.fixture
def configuration(tmp_path: Path) -> Configuration:
    return configured(tmp_path, FILE)


def configured(folder: Path, text: str) -> Configuration:
    file = folder / "groundwire.yaml"
    file.write_text(text)
    return load(Sources(file, {})).configuration


def experiment(name: str, *settings: str, more: str = "") -> Experiment:
    """An experiment whose treatments `b`, `c`, … have these settings."""
    weight = 100 / (len(settings) + 1)
    arms = "".join(
        f"- name: {chr(ord('b') + number)}\n  weight: {weight}\n  settings: {each}\n"
        for number, each in enumerate(settings)
    )
    text = f"name: {name}\nroute: default\narms:\n- name: a\n  weight: {weight}\n{arms}{more}"
    return read_experiment(text, NOW)


def arms(*named: str) -> frozenset[Assignment]:
    parts = (each.split(".") for each in named)
    return frozenset(Assignment(experiment, arm) for experiment, arm in parts)


def lines(whole: ExpandedConfiguration) -> Mapping[str, Sequence[str]]:
    return {name: [str(each) for each in errors] for name, errors in whole.faults.items()}


def test_an_arm_is_its_route_with_other_settings(configuration: Configuration) -> None:
    settings = (
        "{limits: {top_k: 4}, models: [other], prompt: {version: 1.2.0}, fallbacks: {MODEL_TIMEOUT: [CACHED_ANSWER]}}"
    )

    whole = expanded(configuration, [experiment("e", settings)], NOW)

    (name,) = set(whole.configuration.routes) - set(configuration.routes)
    base, made = configuration.routes["default"], whole.configuration.routes[name]
    assert (made.limits.top_k, made.limits.output_tokens) == (4, 500)
    assert made.models == ("other",)
    assert (made.prompt.name, made.prompt.version, made.prompt.label) == ("answer", "1.2.0", None)
    assert made.fallbacks[Cause.MODEL_TIMEOUT] == (Action.CACHED_ANSWER,)
    assert made.fallbacks[Cause.NO_EVIDENCE] == (Action.FAIL_SAFE,)
    assert (base.limits.top_k, base.models, base.prompt.label) == (12, ("extractive",), "production")
    assert whole.configuration.routes["default"] is base
    assert (whole.variants[name].route, whole.variants[name].arms) == ("default", arms("e.b"))
    assert (route_of(name), route_of("default")) == ("default", "default")


def test_the_policy_of_a_variant_is_one_of_its_route(configuration: Configuration) -> None:
    whole = expanded(configuration, [experiment("e", "{limits: {top_k: 4}}")], NOW)
    (name,) = whole.variants
    section = whole.configuration.routes[name]

    policy = whole.policy(name, section.policy(name))

    assert (policy.route, policy.arms, policy.top_k) == ("default", arms("e.b"), 4)
    plain = whole.configuration.routes["default"].policy("default")
    assert whole.policy("default", plain) is plain


def test_there_is_a_variant_for_each_combination_that_differs_from_the_route(configuration: Configuration) -> None:
    first = experiment("e", "{models: [other]}", "{}")
    second = experiment("f", "{limits: {top_k: 4}}", "{limits: {top_k: 5}}")

    whole = expanded(configuration, [first, second], NOW)

    assert {each.arms for each in whole.variants.values()} == {
        arms("e.b"),
        arms("f.b"),
        arms("f.c"),
        arms("e.b", "f.b"),
        arms("e.b", "f.c"),
    }
    both = next(name for name, each in whole.variants.items() if each.arms == arms("e.b", "f.c"))
    assert (whole.configuration.routes[both].models, whole.configuration.routes[both].limits.top_k) == (("other",), 5)
    assert [each.name for each in whole.traffic["default"].experiments] == ["e", "f"]
    assert set(whole.traffic) == {"default"}


def test_what_has_ended_makes_no_variant(configuration: Configuration) -> None:
    one = experiment("e", "{models: [other]}", "{limits: {top_k: 4}}")
    ends = [ArmEnd(arm, NOW, "ops", None, "") for arm in ("b", "c")]

    def made(*ended: ArmEnd) -> set[frozenset[Assignment]]:
        whole = expanded(configuration, [replace(one, ended_arms=ended)], NOW)
        return {each.arms for each in whole.variants.values()}

    assert made(ends[0]) == {arms("e.c")}
    assert made(*ends) == set()
    over = experiment("f", "{models: [other]}", more=f"end: {(NOW + timedelta(hours=1)).isoformat()}\n")
    assert expanded(configuration, [over], NOW + timedelta(hours=25)).variants == {}


def test_what_a_clock_that_is_ahead_takes_for_over_goes_on_when_it_is_set_back(configuration: Configuration) -> None:
    end = f"end: {(NOW + timedelta(hours=1)).isoformat()}\n"
    over = experiment("e", "{models: [other]}", more=end)
    follows = replace(experiment("f", "{models: [other]}"), start=NOW + timedelta(hours=1))

    whole = expanded(configuration, [over, follows], NOW + timedelta(hours=2))

    traffic, requester = whole.traffic["default"], Requester("acme", end_user="visitor-1")
    assert {each.arms for each in whole.variants.values()} == {arms("e.b"), arms("f.b")}
    for minutes, name in ((30, "e"), (60, "f"), (120, "f")):
        (assignment,) = traffic.assigned(requester, NOW + timedelta(minutes=minutes))
        assert assignment.experiment == name


def test_what_is_over_and_does_not_fit_is_no_fault(configuration: Configuration) -> None:
    end = f"end: {(NOW + timedelta(hours=1)).isoformat()}\n"
    over = experiment("e", "{models: [gone]}", more=end)

    whole = expanded(configuration, [over], NOW + timedelta(hours=1))

    assert (whole.variants, whole.traffic, whole.faults) == ({}, {}, {})


def test_the_holdout_is_the_routes(configuration: Configuration) -> None:
    one = read_experiment(
        "{name: e, route: faq, unit: SUBJECT, arms: [{name: a, weight: 50}, {name: b, weight: 50}]}", NOW
    )

    assert expanded(configuration, [one], NOW).traffic["faq"].holdout_percent == 5.0


FAULTS: Final[Mapping[str, tuple[str, str, str]]] = {
    "no such route": (
        "route: defualt",
        "{}",
        "2: route: there is no such route; did you mean default? there are: default, faq",
    ),
    "a subject": (
        "route: default\nunit: SUBJECT",
        "{}",
        "3: unit: is SUBJECT, which routes.default must allow: set experiments.by_subject there",
    ),
    "no such model": (
        "route: default",
        "{models: [gpt]}",
        "5: arms[1].settings.models[0]: there is no model of this name; there are: extractive, other",
    ),
    "no such checker": (
        "route: default",
        "{checker: onnx}",
        "5: arms[1].settings.checker: there is no checker of this name; there are: none",
    ),
    "no such label": (
        "route: default",
        "{prompt: {label: nowhere}}",
        "5: arms[1].settings.prompt: prompt 'answer' has no label 'nowhere'; it has: none",
    ),
}


@pytest.mark.parametrize(("head", "settings", "line"), FAULTS.values(), ids=FAULTS)
def test_an_arm_that_does_not_fit_is_one_line(
    configuration: Configuration, head: str, settings: str, line: str
) -> None:
    arms = f"arms:\n- {{name: a, weight: 50}}\n- {{name: b, weight: 50, settings: {settings}}}\n"
    one = read_experiment(f"name: e\n{head}\n{arms}", NOW)

    whole = expanded(configuration, [one], NOW, checked_with(registry_of(), compiler()))

    assert lines(whole) == {"e": [f"e:{line}"]}
    assert whole.configuration.routes == configuration.routes
    assert whole.traffic == {}


def test_settings_that_do_not_fit_what_the_route_keeps_are_one_line(tmp_path: Path) -> None:
    text = FILE.replace("limits:", "time: {default_seconds: 5}\n    limits:")
    one = experiment("e", "{prompt: {version: 1.2.0}}")
    settings = {"prompt": {"version": "1.2.0", "label": "candidate"}}
    both = replace(one, arms=(one.arms[0], replace(one.arms[1], settings=settings)))

    whole = expanded(configured(tmp_path, text), [both], NOW)

    assert lines(whole) == {"e": ["e:8: arms[1].settings.prompt: names a version and a label: name one of them"]}


def test_two_experiments_on_one_dimension_are_one_too_many(configuration: Configuration) -> None:
    first, second = experiment("e", "{limits: {top_k: 4}}"), experiment("f", "{limits: {top_k: 5, neighbours: 0}}")

    whole = expanded(configuration, [first, second], NOW)

    assert lines(whole) == {
        "f": ["f:8: arms[1].settings.limits.top_k: the experiment e varies it at the same time: end one first"]
    }
    assert [each.name for each in whole.in_use] == ["e"]


def test_one_after_the_other_may_vary_the_same(configuration: Configuration) -> None:
    later = NOW + timedelta(days=7)
    first = experiment("e", "{limits: {top_k: 4}}", more=f"end: {later.isoformat()}\n")
    second = experiment("f", "{limits: {top_k: 5}}", more=f"start: {later.isoformat()}\n")

    whole = expanded(configuration, [first, second], NOW)

    assert whole.faults == {}
    assert {each.arms for each in whole.variants.values()} == {arms("e.b"), arms("f.b")}


def test_other_keys_of_one_section_are_other_dimensions(configuration: Configuration) -> None:
    experiments = [experiment("e", "{limits: {top_k: 4}}"), experiment("f", "{limits: {neighbours: 0}}")]

    assert len(expanded(configuration, experiments, NOW).variants) == 3


def test_a_route_has_a_bounded_number_of_variants(configuration: Configuration) -> None:
    keys = ("top_k: 5", "neighbours: 0", "evidence_tokens: 500", "output_tokens: 50", "nearest_passages: 1")
    experiments = [experiment(f"e{number}", f"{{limits: {{{key}}}}}") for number, key in enumerate(keys)]

    whole = expanded(configuration, experiments, NOW)

    assert len(whole.variants) == MOST_VARIANTS - 1
    assert lines(whole) == {
        "e4": [
            "e4:3: arms: would make 32 ways to answer the route's calls, of at most 16: end another experiment first"
        ]
    }


def test_those_that_began_first_stand(configuration: Configuration) -> None:
    early = experiment("z", "{limits: {top_k: 4}}", more=f"start: {(NOW - timedelta(days=1)).isoformat()}\n")
    late = experiment("a", "{limits: {top_k: 5}}")

    assert [each.name for each in in_order([late, early])] == ["z", "a"]


def test_what_is_wrong_with_the_configuration_itself_is_no_fault_of_an_experiment(
    configuration: Configuration,
) -> None:
    missing = configuration.model_copy(
        update={
            "routes": {
                **configuration.routes,
                "faq": configuration.routes["faq"].model_copy(update={"store": "gone"}),
            }
        }
    )

    assert expanded(missing, [experiment("e", "{models: [other]}")], NOW).faults == {}


def test_a_relevance_of_the_arms_own_counts_in_place_of_the_calibration(tmp_path: Path) -> None:
    text = FILE.replace("limits:", "thresholds: {calibration: c.json, min_support: 0.2}\n    limits:")

    whole = expanded(configured(tmp_path, text), [experiment("e", "{thresholds: {min_relevance: 0.4}}")], NOW)

    (name,) = whole.variants
    thresholds = whole.configuration.routes[name].thresholds
    assert (thresholds.min_relevance, thresholds.calibration, thresholds.min_support) == (0.4, None, 0.2)


def test_a_configuration_that_breaks_an_experiment_in_use_is_refused(
    configuration: Configuration, tmp_path: Path
) -> None:
    experiments = [experiment("e", "{models: [other]}")]
    before = expanded(configuration, experiments, NOW)
    after = expanded(
        configured(tmp_path, FILE.replace(", other: {kind: extractive, store: main}", "")), experiments, NOW
    )

    with pytest.raises(InvalidConfigurationError) as refused:
        refuse_broken(before, after)

    assert str(refused.value) == (
        "the experiment e does not fit: e:8: arms[1].settings.models[0]: there is no model of this name; there is: "
        "extractive; to end it: groundwire experiments end e"
    )
    refuse_broken(after, after)
    refuse_broken(after, before)
