"""What is personal data in a text, by category, and what only looks like it."""

import pytest

from groundwire_server.adapters.guards.personal import PERSONAL_CATEGORIES, PersonalGuard, PersonalGuardOptions

GUARD = PersonalGuard(PersonalGuardOptions(categories=PERSONAL_CATEGORIES))


def found(text: str, guard: PersonalGuard = GUARD) -> list[tuple[str, str]]:
    return [(each.category, text[each.start : each.end]) for each in guard.find(text)]


FOUND = [
    # e-mail
    ("email", "Write to anna.kowalska@firma.example.", "anna.kowalska@firma.example"),
    ("email", "<mailto:Bob_O'Neil+tag@mail.co.example>", "Bob_O'Neil+tag@mail.co.example"),
    ("email", "邮箱是zhang.wei@gongsi.example，请回复", "zhang.wei@gongsi.example"),
    ("email", "müller@bäckerei.example", "müller@bäckerei.example"),
    ("email", "Почта: иван@почта.example", "иван@почта.example"),
    ("email", "ｊｉｒｏ＠ｍａｉｌ．ｅｘａｍｐｌｅ", "ｊｉｒｏ＠ｍａｉｌ．ｅｘａｍｐｌｅ"),
    ("email", "anna\u00ad.berg@firma\u200b.example wrote", "anna\u00ad.berg@firma\u200b.example"),
    ("email", "jane (at) firma (dot) example", "jane (at) firma (dot) example"),
    ("email", "jane.doe [at] firma.example", "jane.doe [at] firma.example"),
    ("email", '{"email":"x1@y.example"}', "x1@y.example"),
    # telephone
    ("phone", "Call +49 30 901820.", "+49 30 901820"),
    ("phone", "Ring +44 (0)20 7946 0018, please", "+44 (0)20 7946 0018"),
    ("phone", "Ruf an: 0171 9876543", "0171 9876543"),
    ("phone", "Büro: 030/901820-17", "030/901820-17"),
    ("phone", "(040) 66 96 90 12", "(040) 66 96 90 12"),
    ("phone", "Appelez le 06 39 98 12 34.", "06 39 98 12 34"),
    ("phone", "his mobile: 07700 900123", "07700 900123"),
    ("phone", "Reach her at (212) 736-5000.", "(212) 736-5000"),
    ("phone", "212.736.5000", "212.736.5000"),
    ("phone", "+1-212-736-5000 ext. 12", "+1-212-736-5000 ext. 12"),
    ("phone", "Llámame al 612 345 678", "612 345 678"),
    ("phone", "Telemóvel 912 345 678", "912 345 678"),
    ("phone", "Zadzwoń: 601 234 567", "601 234 567"),
    ("phone", "+39 333 123 4567", "+39 333 123 4567"),
    ("phone", "тел. 8 (495) 123-45-67", "8 (495) 123-45-67"),
    ("phone", "+7 916 123-45-67", "+7 916 123-45-67"),
    ("phone", "电话：13812345678。", "13812345678"),
    ("phone", "手机 138 1234 5678", "138 1234 5678"),
    ("phone", "電話番号は090-1234-5678です", "090-1234-5678"),
    ("phone", "연락처: 010-1234-5678", "010-1234-5678"),
    ("phone", "هاتف: ٠١٢٣٤٥٦٧٨٩", "٠١٢٣٤٥٦٧٨٩"),
    ("phone", "मोबाइल: 98765 43210", "98765 43210"),
    ("phone", "+91 98765 43210", "+91 98765 43210"),
    ("phone", "(11) 91234-5678", "(11) 91234-5678"),
    ("phone", "0049 30 901820", "0049 30 901820"),
    ("phone", "+49\u00a030\u2011901820", "+49\u00a030\u2011901820"),
    ("phone", "My number is 555 0100 99 12, call me", "555 0100 99 12"),
    # accounts and cards
    ("iban", "Pay to DE89 3704 0044 0532 0130 00 today", "DE89 3704 0044 0532 0130 00"),
    ("iban", "IBAN: GB29NWBK60161331926819.", "GB29NWBK60161331926819"),
    ("iban", "ES91-2100-0418-4502-0005-1332", "ES91-2100-0418-4502-0005-1332"),
    ("iban", "no93 8601 1117 947", "no93 8601 1117 947"),
    ("iban", "FR14 2004 1010 0505 0001 3M02 606 BIC PSSTFRPP", "FR14 2004 1010 0505 0001 3M02 606"),
    ("iban", "DE89 3704 0044 0532 0130 00 or GB29 NWBK 6016 1331 9268 19", "GB29 NWBK 6016 1331 9268 19"),
    ("iban", "いつもDE89370400440532013000です", "DE89370400440532013000"),
    ("card", "Card 4539 1488 0343 6467, exp 12/30", "4539 1488 0343 6467"),
    ("card", "5425233430109903", "5425233430109903"),
    ("card", "Amex 3742-454554-00126", "3742-454554-00126"),
    ("card", "Pay with 6011 0009 9013 9424x 6011000000000004", "6011000000000004"),
    # network
    ("ip", "from 93.184.216.34:443 at noon", "93.184.216.34"),
    ("ip", "blocked 2a00:1450:4001:81b::200e.", "2a00:1450:4001:81b::200e"),
    ("ip", "range 93.184.216.0/24", "93.184.216.0"),
    # national numbers
    ("national_id", "SSN 219-09-9999", "219-09-9999"),
    ("national_id", "social security number: 219099999", "219099999"),
    ("national_id", "NI number AB 12 34 56 C", "AB 12 34 56 C"),
    ("national_id", "Steuer-ID: 86 095 742 719", "86 095 742 719"),
    ("national_id", "NIR 2 55 08 14 168 025 38", "2 55 08 14 168 025 38"),
    ("national_id", "DNI 12345678Z", "12345678Z"),
    ("national_id", "NIE X1234567L", "X1234567L"),
    ("national_id", "codice fiscale RSSMRA85T10A562S", "RSSMRA85T10A562S"),
    ("national_id", "BSN: 111222333", "111222333"),
    ("national_id", "PESEL 44051401359", "44051401359"),
    ("national_id", "CPF 529.982.247-25", "529.982.247-25"),
    ("national_id", "CPF nº 52998224725", "52998224725"),
    ("national_id", "Aadhaar 2341 2341 2346", "2341 2341 2346"),
    ("national_id", "身份证号11010519491231002X", "11010519491231002X"),
    ("national_id", "주민등록번호 900101-1234567", "900101-1234567"),
    ("national_id", "T.C. Kimlik No: 10000000146", "10000000146"),
    ("national_id", "СНИЛС 112-233-445 95", "112-233-445 95"),
    ("national_id", "AHV-Nr. 756.9217.0769.85", "756.9217.0769.85"),
    ("national_id", "Versicherungsnummer 15 070649 C 103", "15 070649 C 103"),
    ("national_id", "RUT 30.686.957-4", "30.686.957-4"),
    ("national_id", "Rijksregister 93.05.18-223.61", "93.05.18-223.61"),
    ("national_id", "CUIL 20-12345678-6", "20-12345678-6"),
    ("national_id", "henkilötunnus 131052-308T", "131052-308T"),
    ("national_id", "personnummer 811228-9874", "811228-9874"),
    ("national_id", "NRIC S1234567D", "S1234567D"),
    ("national_id", "r. č. 736028/5163", "736028/5163"),
    # passports
    ("passport", "Passport number: C01X00T47", "C01X00T47"),
    ("passport", "passport no. 531234567", "531234567"),
    ("passport", "Reisepass-Nr. C4J7R2K91", "C4J7R2K91"),
    ("passport", "numéro de passeport 09AE12345", "09AE12345"),
    ("passport", "паспорт 45 08 123456", "45 08 123456"),
    ("passport", "护照号码：E12345678", "E12345678"),
    ("passport", "L898902C36UTO7408122F1204159ZE184226B<<<<<10", "L898902C36UTO7408122F1204159ZE184226B<<<<<10"),
    # dates of birth
    ("birth_date", "DOB: 03/05/1985", "03/05/1985"),
    ("birth_date", "She was born on 3 March 1985.", "3 March 1985"),
    ("birth_date", "born March 3rd, 1985", "March 3rd, 1985"),
    ("birth_date", "Geburtsdatum: 3. Mai 1985", "3. Mai 1985"),
    ("birth_date", "geb. 03.05.85", "03.05.85"),
    ("birth_date", "née le 1er août 1970", "1er août 1970"),
    ("birth_date", "Fecha de nacimiento: 3 de mayo de 1985", "3 de mayo de 1985"),
    ("birth_date", "urodzona 12 września 1990", "12 września 1990"),
    ("birth_date", "родился 15 марта 1985 года", "15 марта 1985"),
    ("birth_date", "出生日期：1985年5月3日", "1985年5月3日"),
    ("birth_date", "1985年5月3日生まれ", "1985年5月3日"),
    ("birth_date", "Date of birth 1985-05-03", "1985-05-03"),
    ("passport", "Er zeigte seinen Kinderreisepass C4J7R2K91 vor", "C4J7R2K91"),
    ("passport", "паспорт 4508123456", "4508123456"),
    ("passport", "паспорт серия 4508 номер 123456", "4508 номер 123456"),
    ("passport", "PNUTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "PNUTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<"),
    ("passport", "travel document no. n1234567", "n1234567"),
    ("birth_date", "Ihr Geburtstag: 03.05.1985", "03.05.1985"),
    ("phone", "Diensttelefon 9018 2017", "9018 2017"),
    ("card", "Maestro 6759 6498 2643 8453", "6759 6498 2643 8453"),
    ("card", "4539 1488 0343 6467 12/27 123", "4539 1488 0343 6467"),
    ("card", "**4539148803436467**, card=5425233430109903", "4539148803436467"),
    ("iban", "DE 89 3704 0044 0532 0130 00", "DE 89 3704 0044 0532 0130 00"),
    ("ip", "login from 23.20.10.5", "23.20.10.5"),
    ("plate", "registered as ABC 123 GP in", "ABC 123 GP"),
    ("plate", "Autokennzeichen W-12345 A.", "W-12345 A"),
    ("plate", "plate 231-D-12345", "231-D-12345"),
    ("plate", "the plate AB12 CDE FROM LONDON", "AB12 CDE"),
    ("plate", "their van, AB12 CDE, was towed", "AB12 CDE"),
    # vehicles
    ("plate", "Kennzeichen B-AB 1234", "B-AB 1234"),
    ("plate", "his car, plate AB12 CDE, was", "AB12 CDE"),
    ("plate", "immatriculée AB-123-CD", "AB-123-CD"),
    ("plate", "matrícula 1234 BCD", "1234 BCD"),
    ("plate", "targa AB 123 CD", "AB 123 CD"),
    ("plate", "kenteken 12-ABC-3", "12-ABC-3"),
    ("plate", "license plate 7ABC123", "7ABC123"),
    ("plate", "plaka 34 ABC 123", "34 ABC 123"),
    ("plate", "车牌京A·12345", "京A·12345"),
    ("plate", "номер А123ВС 77", "А123ВС 77"),
    # names and addresses, as far as words tell them
    ("name", "My name is Anna Kowalska.", "Anna Kowalska"),
    ("name", "Sehr geehrter Herr Müller, danke", "Herr Müller"),
    ("name", "Please ask Dr. Jane Whitfield about it", "Dr. Jane Whitfield"),
    ("name", "姓名：王小明，男", "王小明"),
    ("address", "12 bis rue de la Paix, 75002 Paris", "12 bis rue de la Paix, 75002 Paris"),
    ("address", "I live at 12 Baker Street.", "12 Baker Street"),
    ("address", "wohnt in der Goethestraße 12, 60313 Frankfurt.", "Goethestraße 12, 60313 Frankfurt"),
    ("address", "Calle Mayor 5", "Calle Mayor 5"),
    ("address", "ул. Ленина, д. 5", "ул. Ленина, д. 5"),
    ("address", "北京市朝阳区建国路88号", "北京市朝阳区建国路88号"),
]

NOT_FOUND = [
    "git clone git@git.example:team/repo.git",
    "postgres://app:pa55@db.example/main",
    "icon@2x.png and logo@3x.svg",
    "react@18.2.0 is installed",
    "@user@social.example on the fediverse",
    "ssh deploy@build.example",
    "scp report.txt deploy@build.example:/srv",
    "a @ b and x@y",
    "pkg@1.2.3-beta.rc",
    "git@git.example:repo.git",
    "Write to user@example.com, for example.",
    "ssh://git@git.example/team/repo",
    "OpenSSL 3.0.2.15 and kernel 6.1.0.18",
    "(555) 736-5000",
    "Claim no. 030-1234567",
    "Apache server 2.4.58.1",
    "@dataclass(frozen=True)",
    "Call 555-0123 or (212) 555-0123.",
    "Order 4539148803436467 was shipped",
    "order no. 0171 9876543",
    "The value is 0.123 456 789",
    "pi is 3.14159265358979",
    "between 1985-1990 and 2000-2010 people moved",
    "DE89 3704 0044 0532 0130 01",
    "4539 1488 0343 6468",
    "Use the test card 4111 1111 1111 1111.",
    "version 93.184.216.34 of the driver",
    "127.0.0.1, 10.0.0.1, 192.168.1.1, 192.0.2.1 and 198.51.100.7",
    "8.8.8.8",
    "2001:db8::1 and fe80::1 and ::1",
    "12:30:45 and 00:1a:2b:3c:4d:5e",
    "section 1.2.3.4",
    "1.2.3.4.5",
    "SSN 000-12-3456",
    "invoice number 219-09-9999",
    "part 123-45-6789",
    "CPF 529.982.247-26",
    "BSN: 111222334",
    "PESEL 44051401358",
    "the number 44051401359",
    "The passport costs 70 euros and takes 28 days.",
    "released on 3 March 1985",
    "The company was founded on 03/05/1985.",
    "Born in 1985, she",
    "born on 45/13/1985",
    "The plate is 12 inches wide.",
    "model AB-123-CD of the pump",
    "tracking 1Z999AA10123456784",
    "UUID 123e4567-e89b-12d3-a456-426614174000",
    "sha256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "timestamp 1700000000",
    "ISBN 978-3-16-148410-0",
    "The error 0x80070005 came at 2024-01-01T12:00:00.123456789",
    "https://shop.example/item?id=4539148803436467",
    "2,147,483,647 and 1 000 000 000",
    "Chapter 030/901820",
    "phone 12345",
    "It costs 1.234.567.890 euros",
]


@pytest.mark.parametrize(("category", "text", "words"), FOUND, ids=lambda each: each[:40])
def test_personal_data_is_found_whole(category: str, text: str, words: str) -> None:
    assert (category, words) in found(text)


@pytest.mark.parametrize("text", NOT_FOUND)
def test_what_only_looks_like_personal_data_is_not_found(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize("text", [text for _, text, _ in FOUND])
def test_a_text_without_white_space_around_is_searched_alike(text: str) -> None:
    assert {words for _, words in found(text)} == {words for _, words in found(f"\n\n{text}\n\n")}


def test_names_and_addresses_are_not_looked_for_unless_they_are_named() -> None:
    text = "My name is Anna Kowalska, I live at 12 Baker Street, a@b.example."
    assert found(text, PersonalGuard()) == [("email", "a@b.example")]
    only = PersonalGuard(PersonalGuardOptions(categories=("name",)))
    assert found(text, only) == [("name", "Anna Kowalska")]
