"""Terms of scripts that are written without spaces between words: pairs of characters, or of syllables.

Dictionaries cut such text into words; docs/decisions/0023-words-of-every-script.md says why none is used. Texts keep
every pair. Questions leave out the pairs that function words make, as they leave out stop words.
"""

import re
from collections.abc import Sequence
from typing import Final

from groundwire_server.domain.text.fold import fold_case

_HAN: Final = "\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_HIRAGANA: Final = "\u3041-\u309f"
_KATAKANA: Final = "\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff"
_HANGUL: Final = "\u1100-\u11ff\u3130-\u318f\uac00-\ud7af"
_SOUTH_EAST: Final = "\u0e01-\u0e4e\u0e81-\u0ece\u1000-\u109f\u1780-\u17d3"
"""Thai, Lao, Burmese and Khmer."""

_PIECE: Final = re.compile(
    f"(?P<han>[{_HAN}]+)|(?P<kana>[{_HIRAGANA}]+|[{_KATAKANA}]+)|(?P<hangul>[{_HANGUL}]+)|(?P<syllables>[{_SOUTH_EAST}]+)"
    f"|(?P<spaced>[^{_HAN}{_HIRAGANA}{_KATAKANA}{_HANGUL}{_SOUTH_EAST}]+)"
)
"""A stretch of one script; `spaced` is of all other scripts."""

UNSPACED: Final = re.compile(f"[{_HAN}{_HIRAGANA}{_KATAKANA}{_HANGUL}{_SOUTH_EAST}]")
"""A letter of a script that is written without spaces between words, or with endings of many kinds."""

_HAS_KANA: Final = re.compile(f"[{_HIRAGANA}{_KATAKANA}]")
_IS_HIRAGANA: Final = re.compile(f"[{_HIRAGANA}]")
_SYLLABLE: Final = re.compile(
    "[\u0e40-\u0e44\u0ec0-\u0ec4]?[^\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ece\u102b-\u103e\u17b4-\u17d3]"
    "[\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ece\u102b-\u103e\u17b4-\u17d3]*"
)
"""A consonant with the vowels and tones that are written around it."""


def _any_of(words: str) -> re.Pattern[str]:
    return re.compile("|".join(sorted(set(fold_case(words).split()), key=lambda word: (-len(word), word))))


_CHINESE: Final = _any_of(
    "什么 什麼 甚麼 怎么 怎麼 怎样 怎樣 为什么 為什麼 为何 為何 哪里 哪裡 哪裏 哪儿 哪个 哪個 哪些 哪 谁 誰"
    " 多少 多久 多长时间 多長時間 多长 多長 多大 什么时候 什麼時候 几 幾 如何 可以 应该 應該 应当 應當 该 該"
    " 需要 必须 必須 我们 我們 你们 你們 他们 他們 她们 它们 我 你 您 他 她 它 这 這 那 个 個 的 了 是 在 吗"
    " 嗎 呢 吧 啊 么 麼 和 与 與 或 及 也 都 就 还 還 很 把 被 让 讓 给 給 从 從 于 於 而 但 因为 因為 所以"
    " 如果 时候 時候 没有 沒有 有没有 有沒有 不 请问 請問 一下 一般 通常"
)
_JAPANESE: Final = _any_of(
    "何 誰 私 場合 ください くださ ませんか ません ました ましょう ますか ます ですか です でした でしょうか"
    " でしょう できます できる でき ない なければ なけれ ばなら から まで より など だけ しか とき こと もの"
    " ため どうすれば どうやって どうして どう どの どれ どこ どちら どんな だれ いつ いくら いくつ なぜ なに"
    " なん くらい ぐらい いい よい すれば したら して した する され れる いる いて られる られ ある あり おり"
    " これ それ あれ この その あの ここ そこ という ような ように について における に対して は が を に で"
    " と の も へ や か ね よ な"
)
_THAI: Final = _any_of(
    "อะไรบ้าง อะไร ไหน ใคร เท่าไร เท่าไหร่ อย่างไร ยังไง เมื่อไร เมื่อไหร่ ทำไม หรือไม่ หรือ กี่ แค่ไหน บ้าง ที่ และ ใน ของ"
    " เป็น ได้ ให้ กับ จาก มี ต้อง ควร คือ ว่า ไม่ จะ ก็ นี้ นั้น ซึ่ง โดย ถ้า หาก การ ความ คน"
)

