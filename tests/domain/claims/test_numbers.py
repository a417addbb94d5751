"""Rules about numbers, amounts, dates, units and signs: what they object to, and what they let pass."""

import pytest

from groundwire_server.domain.vocabulary import ConflictKind
from tests.domain.claims.judging import firm_kinds

FERRY = "A ferry crosses from Lund in 35 minutes, eight times a day in summer; a ticket costs £4."
GRANTS = "Grants cover 88% of the aid; loans cover 8% and work-study 4%."
CANAL = "The Marwell Canal was dug between 1794 and 1803 and is 27 km long."
PRICES = "| Zone | Standard | Chilled |\n|---|---|---|\n| A | £12 | £20 |\n| B | £15 | £26 |"
BACKUP = "The database is backed up every night at 03:00 and the last 14 backups are kept."
LIMITS = "A client may send 600 requests per minute if retries < 3 and the flag --strict is set."


@pytest.mark.parametrize(
    ("statement", "passage"),
    [
        ("The ferry from Lund takes thirty-five minutes.", FERRY),
        ("A ticket for the ferry costs four pounds.", FERRY),
        ("In summer the ferry crosses 8 times a day.", FERRY),
        ("Loans and work-study together cover 12% of the aid.", GRANTS),
        ("The Marwell Canal is 27,000 m long.", CANAL),
        ("Digging the Marwell Canal took nine years between 1794 and 1803.", CANAL),
        ("The canal was dug from 1794 to 1803.", CANAL),
        ("The Marwell Canal is about 28 km long.", CANAL),
        ("In zone B, standard costs £15.", PRICES),
        ("Every night at 3 a.m. the database is backed up.", BACKUP),
        ("The last fourteen backups of the database are kept.", BACKUP),
        ("Ten requests a second may be sent by a client, or 600 per minute.", LIMITS + " That is 10 a second."),
        ("One of the backups is kept.", BACKUP),
        ("A client may send 600 requests every minute.", LIMITS),
        ("Members pay £12 a month.", "Members pay £12 a month or £120 a year."),
        ("Run it with --strict.", "Run the tool with --strict to see more."),
    ],
)
def test_what_the_passage_gives_passes(statement: str, passage: str) -> None:
    assert firm_kinds(statement, passage) == set()


@pytest.mark.parametrize(
    ("statement", "passage", "kind"),
    [
        ("The ferry from Lund takes 45 minutes.", FERRY, ConflictKind.NUMBER),
        ("The ferry crosses from Lund in 35 hours.", FERRY, ConflictKind.UNIT),
        ("A ticket costs $4.", FERRY, ConflictKind.UNIT),
        ("A ticket costs £40.", FERRY, ConflictKind.NUMBER),
        ("Grants cover 8.8% of the aid.", GRANTS, ConflictKind.NUMBER),
        ("Grants cover eighty per cent of the aid.", GRANTS, ConflictKind.NUMBER),
        ("The Marwell Canal was dug between 1794 and 1813.", CANAL, ConflictKind.NUMBER),
        ("The Marwell Canal is 27 miles long.", CANAL, ConflictKind.UNIT),
        ("The Marwell Canal is 2.7 km long.", CANAL, ConflictKind.NUMBER),
        ("In zone B, standard costs £13.", PRICES, ConflictKind.NUMBER),
        ("The database is backed up every night at 04:00.", BACKUP, ConflictKind.DATE),
        ("The database is backed up every night at 3 p.m.", BACKUP, ConflictKind.DATE),
        ("The last 40 backups are kept.", BACKUP, ConflictKind.NUMBER),
        ("A client may send 600 requests per minute if retries >= 3.", LIMITS, ConflictKind.OPERATOR),
        ("A client may send 600 requests per minute if the flag --lenient is set.", LIMITS, ConflictKind.OPERATOR),
        ("A client may send 600 requests per second.", LIMITS, ConflictKind.UNIT),
        ("Members pay £12 a week.", "Members pay £12 a month.", ConflictKind.UNIT),
        ("Members pay £12 a year.", "Members pay £12 a month or £120 a year.", ConflictKind.UNIT),
        ("The tower was built on 13 May 1884.", "The tower was built on 12 May 1884.", ConflictKind.DATE),
        ("It requires Python 3.1.", "It requires Python 3.10.", ConflictKind.NUMBER),
        ("Water freezes at 5 °C there.", "Water freezes at −5 °C there.", ConflictKind.NUMBER),
        ("The war lasted for decades.", "The war lasted for centuries.", ConflictKind.UNIT),
        ("Der Turm ist 120 Meter hoch.", "Der Turm ist 1.200 Meter hoch.", ConflictKind.NUMBER),
        ("共有1300人参加。", "共有1200人参加。", ConflictKind.NUMBER),
    ],
)
def test_what_the_passage_does_not_give_is_objected_to(statement: str, passage: str, kind: ConflictKind) -> None:
    assert kind in firm_kinds(statement, passage)
