"""The texts of tenants never meet."""

from groundwire_server.domain.prompts.context import ContextSource
from groundwire_server.domain.prompts.glossary import Glossary
from groundwire_server.domain.prompts.texts import ContextTexts, TenantTexts

ACME = TenantTexts("Be brief.", Glossary([("SLA", "a promise")]), (("Q", "A"),))


def test_a_tenant_has_its_own_texts_and_others_those_of_everyone() -> None:
    everyone = TenantTexts("Be kind.")
    texts = ContextTexts(everyone, {"acme": ACME})
    assert texts.of("acme") is ACME
    assert texts.of("globex") is everyone


def test_a_change_of_one_tenants_texts_changes_no_digest_of_another() -> None:
    before, after = ContextTexts(tenants={"acme": ACME}), ContextTexts(tenants={"acme": TenantTexts("Be long.")})
    assert before.digest("acme") != after.digest("acme")
    assert before.digest("globex") == after.digest("globex")


def test_the_same_texts_have_the_same_digest_in_every_process() -> None:
    again = TenantTexts("Be brief.", Glossary([("SLA", "a promise")]), (("Q", "A"),))
    assert again.digest == ACME.digest
    assert again.digest.hex() == "91e2a987df5f40da17c0856b05441ddd"


def test_a_value_of_the_environment_counts_for_all() -> None:
    before, after = ContextTexts(environment={"REGION": "eu"}), ContextTexts(environment={"REGION": "us"})
    assert before.digest("acme") != after.digest("acme")


def test_texts_are_not_printed() -> None:
    printed = repr(ContextTexts(ACME, {"acme": ACME}, {"REGION": "eu"}))
    assert not any(text in printed for text in ("brief", "promise", "eu"))


def test_what_a_tenant_has_is_counted_once_by_each_way_of_counting() -> None:
    counted: list[str] = []

    def count(text: str) -> int:
        counted.append(text)
        return len(text.split())

    own = TenantTexts("Be brief.", Glossary([("SLA", "a promise"), ("VAT", "a tax")]), (("Why?", "So."),))
    for _ in range(2):
        assert own.tokens(ContextSource.INSTRUCTIONS, "words", count) == 2
        assert own.tokens(ContextSource.GLOSSARY, "words", count) == 6
        assert own.tokens(ContextSource.EXAMPLES, "words", count) == 2
    assert counted == ["Be brief.", "SLA\na promise\nVAT\na tax", "Why?\nSo."]
    own.tokens(ContextSource.EXAMPLES, "letters", count)
    assert len(counted) == 4
    assert own == TenantTexts("Be brief.", own.glossary, own.examples)
