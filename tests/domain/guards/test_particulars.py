"""Which links, addresses and numbers a text has, and whether passages have them too."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundwire_server.domain.guards.particulars import missing, particulars
from groundwire_server.domain.guards.requests import request_in
from tests.timed import least_time

ADDRESS = "bc1qxy2kgdygjrsqtzq2n0yrf2493p83kkfjhx0wlh"


def keys(text: str) -> list[str]:
    return [each.key for each in particulars(text)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Read https://Docs.Example.com/Guide.", ["docs.example.com/Guide"]),
        ("Read (http://www.example.org/a?b=c#d), or wait.", ["example.org/a?b=c#d"]),
        ("[the guide](https://example.com/a_b)", ["example.com/a_b"]),
        ("Open shop.example.com or пример.рф today.", ["shop.example.com", "пример.рф"]),
        ("The page is at 10.0.0.1:8080/login.", ["10.0.0.1:8080/login"]),
        ("javascript:alert`1`", ["javascript:alert"]),
        ("Write to Help.Desk+2@Example.com!", ["help.desk+2@example.com"]),
        ("Write to help (at) example (dot) com.", ["help@example.com"]),
        ("Write to help[@]example[.]com.", ["help@example.com"]),
        ("Call +49 (0)30 123-4567.", ["49301234567"]),
        ("Call 0049 30 1234567 or 030/1234567.", ["49301234567", "0301234567"]),
        ("Call (555) 123-4567.", ["5551234567"]),
        ("Call \uff10\uff13\uff10 1234567.", ["0301234567"]),
        ("Pay to DE89 3704 0044 0532 0130 00.", ["DE89370400440532013000"]),
        ("Pay to GB29NWBK60161331926819 today.", ["GB29NWBK60161331926819"]),
        ("The card is 4111-1111-1111-1111.", ["4111111111111111"]),
        (f"Send coins to {ADDRESS}.", [ADDRESS]),
        (f"Send coins to 0x{'52908400098527886E0F' * 2}.", [f"0x{'52908400098527886E0F' * 2}"]),
        ("On 2024-01-15 and 01.02.2024, 1,200,000 came.", []),
        ("From 1914-1918, 20 000 of 10.000.000 left.", []),
        ("Read bit.ly/abc or goo.gl.", ["bit.ly/abc", "goo.gl"]),
        ("Read pay.anything/here.", ["pay.anything/here"]),
        ("Read example[.]com, or example (dot) org/a.", ["example.com", "example.org/a"]),
        ("Read \uff45\uff56\uff49\uff4c\uff0e\uff43\uff4f\uff4d or evil\u3002com.", ["evil.com", "evil.com"]),
        ("Call 0900\u00b7123\u00b7456 or 0900\u2011123\u2011456.", ["0900123456", "0900123456"]),
        (
            "Call 0\ufe0f\u20e39\ufe0f\u20e30\ufe0f\u20e30\ufe0f\u20e31\ufe0f\u20e32\ufe0f\u20e33\ufe0f\u20e3.",
            ["0900123"],
        ),
        ("Call \u2460\u2461 0900 \u2074\u2075\u2076 789.", ["0900456789"]),
        ("公司。请看。", []),
        ("Either/or, e.g./i.e., and 3.5/4 or v1.2/v1.3 are none.", []),
        ("Call os.path.join in setup.py, e.g. at 3.5 bar.", []),
        ("The ratio is 1:2; see §3/4 (at the end).", []),
        ("Write to [EMAIL_9], [EMAIL] or EMAIL_2.", ["EMAIL9", "EMAIL", "EMAIL2"]),
        ("Write to __EMAIL_1__, [BIRTH DATE 2] or [EMAIL\\_3].", ["EMAIL1", "BIRTHDATE2", "EMAIL3"]),
        ("It is [CUSTOMER_12].", ["CUSTOMER12"]),
        ("Press [ENTER], see [Figure 1], read x[i_1], <name> and MAX_NAME_2X.", []),
        ("", []),
    ],
)
def test_what_leads_a_reader_out_is_found(text: str, found: list[str]) -> None:
    assert keys(text) == found


@pytest.mark.parametrize(
    ("text", "passage", "lacking"),
    [
        ("Call +49 30 1234567.", "Our number: (+49) 30/12 34 567.", []),
        ("Call +49 30 1234567.", "Our number: +49 (0)30 12 34 567.", []),
        ("It is on example.com/a/.", "It is on https://example.com/a.", []),
        ("It is on example.com/a.", "It is on https://www.example.com/a/.", []),
        ("Call +49 30 1234568.", "Our number: (+49) 30/12 34 567.", ["+49 30 1234568"]),
        ("Call 030 1234567.", "Our number is 030 12345678.", ["030 1234567"]),
        ("Pay to DE89370400440532013000.", "IBAN: DE89 3704 0044 0532 0130 00", []),
        ("Write to HELP@example.com.", "help@example.com answers.", []),
        ("Write to p@example.com.", "help@example.com answers.", ["p@example.com"]),
        ("Write to [EMAIL_9].", "A template has [EMAIL_9] in it.", []),
        ("Write to [EMAIL_9].", "Email us within 9 days.", ["[EMAIL_9]"]),
        ("It is on www.example.com.", "It is on https://example.com/start.", []),
        ("It is on example.com.", "Write to help@example.com.", []),
        ("It is on example.com/login.", "It is on example.com.", ["example.com/login"]),
        ("It is on example.com.", "It is on counterexample.com.", ["example.com"]),
    ],
)
def test_a_passage_has_the_same_one_however_it_is_written(text: str, passage: str, lacking: list[str]) -> None:
    found = missing(particulars(text), text, frozenset(keys(passage)), [passage])
    assert [text[each.start : each.end] for each in found] == lacking


@pytest.mark.parametrize(
    ("sentence", "broad", "narrow"),
    [
        ("The password is on the label.", True, True),
        ("Das Passwort steht auf dem Zettel.", True, True),
        ("暗証番号は四桁です。", True, True),
        ("Fees are paid to the account of the club.", True, True),
        ("The p\u0430ssw\u043erd is on the label.", True, True),
        ("The pass\u200bword is on the label.", True, True),
        ("Lösenordet står på lappen.", True, True),
        ("Ο κωδικός είναι στο χαρτί.", True, True),
        ("รหัสผ่านอยู่บนกระดาษ", True, True),
        ("Hesla stojí na lístku: heslo.", True, True),
        ("Poplatek se hradí jako platba předem.", True, False),
        ("Дзвонити можна за телефоном клубу.", True, False),
        ("The hotline answers until six.", True, False),
        ("Payment is due in May.", True, False),
        ("La facture se règle par virement.", True, False),
        ("The bridge opened in 1913.", False, False),
        ("A ticket costs 4 euros.", False, False),
    ],
)
def test_a_sentence_speaks_of_credentials_or_payees(sentence: str, broad: bool, narrow: bool) -> None:
    assert (request_in(sentence, broad=True) is not None, request_in(sentence, broad=False) is not None) == (
        broad,
        narrow,
    )


@given(st.text(max_size=200))
def test_what_is_found_stands_in_the_text(text: str) -> None:
    for each in particulars(text):
        assert 0 <= each.start < each.end <= len(text)


@pytest.mark.parametrize(
    "piece",
    [
        "a@b.co x.com ",
        "a[.]",
        "0\ufe0f",
        "a.b/",
        "a.",
        "a@",
        "1 ",
        "0-",
        "+1 ",
        "ab12 ",
        "(at)",
        "a.b-",
        "x:",
        "1a" * 60 + " ",
        "pay to ",
        "send the ",
        "GB12 ",
    ],
)
def test_the_time_is_in_proportion_to_the_length(piece: str) -> None:
    def looked_at(text: str) -> None:
        particulars(text)
        request_in(text, broad=True)
        request_in(text, broad=False)

    short, long = (piece * (size // len(piece)) for size in (4_000, 32_000))
    enough = 0.002
    assert least_time(lambda: looked_at(long), enough) < enough + 24 * least_time(lambda: looked_at(short))
