"""Numbers that authorities and standards publish as examples, and numbers a digit off."""

import pytest

from groundwire_server.domain.guards.check_digits import passes_luhn, passes_mod_11_10, passes_mod_97, passes_verhoeff
from groundwire_server.domain.guards.national_ids import NATIONAL_IDS, is_national_id

EXAMPLES = {
    "ar_cuil": "20-12345678-6",
    "at_insurance": "1237 010180",
    "au_tax_file": "123 456 782",
    "be_national": "93.05.18-223.61",
    "br_cpf": "529.982.247-25",
    "ca_sin": "193-456-787",
    "ch_ahv": "756.9217.0769.85",
    "cl_rut": "30.686.957-4",
    "cn_resident": "11010519491231002X",
    "cz_birth": "736028/5163",
    "de_social_insurance": "15 070649 C 103",
    "de_tax_id": "86 095 742 719",
    "dk_cpr": "070761-4285",
    "es_dni": "12345678-Z",
    "fi_hetu": "131052-308T",
    "fr_nir": "2 55 08 14 168 025 38",
    "in_aadhaar": "2341 2341 2346",
    "it_tax_code": "RSSMRA85T10A562S",
    "jp_my_number": "1234 5678 9018",
    "kr_resident": "900101-1234567",
    "nl_bsn": "111222333",
    "no_birth": "151086 95088",
    "pl_pesel": "44051401359",
    "pt_nif": "123456789",
    "ro_cnp": "1800101221144",
    "ru_inn": "500100732259",
    "ru_snils": "112-233-445 95",
    "se_personal": "811228-9874",
    "sg_nric": "S1234567D",
    "tr_identity": "10000000146",
    "uk_nhs": "943 476 5919",
    "uk_nino": "AB 12 34 56 C",
    "us_ssn": "219-09-9999",
    "za_identity": "8001015009087",
}
UNCHECKED = {"us_ssn", "uk_nino", "dk_cpr", "kr_resident"}


def test_every_kind_has_an_example() -> None:
    assert EXAMPLES.keys() == NATIONAL_IDS


@pytest.mark.parametrize(("kind", "number"), EXAMPLES.items())
def test_a_published_number_passes_and_a_mistyped_one_does_not(kind: str, number: str) -> None:
    assert is_national_id(kind, number)
    assert is_national_id(kind, number.lower())
    assert not is_national_id(kind, number[:-1])
    assert not is_national_id(kind, number + "0")
    if kind not in UNCHECKED:
        places = [place for place, each in enumerate(number) if each.isdigit()]
        changed = [f"{number[:at]}{(int(number[at]) + 1) % 10}{number[at + 1 :]}" for at in places]
        assert sum(is_national_id(kind, each) for each in changed) <= 2


@pytest.mark.parametrize(
    ("kind", "number"),
    [
        ("us_ssn", "000-12-3456"),
        ("us_ssn", "666-12-3456"),
        ("us_ssn", "912-12-3456"),
        ("us_ssn", "219-00-9999"),
        ("us_ssn", "219-09-0000"),
        ("uk_nino", "GB 12 34 56 C"),
        ("uk_nino", "AB 12 34 56 E"),
        ("br_cpf", "111.111.111-11"),
        ("dk_cpr", "310261-4285"),
        ("kr_resident", "901301-1234567"),
        ("cn_resident", "110105194913310021"),
        ("de_tax_id", "11111111111"),
        ("de_tax_id", "1"),
        ("it_tax_code", "RSSMRA85Z10A562S"),
    ],
)
def test_a_number_that_was_never_given_out_does_not_pass(kind: str, number: str) -> None:
    assert not is_national_id(kind, number)


@pytest.mark.parametrize(
    ("number", "passes"), [("79927398713", True), ("79927398710", False), ("4111111111111111", True), ("0", True)]
)
def test_luhn(number: str, passes: bool) -> None:
    assert passes_luhn(number) is passes


def test_the_other_algorithms_take_their_standards_examples() -> None:
    assert passes_mod_97("3214282912345698765432161182")
    assert not passes_mod_97("3214282912345698765432161128")
    assert passes_mod_11_10("86095742719")
    assert not passes_mod_11_10("86095742718")
    assert passes_verhoeff("2363")
    assert not passes_verhoeff("2364")
