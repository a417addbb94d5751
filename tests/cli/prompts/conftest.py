"""A configuration with a folder of prompts."""

from pathlib import Path

import pytest

from tests.doubles.prompts import USER, template


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A file with two versions of `faq` in its folder, which the command finds by itself."""
    monkeypatch.chdir(tmp_path)
    folder = Path("prompts/faq")
    folder.mkdir(parents=True)
    (folder / "1.0.0.jinja").write_text(template("Answer shortly.", header="description: Frequent questions."))
    header = "description: Frequent questions.\nowner: web team\nvariables:\n  tone: {required: true}\n"
    header += "  terms: {type: pairs}"
    tone = "Answer in a {{ tone }} tone.{% for key, value in terms %} {{ key }} means {{ value }}.{% endfor %}"
    (folder / "1.1.0.jinja").write_text(template(tone, USER, header))
    Path("prompts/labels.yaml").write_text("faq: {production: 1.0.0, candidate: 1.1.0}\n")
    Path("groundwire.yaml").write_text(
        "prompts: {folder: prompts}\n"
        "routes:\n"
        "  default: {models: [extractive], store: main}\n"
        "  faq:\n"
        "    models: [extractive]\n"
        "    store: main\n"
        "    prompt: {name: faq, label: candidate}\n"
        "    context: {tone: {source: instructions}}\n"
    )
    return "groundwire.yaml"
