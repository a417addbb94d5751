"""What is a secret in a text, by category, and what stands where one would."""

import base64
import json
import random
import string

import pytest

from groundwire_server.adapters.guards.secrets import SECRET_CATEGORIES, SecretsGuard, SecretsGuardOptions

GUARD = SecretsGuard()
LETTERS = string.ascii_letters + string.digits


def found(text: str) -> list[tuple[str, str]]:
    return [(each.category, text[each.start : each.end]) for each in GUARD.find(text)]


def drawn(length: int, characters: str = LETTERS) -> str:
    """Return random characters, the same each time: nothing in this file is a key that a scanner would report."""
    return "".join(random.Random(length).choices(characters, k=length))


def encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


UPPER = string.ascii_uppercase + "234567"
HEX = "0123456789abcdef"
JWT = f"{encoded({'alg': 'HS256'})}.{encoded({'sub': 'u-77', 'exp': 1})}.{drawn(43)}"
AWS_SECRET = drawn(40, LETTERS + "+/")
BASIC = base64.b64encode(b"deploy:Kx92!aa").decode()
MARK = "-----"
LINES = [drawn(64, LETTERS + "+/"), drawn(63, LETTERS) + "/", drawn(21) + "=="]

FOUND = [
    ("aws_key", f"id AKIA{drawn(16, UPPER)}, region", f"AKIA{drawn(16, UPPER)}"),
    ("aws_key", f"aws_secret_access_key = {AWS_SECRET}", AWS_SECRET),
    ("aws_key", f'"AWS_SECRET_ACCESS_KEY": "{AWS_SECRET}"', AWS_SECRET),
    ("github_token", f"ghp_{drawn(36)}", f"ghp_{drawn(36)}"),
    ("github_token", f"token=github_pat_{drawn(22)}_{drawn(59)}.", f"github_pat_{drawn(22)}_{drawn(59)}"),
    ("gitlab_token", f"glpat-{drawn(20)}", f"glpat-{drawn(20)}"),
    ("slack_token", f"xoxb-{drawn(12, string.digits)}-{drawn(24)}", f"xoxb-{drawn(12, string.digits)}-{drawn(24)}"),
    (
        "slack_token",
        f"https://hooks.slack.com/services/T0{drawn(9)}/B0{drawn(9)}/{drawn(24)}",
        f"T0{drawn(9)}/B0{drawn(9)}/{drawn(24)}",
    ),
    ("stripe_key", f"(sk_live_{drawn(24)})", f"sk_live_{drawn(24)}"),
    ("google_key", f"?key=AIza{drawn(35)}&x=1", f"AIza{drawn(35)}"),
    ("openai_key", f"sk-proj-{drawn(48)}", f"sk-proj-{drawn(48)}"),
    ("anthropic_key", f"sk-ant-api03-{drawn(93)}AA", f"sk-ant-api03-{drawn(93)}AA"),
    ("jwt", f"Cookie: session={JWT}; Path=/", JWT),
    ("api_key", f"hf_{drawn(34)}", f"hf_{drawn(34)}"),
    ("api_key", f"api_key: {drawn(32, HEX)}", drawn(32, HEX)),
    ("api_key", f'"apiKey" : "{drawn(24)}"', drawn(24)),
    ("api_key", f"The API key is {drawn(32)}.", drawn(32)),
    ("api_key", f"SECRET_KEY='{drawn(50)}'", drawn(50)),
    ("api_key", f"Authorization: Bearer {drawn(40)}", drawn(40)),
    ("api_key", f"X-Auth-Token: {drawn(28)}", drawn(28)),
    ("api_key", f"API-Schlüssel: {drawn(28)}", drawn(28)),
    ("api_key", f"AccountKey={drawn(86, LETTERS + '+/')}==;", f"{drawn(86, LETTERS + '+/')}=="),
    ("api_key", f"https://discord.com/api/webhooks/{drawn(18, string.digits)}/{drawn(68)}", drawn(68)),
    ("private_key", f"key MIIEpAIBAAKCAQEA{drawn(48)}", f"MIIEpAIBAAKCAQEA{drawn(48)}"),
    ("password", "Password: Tr0ub4dor&3", "Tr0ub4dor&3"),
    ("password", "DB_PASSWORD=s3cr3tPw!", "s3cr3tPw!"),
    ("password", 'password = "hunter2222"', "hunter2222"),
    ("password", '{"password":"qwe_RTY-8891"}', "qwe_RTY-8891"),
    ("password", "The password is Kx92mmQ7.", "Kx92mmQ7"),
    ("password", "Das Passwort lautet Sommer2024!", "Sommer2024!"),
    ("password", "Le mot de passe est Soleil#99", "Soleil#99"),
    ("password", "La contraseña es Verano2024", "Verano2024"),
    ("password", "Wi-Fi password for guests: Sommer2024", "Sommer2024"),
    ("password", "Use the password Kx92mmQ7 for it.", "Kx92mmQ7"),
    ("password", "log in as deploy (password Kx92mmQ7)", "Kx92mmQ7"),
    ("password", "Пароль: Zima2024!", "Zima2024!"),
    ("password", "密码是Abc12345!", "Abc12345!"),
    ("password", "パスワード：Haru2024!", "Haru2024!"),
    ("password", "비밀번호는 Bom2024!!", "Bom2024!!"),
    ("password", "postgres://app:kJ8sPq@db.example/main", "kJ8sPq"),
    ("password", "curl -u deploy:Kx92mmQ7 https://x.example", "Kx92mmQ7"),
    ("password", "mysql --password=Kx92mmQ7", "Kx92mmQ7"),
    ("password", f"Authorization: Basic {BASIC}", BASIC),
    ("password", "**Password:** Tr0ub4dor&3", "Tr0ub4dor&3"),
    ("password", "- **Password**: `Tr0ub4dor&3`", "Tr0ub4dor&3"),
    ("password", "- Password — Tr0ub4dor&3", "Tr0ub4dor&3"),
    ("password", "| Password | Tr0ub4dor&3 |", "Tr0ub4dor&3"),
    ("password", "|Password|Tr0ub4dor&3|", "Tr0ub4dor&3"),
    ("password", "<password>Tr0ub4dor&3</password>", "Tr0ub4dor&3"),
    ("password", "<td>Password</td> <td>Tr0ub4dor&3</td>", "Tr0ub4dor&3"),
    ("password", '<add key="Password" value="Tr0ub4dor&3"/>', "Tr0ub4dor&3"),
    ("password", "The password is: `Tr0ub4dor&3`", "Tr0ub4dor&3"),
    ("password", "The password is:\n\n```text\nTr0ub4dor&3\n```", "Tr0ub4dor&3"),
    ("password", "Password:\r\nTr0ub4dor&3", "Tr0ub4dor&3"),
    ("password", "User / password: admin / Tr0ub4dor&3", "Tr0ub4dor&3"),
    ("password", "The password of the old admin account is **Tr0ub4dor&3**.", "Tr0ub4dor&3"),
    ("password", "mysql -u root -pKx92mmQ7 main", "Kx92mmQ7"),
    ("password", "docker login -u ann -p Kx92mmQ7 hub.example", "Kx92mmQ7"),
    ("password", "redis-cli -h db -a Kx92mmQ7 ping", "Kx92mmQ7"),
    ("password", "ldapsearch -D cn=x -w Kx92mmQ7", "Kx92mmQ7"),
    ("password", "CREATE USER ann IDENTIFIED BY 'Kx92mmQ7';", "Kx92mmQ7"),
    ("password", "ConvertTo-SecureString 'Kx92mmQ7' -AsPlainText", "Kx92mmQ7"),
    ("password", "**Login:** ann / Kx92mmQ7", "Kx92mmQ7"),
    ("password", "The credentials are ann@x.example/Kx92mmQ7.", "Kx92mmQ7"),
    ("password", "WPA2 key: Kx92mmQ7", "Kx92mmQ7"),
    ("api_key", f"Authorization: Token {drawn(28)}", drawn(28)),
    ("password", "Server=db;Password=Tr0ub4dor&3;Encrypt=True;Timeout=30", "Tr0ub4dor&3"),
    ("password", "?user=ann&password=Kx92mmQ7&next=home", "Kx92mmQ7"),
    ("password", "Your password has been changed to: **Tr0ub4dor&3**", "Tr0ub4dor&3"),
    ("password", "**Mot de passe\u00a0:** Soleil#99", "Soleil#99"),
    ("password", "**密码：** Abc12345!", "Abc12345!"),
    ("api_key", f"**API key:** `{drawn(32, HEX)}`", drawn(32, HEX)),
    ("api_key", f"| API key | `{drawn(24)}` |", drawn(24)),
    ("api_key", f"<apiKey>{drawn(24)}</apiKey>", drawn(24)),
    ("api_key", f"The API key is:\n```\n{drawn(24)}\n```", drawn(24)),
    ("password", "ｐａｓｓｗｏｒｄ： Tr0ub4dor&3", "Tr0ub4dor&3"),
    ("password", "pass\u00adword\u00a0: Tr0ub\u200b4dor&3", "Tr0ub\u200b4dor&3"),
    ("aws_key", f"AKIA\u2060{drawn(16, UPPER)}", f"AKIA\u2060{drawn(16, UPPER)}"),
    ("aws_key", f"\U0001d400KIA{drawn(16, UPPER)}", f"\U0001d400KIA{drawn(16, UPPER)}"),
]

