"""Outputs of models in a folder, so that a test asks no model twice: a file for each prompt."""

import json
from collections.abc import AsyncGenerator
from hashlib import blake2b
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Failure, SetupError
from groundwire_server.domain.generation import Finish, FinishReason, GenerationRequest, Piece, Usage
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.files.atomic import replace_file
from groundwire_server.files.small import UnreadableFileError, text_of
from groundwire_server.ports.generator import Generator

_SIZE_LIMIT: Final = 16 * 1024 * 1024
_DIGEST_BYTES: Final = 16
_ADVICE: Final = "delete it, and write it anew with --live"

_Count = Annotated[int, Field(strict=True, ge=0, le=2**63 - 1)]


class _Kept(BaseModel):
    """A file of these, as far as it is read."""

    model_config = ConfigDict(hide_input_in_errors=True)

    text: str
    finish: Literal["COMPLETE", "LENGTH"]
    tokens: tuple[_Count, _Count]


class OutputFolder:
    """The outputs in a folder, each under a digest of all that decided it.

    Args:
        folder: has them; it is made with the first that is written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, request: GenerationRequest, model: str) -> tuple[str, Finish] | None:
        """Return what was written for a request; None where nothing is kept.

        Args:
            request: of the call.
            model: the provider's name of the model behind the request's alias.

        Raises:
            SetupError: when the file is not one of these.
        """
        file = self._file(request, model)
        try:
            kept = _Kept.model_validate_json(text_of(file, _SIZE_LIMIT))
        except UnreadableFileError as unreadable:
            if not file.exists():
                return None
            raise SetupError(f"{file} {unreadable}: {_ADVICE}") from None
        except ValidationError:
            raise SetupError(f"{file} is not the output of a model: {_ADVICE}") from None
        return kept.text, Finish(FinishReason[kept.finish], Usage(*kept.tokens))

    def write(self, request: GenerationRequest, model: str, text: str, finish: Finish) -> None:
        """Keep what was written for a request.

        Args:
            request: of the call.
            model: the provider's name of the model behind the request's alias.
            text: all that it wrote.
            finish: how it ended.

        Raises:
            SetupError: when the file cannot be written.
        """
        kept: dict[str, Any] = {
            "model": request.model,
            "prompt": f"{request.prompt.name}/{request.prompt.version}",
            "question": request.prompt.question,
            "text": text,
            "finish": finish.reason.name,
            "tokens": [finish.usage.input_tokens, finish.usage.output_tokens],
        }
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            replace_file(self._file(request, model), (json.dumps(kept, ensure_ascii=False, indent=1) + "\n").encode())
        except OSError as failed:
            raise SetupError(f"{failed.filename or self._folder} cannot be written: {failed.strerror}") from None

    def _file(self, request: GenerationRequest, model: str) -> Path:
        prompt, begun = request.prompt, request.prompt.begun
        deciding = [
            request.model,
            model,
            prompt.system,
            prompt.user,
            [prompt.settings.temperature, prompt.settings.top_p],
            None if begun is None else [begun.written, begun.correction, begun.opening],
            request.max_output_tokens,
            list(request.questions),
            request.rewrites,
        ]
        digest = blake2b(json.dumps(deciding).encode(), digest_size=_DIGEST_BYTES).hexdigest()
        return self._folder / f"{digest}.json"


class KeptOutputGenerator:
    """A Generator that returns what is kept, and asks the model for the rest where it may.

    Args:
        outputs: are kept; None keeps none.
        model: is asked for what is not kept; None asks no model.
        name: the provider's name of the model: another model behind the same alias has outputs of its own.

    Attributes:
        missing: how many requests nothing is kept of, for which no model was asked.
    """

    def __init__(self, outputs: OutputFolder | None, model: Generator | None, name: str = "") -> None:
        self._outputs = outputs
        self._model = model
        self._name = name
        self.missing = 0

    async def generate(self, request: GenerationRequest, deadline: Deadline) -> AsyncGenerator[Piece, None]:
        """Yield what is kept, or what the model writes, which is kept then; see the port.

        Raises:
            Failure: of the model; MODEL_UNAVAILABLE where none is asked.
            SetupError: when a file cannot be read or written.
        """
        kept = None if self._outputs is None else self._outputs.read(request, self._name)
        if kept is not None:
            for piece in kept:
                yield piece
            return
        if self._model is None:
            self.missing += 1
            raise Failure(Cause.MODEL_UNAVAILABLE)
        written: list[str] = []
        async for piece in self._model.generate(request, deadline):
            if isinstance(piece, str):
                written.append(piece)
            elif self._outputs is not None:
                self._outputs.write(request, self._name, "".join(written), piece)
            yield piece
