"""Checkers in the configuration: what they name, where they may not stand, and what a server makes of them."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from groundwire_server.app.configuration.errors import InvalidConfigurationError
from groundwire_server.app.configuration.load import Sources, load
from groundwire_server.app.parts.checkers import open_checker
from groundwire_server.app.parts.shared import Shared
from groundwire_server.app.serve import running
from groundwire_server.domain.entailment import EntailmentThresholds
from groundwire_server.domain.failure import SetupError
from groundwire_server.domain.policy import CheckPolicy
from groundwire_server.domain.vocabulary import ConflictKind
from groundwire_server.evaluation.checker_calibration import CheckerCalibration, write
from groundwire_server.evaluation.checker_thresholds import CheckerErrors
from groundwire_server.evaluation.thresholds import Rate
from groundwire_server.ports.checker import Checker
from groundwire_server.ports.recording import unrecorded
from tests.app.configuration.reading import errors, loaded

RIGHT = """\
providers:
  house: {kind: openai, base_url: 'http://127.0.0.1:9/v1', residency: self_hosted}
  cloud: {kind: openai, base_url: 'http://127.0.0.1:9/v1'}
  other: {kind: anthropic, base_url: 'http://127.0.0.1:9'}
models:
  quoting: {kind: extractive}
  inside: {kind: openai, provider: house, model: qwen}
  claude: {kind: anthropic, provider: other, model: claude}
checkers:
  fast: {kind: decisions, provider: house, model: m}
  judge: {kind: judge, model: inside}
  hosted: {kind: decisions, provider: cloud, model: m}
stores: {main: {folder: data}}
routes:
  default: {models: [inside], store: main, checker: fast}
