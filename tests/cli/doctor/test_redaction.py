"""What is taken for a secret, and what is not."""

import json
from urllib.parse import quote

import pytest

from groundwire_server.cli.doctor.bundle.redaction import REDACTED, Redactor


@pytest.mark.parametrize(
    "text",
    [
        "trace 4bf92f3577b34da6a3ce929d0e0e4736",
        'groundwire_requests_total{route="default",cause="MODEL_TIMEOUT"} 12',
        'gen_ai_client_token_usage_sum{gen_ai_token_type="input"} 812',
        "evidence_tokens: 2000, first_token_share: 0.5",
        "1.0 s in total, first token after 600 ms",
        "groundwire.yaml:12: server.listen: must be HOST:PORT, such as 127.0.0.1:50051",
        "key set of https://id.example.com/jwks.json has 2 usable keys",
        "/etc/groundwire/tls.key does not belong to /etc/groundwire/tls.crt",
        "groundwire.v1.AnswerService/StreamAnswer",
        "text2vec-ollama@4bf92f3577b3",
    ],
)
def test_what_is_no_secret_is_kept(text: str) -> None:
    assert Redactor([]).text(text) == text


@pytest.mark.parametrize(
    ("secret", "text"),
    [
        ('quo"te\\d', json.dumps({"said": 'quo"te\\d'})),
        ("päss wörd", json.dumps("päss wörd")),
        ("päss wörd", "http://db/?" + quote("päss wörd")),
        ("a/b+c=d&e", quote("a/b+c=d&e", safe="")),
        ("first line\nsecond line", "… second line …"),
        ("four", "four"),
    ],
)
def test_a_known_value_is_found_as_it_is_written(secret: str, text: str) -> None:
    shown = Redactor([secret]).text(text)

    assert REDACTED in shown
    assert secret.splitlines()[-1] not in shown
