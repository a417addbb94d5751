"""The blocks of a route's prompts, and the texts that they show."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from groundwire_server.app.configuration import external
from groundwire_server.app.configuration.context_texts import context_texts
from groundwire_server.app.configuration.errors import InvalidConfigurationError
from groundwire_server.domain.prompts.texts import ContextTexts
from groundwire_server.domain.text.tokens import estimate_tokens
from tests.app.configuration.reading import errors, loaded

NOW = datetime.now(UTC)
SOURCES = "there are: caller, date, environment, examples, glossary, instructions, locale, turns"
NAMES = "[a-z][a-z0-9_-]{0,63}"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REGION", "eu-central")
    monkeypatch.setenv("PROVIDER_KEY", "s3cr3t")
    monkeypatch.delenv("NOT_THERE", raising=False)


def with_blocks(text: str) -> str:
    return f"routes:\n  default:\n    models: [extractive]\n    store: main\n    context: {{{text}}}\n"


def texts(folder: Path, text: str) -> ContextTexts:
    return context_texts(loaded(folder, text).configuration)


def wrong(folder: Path, text: str) -> list[str]:
    """The errors that only a look at files and at the environment's values shows."""
    try:
        external.verify(loaded(folder, text), NOW)
    except InvalidConfigurationError as invalid:
        return [str(error).replace(f"{folder}/", "") for error in invalid.errors]
    return []


@pytest.mark.parametrize(
    ("blocks", "line"),
    [
        (
            "a-b: {source: date}",
            "5: routes.default.context.a-b: must be a name that matches ^[a-z][a-z0-9_]{0,63}$",
        ),
        (
            "plan: {source: calller}",
            f"5: routes.default.context.plan.source: is not one of the words allowed; did you mean caller? {SOURCES}",
        ),
        (
            "terms: {source: glossary, key: a}",
            "5: routes.default.context.terms: has a key, and the source glossary has no parts with names: leave it out",
        ),
        (
            "plan: {source: caller, key: Plan}",
            f"5: routes.default.context.plan: has the key Plan, and values of callers have names as {NAMES}",
        ),
        (
            "today: {source: date, key: Europe/Berlint}",
            "5: routes.default.context.today: there is no time zone Europe/Berlint: name one such as Europe/Berlin",
        ),
        (
            "today: {source: date, key: ../etc/passwd}",
            "5: routes.default.context.today: there is no time zone ../etc/passwd: name one such as Europe/Berlin",
        ),
        (
            "earlier: {source: turns}",
            "5: routes.default.context.earlier: a block that bounds earlier turns is named turns, and no other is",
        ),
        (
            "turns: {source: caller}",
            "5: routes.default.context.turns: a block that bounds earlier turns is named turns, and no other is",
        ),
        (
            "region: {source: environment, key: REGION}",
            "5: routes.default.context.region.key: is not declared under context.environment; there are: none",
        ),
        ("plan: {source: caller, max_tokens: 0}", "5: routes.default.context.plan.max_tokens: must be at least 1"),
    ],
)
def test_a_block_that_cannot_be_filled_is_one_line(tmp_path: Path, blocks: str, line: str) -> None:
    assert errors(tmp_path, with_blocks(blocks)) == [f"groundwire.yaml:{line}"]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (
            "region: file:///etc/region",
            "names a file, which is how secrets are named: prompts hold none; use env://NAME",
        ),
        ("region: eu", "must be a reference to a variable, env://NAME"),
        ("region: env://NOT_THERE", "the variable NOT_THERE is not set: set it where the server is started"),
        *(
            (f"region: env://{name}", f"{name} is named as a secret is: prompts hold none; rename it if it is not one")
            for name in (
                "OPENAI_API_KEY",
                "DB_PASSWORD",
                "TOKEN",
                "CLIENT_SECRET",
                "MASTERKEY",
                "SENTRY_DSN",
                "AUTH_ID",
            )
        ),
        (
            "api_key: env://REGION",
            "api_key is named as a secret is: prompts hold none; rename it if it is not one",
        ),
    ],
)
def test_an_environment_that_may_be_a_secret_is_refused(tmp_path: Path, value: str, said: str) -> None:
    (line,) = errors(tmp_path, f"context:\n  environment:\n    {value}\n")
    assert line == f"groundwire.yaml:3: context.environment.{value.partition(':')[0]}: {said}"


def test_a_variable_that_is_a_secret_elsewhere_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOUSE", "s3cr3t")
    text = (
        "providers: {house: {kind: openai, base_url: 'http://127.0.0.1:9/v1', api_key: env://HOUSE}}\n"
        "context: {environment: {house: env://HOUSE}}\n"
    )
    assert errors(tmp_path, text) == [
        "groundwire.yaml:2: context.environment.house: is env://HOUSE, which is a secret elsewhere: prompts hold none"
    ]


def test_a_secret_under_another_name_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key").write_text("s3cr3t-of-the-house")
    monkeypatch.setenv("MOTTO", "s3cr3t-of-the-house")
    text = (
        f"providers: {{house: {{kind: openai, base_url: 'http://127.0.0.1:9/v1', api_key: 'file://{tmp_path}/key'}}}}\n"
        "context: {environment: {motto: env://MOTTO}}\n"
    )
    assert errors(tmp_path, text) == [
        "groundwire.yaml:2: context.environment.motto: is env://MOTTO, which is a secret elsewhere: prompts hold none"
    ]


