"""Follow-ups in Chinese, Japanese and Korean."""

import json
from pathlib import Path

import pytest

from groundwire_server.domain.conversation.standalone import standalone
from groundwire_server.domain.question import Turn

SCRIPTS = Path(__file__).parents[3] / "bench" / "data" / "scripts"


def resolved(asked: str, question: str) -> str | None:
    return standalone(question, (Turn(True, asked), Turn(False, "…"))).text


@pytest.mark.parametrize(
    ("asked", "question", "expected"),
    [
        ("松木栅栏多少钱？", "它多高？", "松木栅栏多高？"),
        ("松木栅栏多高？", "多少钱？", "松木栅栏多少钱？"),
        ("松木栅栏多少钱？", "那橡木栅栏呢？", "橡木栅栏多少钱？"),
        ("松木栅栏多高？", "价格呢？", "松木栅栏的价格是多少？"),
        ("松木栅栏多高？", "它的保修期多久？", "松木栅栏的保修期多久？"),
        ("松木栅栏的价格是多少？", "它多高？", "松木栅栏多高？"),
        ("松木栅栏多少钱？", "这个栅栏多高？", "松木栅栏多高？"),
        ("奥地利的退货费是多少？", "德国呢？", "德国的退货费是多少？"),
        ("游泳池周六几点开门？", "周日呢？", "游泳池周日几点开门？"),
        ("游泳池关门了吗？", "为什么？", "游泳池关门了吗，为什么？"),
        ("员工有育儿假吗？", "怎么申请？", "员工有育儿假吗，怎么申请？"),
        ("什么是登录令牌？", "那个怎么用？", "登录令牌怎么用？"),
        ("松木栅栏多少钱？", "它和橡木栅栏哪个贵？", "松木栅栏和橡木栅栏哪个贵？"),
        ("松のフェンスの高さは？", "それはいくらですか？", "松のフェンスはいくらですか？"),
        ("松のフェンスの高さは？", "いくらですか？", "松のフェンスはいくらですか？"),
        ("松のフェンスの高さは？", "じゃあ、オークのフェンスは？", "オークのフェンスの高さは？"),
        ("松のフェンスの高さは？", "価格は？", "松のフェンスの価格は？"),
        ("オーストリアへの送料はいくらですか？", "ドイツは？", "ドイツへの送料はいくらですか？"),
        ("プールは土曜日何時に開きますか？", "日曜日は？", "プールは日曜日何時に開きますか？"),
        ("プールは閉まっていますか？", "なぜですか？", "プールは閉まっていますか、なぜですか？"),
        ("アトラスケトルは何分で沸きますか？", "このケトルの保証期間は？", "アトラスケトルの保証期間は？"),
        ("育児休暇はありますか？", "どうやって申請しますか？", "育児休暇はどうやって申請しますか？"),
        ("소나무 울타리는 얼마나 높나요?", "그건 얼마예요?", "소나무 울타리는 얼마예요?"),
        ("소나무 울타리는 얼마나 높나요?", "그것은 얼마예요?", "소나무 울타리는 얼마예요?"),
        ("이 책은 얼마나 두꺼워요? 사전은 얼마예요?", "그걸 살 수 있나요?", "사전을 살 수 있나요?"),
        ("소나무 울타리는 얼마나 높나요?", "그 울타리는 얼마예요?", "소나무 울타리는 얼마예요?"),
        ("소나무 울타리는 얼마예요?", "참나무 울타리는요?", "참나무 울타리는 얼마예요?"),
        ("소나무 울타리의 높이는 얼마예요?", "그건 얼마예요?", "소나무 울타리는 얼마예요?"),
        ("소나무 울타리의 높이는 얼마예요?", "참나무 울타리는요?", "참나무 울타리의 높이는 얼마예요?"),
        ("소나무 울타리는 얼마나 높나요?", "가격은요?", "소나무 울타리의 가격?"),
        ("수영장은 토요일 몇 시에 열어요?", "일요일은요?", "수영장은 일요일 몇 시에 열어요?"),
        ("수영장은 닫았나요?", "왜요?", "수영장은 닫았나요, 왜요?"),
        ("육아 휴직이 있나요?", "어떻게 신청해요?", "육아 휴직은 어떻게 신청해요?"),
    ],
)
def test_the_thing_of_the_last_question_is_carried_over(asked: str, question: str, expected: str) -> None:
    assert resolved(asked, question) == expected


@pytest.mark.parametrize(
    ("asked", "question"),
    [
        ("谁创办了公司？", "他是谁？"),
        ("有哪些套餐？", "第二个多少钱？"),
        ("登录令牌是什么？", "这个产品多少钱？"),
        ("退货到奥地利要多少钱？", "德国呢？"),
        ("游泳池周六和周日几点开门？", "周一呢？"),
        ("谢谢", "它多少钱？"),
        ("誰が店を経営していますか？", "彼の電話番号は？"),
        ("どんなプランがありますか？", "二つ目はいくらですか？"),
        ("市立博物館は何時に開きますか？", "そこに駐車できますか？"),
        ("送料はいくらですか？", "ドイツは？"),
        ("어떤 요금제가 있나요?", "두 번째는 얼마예요?"),
        ("시립 박물관은 언제 열어요?", "거기에 주차할 수 있나요?"),
        ("오스트리아 반품 수수료는 얼마예요?", "독일은요?"),
    ],
)
def test_what_no_plain_rule_tells_is_unclear(asked: str, question: str) -> None:
    assert resolved(asked, question) is None
    assert standalone(question, ()).text in {None, question}


@pytest.mark.parametrize("asked", ["", "松木栅栏多少钱？", "松のフェンスの高さは？", "소나무 울타리는 얼마나 높나요?"])
def test_questions_that_stand_alone_are_left_as_they_are(asked: str) -> None:
    turns = (Turn(True, asked), Turn(False, "…")) if asked else ()
    data = [json.loads((SCRIPTS / f"{name}.json").read_text(encoding="utf-8")) for name in ("chinese", "japanese")]
    questions = [each["question"] for whole in data for each in whole["texts"]]
    assert [each for each in questions if standalone(each, turns).text != each] == []
    assert len(questions) >= 60
