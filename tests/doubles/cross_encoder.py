"""A tiny cross-encoder in a folder: it finds the share of the second text's tokens that occur in the first."""

from collections.abc import Iterable
from pathlib import Path

import onnx
import onnx.parser
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.normalizers import Lowercase
from tokenizers.pre_tokenizers import Whitespace

_SHARE = """
<ir_version: 8, opset_import: ["" : 17]>
overlap (int64[n, t] input_ids, int64[n, t] attention_mask, int64[n, t] token_type_ids) => (float[n, c] output)
{
    two = Constant <value = int64[1] {2}> ()
    one = Constant <value = int64[1] {1}> ()
    real = Cast <to = 1> (attention_mask)
    second_mask = Cast <to = 1> (token_type_ids)
    first_mask = Sub (real, second_mask)
    across = Unsqueeze (input_ids, one)
    down = Unsqueeze (input_ids, two)
    equal = Equal (down, across)
    same = Cast <to = 1> (equal)
    first_across = Unsqueeze (first_mask, one)
    in_first = Mul (same, first_across)
    found = ReduceMax <axes = [2], keepdims = 0> (in_first)
    unknown = Constant <value = int64 {0}> ()
    is_known = Greater (input_ids, unknown)
    known = Cast <to = 1> (is_known)
    found_known = Mul (found, known)
    found_second = Mul (found_known, second_mask)
    hits = ReduceSum <keepdims = 1> (found_second, one)
    count = ReduceSum <keepdims = 1> (second_mask, one)
    share = Div (hits, count)
    ENDING
}
"""

ENDINGS = {
    "probabilities": "output = Identity (share)",
    "sigmoid": "half = Constant <value = float {0.5}> ()\n far = Constant <value = float {20}> ()\n"
    "centred = Sub (share, half)\n output = Mul (centred, far)",
    "softmax": "far = Constant <value = float {20}> ()\n high = Mul (share, far)\n"
    "none = Constant <value = float {10}> ()\n rest = Sub (none, high)\n output = Concat <axis = 1> (rest, high)",
    "not finite": "zero = Constant <value = float {0}> ()\n nought = Mul (share, zero)\n output = Div (nought, nought)",
    "another input": "output = Identity (share)",
    "one row for all": "output = ReduceMean <axes = [0], keepdims = 1> (share)",
    "hidden states": "last = Constant <value = int64[1] {2}> ()\n output = Unsqueeze (found_second, last)",
    "few tokens": "rows = Constant <value = float[3] {0, 0, 0}> ()\n drawn = Gather <axis = 0> (rows, input_ids)\n"
    "nothing = ReduceMin <axes = [1], keepdims = 1> (drawn)\n output = Add (share, nothing)",
    "two outputs": "output = Identity (found_second)\n logits = Identity (share)",
    "two unnamed outputs": "output = Identity (share)\n other = Identity (share)",
    "out of range": "far = Constant <value = float {20}> ()\n output = Mul (share, far)",
}
"""What makes the output of the share of words, by what the output is."""


def write_cross_encoder(folder: Path, texts: Iterable[str], ending: str = "probabilities") -> None:
    """Write the model and a tokenizer that knows the words of these texts."""
    folder.mkdir(exist_ok=True)
    text = _SHARE.replace("ENDING", ENDINGS[ending])
    outputs = {"two outputs": "logits", "two unnamed outputs": "other"}
    if ending in outputs:
        text = text.replace("output)\n{", f"output, float[n, d] {outputs[ending]})\n{{")
    if ending == "another input":
        text = text.replace("token_type_ids", "pixels")
    model = onnx.parser.parse_model(text)
    onnx.save(model, str(folder / "model.onnx"))
    words = sorted({word for text in texts for word, _ in Whitespace().pre_tokenize_str(text.lower())})
    vocabulary = {word: number for number, word in enumerate(["[UNK]", *words])}
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = Lowercase()
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))
