"""Follow-ups in Chinese, Japanese and Korean, as far as the structure of plain questions tells.

Their questions name the thing first: "松木栅栏多少钱？", "松のフェンスは…", "소나무 울타리는…".
A pronoun is replaced by it, a question that leaves it out gets it back, and a part such as "橡木栅栏呢？" takes its
place. Where the place of a part cannot be told, nothing is resolved.
"""

import re
from dataclasses import dataclass
from typing import Final

_MARKS: Final = " ?？!！。.、，,~"
_LONGEST_THING: Final = 24
"""Characters of what a question is about."""


@dataclass(frozen=True, slots=True)
class EastAsianLanguage:
    """What the rules know of a language.

    Attributes:
        leading: what a follow-up begins with and does not need.
        thing: finds what a question is about, in the group `thing`.
        pronoun: that stands for a thing alone; its group `particle` stays.
        determiner: that stands before the kind of a thing: "this" of "this kettle".
        unknown: what refers back to something that no rule looks for, such as a person or a place in a list.
        asking: a question that names no thing.
        why: a question about all of the last one.
        part: a part of a question, in the group `part`.
        time: names of times, of which one takes the place of another.
        joint: what stands between a thing and what it is a part of.
        attribute: what a thing has.
        topic: what follows a thing that is put in front of its question; `{thing}` is the thing.
        attribute_asked: the question for what a thing has; `{thing}` and `{part}` are the two.
        comma: between two questions.
        mark: at the end of one.
    """

    leading: re.Pattern[str]
    thing: re.Pattern[str]
    pronoun: re.Pattern[str]
    determiner: re.Pattern[str]
    unknown: re.Pattern[str]
    asking: re.Pattern[str]
    why: re.Pattern[str]
    part: re.Pattern[str]
    time: re.Pattern[str]
    joint: str
    attribute: re.Pattern[str]
    topic: str
    attribute_asked: str
    comma: str
    mark: str = "？"


