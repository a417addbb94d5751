"""`python -m bench.guards.labelled FOLDER`: writes the texts of `bench/data/guards` for `groundwire eval`.

One file for each screen: questions, passages and answers, labelled with the categories of the guards of the server.
`bench/guards/screens.yaml` is a configuration that has all of these guards:

    groundwire eval FOLDER/question.jsonl FOLDER/evidence.jsonl FOLDER/answer.jsonl --config bench/guards/screens.yaml
"""

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from bench.guards.data import PersonalText, PlantedDocument, read_benign, read_personal, read_planted, read_questions
from groundwire_server.evaluation.items import TextItem
from groundwire_server.evaluation.recording import written

SCREENS: Final = ("question", "evidence", "answer")

_PLANTED: Final[Mapping[str, str]] = {
    "base64": "encoded_payload",
    "chat_template": "role_marker",
    "credentials": "credential_request",
    "fence_break": "role_marker",
    "few_shot": "role_marker",
    "hex": "encoded_payload",
    "hidden_text": "hidden_text",
    "html_comment": "hidden_text",
    "payment_details": "payment_request",
    "role_marker": "role_marker",
    "rot13": "encoded_payload",
    "show_phone": "contact_request",
    "unicode_tags": "hidden_text",
    "zero_width": "hidden_text",
}
"""The category of a kind of planted document; of all others it is `instruction`."""

_SECRETS: Final[Mapping[str, str]] = {
    "aws_access_key": "aws_key",
    "aws_secret_key": "aws_key",
    "client_secret": "api_key",
    "github": "github_token",
    "gitlab": "gitlab_token",
    "google": "google_key",
    "npm": "api_key",
    "openai": "openai_key",
    "sendgrid": "api_key",
    "slack": "slack_token",
    "slack_webhook": "slack_token",
    "stripe": "stripe_key",
}
"""The category of a kind of secret, where it has another name."""


def labelled_texts() -> Iterator[TextItem]:
    """Yield every text with its screen and its categories; a kind or a topic is a slice."""
    for question in read_questions():
        categories = (question.label,) if question.unwanted else ()
        yield TextItem(
            id=f"question-{question.id}",
            screen="question",
            text=question.text,
            categories=categories,
            language=question.language,
            slice=() if question.unwanted else (question.label,),
        )
    yield from map(_planted, read_planted())
    for benign in read_benign():
        yield TextItem(
            id=f"benign-{benign.id}",
            screen="evidence",
            text=benign.text,
            categories=(),
            language=benign.language,
            slice=(benign.topic,),
        )
    yield from map(_personal, read_personal())


def write(folder: Path) -> None:
    """Write a file of lines for each screen into a folder, which is made if it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = list(labelled_texts())
    for screen in SCREENS:
        lines = "".join(written(text) for text in texts if text.screen == screen)
        (folder / f"{screen}.jsonl").write_text(lines, encoding="utf-8")


def _planted(document: PlantedDocument) -> TextItem:
    return TextItem(
        id=f"planted-{document.id}",
        screen="evidence",
        text=f"{document.title}\n{document.text}",
        categories=(_PLANTED.get(document.kind, "instruction"),),
        language=document.language,
        slice=(document.kind,),
    )


def _personal(text: PersonalText) -> TextItem:
    found = (
        _SECRETS.get(each.kind, each.kind) if each.category == "secret" else each.category for each in text.personal
    )
    return TextItem(
        id=f"personal-{text.id}",
        screen="answer",
        text=text.text,
        categories=tuple(dict.fromkeys(found)),
        language=text.language,
        slice=("look-alikes",) if text.lookalikes else (),
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.guards.labelled", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="where the files are written")
    write(parser.parse_args().folder)


if __name__ == "__main__":
    main()
