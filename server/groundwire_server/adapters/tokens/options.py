"""What an operator says about the tokens of a model."""

from pathlib import Path
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import Field

from groundwire_server.options import Options

Encoding: TypeAlias = Literal["o200k_base", "cl100k_base"]
Family: TypeAlias = Literal["common", "o200k", "cl100k", "llama3", "gemma", "qwen", "deepseek", "claude"]
Script: TypeAlias = Literal[
    "latin", "greek", "cyrillic", "hebrew", "arabic", "devanagari", "thai", "han", "kana", "hangul"
]

MAX_WINDOW: Final = 20_000_000


class TiktokenOptions(Options):
    """A vocabulary of OpenAI's in a file."""

    kind: Literal["tiktoken"] = Field("tiktoken", description="A vocabulary of OpenAI's, in a file.")
    encoding: Encoding = Field(
        "o200k_base", description="Which vocabulary: `o200k_base` since GPT-4o, `cl100k_base` before."
    )
    file: Path = Field(
        description="The vocabulary's file, `<encoding>.tiktoken`; nothing is downloaded.",
        examples=["/etc/groundwire/o200k_base.tiktoken"],
    )


class TokenizerOptions(Options):
    """A tokenizer that stands beside a model's weights."""

    kind: Literal["tokenizer"] = Field("tokenizer", description="The `tokenizer.json` of a model.")
    file: Path = Field(
        description="The `tokenizer.json`, or its folder.", examples=["/var/lib/models/qwen3-8b/tokenizer.json"]
    )


class EstimateOptions(Options):
    """An estimate by the scripts of a text."""

    kind: Literal["estimate"] = Field("estimate", description="An estimate, which needs no file.")
    family: Family | None = Field(
        None,
        description="The family of tokenizers that it is for; by the model's name if unset, and `common` where that "
        "tells nothing.",
        examples=["claude"],
    )
    calibration: dict[Script, Annotated[float, Field(ge=0.2, le=5)]] = Field(
        default_factory=dict,
        description="What the tokens of each script are multiplied by, as `groundwire tokens calibrate` finds it.",
        examples=[{"latin": 1.08, "cyrillic": 0.96}],
    )


TokenOptions: TypeAlias = TiktokenOptions | TokenizerOptions | EstimateOptions