NOT_FOUND = [
    "AKIAIOSFODNN7EXAMPLE",
    "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "api_key: <your-key>",
    "api_key=YOUR_API_KEY_HERE_1234",
    "token: ${TOKEN}",
    "TOKEN=$(cat /run/secrets/token_1)",
    "password: ********",
    "password: xxxxxxxx1",
    "password={{ vault_password1 }}",
    "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "sk-" + "0" * 40,
    "sk_test_" + "4eC39HqLyjWDarjtT1zdp7dc",
    "sk-learn-style-estimators-are-nice",
    "Your password must have at least 12 characters.",
    "The password is stored as a hash.",
    "The password is required for the first login.",
    "password: str | None = None",
    "password = getpass.getpass()",
    "password=os.environ['DB_PASSWORD1']",
    "password: required",
    "Password reset: https://accounts.example/reset1",
    "the secret is to keep it simple",
    "secret = settings.SECRET_KEY_2",
    "token: tokenize.NAME",
    "private_key: ed25519.Ed25519PrivateKey",
    "credentials = standard_b64encode(credentials)",
    "cvs://:pserver:anoncvs@sources.example:/cvs",
    "tokens: 128000",
    "token = self.tokens[1]",
    "a token is a string of 32 characters",
    "key: user:1234:profile",
    "secretsmanager: projects/my-app/secrets/db-pass/versions/1",
    "sha256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "commit 994b8c7486ed7b1eb39c320aa267f7cf1af9cf05",
    "UUID 123e4567-e89b-12d3-a456-426614174000",
    "https://user:password@host.example/",
    "https://host.example:8080/path@x",
    "http://localhost:8080/@scope",
    f"{encoded({'alg': 'HS256'})}.{encoded({'sub': '1234567890', 'name': 'John Doe'})}.{drawn(43)}",
    f"{MARK}BEGIN PRIVATE KEY{MARK} is how the file begins.",
    f"{MARK}BEGIN CERTIFICATE{MARK}\n{LINES[0]}\n{MARK}END CERTIFICATE{MARK}",
    "Basic authentication and basic knowledge",
    "The Basic dXNlcg== header",
    "mysql -u root -p main",
    "mysqldump --port=3306 -p$DB_PASSWORD main",
    "docker login -u ann --password-stdin",
    "Login: pages/login2.html",
    "Login: OAuth2/OIDC1.0",
    "log in with credentials from settings/aws2",
    "Authorization: Token authentication-2024 is old",
    "{ passphrase: &#x3C;string&gt; }",
    "GENERIC_PASSTHRU = 0x0249",
    "User(password='password1')",
    "password_encryption = scram-sha-256",
    "PASSWORD_HASHERS=pbkdf2_sha256",
    "password: argon2id",
    "password VARCHAR2",
    "| password | varchar(255) |",
    "The password is SHA-256-hashed.",
    "The password PBKDF2-HMAC-SHA256 makes",
    "The password is base64-encoded.",
    "Use the password OAuth2.0 does not need.",
    "Passwort X.509-Zertifikat",
    "Wi-Fi key WPA2-PSK",
    "password (RFC2898)",
    "the password v2.3.1 asks for",
    "'password' => 'required|min:8'",
    "password: 8-64chars",
    "The password is 12-character",
    "First pass: 95th-percentile",
    "password_file: secrets/db-2024.txt",
    "password: !vault | 1",
    "token expires: 2026-01-31T23:59:59Z",
    "token limit: 128000-tokens-per-min",
    "token: 2026-01-31T23:59:59.123Z",
    f"token digest: sha256:{drawn(64, HEX)}",
    f"secret hash = {drawn(40, HEX)}",
    "secret arn: arn:aws:secretsmanager:us-east-1:123456789012:secret:MyDb-a1b2c3",
    "token: 550e8400-e29b-41d4-a716-446655440000",
    "postgresql://scott:tiger@db.example/test",
]


