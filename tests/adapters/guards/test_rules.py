"""Files of rules: what words and conditions mean, and that both files are sound."""

import re
import tomllib
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

import pytest

from groundwire_server.adapters.guards.personal import PERSONAL_CATEGORIES, PersonalGuard, PersonalGuardOptions
from groundwire_server.adapters.guards.rules import Rule, RuleBook, WordLists
from groundwire_server.adapters.guards.secrets import SECRET_CATEGORIES, SecretsGuard
from groundwire_server.domain.guards.national_ids import NATIONAL_IDS
from groundwire_server.ports.guard import LocalGuard
from tests.adapters.guards import test_personal, test_secrets

NEVER = re.compile("(?!)")


def content(name: str) -> dict[str, Any]:
    return tomllib.loads((files("groundwire_server.adapters.guards") / name).read_text(encoding="utf-8"))


PERSONAL = {"rules": content("personal.toml")["rules"] + content("names.toml")["rules"]}
SECRETS = content("secrets.toml")
BESIDE = content("personal_words.toml")
WORDS = WordLists({"phone": ["tel", "telef*", "*handy", "*ruf*", "d.o.b", "电话*"], "other": ["né le", "Πινακίδες"]})


def rule(**conditions: Any) -> Rule:
    given: dict[str, Any] = {
        "description": "",
        "check": None,
        "reach": 0,
        "near": "",
        "kinds": {},
        "unless": frozenset(),
    }
    return Rule(category="number", not_before=NEVER, not_after=NEVER, **{**given, **conditions})


def book(**rules: Rule) -> RuleBook:
    return RuleBook(rules, dict.fromkeys(rules, r"\d+"), {"phone": ["tel"], "order": ["order"]})


@pytest.mark.parametrize(
    ("text", "lists"),
    [
        ("tel 1", {"phone"}),
        ("TEL: 1", {"phone"}),
        ("hotel 1", set()),
        ("tell 1", set()),
        ("Telefon", {"phone"}),
        ("Diensthandy", {"phone"}),
        ("Handys", set()),
        ("Notrufnummer", {"phone"}),
        ("d.o.b. 1", {"phone"}),
        ("die D O B", set()),
        ("我的电话号码", {"phone"}),
        ("Née le, né le", {"other"}),
        ("ΠΙΝΑΚΊΔΕΣ", {"other"}),
        ("tel, né le", {"phone", "other"}),
        ("", set()),
    ],
)
def test_a_word_is_whole_unless_a_star_says_that_it_goes_on(text: str, lists: set[str]) -> None:
    assert set(WORDS.within(text)) == lists


@pytest.mark.parametrize(
    ("text", "ends"), [("my tel: ", True), ("tel", True), ("tel. no. ", False), ("tel\n", False), ("hotel ", False)]
)
def test_a_word_right_before_has_punctuation_behind_it_at_most(text: str, ends: bool) -> None:
    assert ("phone" in WORDS.ending(text)) is ends


@pytest.mark.parametrize(
    ("conditions", "text", "found"),
    [
        ({}, "a 12", ["12"]),
        ({"check": lambda words: len(words) if words > "2" else 0}, "12 31", ["31"]),
        ({"check": lambda _: 1}, "12 31", ["1", "3"]),
        ({"check": lambda words: len(words) - 1, "reach": 4}, "12 ab", ["12 "]),
        ({"near": "phone"}, "12", []),
        ({"near": "phone"}, "tel 12 and 34", ["12", "34"]),
        ({"near": "phone"}, "12 is my tel", ["12"]),
        ({"near": "phone"}, f"tel{' ' * 80}12", []),
        ({"unless": frozenset({"order"})}, "order 12 and 34", ["34"]),
        ({"not_before": re.compile(r"#$")}, "#12 34", ["34"]),
        ({"not_after": re.compile(r"^%")}, "12% 34", ["34"]),
        ({"kinds": {"phone": lambda words: len(words) * (words == "12")}}, "tel 12 34", ["12"]),
        ({"kinds": {"phone": len}}, "12 34", []),
    ],
)
def test_a_match_is_found_where_it_meets_the_conditions(
    conditions: dict[str, Any], text: str, found: list[str]
) -> None:
    given: dict[str, Any] = {key: value for key, value in conditions.items() if not key.startswith("not_")}
    made = rule(**given)
    for name in ("not_before", "not_after"):
        if name in conditions:
            made = Rule(**{**{key: getattr(made, key) for key in Rule.__slots__}, name: conditions[name]})
    assert [text[each.start : each.end] for each in book(number=made).find(text)] == found