_CHINESE: Final = EastAsianLanguage(
    leading=re.compile(r"^(?:那么|那麼|还有|還有|另外|那(?!个|個|些|里|裡|边|邊|种|種))[，,]?"),
    thing=re.compile(
        r"^(?:请问|請問)?(?:(?:什么|什麼)是|关于|關於|介绍一下)?(?P<thing>[^，。？?！!、]+?)(?:(?:是|有)?(?:多少|多[高长長宽寬重大久远遠深快厚]|几|幾|什么|甚麼|什麼|怎么|怎麼|怎样|如何|为什么|為什麼"
        r"|哪|何时|何時)|是否|是不是|能不能|可不可以|有没有|有沒有|可以|能|会|會|需要|支持|支援|包括|包含|适用|適用|在哪|属于|周[一二三四五六日末]"
        r"|星期|可|关门|關門|开门|開門|免费|免費|[是有要怎谁誰吗嗎]|$)"
    ),
    pronoun=re.compile(
        r"(?:[它牠]们?|[它牠]們|(?:这|那|這)(?:个|個)?)(?=的|是|有|和|与|跟|比|多|几|幾|什|怎|如|为|為|哪|何|能|可|会|會|需|支|包|适|適|在|要|免|$)"
    ),
    determiner=re.compile(
        r"(?:这|那|這|该|該)(?:个|個|种|種|款|些)?(?P<kind>[^，。？?的]{1,8}?)(?=的|是|有|多|几|幾|怎|能|可|会|會|需|$)"
    ),
    unknown=re.compile(
        r"[他她]|^哪一?[个個种種款]|第[一二三四五六七八九十\d]+[个個种種]|前者|后者|後者|[它牠]|这些|那些|這些|那里|那裡|这里|這裡|那边|(?:这|那|這)[个個]"
    ),
    asking=re.compile(
        r"^(?:多少钱|多少錢|多少|多[高长長宽寬重大久远遠深]|几点|幾點|什么时候|什麼時候|何时|何時|在?哪里|在哪|要多久|多久|免费吗"
        r"|可以吗|价格|價格|有效期).{0,3}$|^(?:怎么|怎麼|怎样|如何)(?:申请|安装|使用|购买|预订|设置|配置|联系|取消|更换|[用办做])$"
    ),
    why=re.compile(r"^(?:为什么|為什麼|为何|為何|怎么会|真的)(?:呢|这样|這樣|不行|不能|不可以)?$"),
    part=re.compile(r"^(?P<part>[^，。？?]{1,16}?)呢$"),
    time=re.compile(
        r"(?:周|星期|礼拜|禮拜)[一二三四五六日天末]|周末|今天|明天|后天|\d{1,4}年|\d{1,2}月|上午|下午|晚上|早上|春节|圣诞节"
    ),
    joint="的",
    attribute=re.compile(
        r"(?:价格|價格|价钱|高度|宽度|长度|重量|尺寸|颜色|材质|地址|电话|营业时间|开放时间|保修期?|费用|有效期)$"
    ),
    topic="{thing}",
    attribute_asked="{thing}的{part}是多少？",
    comma="，",
)
_JAPANESE: Final = EastAsianLanguage(
    leading=re.compile(r"^(?:じゃあ|では|それでは|それなら|それと|あと|また|そして|ちなみに)[、,]?"),
    thing=re.compile(
        r"^(?P<thing>[^、。？?！!]+?)(?=(?:は|って|とは)(?!じ)|(?:[がを])|(?:の(?:高さ|価格|値段|料金|幅|重さ|長さ|大きさ|色|住所|電話番号"
        r"|営業時間|保証期間|保証|使い方|設定方法|方法)))"
    ),
    pronoun=re.compile(r"(?:それ|これ|あれ|そちら|こちら)(?P<particle>は|が|を|に|の|も|で|って)"),
    determiner=re.compile(r"(?:この|その|あの)(?P<kind>[^、。？?のはがをにで]{1,10})(?=の|は|が|を|に|で)"),
    unknown=re.compile(
        r"彼女?[はがをにの]|そこ[はがをにでの]|(?:一|二|三|四|五|\d)(?:つ|番)目|前者|後者|^(?:どちら|どっち)|それ|その|これ[はがをにのもで]"
    ),
    asking=re.compile(
        r"^(?!.*[はがを])(?:いくら|おいくら|いつ|何時|どこ|どうやって|どのくらい|どれくらい|何日|何年|何人|誰|無料|値段|価格|料金|高さ|重さ).{0,14}$"
    ),
    why=re.compile(r"^(?:なぜ|どうして|何故|なんで)(?:ですか|でしょうか|だめですか)?$"),
    part=re.compile(r"^(?P<part>[^、。？?はがを]{1,20})(?:は|だと|の場合は)(?:どうですか|どうでしょうか|どう)?$"),
    time=re.compile(r"[月火水木金土日]曜日?|週末|平日|祝日|今日|明日|明後日|\d{1,4}年|\d{1,2}月|午前|午後"),
    joint="の",
    attribute=re.compile(
        r"(?:高さ|価格|値段|料金|幅|重さ|長さ|大きさ|色|住所|電話番号|営業時間|保証期間|保証|使い方|方法)$"
    ),
    topic="{thing}は",
    attribute_asked="{thing}の{part}は？",
    comma="、",
)
_KOREAN: Final = EastAsianLanguage(
    leading=re.compile(r"^(?:그럼|그러면|그리고|또|그런데)[,\s]+"),
    thing=re.compile(r"^(?P<thing>[^,.?!]+?)(?:은|는|이|가|을|를)(?=\s)"),
    pronoun=re.compile(r"(?:그것|이것|저것)(?P<particle>은|이|을|도|의|에)|(?:그건|이건|그게|이게|그걸|이걸)"),
    determiner=re.compile(
        r"(?:^|(?<=\s))[그이저]\s(?P<kind>[^\s,.?]{1,10}?)(?P<particle>은|는|이|가|을|를|의|에)(?=\s)"
    ),
    unknown=re.compile(
        r"(?:^|\s)(?:그것|그건|그게|그걸|이건|거기|여기|그녀|그는|그가|그들|전자|후자|[그이저]\s|(?:첫|두|세|네)\s?번째)"
    ),
    asking=re.compile(
        r"^(?!.*(?:은|는|이|가|을|를)\s)(?:얼마|언제|어디|몇\s|어떻게|누가|누구|무료|가격|높이|무게).{0,16}$"
    ),
    why=re.compile(r"^(?:왜|어째서)(?:요|죠|그래요|그런가요|안\s?돼요|안\s?되나요)?$"),
    part=re.compile(r"^(?P<part>[^,.?!]{1,20}?)(?:은|는)(?:요|\s어때요|\s어떤가요)$"),
    time=re.compile(r"[월화수목금토일]요일|주말|평일|오늘|내일|모레|\d{1,4}년|\d{1,2}월|오전|오후"),
    joint="의 ",
    attribute=re.compile(r"(?:가격|높이|무게|너비|길이|크기|색상|색|주소|전화번호|영업시간|보증\s?기간|보증|방법)$"),
    topic="{thing}{particle} ",
    attribute_asked="{thing}의 {part}?",
    comma=", ",
    mark="?",
)
_PARTICLES: Final = {form: pair for pair in ("은는", "이가", "을를") for form in pair} | {
    "건": "은는",
    "게": "이가",
    "걸": "을를",
}
"""Forms of Korean particles, and of pronouns that end in one, with both that the particle has."""

_HAS: Final = re.compile(r"有.+[吗嗎]$")
"""The end of a Chinese question whether a thing has something, which may be what is asked about."""

_KANA: Final = re.compile(r"[\u3041-\u3096\u30a1-\u30fa]")
_HAN: Final = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_HANGUL: Final = re.compile(r"[\uac00-\ud7a3]")
_DIRECTION: Final = re.compile(r"(?:へ|から|で|까지|에서)$")
"""What stands between a place and a joint: "オーストリアへの送料"."""

