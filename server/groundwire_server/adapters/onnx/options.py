"""What an operator says about a cross-encoder in a folder, and what one reads."""

from pathlib import Path
from typing import Literal, TypeAlias

from pydantic import Field

from groundwire_server.options import Options

Inputs: TypeAlias = tuple[str] | tuple[str, str]
"""One text, or a pair of them."""


class CrossEncoderOptions(Options):
    """A cross-encoder in a folder, with its `tokenizer.json`."""

    folder: Path = Field(description="The folder of the model's file and of `tokenizer.json`.")
    file: str = Field("model.onnx", pattern=r"^[\w][\w.-]*\.onnx$", description="The model's file in the folder.")
    max_tokens: int = Field(512, ge=16, le=32_768, description="Longest input.")
    output: Literal["sigmoid", "softmax", "probabilities"] = Field(
        "softmax",
        description="What makes probabilities of the model's output: `sigmoid`, `softmax`, or nothing where it has "
        "`probabilities`.",
    )
    class_index: int = Field(1, ge=0, le=1000, description="The class whose probability counts, from 0.")
    workers: int = Field(1, ge=1, le=64, description="Threads that inputs are scored in.")