"""

NONE = "there is no checker of this name"
CASES = {
    "no such checker": (
        ("checker: fast", "checker: fats"),
        f"15: routes.default.checker: {NONE}; did you mean fast? there are: fast, hosted, judge",
    ),
    "no such provider": (
        ("fast: {kind: decisions, provider: house", "fast: {kind: decisions, provider: hous"),
        (
            "10: checkers.fast.provider: there is no provider of this name; did you mean house? "
            "there are: cloud, house, other"
        ),
    ),
    "a provider of another kind": (
        ("fast: {kind: decisions, provider: house", "fast: {kind: decisions, provider: other"),
        "10: checkers.fast.provider: is of the kind anthropic, and checkers need one of the kind openai",
    ),
    "no such model": (
        ("judge, model: inside", "judge, model: insight"),
        (
            "11: checkers.judge.model: there is no model of this name; did you mean inside? "
            "there are: claude, inside, quoting"
        ),
    ),
    "a judge that quotes": (
        ("judge, model: inside", "judge, model: quoting"),
        "11: checkers.judge.model: quotes, and cannot judge: name a model of a provider",
    ),
    "log probabilities where there are none": (
        ("judge, model: inside", "judge, model: claude, log_probabilities: true"),
        "11: checkers.judge.log_probabilities: must be false: the provider of this model has no log probabilities",
    ),
    "a hosted one on a route that bars it": (
        ("checker: fast", "self_hosted_only: true, checker: hosted"),
        "15: routes.default.checker: is hosted, which self_hosted_only bars: name one that runs with you",
    ),
    "a hosted one that a tenant bars": (
        ("checker: fast}", "checker: hosted}\nself_hosted_only: [acme]"),
        "15: routes.default.checker: is hosted, which self_hosted_only bars for acme: name one that runs with you",
    ),
    "verified answers that nobody can give": (
        (", checker: fast", ", release: {minimum: VERIFIED}"),
        "15: routes.default.checker: must be set: with minimum VERIFIED, rules alone let only quotations through",
    ),
    "thresholds that cross": (
        ("house, model: m}", "house, model: m, thresholds: {entailed_from: 0.4, unsupported_below: 0.5}}"),
        "10: checkers.fast.thresholds: unsupported_below must be at most entailed_from",
    ),
    "a conflict that no model may overrule": (
        ("checker: fast", "checker: fast, check: {overrule: [NUMBER]}"),
        (
            "15: routes.default.check.overrule[0]: is not one of the words allowed; there are: COMPARISON, MODALITY, "
            "QUANTIFIER, ROLE"
        ),
    ),
    "no such kind": (
        ("fast: {kind: decisions", "fast: {kind: decision"),
        (
            "10: checkers.fast.kind: is not one of the words allowed; did you mean decisions? there are: classifier, "
            "decisions, judge, onnx"
        ),
    ),
    "a share of nothing": (
        ("checker: fast", "checker: fast, check: {share: 0}"),
        "15: routes.default.check.share: must be above 0",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_wrong_is_one_line(tmp_path: Path, case: str) -> None:
    (right, wrong), line = CASES[case]
    assert right in RIGHT
    found = errors(tmp_path, RIGHT.replace(right, wrong))
    assert found == [f"groundwire.yaml:{line}"]


def test_a_hosted_judge_is_barred_too(tmp_path: Path) -> None:
    text = RIGHT.replace("judge, model: inside}", "judge, model: claude}")
    text = text.replace("checker: fast", "self_hosted_only: true, checker: judge")
    (line,) = errors(tmp_path, text)
    assert line.endswith("routes.default.checker: is hosted, which self_hosted_only bars: name one that runs with you")


@pytest.mark.parametrize(
    "text",
    [
        RIGHT,
        RIGHT.replace("checker: fast", "release: {minimum: VERIFIED}, checker: judge"),
        RIGHT.replace("[inside], store: main, checker: fast", "[quoting], store: main, "
                      "release: {minimum: VERIFIED}"),
    ],
)  # fmt: skip
def test_what_fits_is_taken(tmp_path: Path, text: str) -> None:
    assert errors(tmp_path, text) == []


def test_a_route_says_how_its_checker_is_asked(tmp_path: Path) -> None:
    text = RIGHT.replace("checker: fast", "checker: fast, check: {share: 0.5, max_seconds: 1, overrule: [ROLE]}")
    policy = loaded(tmp_path, text).configuration.routes["default"].policy("default")
    assert policy.check == CheckPolicy(0.5, 1.0, frozenset({ConflictKind.ROLE}))


async def opened(folder: Path, text: str, name: str) -> Checker:
    lease = Shared().lease()
    try:
        return await open_checker(name, loaded(folder, text).configuration, lease, unrecorded())
    finally:
        await lease.end()


async def test_a_server_gives_a_route_its_checker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    routes: Any = await served(tmp_path, RIGHT)
    checker = routes._routes["default"].ports.checker
    assert (checker.name, checker.model) == ("fast", "fast")
    assert checker.thresholds == EntailmentThresholds(0.9, 0.1)


async def served(folder: Path, text: str) -> object:
    file = folder / "groundwire.yaml"
    file.write_text(f"server: {{listen: 127.0.0.1:0}}\n{text}")
    sources = Sources(file, {})
    async with running(sources, load(sources)) as server:
        return server.reloader.current.snapshot.routes


SAME = {
    "limits": "bounds: {request_seconds: 3}",
    "retries": "retry: {max_attempts: 1}",
    "prices": "price: {input: 1, output: 1}",
    "thresholds": "thresholds: {entailed_from: 0.7}",
    "the newest prompt by its version": "prompt: 1.1.0",
}
OTHER = {
    "another endpoint": "api: systemone",
    "another bound of label mass": "min_label_mass: 0.4",
}


@pytest.mark.parametrize("case", [*SAME, *OTHER])
async def test_the_fingerprint_is_of_what_decides(tmp_path: Path, case: str) -> None:
    more = {**SAME, **OTHER}[case]
    one = await opened(tmp_path, RIGHT, "fast")
    other = await opened(
        tmp_path, RIGHT.replace("provider: house, model: m}", f"provider: house, model: m, {more}}}"), "fast"
    )
    assert (one.fingerprint == other.fingerprint) is (case in SAME)


async def test_models_and_kinds_have_fingerprints_of_their_own(tmp_path: Path) -> None:
    texts = [
        ("fast", RIGHT),
        ("judge", RIGHT),
        ("fast", RIGHT.replace("model: m}", "model: n}")),
        ("judge", RIGHT.replace("model: qwen", "model: qwen3")),
        ("judge", RIGHT.replace("model: qwen", "model: qwen, temperature: 0.5")),
        ("judge", RIGHT.replace("judge, model: inside", "judge, model: inside, sentences: 4")),
    ]
    found = [(await opened(tmp_path, text, name)).fingerprint for name, text in texts]
    assert len(set(found)) == len(found)


def calibrated(folder: Path, fingerprint: str) -> str:
    none = CheckerErrors(Rate(0, 40), Rate(0, 40), Rate(0, 80))
    thresholds = EntailmentThresholds(0.75, 0.25)
    write(folder / "checker.json", CheckerCalibration(thresholds, "fast", fingerprint, "", 7, none, none))
    section = f"model: m, thresholds: {{calibration: {folder / 'checker.json'}}}}}"
    return RIGHT.replace("fast: {kind: decisions, provider: house, model: m}",
                         f"fast: {{kind: decisions, provider: house, {section}")  # fmt: skip


async def test_fitted_thresholds_replace_those_of_the_file(tmp_path: Path) -> None:
    fingerprint = (await opened(tmp_path, RIGHT, "fast")).fingerprint
    checker = await opened(tmp_path, calibrated(tmp_path, fingerprint), "fast")
    assert checker.thresholds == EntailmentThresholds(0.75, 0.25)


async def test_a_server_whose_checker_is_another_does_not_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SetupError) as unusable:
        await served(tmp_path, calibrated(tmp_path, "0123456789abcdef"))
    assert str(unusable.value).startswith(
        f"checkers.fast.thresholds.calibration: {tmp_path / 'checker.json'} was fitted with another model, prompt or "
        "template (0123456789abcdef, and this is "
    )
    assert str(unusable.value).endswith("): run `groundwire calibrate checker` again")


OUTSIDE = {
    "no calibration": (
        "model: m, thresholds: {calibration: nowhere.json}}",
        "checkers.fast.thresholds.calibration: nowhere.json cannot be read",
    ),
    "no such prompt": (
        "model: m, prompt: 9.0.0}",
        "checkers.fast.prompt: checkers have no prompt '9.0.0'; they have: ",
    ),
}


@pytest.mark.parametrize("case", OUTSIDE)
def test_what_is_missing_outside_keeps_a_server_from_starting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    monkeypatch.chdir(tmp_path)
    more, words = OUTSIDE[case]
    text = RIGHT.replace("fast: {kind: decisions, provider: house, model: m}",
                         f"fast: {{kind: decisions, provider: house, {more}")  # fmt: skip
    with pytest.raises(InvalidConfigurationError) as invalid:
        asyncio.run(served(tmp_path, text))
    (error,) = invalid.value.errors
    assert words.split(":")[0] == ".".join(map(str, error.path))
    assert words.partition(": ")[2][:20] in error.message


def test_a_folder_without_a_model_keeps_a_server_from_starting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = RIGHT.replace("fast: {kind: decisions, provider: house, model: m}", "fast: {kind: onnx, folder: nowhere}")
    with pytest.raises(InvalidConfigurationError) as invalid:
        asyncio.run(served(tmp_path, text))
    assert [error.message for error in invalid.value.errors] == [
        "nowhere holds no model.onnx that can be read",
        "nowhere holds no tokenizer.json that can be read",
    ]
