"""Numbers, amounts, dates, times and versions compare by value, whatever the form."""

import pytest

from groundwire_server.domain.claims.quantities import quantities
from groundwire_server.domain.claims.quantity import Quantity, same
from groundwire_server.domain.claims.terms import terms
from groundwire_server.domain.vocabulary import ConflictKind


def read(text: str) -> list[Quantity]:
    return quantities(terms(text))


def alike(one: str, other: str) -> bool:
    said, given = read(one), read(other)
    assert said, one
    assert len(said) == len(given)
    return all(same(a, b) for a, b in zip(said, given, strict=True))


SAME = [
    # Thousands
    ("1,200 members", "1200 members"),
    ("1,200 members", "1.2k members"),
    ("1,200 members", "twelve hundred members"),
    ("1200 members", "one thousand two hundred members"),
    ("1’200 members", "1200 members"),
    ("1\u202f200 members", "1200 members"),
    ("1,234,567.89", "1234567.89"),
    ("2.5 million", "2,500,000"),
    ("2.5M users", "two and a half million users"),
    ("10K lines", "10,000 lines"),
    ("a hundred people", "100 people"),
    ("a million people", "1,000,000 people"),
    ("half a million", "500,000"),
    ("two dozen eggs", "24 eggs"),
    ("a dozen eggs", "12 eggs"),
    # Words
    ("twenty-five", "25"),
    ("one hundred and twenty-five", "125"),
    ("a hundred and twenty", "120"),
    ("three thousand and five", "3005"),
    ("1½ litres", "1.5 litres"),
    # Other digits
    ("１２００", "1200"),
    ("١٢٠٠", "1200"),
    ("१२००", "1200"),
    # German
    ("1.200 Mitglieder", "1200 Mitglieder"),
    ("1.200,50 €", "1200.50 EUR"),
    ("1,5 Millionen Euro", "1.5 million euros"),
    ("3 Mio. Euro", "€3,000,000"),
    ("4 Mrd. Euro", "4 billion euros"),
    ("2,5 kg", "2.5 kg"),
    # Percent and fractions
    ("50 %", "50 percent"),
    ("50%", "fifty per cent"),
    ("50 %", "half"),
    ("25%", "a quarter of"),
    ("60%", "three fifths"),
    ("20%", "one fifth of"),
    ("3/4", "three quarters"),
    ("two-thirds", "2/3"),
    ("5‰", "0.5%"),
    # Dates
    ("12 May 2024", "May 12, 2024"),
    ("12 May 2024", "2024-05-12"),
    ("12 May 2024", "12th of May 2024"),
    ("12 May 2024", "12.05.2024"),
    ("12 May 2024", "12/05/2024"),
    ("May 12, 2024", "5/12/2024"),
    ("12 May 2024", "12. Mai 2024"),
    ("12 May 2024", "12 mai 2024"),
    ("May 2024", "mai 2024"),
    ("1914-18", "1914–1918"),
    # Times
    ("3 pm", "15:00"),
    ("3 p.m.", "15:00"),
    ("3:30 PM", "half past three"),
    ("quarter to four", "15:45"),
    ("ten past five", "17:10"),
    ("noon", "12:00"),
    ("midnight", "00:00"),
    ("15 Uhr", "3 pm"),
    ("seven o'clock", "7 am"),
    ("at six in the morning", "at 06:00"),
    # Units and currencies with scale
    ("$5 million", "5 million dollars"),
    ("$5m", "5,000,000 USD"),
    ("5m euros", "€5 million"),
    ("€3.5bn", "3.5 billion euros"),
    ("EUR 20", "20 €"),
    ("20 cents", "$0.20"),
    ("5 km", "5000 m"),
    ("5km", "5,000 metres"),
    ("500ms", "half a second"),
    ("90 minutes", "an hour and a half"),
    ("90 minutes", "1.5 hours"),
    ("half an hour", "30 minutes"),
    ("2 GB", "2000 MB"),
    ("2 GiB", "2048 MiB"),
    ("an hour", "60 minutes"),
    ("two weeks", "14 days"),
    ("12 km²", "1200 ha"),
    # Ranges
    ("10-20 km", "10–20 km"),
    ("10-20 km", "10,000–20,000 m"),
    ("2–3 hours", "120–180 minutes"),
    # Signs
    ("-5 °C", "minus five °C"),
    ("−5 °C", "-5 °C"),
    # Versions and ordinals
    ("version 2.10", "v2.10"),
    ("Python 3.10", "python version 3.10"),
    ("release 1.10.3", "1.10.3"),
    ("19th", "nineteenth"),
    ("33rd", "thirty-third"),
]


@pytest.mark.parametrize(("one", "other"), SAME, ids=[f"{one} = {other}" for one, other in SAME])
def test_forms_of_one_value_are_the_same(one: str, other: str) -> None:
    assert alike(one, other)
    assert alike(other, one)


DIFFERENT = [
    ("1,200", "1,300"),
    ("1.2k", "1.3k"),
    ("1.2k", "1.2 million"),
    ("twelve hundred", "1300"),
    ("3.14", "3.15"),
    ("50 %", "5 %"),
    ("half", "60%"),
    ("5‰", "5%"),
    ("12 May 2024", "13 May 2024"),
    ("12 May 2024", "12 May 2023"),
    ("12 May 2024", "12 June 2024"),
    ("12.05.2024", "5 December 2024"),
    ("3 pm", "3 am"),
    ("half past three", "16:30"),
    ("$5 million", "$5 billion"),
    ("$5", "€5"),
    ("5 km", "5 miles"),
    ("5 kg", "5 g"),
    ("10-20 km", "10-20 miles"),
    ("2 GB", "2 GiB"),
    ("90 minutes", "90 seconds"),
    ("-5 °C", "5 °C"),
    ("minus five degrees", "5 degrees"),
    ("20 °C", "20 °F"),
    ("Python 3.10", "Python 3.1"),
    ("version 1.10.3", "version 1.10.4"),
    ("v2.1", "v2.10"),
    ("19th", "18th"),
    ("33rd", "twenty-third"),
]


@pytest.mark.parametrize(("one", "other"), DIFFERENT, ids=[f"{one} ≠ {other}" for one, other in DIFFERENT])
def test_other_values_differ(one: str, other: str) -> None:
    assert not alike(one, other)
    assert not alike(other, one)


@pytest.mark.parametrize(
    ("part", "whole"),
    [("2024", "12 May 2024"), ("May 2024", "12 May 2024"), ("12 May", "12 May 2024"), ("5", "5 km"), ("at 3", "3 pm")],
)
def test_a_part_of_what_is_given_may_stand_alone(part: str, whole: str) -> None:
    (said,), (given,) = read(part), read(whole)
    assert same(said, given)


@pytest.mark.parametrize(
    "text", ["", "no numbers here", "the former may march on", "²", "…", "an august body", "of", "per", "a", "½x"]
)
def test_texts_without_quantities(text: str) -> None:
    assert [each for each in read(text) if each.kind is ConflictKind.DATE] == []


def test_numbers_within_text_without_spaces_are_read() -> None:
    assert [each.values for each in read("共有1200人，占25.5%")] == [(1200.0,), (0.255,)]
    assert [each.values for each in read("มีสมาชิก๒๕คน")] == [(25.0,)]


def test_dates_and_times_conflict_as_dates() -> None:
    assert [each.kind for each in read("On 12 May at 3 pm, 40 left.")] == [
        ConflictKind.DATE,
        ConflictKind.DATE,
        ConflictKind.NUMBER,
    ]
