"""An answer holds while all that decides it is as it was: a field that nobody thought of counts by itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, make_dataclass, replace
from typing import Any, cast

import pytest

from groundwire_server.domain.claims.checker import RuleChecker
from groundwire_server.domain.entailment import EntailmentThresholds
from groundwire_server.domain.guards.finding import GuardActions, GuardIdentity
from groundwire_server.domain.outcome import ModelIdentity
from groundwire_server.domain.policy import (
    CachePolicy,
    CheckPolicy,
    Policy,
    ReleasePolicy,
    RewritePolicy,
    ScreenPolicy,
)
from groundwire_server.domain.reranking import RerankPolicy
from groundwire_server.domain.vocabulary import (
    Action,
    BelowMinimum,
    CacheKey,
    Cause,
    Confidence,
    GuardAction,
    ReleaseMinimum,
    Screen,
    StreamMode,
)
from groundwire_server.pipeline.acl_recheck import AclRecheck
from groundwire_server.pipeline.caching.stamp import DECIDING, NOT_DECIDING, STAMPED, RouteStamp, disagreeing
from groundwire_server.pipeline.routes import Ports
from groundwire_server.pipeline.screening.guards import PlacedGuard, ScreenGuards
from groundwire_server.ports.guard import LocalGuard
from groundwire_server.ports.prompts import Prompts
from tests.doubles.counts import Counts
from tests.doubles.embedder import HashingEmbedder
from tests.doubles.store import MemoryStore
from tests.doubles.word_guard import WordGuard
from tests.pipeline.samples import RULES, policy

POLICY = policy()


@dataclass(frozen=True)
class StampedChecker:
    """A checker as a stamp sees it."""

    name: str = "judge"
    fingerprint: str = "f1"
    thresholds: EntailmentThresholds = EntailmentThresholds(0.5, 0.9)


@dataclass(frozen=True)
class StampedReranker:
    """A reranker as a stamp sees it."""

    name: str = "onnx"
    fingerprint: str = "f1"


@dataclass(frozen=True)
class StampedRewriter:
    """A rewriter as a stamp sees it: its prompts."""

    fingerprint: str = "f1"

    @property
    def prompts(self) -> "StampedRewriter":
        return self


class StampedPrompts:
    """Prompts as a stamp sees them."""

    def fingerprint(self, name: str, version: str) -> str:
        return f"{name}/{version}"


def guards(version: str = "1", action: GuardAction = GuardAction.BLOCK) -> Mapping[Screen, ScreenGuards]:
    placed: PlacedGuard[LocalGuard] = PlacedGuard(
        GuardIdentity("words", version), GuardActions(action), WordGuard(secret="secret")
    )
    return {Screen.ANSWER: ScreenGuards((placed,))}


PORTS = Ports(MemoryStore(), None, cast("Prompts", StampedPrompts()), {}, AclRecheck(Counts()), RULES)
SETTINGS: Mapping[CacheKey, str] = {CacheKey.MODELS: "m", CacheKey.GUARDS: "g", CacheKey.POLICY: "p"}


def stamp(ports: Ports = PORTS, policy: Policy = POLICY, settings: Mapping[CacheKey, str] = SETTINGS) -> bytes:
    return RouteStamp(ports, settings).of(policy)


OTHER_VALUES: dict[str, Any] = {
    "route": "faq",
    "prompt": "another",
    "prompt_version": "1.0.0",
    "models": ("another",),
    "fallbacks": {Cause.MODEL_TIMEOUT: (Action.ABSTAIN,)},
    "release": ReleasePolicy(ReleaseMinimum.VERIFIED, BelowMinimum.DROP),
    "allowed_confidence": frozenset({Confidence.LOW}),
    "min_confidence": Confidence.HIGH,
    "mode": StreamMode.PROVISIONAL,
    "check": CheckPolicy(0.1, 1.0, frozenset()),
    "rewrite": RewritePolicy("small", 0.1, 1.0, 16),
    "rerank": RerankPolicy(9, 0.1, 2.0, 0.3),
    "screens": {Screen.ANSWER: ScreenPolicy(max_seconds=9)},
    "cache": CachePolicy(serve_fresh=True),
}
"""Another value of each field of a policy that is no number, text or switch."""


def other_value(name: str) -> Any:
    if name in OTHER_VALUES:
        return OTHER_VALUES[name]
    match getattr(POLICY, name):
        case bool() as value:
            return not value
        case int() | float() as value:
            return value + 1
        case None:
            return 7
        case tuple() | frozenset() | Mapping() as value if not value:
            return ("another",)
        case value:
            raise AssertionError(f"say another value of {name} than {value!r}")


@pytest.mark.parametrize("name", [each.name for each in fields(Policy)])
def test_every_field_of_a_policy_counts(name: str) -> None:
    changed = replace(POLICY, **{name: other_value(name)})
    part = disagreeing(stamp(), stamp(policy=changed))
    of_their_own = {"models": CacheKey.MODELS, "prompt": CacheKey.PROMPT, "prompt_version": CacheKey.PROMPT}
    expected = of_their_own.get(name, CacheKey.POLICY)
    assert part is expected


def test_a_field_that_is_added_to_a_policy_counts_by_itself() -> None:
    grown = make_dataclass("Policy", [("added", int, field(default=1))], bases=(Policy,), frozen=True, slots=True)
    values = {each.name: getattr(POLICY, each.name) for each in fields(Policy)}
    one, other = grown(**values), grown(**values, added=2)
    assert disagreeing(stamp(policy=one), stamp(policy=other)) is CacheKey.POLICY


CHANGES: dict[str, tuple[dict[str, Any], dict[str, Any], CacheKey]] = {
    "another model behind an alias": (
        {"identities": {"m": ModelIdentity("house", "one")}},
        {"identities": {"m": ModelIdentity("house", "two")}},
        CacheKey.MODELS,
    ),
    "an embedder": ({}, {"embedder": HashingEmbedder()}, CacheKey.MODELS),
    "another reranker": (
        {"reranker": StampedReranker()},
        {"reranker": StampedReranker(fingerprint="f2")},
        CacheKey.MODELS,
    ),
    "another prompt of the rewriter": (
        {"rewriter": StampedRewriter()},
        {"rewriter": StampedRewriter("f2")},
        CacheKey.MODELS,
    ),
    "a guard": ({}, {"screens": guards()}, CacheKey.GUARDS),
    "another version of a guard": ({"screens": guards()}, {"screens": guards("2")}, CacheKey.GUARDS),
    "another action": ({"screens": guards()}, {"screens": guards(action=GuardAction.MASK)}, CacheKey.GUARDS),
    "a checker": ({}, {"checker": StampedChecker()}, CacheKey.CHECKER),
    "another checker": ({"checker": StampedChecker()}, {"checker": StampedChecker(fingerprint="f2")}, CacheKey.CHECKER),
    "other thresholds": (
        {"checker": StampedChecker()},
        {"checker": StampedChecker(thresholds=EntailmentThresholds(0.6, 0.9))},
        CacheKey.CHECKER,
    ),
    "other rules": ({}, {"rules": RuleChecker(RULES._classifier, "other")}, CacheKey.CHECKER),
}


@pytest.mark.parametrize(("before", "after", "part"), CHANGES.values(), ids=CHANGES)
def test_what_answers_are_made_with_counts(before: dict[str, Any], after: dict[str, Any], part: CacheKey) -> None:
    one, other = replace(PORTS, **before), replace(PORTS, **after)
    assert disagreeing(stamp(one), stamp(one)) is None
    assert disagreeing(stamp(one), stamp(other)) is part


@pytest.mark.parametrize("part", SETTINGS)
def test_the_configuration_behind_the_parts_counts(part: CacheKey) -> None:
    assert disagreeing(stamp(), stamp(settings={**SETTINGS, part: "other"})) is part


def test_every_dependency_of_a_route_was_decided_on() -> None:
    """A field that is added decides answers or does not: say which, and why."""
    assert {each.name for each in fields(Ports)} == {*DECIDING, *NOT_DECIDING}
    assert not DECIDING.keys() & NOT_DECIDING.keys()
    assert all(NOT_DECIDING.values())


def test_equal_policies_have_one_stamp_and_are_made_once() -> None:
    made = RouteStamp(PORTS, SETTINGS)
    one = made.of(POLICY)
    assert made.of(replace(POLICY, models=tuple(POLICY.models))) is one
    # More policies than are remembered: each has its own all the same, and the first is made anew.
    stamps = {made.of(replace(POLICY, top_k=number)) for number in range(1, 40)}
    assert len(stamps) == 39
    assert made.of(POLICY) == one


def test_a_stamp_of_another_form_is_one_of_another_policy() -> None:
    assert disagreeing(b"short", stamp()) is CacheKey.POLICY


def test_the_parts_of_a_stamp_are_what_a_caller_is_told() -> None:
    assert set(STAMPED) == {CacheKey.PROMPT, CacheKey.MODELS, CacheKey.POLICY, CacheKey.GUARDS, CacheKey.CHECKER}
