"""`groundwire calibrate checker`, and what a server makes of its file."""

import asyncio
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from groundwire_server.app.configuration.load import Sources, load
from groundwire_server.app.parts.checkers import open_checker
from groundwire_server.app.parts.shared import Shared
from groundwire_server.domain.entailment import EntailmentThresholds
from groundwire_server.domain.failure import SetupError
from groundwire_server.ports.recording import unrecorded
from tests.cli.conftest import Ran

pytestmark = pytest.mark.local
pytest.importorskip("onnxruntime")

from tests.doubles.cross_encoder import write_cross_encoder  # noqa: E402

Command = Callable[..., Ran]
THINGS = [f"{first}{second}" for first in ("lamp", "door", "desk", "roof", "gate") for second in "abcdefghijklmnop"]
ONNX = "{kind: onnx, folder: model, output: probabilities, class_index: 0%s}"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a cross-encoder, 160 statements about 80 passages, and a configuration."""
    monkeypatch.chdir(tmp_path)
    passages = {thing: f"The {thing} is painted green." for thing in THINGS}
    statements = [{"passage": t, "supported": True, "kind": "same", "text": f"The {t} is green."} for t in THINGS]
    statements += [
        {"passage": t, "supported": False, "kind": "other", "text": f"A zebra was seen at the {t}."} for t in THINGS
    ]
    Path("statements.json").write_text(json.dumps({"passages": passages, "statements": statements}))
    write_cross_encoder(Path("model"), [*passages.values(), *(str(each["text"]) for each in statements)])
    configured(f"it: {ONNX % ''}")
    return tmp_path


def configured(checkers: str) -> None:
    Path("groundwire.yaml").write_text(
        "providers: {house: {kind: openai, base_url: 'http://127.0.0.1:9/v1'}}\n"
        f"checkers:\n  {checkers}\n"
        "stores: {main: {folder: data}}\nroutes: {default: {models: [extractive], store: main}}\n"
        "models: {extractive: {kind: extractive}}\n"
    )


async def thresholds() -> EntailmentThresholds:
    """Those that a server has with the configuration."""
    lease = Shared().lease()
    try:
        checker = await open_checker("it", load(Sources(Path("groundwire.yaml"))).configuration, lease, unrecorded())
        return checker.thresholds
    finally:
        await lease.end()


def written(name: str = "checker.json") -> Any:
    return json.loads(Path(name).read_text())


def test_fits_both_thresholds_and_prints_both_errors(groundwire_command: Command) -> None:
    ran = groundwire_command("calibrate", "checker", "statements.json")

    assert (ran.code, ran.err) == (0, "")
    found = written()
    assert 0.5 < found["thresholds"]["unsupported_below"] == found["thresholds"]["entailed_from"] <= 1.0
    assert (found["seed"], found["checker"]["name"]) == (7, "it")
    halves = found["split"]
    assert sum(each["undecided"]["of"] for each in halves.values()) == 160
    assert {each[kind]["count"] for each in halves.values() for kind in each} == {0}
    of = [halves[half][kind]["of"] for half in ("fitted", "held_out")
          for kind in ("supported_refused", "unsupported_accepted", "undecided")]  # fmt: skip
    threshold = f"{found['thresholds']['entailed_from']:.3f}"
    assert re.sub(r"of (\d+) \(.*\)", r"of \1", ran.out) == (
        f"thresholds entailed from {threshold}, unsupported below {threshold}, seed 7\n"
        f"checker    it ({found['checker']['fingerprint']})\n"
        f"fitted on  supported, but refused       0.0% of {of[0]}\n"
        f"           unsupported, but accepted    0.0% of {of[1]}\n"
        f"           undecided                    0.0% of {of[2]}\n"
        f"held out   supported, but refused       0.0% of {of[3]}\n"
        f"           unsupported, but accepted    0.0% of {of[4]}\n"
        f"           undecided                    0.0% of {of[5]}\n"
        "held out, judged wrongly by kind:\n"
        f"  supported     0.0% of {of[3]:<5} same\n"
        f"  unsupported   0.0% of {of[4]:<5} other\n"
        "wrote checker.json; name it in the checker:\n"
        "  thresholds: {calibration: checker.json}\n"
    )
    assert max(map(len, ran.out.splitlines())) <= 80


def test_draws_what_every_threshold_would_do(groundwire_command: Command) -> None:
    ran = groundwire_command("calibrate", "checker", "statements.json", "--html", "page.html")

    assert (ran.code, ran.out.splitlines()[-1]) == (0, "wrote page.html")
    page = Path("page.html").read_text()
    assert f"entailed from {written()['thresholds']['entailed_from']:.3f}" in page
    assert "<td>same</td>" in page
    refused, accepted = re.findall(r'<polyline class="[^"]+" points="([^"]+)"', page)
    heights = [[float(point.split(",")[1]) for point in each.split()] for each in (refused, accepted)]
    # A page counts from its top: with the threshold, refusals rise and acceptances fall.
    assert heights[0] == sorted(heights[0], reverse=True)
    assert heights[1] == sorted(heights[1])
    assert "<script" not in page


def test_the_same_statements_and_seed_fit_the_same(groundwire_command: Command) -> None:
    for name in ("one.json", "other.json"):
        assert groundwire_command("calibrate", "checker", "statements.json", "--output", name).code == 0
    groundwire_command("calibrate", "checker", "statements.json", "--output", "seed.json", "--seed", "8")

    assert written("one.json") == written("other.json")
    assert written("one.json")["seed"] != written("seed.json")["seed"]


def test_a_checker_that_names_the_file_has_its_thresholds(groundwire_command: Command) -> None:
    groundwire_command("calibrate", "checker", "statements.json")
    fitted = written()["thresholds"]

    assert asyncio.run(thresholds()) == EntailmentThresholds(0.9, 0.1)
    configured(f"it: {ONNX % ', thresholds: {calibration: checker.json}'}")
    assert asyncio.run(thresholds()) == EntailmentThresholds(fitted["entailed_from"], fitted["unsupported_below"])
    assert groundwire_command("config", "check").code == 0


def test_another_model_is_refused_until_it_is_calibrated(groundwire_command: Command) -> None:
    groundwire_command("calibrate", "checker", "statements.json")
    configured(f"it: {ONNX % ', thresholds: {calibration: checker.json}'}")
    write_cross_encoder(Path("model"), ["Other words."])

    with pytest.raises(SetupError, match="was fitted with another model"):
        asyncio.run(thresholds())
    write_cross_encoder(Path("model"), [f"The {thing} is painted green." for thing in THINGS])
    assert groundwire_command("calibrate", "checker", "statements.json").code == 0
    asyncio.run(thresholds())


MORE = "choose another model, or allow more with --max-accepted"
WRONG = {
    "too few": (
        ("few.json",), 4,
        "few.json has too few supported statements: give at least 60 of each kind, over several passages",
    ),
    "no such file": (("nowhere.json",), 4, "nowhere.json cannot be read: No such file or directory"),
    "no such checker": (
        ("statements.json", "--checker", "its"), 2,
        "--checker its: no checker has this name; did you mean it? there is: it",
    ),
    "no such folder": (
        ("statements.json", "--output", "nowhere/it.json"), 2,
        "cannot write nowhere/it.json: there is no folder nowhere; name another file",
    ),
    "labels the other way round": (
        ("swapped.json",), 4,
        f"at every threshold it accepts more than 5.0% of the unsupported statements: {MORE}",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_what_keeps_it_from_fitting_is_one_line(groundwire_command: Command, case: str) -> None:
    arguments, code, line = WRONG[case]
    values = json.loads(Path("statements.json").read_text())
    Path("few.json").write_text(json.dumps({**values, "statements": values["statements"][:9]}))
    swapped = [{**each, "supported": not each["supported"]} for each in values["statements"]]
    Path("swapped.json").write_text(json.dumps({**values, "statements": swapped}))

    ran = groundwire_command("calibrate", "checker", *arguments)

    assert (ran.code, ran.err) == (code, f"groundwire: {line}\n")
    assert not Path("checker.json").exists()


@pytest.mark.parametrize(
    ("checkers", "line"),
    [
        (f"it: {ONNX % ''}\n  other: {ONNX % ''}", "say which, with --checker: it, other"),
        ("{}", "the configuration has no checker"),
    ],
)
def test_the_only_checker_need_not_be_named(groundwire_command: Command, checkers: str, line: str) -> None:
    configured(checkers)
    ran = groundwire_command("calibrate", "checker", "statements.json")
    assert (ran.code, ran.err) == (2, f"groundwire: {line}\n")


def test_a_checker_that_fails_ends_it(groundwire_command: Command) -> None:
    configured("it: {kind: decisions, provider: house, model: m, retry: {max_attempts: 1}}")
    ran = groundwire_command("calibrate", "checker", "statements.json")
    said = "the checker it failed: MODEL_UNAVAILABLE: run `groundwire doctor` to check its provider"
    assert (ran.code, ran.err.splitlines()[-1]) == (4, f"groundwire: {said}")
