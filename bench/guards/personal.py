"""How well personal data and secrets are found: `python -m bench.guards.personal`.

Precision and recall by category on `bench/data/guards/personal.json`, and false alarms on ordinary passages, of the
guards `personal` and `secrets` and of presidio's recognisers beside them. `--write` publishes the figures as
`bench/figures/personal.json`, of which the table in `docs/explanation/personal-data.md` is made.
"""

import argparse
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from pydoc_data.topics import topics  # type: ignore[import-not-found,unused-ignore]
from typing import Any, Final

from bench.guards.data import read_personal
from bench.guards.recognition import Find, Recognition, recognised
from bench.split import SQUAD
from groundwire_server.adapters.guards.personal import PERSONAL_CATEGORIES, PersonalGuard, PersonalGuardOptions
from groundwire_server.adapters.guards.secrets import SecretsGuard
from groundwire_server.domain.guards.finding import Finding

FIGURES: Final = Path(__file__).parent.parent / "figures" / "personal.json"
SECRET: Final = "secret"
CATEGORIES: Final = (*PERSONAL_CATEGORIES, SECRET)
OFF_BY_DEFAULT: Final = frozenset({"name", "address"})
PASSAGE: Final = 600
"""Characters of a passage of the Python reference: about those of one that is retrieved."""


def ours() -> Find:
    """Return what the two guards find, all kinds of secrets as one."""
    personal = PersonalGuard(PersonalGuardOptions(categories=PERSONAL_CATEGORIES))
    secrets = SecretsGuard()

    def find(text: str) -> Sequence[Finding]:
        return [*personal.find(text), *(replace(each, category=SECRET) for each in secrets.find(text))]

    return find


def recognisers() -> Mapping[str, Find]:
    """Return what is measured; presidio where it is installed."""
    try:
        from groundwire_server.adapters.guards.presidio import PresidioGuard  # noqa: PLC0415  # an extra
    except ImportError:
        print("presidio is not installed, and is left out")
        return {"groundwire": ours()}
    return {"groundwire": ours(), "presidio": PresidioGuard().find}


def paragraphs() -> Sequence[str]:
    """Return the paragraphs of the articles of SQuAD."""
    articles = json.loads(SQUAD.read_text(encoding="utf-8"))["data"]
    return [paragraph["context"] for article in articles for paragraph in article["paragraphs"]]


def reference() -> Sequence[str]:
    """Return the passages of the Python reference that comes with this Python."""
    return [text[at : at + PASSAGE] for _, text in sorted(topics.items()) for at in range(0, len(text), PASSAGE)]


def alarms(find: Find, passages: Sequence[str]) -> Mapping[str, float]:
    """Return the findings in each thousand passages, by category."""
    found = Counter(each.category for passage in passages for each in find(passage))
    return {category: round(1000 * found[category] / len(passages), 1) for category in CATEGORIES}


def figures(recognition: Recognition, find: Find) -> Mapping[str, Any]:
    """Return what is published of one recogniser."""
    on = [each for each in CATEGORIES if each not in OFF_BY_DEFAULT]
    return {
        "categories": {each: recognition.counts[each].row() for each in CATEGORIES if each in recognition.counts},
        "by_default": recognition.overall(on).row(),
        "all": recognition.overall(CATEGORIES).row(),
        "findings_per_1000_passages": {
            "squad": alarms(find, paragraphs()),
            "python_reference": alarms(find, reference()),
        },
    }


def table(published: Mapping[str, Any]) -> str:
    """Return the figures of one recogniser as lines."""
    rows = {**published["categories"], "by default": published["by_default"], "all": published["all"]}
    squad, python = published["findings_per_1000_passages"].values()
    lines = [
        f"{'':12}{'pieces':>8}{'recall':>8}{'exact':>8}{'found':>8}{'precis.':>9}{'alike':>7}{'squad':>8}{'python':>8}"
    ]
    lines += [
        f"{name:12}{row['pieces']:8}{row['recall']:8.3f}{row['exact']:8.3f}{row['findings']:8}{row['precision']:9.3f}"
        f"{row['lookalikes']:7}{squad.get(name, ''):>8}{python.get(name, ''):>8}"
        for name, row in rows.items()
    ]
    return "\n".join(lines)


def row(name: str, published: Mapping[str, Any]) -> str:
    """Return the line of the documentation's table for a category, or for those that are on by default."""
    own, presidio = (
        published[each]["by_default"] if name == "by_default" else published[each]["categories"][name]
        for each in ("groundwire", "presidio")
    )
    title = "on by default, with secrets" if name == "by_default" else f"`{name}`"
    # It has recognisers of some categories alone: their sum would say something else than ours.
    has = name != "by_default" and presidio["findings"]
    beside = [f"{presidio[key]:.3f}" if has else "–" for key in ("recall", "precision")]
    figures = [
        str(own["pieces"]),
        *(f"{own[key]:.3f}" for key in ("recall", "exact", "precision")),
        str(own["lookalikes"]),
    ]
    return f"| {' | '.join([title, *figures, *beside])} |"


def main() -> None:
    """Print the figures, or publish them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"publish the figures as {FIGURES.name}")
    arguments = parser.parse_args()
    published: dict[str, Any] = {}
    for name, find in recognisers().items():
        recognition = recognised(find, read_personal())
        published[name] = figures(recognition, find)
        print(f"{name}\n{table(published[name])}\n")
    if arguments.write:
        FIGURES.parent.mkdir(exist_ok=True)
        FIGURES.write_text(json.dumps(published, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