def test_where_two_rules_find_the_same_words_the_first_counts() -> None:
    first = rule(check=lambda words: len(words) * (len(words) == 2))
    found = book(pair=first, any=rule()).find("12 345")
    assert [each.rule for each in found] == ["pair", "any"]


def test_every_rule_finds_one_of_the_examples() -> None:
    guard = PersonalGuard(PersonalGuardOptions(categories=PERSONAL_CATEGORIES))
    personal = {each.rule for _, text, _ in test_personal.FOUND for each in guard.find(text)}
    assert {each["name"] for each in PERSONAL["rules"]} - personal == set()
    blocks = "\n".join([f"{test_secrets.MARK}BEGIN PRIVATE KEY{test_secrets.MARK}", *test_secrets.LINES])
    texts = [text for _, text, _ in test_secrets.FOUND] + [blocks]
    secrets = {each.rule for text in texts for each in SecretsGuard().find(text)}
    assert {each["name"] for each in SECRETS["rules"]} - secrets == set()


@pytest.mark.parametrize(
    ("file", "categories"), [(PERSONAL, PERSONAL_CATEGORIES), (SECRETS, SECRET_CATEGORIES)], ids=["personal", "secrets"]
)
def test_a_file_has_rules_for_every_category(file: dict[str, Any], categories: tuple[str, ...]) -> None:
    assert {each["category"] for each in file["rules"]} == set(categories)
    assert len({each["name"] for each in file["rules"]}) == len(file["rules"])


def test_every_list_of_words_is_named_by_a_rule_and_every_rule_names_one_that_is_there() -> None:
    near = {each["near"] for each in PERSONAL["rules"] if "near" in each}
    assert near | {name for each in PERSONAL["rules"] for name in each.get("unless", ())} == BESIDE["words"].keys()
    assert {each["near_kinds"] for each in PERSONAL["rules"] if "near_kinds" in each} == BESIDE["kinds"].keys()


def test_a_guard_says_what_each_rule_looks_for() -> None:
    guards: Sequence[LocalGuard] = (
        PersonalGuard(PersonalGuardOptions(categories=PERSONAL_CATEGORIES)),
        SecretsGuard(),
    )
    for file, guard in zip((PERSONAL, SECRETS), guards, strict=True):
        said = [guard.about(each["name"]) for each in file["rules"]]
        assert [each for each in said if not re.fullmatch(r"[A-Z].{10,110}\.", each)] == []
        assert len(set(said)) == len(said)


def test_every_kind_of_national_number_has_a_rule() -> None:
    used = {each["check"] for each in PERSONAL["rules"] if "check" in each} | BESIDE["kinds"]["national_ids"].keys()
    assert NATIONAL_IDS - used == set()


TEXTS = {
    "digits": "1 ",
    "telephones": "0171 9876543, ",
    "addresses": "a.b@c.example ",
    "letters": "a",
    "at signs": "a@",
    "accounts": "DE89 ",
    "capitals": "A1 ",
    "ip": "93.184.216.34 ",
    "keys": "key=",
    "passwords": "password: a1b2c3d4 ",
    "blocks": f"{test_secrets.MARK}BEGIN PRIVATE KEY{test_secrets.MARK}\n",
    "tokens": "eyA.",
    "urls": "a://b:",
    "hidden": "a\u200b",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
def test_matches_are_as_many_as_the_text_is_long(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    examined: list[int] = []
    length = Rule.length

    def counted(self: Rule, whole: str, start: int, end: int, words: WordLists) -> int:
        examined.append(max(end - start, self.reach))
        return length(self, whole, start, end, words)

    monkeypatch.setattr(Rule, "length", counted)
    sums = []
    for characters in (8_000, 16_000):
        examined.clear()
        for guard in (PersonalGuard(), SecretsGuard()):
            guard.find((text * characters)[:characters])
        sums.append(sum(examined))
    assert sums[1] <= 2.2 * sums[0] + 200
