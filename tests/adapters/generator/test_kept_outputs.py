"""Outputs of models that are kept: the same prompt has the same output, and no other prompt does."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from groundwire_server.adapters.generator.kept_outputs import KeptOutputGenerator, OutputFolder
from groundwire_server.domain.deadline import NEVER
from groundwire_server.domain.failure import Failure, SetupError
from groundwire_server.domain.generation import (
    BegunReply,
    Finish,
    FinishReason,
    GenerationRequest,
    Piece,
    Prompt,
    PromptSettings,
    Usage,
)
from groundwire_server.domain.requester import Requester
from groundwire_server.domain.vocabulary import Cause
from tests.doubles.generator import ScriptedGenerator

REQUEST = GenerationRequest(
    "small",
    Requester("acme", "ann"),
    Prompt("answer", "1.2.0", "Be exact.", "p1: six", "When?", {}, mark="m"),
    100,
)
DONE = Finish(FinishReason.LENGTH, Usage(7, 3))


async def asked(generator: KeptOutputGenerator, request: GenerationRequest = REQUEST) -> list[Piece]:
    return [piece async for piece in generator.generate(request, NEVER)]


def kept(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def test_what_a_model_wrote_comes_again_without_it(tmp_path: Path) -> None:
    outputs = OutputFolder(tmp_path / "made" / "outputs")
    model = ScriptedGenerator(['{"a": “', "ü”}", DONE])
    assert await asked(KeptOutputGenerator(outputs, model)) == ['{"a": “', "ü”}", DONE]
    assert await asked(KeptOutputGenerator(outputs, model)) == ['{"a": “ü”}', DONE]
    assert len(model.requests) == 1
    again = KeptOutputGenerator(outputs, None)
    assert await asked(again) == ['{"a": “ü”}', DONE]
    assert again.missing == 0


@pytest.mark.parametrize(
    "change",
    [
        lambda request: replace(request, model="large"),
        lambda request: replace(request, max_output_tokens=101),
        lambda request: replace(request, questions=("s1",)),
        lambda request: replace(request, rewrites=True),
        lambda request: replace(request, prompt=replace(request.prompt, system="Be kind.")),
        lambda request: replace(request, prompt=replace(request.prompt, user="p1: seven")),
        lambda request: replace(request, prompt=replace(request.prompt, begun=BegunReply("a", "b", "c"))),
        lambda request: replace(request, prompt=replace(request.prompt, settings=PromptSettings(temperature=0.7))),
        lambda request: replace(request, prompt=replace(request.prompt, settings=PromptSettings(top_p=0.5))),
    ],
)
async def test_another_prompt_or_model_has_another_output(
    tmp_path: Path, change: Callable[[GenerationRequest], GenerationRequest]
) -> None:
    outputs = OutputFolder(tmp_path)
    await asked(KeptOutputGenerator(outputs, ScriptedGenerator(["one", DONE])))
    alone = KeptOutputGenerator(outputs, None)
    with pytest.raises(Failure) as failed:
        await asked(alone, change(REQUEST))
    assert failed.value.cause is Cause.MODEL_UNAVAILABLE
    assert alone.missing == 1


async def test_another_model_behind_the_same_alias_has_another_output(tmp_path: Path) -> None:
    outputs = OutputFolder(tmp_path)
    await asked(KeptOutputGenerator(outputs, ScriptedGenerator(["one", DONE]), "gpt-5"))
    assert await asked(KeptOutputGenerator(outputs, None, "gpt-5")) == ["one", DONE]
    with pytest.raises(Failure):
        await asked(KeptOutputGenerator(outputs, None, "gpt-6"))


async def test_who_asks_and_the_name_of_the_prompt_make_no_difference(tmp_path: Path) -> None:
    outputs = OutputFolder(tmp_path)
    await asked(KeptOutputGenerator(outputs, ScriptedGenerator(["one", DONE])))
    other = replace(REQUEST, requester=Requester("globex", "bob"), prompt=replace(REQUEST.prompt, version="1.3.0"))
    assert await asked(KeptOutputGenerator(outputs, None), other) == ["one", DONE]


async def test_what_broke_off_is_not_kept(tmp_path: Path) -> None:
    outputs = OutputFolder(tmp_path)
    broken = KeptOutputGenerator(outputs, ScriptedGenerator(["half", Failure(Cause.MODEL_INTERRUPTED)]))
    with pytest.raises(Failure):
        await asked(broken)
    assert kept(tmp_path) == []


@pytest.mark.parametrize(
    "spoiled",
    [
        "",
        "{",
        "[]",
        "[" * 200_000,
        '{"text": "x"}',
        '{"text": "x", "finish": "SO", "tokens": [1, 2]}',
        '{"text": 5, "finish": "COMPLETE", "tokens": [1, 2]}',
        '{"text": null, "finish": "COMPLETE", "tokens": [1, 2]}',
        '{"text": "x", "finish": "COMPLETE", "tokens": [Infinity, 2]}',
        '{"text": "x", "finish": "COMPLETE", "tokens": [-1, 2]}',
        '{"text": "x", "finish": "COMPLETE", "tokens": [1, 2, 3]}',
    ],
    ids=range(11),
)
async def test_a_spoiled_file_is_one_line(tmp_path: Path, spoiled: str) -> None:
    outputs = OutputFolder(tmp_path)
    await asked(KeptOutputGenerator(outputs, ScriptedGenerator(["one", DONE])))
    (file,) = kept(tmp_path)
    file.write_text(spoiled)
    with pytest.raises(SetupError) as wrong:
        await asked(KeptOutputGenerator(outputs, None))
    assert str(wrong.value) == f"{file} is not the output of a model: delete it, and write it anew with --live"


async def test_without_a_folder_the_model_is_asked_each_time() -> None:
    model = ScriptedGenerator(["one", DONE])
    for _ in range(2):
        assert await asked(KeptOutputGenerator(None, model)) == ["one", DONE]
    assert len(model.requests) == 2