@pytest.mark.parametrize(("category", "text", "words"), FOUND, ids=lambda each: each[:32])
def test_a_secret_is_found_without_what_names_it(category: str, text: str, words: str) -> None:
    assert found(text) == [(category, words)]


@pytest.mark.parametrize("text", NOT_FOUND, ids=lambda each: each[:32])
def test_what_stands_where_a_secret_would_is_none(text: str) -> None:
    assert found(text) == []


def test_every_category_has_an_example() -> None:
    assert {category for category, _, _ in FOUND} == set(SECRET_CATEGORIES)


@pytest.mark.parametrize("kind", ["", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED ", "PGP "])
@pytest.mark.parametrize("between", ["\n", "\r\n", "\\n", " "])
def test_each_line_of_a_private_key_is_found_by_itself(kind: str, between: str) -> None:
    block = " BLOCK" if kind == "PGP " else ""
    text = between.join(
        [f"{MARK}BEGIN {kind}PRIVATE KEY{block}{MARK}", *LINES, f"{MARK}END {kind}PRIVATE KEY{block}{MARK}"]
    )
    assert found(f"Here: {text} and more") == [("private_key", line) for line in LINES]


def test_headers_of_a_private_key_are_left_and_words_after_it_too() -> None:
    text = f"{MARK}BEGIN RSA PRIVATE KEY{MARK}\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,3F17F5316E2BAC89\n\n"
    text += "\n".join(LINES)
    assert found(f"{text}\n\nThat, then, is the key.") == [("private_key", line) for line in [*LINES]]


@pytest.mark.parametrize("text", [text for _, text, _ in FOUND] + ["\n".join(LINES)], ids=lambda each: each[:32])
def test_nothing_that_is_found_has_white_space_in_it(text: str) -> None:
    assert GUARD.by_word
    assert all(not any(map(str.isspace, words)) for _, words in found(text))


@pytest.mark.parametrize(
    "text",
    [*(text for _, text, _ in FOUND), "\n".join([f"{MARK}BEGIN PRIVATE KEY{MARK}", *LINES])],
    ids=lambda each: each[:32],
)
def test_a_word_that_was_shown_is_never_found_later(text: str) -> None:
    whole = GUARD.find(f"{text} and more")
    for place, character in enumerate(text):
        if character.isspace():
            assert list(GUARD.find(text[:place])) == [each for each in whole if each.end <= place]


def test_only_the_categories_of_the_options_are_looked_for() -> None:
    guard = SecretsGuard(SecretsGuardOptions(categories=("jwt",)))
    text = f"{JWT} and Password: Tr0ub4dor&3"
    assert [each.category for each in guard.find(text)] == ["jwt"]
