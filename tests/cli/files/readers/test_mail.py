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
        "On Mon, Nov 23, 2026 at 9:00 AM Bob With a Long Name\n<bob@example.org> wrote:\n\n> When does it open?",
        "Am Mo., 23. Nov. 2026 um 09:00 Uhr schrieb Bob <bob@example.org>:\n> When does it open?",
        "Le lun. 23 nov. 2026 à 09:00, Bob <bob@example.org> a écrit :\n\n> When does it open?",
        "El lun, 23 nov 2026 a las 9:00, Bob (<bob@example.org>) escribió:\n> When does it open?",
        "Il giorno lun 23 nov 2026 alle ore 09:00 Bob <bob@example.org> ha scritto:\n\nWhen does it open?",
        "пн, 23 нояб. 2026 г. в 09:00, Bob <bob@example.org>:\n\n> When does it open?",
        "2026年11月23日(月) 9:00 Bob：\n> When does it open?",
        "________________________________\nFrom: Bob <bob@example.org>\nSent: Monday\nTo: anne\n\nWhen does it open?",
        "Von: Bob\nGesendet: Montag, 23. November 2026\nAn: Anne\nBetreff: Tor\n\nWhen does it open?",
        "Begin forwarded message:\n\nWhen does it open?",
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


def test_what_the_sender_announces_of_a_quotation_stays_the_senders() -> None:
    found = read(mail("We open at 9:00. The sign says:\n> At ten.\n", "Gate").as_bytes(), "a.eml").text
    assert found == "# Gate\n\nWe open at 9:00. The sign says:\n\n## Quoted\n\nAt ten.\n"


def test_lines_like_headers_are_the_senders_where_no_mail_follows() -> None:
    text = "From: the gate\nTo: the mail room\n\nit takes five minutes."
    assert read(mail(f"{text}\n", "Way").as_bytes(), "a.eml").text == f"# Way\n\n{text}\n"


@pytest.mark.parametrize(
    ("plain", "html", "read_as"),
    [
        (" \n", "<p>At nine.</p>", "At nine."),
        ("See the other part.", f"<p>{'At nine. ' * 20}</p>", "At nine. At nine."),
        ("At nine, plainly.", "<p>At nine.</p>", "At nine, plainly."),
    ],
)
def test_html_is_read_where_the_plain_text_has_little(plain: str, html: str, read_as: str) -> None:
    message = mail(f"{plain}\n", "Hours")
    message.add_alternative(html, subtype="html")
    assert read(message.as_bytes(), "a.eml").text.startswith(f"# Hours\n\n{read_as}")


FLOWED = (
    b"Subject: Hours\nContent-Type: text/plain; format=flowed%s\n\nThe gate \nopens.\n It\n> When \n> then?\n-- \nBob\n"
)


@pytest.mark.parametrize(("delsp", "own"), [(b"", "The gate opens.\nIt"), (b"; delsp=yes", "The gateopens.\nIt")])
def test_paragraphs_that_flow_are_joined(delsp: bytes, own: str) -> None:
    space = "" if delsp else " "
    assert read(FLOWED % delsp, "a.eml").text == (
        f"# Hours\n\n{own}\n\n## Quoted\n\nWhen{space}then?\n\n## Signature\n\nBob\n"
    )


def test_attached_messages_and_further_texts_are_read() -> None:
    message = mail("At nine.\n", "Hours")
    message.make_mixed()
    further = EmailMessage(SMTP)
    further.set_content("Further text.\n")
    message.attach(further)
    message.add_attachment(mail("The gate is open.\n", "Gate"))
    message.add_attachment("Notes.\n", filename="notes.txt")
    found = read(message.as_bytes(), "a.eml")
    assert found.text == "# Hours\n\nAt nine.\n\nFurther text.\n\n## Attached: Gate\n\nThe gate is open.\n"
    assert found.warnings == ("the attachment notes.txt is left out",)


def test_messages_in_messages_are_read_to_a_depth() -> None:
    message = mail("Innermost.\n", "Mail 0")
    for number in range(1, 7):
        outer = mail(f"Text {number}.\n", f"Mail {number}")
        outer.add_attachment(message)
        message = outer
    found = read(message.as_bytes(), "a.eml")
    assert "Text 3." in found.text
    assert "Innermost." not in found.text
    assert found.warnings == ("the attachment message/rfc822 is left out",)


def test_a_signature_makes_no_heading_of_the_line_before_it() -> None:
    found = read(mail("The gate opens at ten.\n-- \nBob\n", "Gate").as_bytes(), "a.eml").text
    assert [block.title for block in blocks(found) if block.kind is BlockKind.HEADING] == ["Gate", "Signature"]


def test_an_answer_below_what_it_quotes_is_the_senders() -> None:
    text = "On Mon, 23 Nov 2026 at 10:00, Bob wrote:\n> When does it open?\n\nAt ten.\n"
    assert read(mail(text, "Gate").as_bytes(), "a.eml").text == (
        "# Gate\n\nAt ten.\n\n## Quoted\n\nOn Mon, 23 Nov 2026 at 10:00, Bob wrote:\nWhen does it open?\n"
    )
