"""Mail: decoded, with its headers, and what it quotes apart."""

from email.message import EmailMessage
from email.policy import SMTP

import pytest

from groundwire_server.cli.files.readers.mail import read
from groundwire_server.markup.blocks import BlockKind, blocks


def mail(
    text: str, subject: str = "Öffnungszeiten", charset: str = "utf-8", cte: str = "quoted-printable"
) -> EmailMessage:
    message = EmailMessage(SMTP)
    message["From"] = "Änne <anne@example.org>"
    message["To"] = "all@example.org"
    message["Date"] = "Fri, 27 Nov 2026 09:00:00 +0100"
    message["Subject"] = subject
    message.set_content(text, charset=charset, cte=cte)
    return message


@pytest.mark.parametrize(
    ("charset", "cte"), [("utf-8", "quoted-printable"), ("iso-8859-1", "base64"), ("utf-8", "8bit")]
)
def test_text_is_decoded_and_headers_are_metadata(charset: str, cte: str) -> None:
    found = read(mail("Die Poststelle öffnet um neun.\n", charset=charset, cte=cte).as_bytes(), "a.eml")
    assert found.title == "Öffnungszeiten"
    assert found.text == "# Öffnungszeiten\n\nDie Poststelle öffnet um neun.\n"
    assert found.metadata == {
        "from": "Änne <anne@example.org>",
        "to": "all@example.org",
        "date": "2026-11-27T09:00:00+01:00",
    }


@pytest.mark.parametrize(
    "quoted",
    [
        "On Mon, 23 Nov 2026 at 10:00, Bob wrote:\n> When does it open?\n>> At ten?",
        "-----Original Message-----\nWhen does it open?",
        "> When does it open?",
    ],
)
def test_what_is_quoted_stands_apart(quoted: str) -> None:
    found = read(mail(f"At nine.\n\n{quoted}\n", "Hours").as_bytes(), "a.eml").text
    own, _, rest = found.partition("\n## Quoted\n")
    assert own.strip() == "# Hours\n\nAt nine."
    assert "When does it open?" in rest
    assert "\n>" not in rest


def test_plain_text_comes_before_html_and_attachments_are_named() -> None:
    message = mail("At nine.\n")
    message.add_alternative("<p>At <b>nine</b> in HTML.</p>", subtype="html")
    message.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", filename="plan.pdf")
    found = read(message.as_bytes(), "a.eml")
    assert "HTML" not in found.text
    assert found.warnings == ("the attachment plan.pdf is left out",)


def test_html_alone_is_read_as_html() -> None:
    message = EmailMessage(SMTP)
    message["Subject"] = "Hours"
    message.set_content("<p>At <b>nine</b>.</p><p hidden>secret</p>", subtype="html")
    assert read(message.as_bytes(), "a.eml").text.strip() == "# Hours\n\nAt **nine**."


def test_a_signature_makes_no_heading_of_the_line_before_it() -> None:
    found = read(mail("The gate opens at ten.\n-- \nBob\n", "Gate").as_bytes(), "a.eml").text
    assert [block.title for block in blocks(found) if block.kind is BlockKind.HEADING] == ["Gate"]


def test_an_answer_below_what_it_quotes_is_the_senders() -> None:
    text = "On Mon, 23 Nov 2026 at 10:00, Bob wrote:\n> When does it open?\n\nAt ten.\n"
    assert read(mail(text, "Gate").as_bytes(), "a.eml").text == (
        "# Gate\n\nAt ten.\n\n## Quoted\n\nOn Mon, 23 Nov 2026 at 10:00, Bob wrote:\nWhen does it open?\n"
    )