_FIRST_SYLLABLE: Final = 0xAC00
_FINALS: Final = 28
"""Korean syllables with the same beginning, of which the first has no final consonant."""

_SPOKEN: Final = re.compile(r"^(?:谢谢|謝謝|你好|您好|こんにちは|ありがとう|안녕|감사)")
"""What begins a text that asks about nothing."""


def east_asian_language(text: str, earlier: EastAsianLanguage | None = None) -> EastAsianLanguage | None:
    """Return the language of a text in Chinese, Japanese or Korean; None for one in another script.

    Args:
        text: any.
        earlier: the language of the question before it, which decides about characters that two languages have.
    """
    if _KANA.search(text):
        return _JAPANESE
    if _HANGUL.search(text):
        return _KOREAN
    if _HAN.search(text):
        return _JAPANESE if earlier is _JAPANESE else _CHINESE
    return None


def standalone_east_asian(language: EastAsianLanguage, question: str, earlier: str | None) -> str | None:
    """Return a question that needs no earlier one; None where it does, and no plain rule tells what for.

    Args:
        language: of the question.
        question: in one line.
        earlier: the last question, which stands alone itself; None where there is none in this language.
    """
    stripped = question.strip(_MARKS)
    lead = language.leading.match(stripped)
    text = stripped[lead.end() :].strip(_MARKS) if lead else stripped
    asked = "" if earlier is None or _SPOKEN.match(earlier) else _last(earlier)
    thing = _thing(language, asked)
    if language.why.match(text):
        return f"{asked}{language.comma}{text}{language.mark}" if asked else None
    if thing and (resolved := _without_pronoun(language, text, thing)) is not None:
        return None if language.unknown.search(resolved.replace(thing, "")) else f"{resolved}{language.mark}"
    if language.unknown.search(text):
        return None
    if part := language.part.match(text):
        if earlier is None and not lead and language is not _CHINESE:
            return question  # "営業時間は？" may stand alone, what ends in 呢 does not
        return _in_place(language, part["part"].strip(), asked, thing) if thing else None
    if earlier is None or not language.asking.match(text):
        return question
    if not thing:
        return None
    if _HAS.match(asked[asked.index(thing) + len(thing) :]):
        return f"{asked}{language.comma}{text}{language.mark}"
    return f"{language.topic.format(thing=thing, particle=_fitting('은는', thing))}{text}{language.mark}"


def _without_pronoun(language: EastAsianLanguage, text: str, thing: str) -> str | None:
    """Return a question whose pronoun is the thing; None where it has none, or the thing is not of its kind."""
    found = language.determiner.search(text)
    if found is None or not thing.endswith(found["kind"]):
        found = language.pronoun.search(text)
    if found is None:
        return None
    particle = found.groupdict().get("particle") or ""
    if both := _PARTICLES.get(particle or found.group()[-1]):
        particle = _fitting(both, thing)
    return f"{text[: found.start()]}{thing}{particle}{text[found.end() :]}"


def _fitting(particles: str, thing: str) -> str:
    """Return the Korean particle that fits the last syllable: the first where it ends in a consonant."""
    ends_in_consonant = _HANGUL.match(thing[-1]) is not None and (ord(thing[-1]) - _FIRST_SYLLABLE) % _FINALS != 0
    return particles[0] if ends_in_consonant else particles[1]


def _in_place(language: EastAsianLanguage, part: str, asked: str, thing: str) -> str | None:
    """Return the last question with a part in place of what it is another one of."""
    if language.time.fullmatch(part):
        times = list(language.time.finditer(asked))
        if len(times) != 1:
            return None
        return f"{asked[: times[0].start()]}{part}{asked[times[0].end() :]}{language.mark}"
    if language.attribute.search(part):
        return language.attribute_asked.format(thing=thing, part=part)
    owner, _, owned = thing.rpartition(language.joint)
    if part[-1] == thing[-1]:
        replaced = thing
    elif owner and owned:
        replaced = _DIRECTION.sub("", owner)
    else:
        # "退货费多少钱？", "德国呢？": another thing, or another place?
        return None
    return f"{asked.replace(replaced, part, 1)}{language.mark}"


def _thing(language: EastAsianLanguage, asked: str) -> str:
    found = language.thing.match(asked)
    thing = language.time.sub("", found["thing"]).strip() if found else ""
    owner, _, owned = thing.rpartition(language.joint)
    if owner and language.attribute.fullmatch(owned):
        thing = owner  # "松木栅栏的价格" is about the fence
    plain = 0 < len(thing) <= _LONGEST_THING and thing in asked
    return thing if plain and not language.unknown.search(thing) else ""


def _last(text: str) -> str:
    """Return the last sentence of a text, without its mark."""
    found = [each for each in re.split(r"[。？?！!\n]", text) if each.strip()]
    return found[-1].strip(_MARKS) if found else ""
