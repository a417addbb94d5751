"""What the guards of a route find in a text, outside a call."""

from pathlib import Path

from groundwire_server.app.configuration.load import Sources, load
from groundwire_server.app.guard_check import GuardChecker, open_guard_checker
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.guards.finding import GuardActions, GuardIdentity
from groundwire_server.domain.policy import ScreenPolicy
from groundwire_server.domain.requester import Requester
from groundwire_server.domain.vocabulary import Cause, GuardAction, Screen, WithoutGuard
from groundwire_server.pipeline.screening.guards import PlacedGuard, ScreenGuards
from groundwire_server.ports.guard import LocalGuard, RemoteGuard
from tests.doubles.time import LoopTime
from tests.pipeline.screening.guarding import LocalWords, RemoteWords

FILE = """guards:
  rivals: {kind: terms, version: "3", category: rivals, terms: [Initech]}
  codes: {kind: patterns, version: "1", category: codes, patterns: ['PROJECT-[A-Z]{3}']}
routes:
  default:
    models: [extractive]
    store: main
    screens:
      question: {use: [{guard: rivals, tenants: [acme]}, {guard: codes, action: FLAG}]}
      evidence: {use: []}
      answer: {use: [{guard: codes, categories: {codes: IGNORE}}]}
"""


async def test_a_text_is_screened_by_the_guards_that_look_for_the_caller(tmp_path: Path) -> None:
    file = tmp_path / "groundwire.yaml"
    file.write_text(FILE)
    configuration = load(Sources(file, {}, None)).configuration

    for tenant, looking in (("acme", ("rivals", "codes")), ("other", ("codes",))):
        async with open_guard_checker(configuration, "default", Caller(tenant, "eval")) as checker:
            screened = await checker.screen(Screen.QUESTION, "Initech bought PROJECT-ABC.")
            assert screened.guards == looking
            assert tuple(each.guard.name for each in screened.findings) == looking
            assert [each.action for each in screened.findings][-1] is GuardAction.FLAG


async def test_what_a_route_ignores_is_neither_looked_for_nor_found(tmp_path: Path) -> None:
    file = tmp_path / "groundwire.yaml"
    file.write_text(FILE)
    configuration = load(Sources(file, {}, None)).configuration

    async with open_guard_checker(configuration, "default", Caller("acme", "eval")) as checker:
        assert checker.guards(Screen.ANSWER) == [(GuardIdentity("codes", "1"), [])]
        assert checker.guards(Screen.EVIDENCE) == []
        screened = await checker.screen(Screen.ANSWER, "PROJECT-ABC")
        assert (screened.findings, screened.guards) == ((), ("codes",))


def remote(guard: RemoteWords, max_seconds: float = 1.0) -> GuardChecker:
    far: PlacedGuard[RemoteGuard] = PlacedGuard(GuardIdentity("far", "2"), GuardActions(GuardAction.BLOCK), guard)
    words = LocalWords(rivals="Initech")
    near: PlacedGuard[LocalGuard] = PlacedGuard(GuardIdentity("near", "1"), GuardActions(GuardAction.FLAG), words)
    return GuardChecker(
        {Screen.QUESTION: ScreenGuards((near,), (far,))},
        {Screen.QUESTION: ScreenPolicy(WithoutGuard.OPEN, max_seconds)},
        Requester("acme", "eval", route="default"),
        LoopTime(),
    )


async def test_a_guard_behind_an_endpoint_is_asked_as_a_route_would() -> None:
    guard = RemoteWords(codes="ABC")
    screened = await remote(guard).screen(Screen.QUESTION, "Initech ABC")

    assert [(each.guard.name, each.finding.category, each.action) for each in screened.findings] == [
        ("near", "rivals", GuardAction.FLAG),
        ("far", "codes", GuardAction.BLOCK),
    ]
    (request,) = guard.requests
    assert (request.screen, request.texts, request.requester.route) == (
        Screen.QUESTION,
        ("Initech ABC",),
        "default",
    )


async def test_a_guard_that_fails_is_named_and_the_others_still_look() -> None:
    screened = await remote(RemoteWords(failure=Cause.MODEL_UNAVAILABLE)).screen(Screen.QUESTION, "Initech")

    assert [each.guard.name for each in screened.findings] == ["near"]
    assert screened.guards == ("near",)
    assert screened.unavailable == {"far": Cause.MODEL_UNAVAILABLE}


async def test_a_guard_is_not_waited_for_beyond_the_time_that_the_route_gives_it() -> None:
    screened = await remote(RemoteWords(3600.0), max_seconds=0.0).screen(Screen.QUESTION, "Initech")
    assert screened.unavailable == {"far": Cause.MODEL_TIMEOUT}
