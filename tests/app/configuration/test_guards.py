"""Guards and screens in a configuration: what names nothing, cannot be run, or makes no sense is one line."""

from pathlib import Path

import pytest

from groundwire_server.app.configuration.models.screens import actions_of
from groundwire_server.domain.vocabulary import GuardAction, Screen, WithoutGuard
from tests.app.configuration.reading import errors, loaded

GUARDS = """guards:
  rivals: {kind: terms, version: "3", category: rivals, terms: [Initech]}
  codes: {kind: patterns, version: "1", category: codes, patterns: ['PROJECT-[A-Z]{3}']}
"""
ROUTE = "routes:\n  default:\n    models: [extractive]\n    store: main\n"


def with_screen(screen: str, use: str, more: str = "") -> str:
    return f"{GUARDS}{ROUTE}    screens:\n      {screen}:\n        use: [{use}]\n{more}"


def test_what_is_written_is_what_the_pipeline_follows(tmp_path: Path) -> None:
    text = with_screen(
        "answer",
        "{guard: rivals, action: MASK, categories: {rivals: IGNORE}, unless_shown: [rivals], tenants: [acme]}",
        "        without_guard: CLOSED\n        max_seconds: 0.2\n        masking_is_loss: false\n",
    )
    route = loaded(tmp_path, text).configuration.routes["default"]
    actions = actions_of(route.screens.answer.use[0])
    assert (actions.action, actions.of("rivals")) == (GuardAction.MASK, None)
    assert actions.tenants == frozenset({"acme"})
    assert actions.unless_shown == {"rivals"}
    policy = route.policy("default")
    assert (policy.screens[Screen.ANSWER].without_guard, policy.screens[Screen.ANSWER].max_seconds) == (
        WithoutGuard.CLOSED,
        0.2,
    )
    assert not policy.masking_is_loss


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (with_screen("question", "{guard: rival}"),
         ("10: routes.default.screens.question.use[0].guard: there is no guard of this name; did you mean rivals? "
         "there are: codes, injection, instructions, nonsense, personal, rivals, secrets")),
        (with_screen("question", "{guard: rivals}, {guard: rivals, action: FLAG}"),
         ("10: routes.default.screens.question.use[1].guard: is named twice on this screen: give one entry all that it "
         "does")),
        (with_screen("question", "{guard: rivals, categories: {rival: FLAG}}"),
         ("10: routes.default.screens.question.use[0].categories.rival: the guard rivals knows no category of this "
         "name; did you mean rivals? there is: rivals")),
        (with_screen("answer", "{guard: rivals, unless_shown: [names]}"),
         ("10: routes.default.screens.answer.use[0].unless_shown: the guard rivals knows no category of this name; "
         "there is: rivals")),
        (with_screen("answer", "{guard: personal, categories: {emails: MASK}}"),
         ("10: routes.default.screens.answer.use[0].categories.emails: the guard personal knows no category of this "
         "name; did you mean email? there are: birth_date, card, email, iban, ip, national_id, passport, phone, "
         "plate")),
        ("guards: {personal: {kind: personal, categories: [phone, emails]}}",
         ("1: guards.personal.categories[1]: is not one of the words allowed; did you mean email? there are: address, "
         "birth_date, card, email, iban, ip, name, national_id, passport, phone, plate")),
        (with_screen("answer", "{guard: rivals, action: BLOCK}", "    mode: PROVISIONAL\n"),
         ("10: routes.default.screens.answer.use[0].action: may block or mask, and with mode PROVISIONAL text leaves "
         "before it was seen: use CHECKED, or FLAG")),
        (f"tenants: [acme]\n{with_screen('question', '{guard: rivals, tenants: [acne]}')}",
         ("11: routes.default.screens.question.use[0].tenants: there is no tenant of this name; did you mean acme? "
         "there is: acme")),
        ("guards: {g: {kind: patterns, version: '1', category: c, patterns: ['a', '(a)\\1']}}",
         ("1: guards.g.patterns[1]: cannot be run in time in proportion to the text: invalid escape sequence: \\1; "
         "RE2's syntax has what can")),
        (with_screen("question", "{guard: injection, categories: {injections: FLAG}}"),
         ("10: routes.default.screens.question.use[0].categories.injections: the guard injection knows no category of "
         "this name; did you mean injection? there are: injection, jailbreak, prompt_extraction")),
        ("guards: {g: {kind: languages, serves: [en, xx]}}",
         ("1: guards.g.serves[1]: a language that is not told apart; there are: am, ar, be, bg, bn, ca, cs, da, de, "
         "el, en, es, fa, fi, fr, gu, he, hi, hu, hy, id, it, ja, ka, kk, km, kn, ko, lo, mk, ml, mr, my, ne, nl, no, "
         "pa, pl, pt, ro, ru, si, sk, sr, sv, ta, te, th, tr, uk, ur, vi, yi, zh")),
        ("guards: {g: {kind: terms, version: '1', category: c}}", "1: guards.g: has no terms: set terms, or file"),
        (
            "guards: {g: {kind: terms, version: '1', category: c, terms: [fine, …]}}",
            "1: guards.g.terms[1]: has no letter or digit: leave it out",
        ),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_one_line(tmp_path: Path, text: str, line: str) -> None:
    assert errors(tmp_path, text) == [f"groundwire.yaml:{line}"]


@pytest.mark.parametrize(
    ("screen", "action"), [("question", "MASK"), ("question", "DROP"), ("evidence", "MASK"), ("answer", "DISTRUST")]
)
def test_each_screen_has_its_own_actions(tmp_path: Path, screen: str, action: str) -> None:
    (line,) = errors(tmp_path, with_screen(screen, f"{{guard: rivals, action: {action}}}"))
    assert line.startswith(
        f"groundwire.yaml:10: routes.default.screens.{screen}.use[0].action: is not one of the words allowed"
    )


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("MODEL_TIMEOUT: [BLOCK]", "BLOCK could never be taken: no guard has forbidden anything; leave it out"),
        ("QUESTION_FORBIDDEN: [BLOCK, ABSTAIN]", "nothing follows BLOCK: put it last, or leave out what stands after"),
    ],
)
def test_a_block_follows_what_is_forbidden_and_ends_its_row(tmp_path: Path, row: str, message: str) -> None:
    (line,) = errors(tmp_path, f"{ROUTE}    fallbacks: {{{row}}}\n")
    assert message in line
