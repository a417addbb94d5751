"""The guard `personal`: e-mail addresses, telephones, accounts and other data of persons, by their forms."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final, Literal, TypeAlias, get_args

from pydantic import Field

from groundwire_server.adapters.guards.rules import Check, read_rules
from groundwire_server.domain.guards.finding import Finding
from groundwire_server.domain.guards.national_ids import NATIONAL_IDS, is_national_id
from groundwire_server.domain.guards.plain_form import plain_form
from groundwire_server.domain.guards.plausible import PLAUSIBLE
from groundwire_server.options import Options

PERSONAL_VERSION: Final = "1"
"""Of the rules in `personal.toml` and `names.toml`: it changes whenever they do."""

PersonalCategory: TypeAlias = Literal[
    "email", "phone", "iban", "card", "ip", "national_id", "passport", "birth_date", "plate", "name", "address"
]

PERSONAL_CATEGORIES: Final[tuple[PersonalCategory, ...]] = get_args(PersonalCategory)
"""What can be looked for."""

_BY_FORM: Final[tuple[PersonalCategory, ...]] = tuple(
    each for each in PERSONAL_CATEGORIES if each not in {"name", "address"}
)
"""What has a form of its own, or stands beside words that name it. Most names and addresses have neither."""


class PersonalGuardOptions(Options):
    """Personal data by patterns, check digits and the words beside it."""

    categories: tuple[PersonalCategory, ...] = Field(
        _BY_FORM, min_length=1, description="Kinds of personal data to look for."
    )


class PresidioGuardOptions(Options):
    """Personal data by presidio's recognisers of forms, without its models; needs the extra `presidio`."""

    categories: tuple[PersonalCategory, ...] = Field(
        ("email", "phone", "iban", "card", "ip", "national_id", "passport", "plate"),
        min_length=1,
        description="Kinds of personal data to look for; it has no recognisers of the others.",
    )
    min_score: float = Field(0.4, ge=0.0, le=1.0, description="Least certainty of a finding, by presidio's figures.")


class PersonalGuard:
    """Data of persons in texts of any language.

    Args:
        options: what is looked for.
    """

    by_word = False
    finds_data = True

    def __init__(self, options: PersonalGuardOptions | None = None) -> None:
        options = options or PersonalGuardOptions()
        self._rules = read_rules(("personal.toml", "names.toml"), _checks(), options.categories, "personal_words.toml")

    def find(self, text: str) -> Sequence[Finding]:
        """Return the personal data of a text."""
        plain = plain_form(text)
        found = self._rules.find(plain.text)
        return found if plain.text is text else [plain.as_original(each) for each in found]

    def about(self, rule: str) -> str:
        """Return what a rule looks for."""
        return self._rules.about(rule)


def _checks() -> Mapping[str, Check]:
    return {**PLAUSIBLE, **{kind: partial(_national_id, kind) for kind in NATIONAL_IDS}}


def _national_id(kind: str, words: str) -> int:
    return len(words) if is_national_id(kind, words) else 0