_KOREAN_PARTICLES: Final = (
    "에서부터 에서는 에서 서 에게서 에게 으로는 으로 까지는 까지 부터 에는 에도 이나 처럼 보다 은 는 이 가"
    " 을 를 의 에 도 와 과 로 만"
)
_KOREAN_ENDINGS: Final = (
    "하십니까 합니까 됩니까 입니까 습니까 습니다 합니다 됩니다 입니다 하나요 되나요 인가요 한가요 나요 까요"
    " 해야 하는지 되는지 는지 하려면 되면 하면 려면 하기 하는 되는 했습니까 했나요 할 될 한 된"
)
_KOREAN_ASKING: Final = re.compile(
    "(?:무엇|뭐|무슨|어디|언제|누구|누가|왜|어떻게|어떤|어느|얼마나|얼마|몇|있습니까|있나요|있는|없나요|합니까|하나요|됩니까|되나요|할|될"
    f"|수|것|때|동안|경우)(?:{'|'.join(_KOREAN_PARTICLES.split())})?"
)
"""A word that only asks."""

_KOREAN_END: Final = re.compile(f"(?<=..)(?:{'|'.join(f'{_KOREAN_PARTICLES} {_KOREAN_ENDINGS}'.split())})$")
"""What a word of two syllables or more ends in: a particle, or the ending of a verb."""


def is_unspaced(word: str) -> bool:
    """Return whether a word begins with a letter of an unspaced script: so does each of its terms, and only they."""
    return not word.isascii() and UNSPACED.match(word) is not None


def has_unspaced(word: str) -> bool:
    """Return whether a word has to be cut."""
    return UNSPACED.search(word) is not None


def unspaced_letters(word: str) -> list[str]:
    """Return the letters of a word that are of an unspaced script."""
    return UNSPACED.findall(word)


def cut(word: str, *, asked: bool) -> tuple[list[str], list[str]]:
    """Cut a run of letters and digits: return its words of other scripts, and the terms of unspaced ones.

    Args:
        word: case folded, in one width.
        asked: whether it is of a question, whose function words are left out.
    """
    spaced: list[str] = []
    terms: list[str] = []
    function_words = _JAPANESE if _HAS_KANA.search(word) else _CHINESE
    for piece in _PIECE.finditer(word):
        text = piece.group()
        match piece.lastgroup:
            case "spaced":
                spaced.append(text)
            case "syllables":
                for part in _THAI.split(text) if asked else (text,):
                    terms += _pairs(_SYLLABLE.findall(part))
            case _ if len(text) == 1:
                # A single letter of hiragana is a particle or an ending.
                if not _IS_HIRAGANA.match(text) and not (asked and function_words.fullmatch(text)):
                    terms.append(text)
            case kind:
                # What is left of 何冊 is a word of a text that has 10冊; in Chinese, such letters stand beside others.
                alone = asked and kind == "han" and function_words is _JAPANESE
                for part in _content(kind, text, function_words) if asked else (text,):
                    terms += [part] if alone and len(part) == 1 else _pairs(part)
    return spaced, terms


def _content(kind: str | None, text: str, function_words: re.Pattern[str]) -> Sequence[str]:
    """Return what of a stretch of a question is content: its parts between function words, or before an ending."""
    if kind != "hangul":
        return function_words.split(text)
    return () if _KOREAN_ASKING.fullmatch(text) else (_KOREAN_END.sub("", text),)


def _pairs(units: Sequence[str]) -> list[str]:
    return ["".join(units[start : start + 2]) for start in range(len(units) - 1)]