@pytest.mark.parametrize(
    "value",
    [
        "postgres://app:hunter2hunter@db/answers",
        "sk-ant-api03-" + "aB3dE5gH7jK9mN1pQ3sT5vW7yZ" * 4,
        "AKIAQ3EGRJ5KXM4TZB7W",
    ],
)
def test_a_value_that_looks_like_a_secret_is_refused_and_not_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("REGION", value)
    found = wrong(tmp_path, "context: {environment: {region: env://REGION}}\n")
    assert found == [
        "groundwire.yaml:1: context.environment.region: has a value that looks like a secret: prompts hold none"
    ]


def test_a_value_of_the_environment_is_read_by_its_name(tmp_path: Path) -> None:
    assert texts(tmp_path, "context: {environment: {region: env://REGION}}").environment == {"region": "eu-central"}
    assert wrong(tmp_path, "context: {environment: {region: env://REGION}}") == []


CONTEXT = """
context:
  every_tenant:
    instructions: Be kind.
    glossary: {SLA: a promise, VAT: a tax}
    examples: [{question: "When is rent due?", answer: On the first.}]
  tenants:
    acme:
      instructions: Be brief.
      glossary: {SLA: our promise}
      file: acme.yaml
"""


def test_texts_in_blocks_of_yaml_leave_no_blank_lines(tmp_path: Path) -> None:
    found = texts(
        tmp_path,
        """
tenants: [acme]
context:
  every_tenant:
    instructions: |
      Be kind.
  tenants:
    acme:
      instructions: |+

        Be brief.
        Say you.

      glossary: {SLA: "a promise\\n"}
""",
    )
    assert found.of("acme").instructions == "Be kind.\nBe brief.\nSay you."
    assert found.of("acme").glossary.mentioned(["What is the SLA?"]) == (("SLA", "a promise"),)
    assert found.of("globex").instructions == "Be kind."


FILE = "instructions: Say you.\nglossary:\n  SLA: their promise\n  MFA: a second proof\n"


def test_texts_of_all_come_first_then_those_of_the_file_then_those_of_the_section(tmp_path: Path) -> None:
    (tmp_path / "acme.yaml").write_text(FILE)
    found = texts(tmp_path, CONTEXT)
    acme = found.of("acme")
    assert acme.instructions == "Be kind.\nSay you.\nBe brief."
    assert acme.glossary.terms == (("SLA", "our promise"), ("VAT", "a tax"), ("MFA", "a second proof"))
    assert acme.examples == (("When is rent due?", "On the first."),)
    assert found.of("globex").instructions == "Be kind."
    assert found.of("globex").glossary.terms == (("SLA", "a promise"), ("VAT", "a tax"))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (None, "acme.yaml: cannot be read: No such file or directory"),
        (b"instructions: [a]", "acme.yaml:1: instructions: must be a text: put it in quotes"),
        (b"glossary:\n  SLA: a promise\n  MFA: 7\n", "acme.yaml:3: glossary.MFA: must be a text: put it in quotes"),
        (b"glosary: {}", "acme.yaml:1: glosary: unknown key; did you mean glossary? there are: examples, glossary, "),
        (b"- a\n", "acme.yaml:1: "),
        (b"a: \xff", "acme.yaml: is not UTF-8 in line 1: save it as UTF-8"),
        (b"#" * 262_145, "acme.yaml: is larger than 256 KiB: is it the right file?"),
        (b"glossary: {SLA: a, SLA: b}", "acme.yaml:1: glossary.SLA: "),
    ],
    ids=["absent", "no text", "number", "unknown", "list", "no UTF-8", "large", "twice"],
)
def test_a_file_that_cannot_be_used_is_one_line_with_its_place(tmp_path: Path, data: bytes | None, said: str) -> None:
    if data is not None:
        (tmp_path / "acme.yaml").write_bytes(data)
    (line,) = wrong(tmp_path, CONTEXT)
    assert line.startswith(f"groundwire.yaml:11: context.tenants.acme.file: {said}")


def test_a_file_counts_among_those_that_are_watched(tmp_path: Path) -> None:
    (tmp_path / "acme.yaml").write_text(FILE)
    before = loaded(tmp_path, CONTEXT)
    assert loaded(tmp_path, CONTEXT).same(before)
    (tmp_path / "acme.yaml").write_text(FILE + "  KYC: a check\n")
    assert not loaded(tmp_path, CONTEXT).same(before)


MOST = "routes.default.context.rules.max_tokens"


def test_instructions_that_have_no_room_are_refused(tmp_path: Path) -> None:
    had = estimate_tokens("Be kind.\nBe brief.")
    blocks = f"rules: {{source: instructions, max_tokens: {had - 1}}}"
    text = CONTEXT.replace("      file: acme.yaml", "") + with_blocks(blocks)
    said = f"is {had - 1}, and instructions are never cut: those of acme have {had}; raise it"
    assert wrong(tmp_path, text) == [f"groundwire.yaml:16: {MOST}: {said}"]
    assert wrong(tmp_path, text.replace(f"max_tokens: {had - 1}", f"max_tokens: {had}")) == []


def test_a_tenant_that_does_not_exist_has_no_texts(tmp_path: Path) -> None:
    text = "tenants: [acme]\ncontext: {tenants: {acne: {instructions: Be brief.}}}"
    assert errors(tmp_path, text) == [
        "groundwire.yaml:2: context.tenants.acne: there is no tenant of this name; did you mean acme? there is: acme"
    ]
