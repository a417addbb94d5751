"""Writes the pages that are generated from the code; mkdocs-gen-files runs this at every build."""

import sys
from pathlib import Path

import mkdocs_gen_files

ROOT = Path(__file__).resolve().parents[3]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from docs.site.generate import (  # noqa: E402  # found once the checkout is on the path
    commands,
    configuration,
    contract,
    deadlines,
    decisions,
    errors,
    evaluation,
    logs,
    metrics,
    outcomes,
    traces,
)


def main() -> None:
    """Write every generated page, and what is generated within the others."""
    pages = {
        "reference/commands.md": commands.page(),
        "reference/configuration.md": configuration.page(),
        "reference/outcomes.md": outcomes.page(),
        "reference/errors.md": errors.page(),
        "reference/traces.md": traces.page(),
        "reference/metrics.md": metrics.page(),
        "reference/logs.md": logs.page(),
        "reference/evaluation.md": evaluation.page(),
        "reference/calling.md": (ROOT / "protos" / "callers" / "README.md").read_text(encoding="utf-8"),
        "decisions/index.md": decisions.page(),
        **{f"reference/contract/{name}.md": text for name, text in contract.pages().items()},
    }
    for path, text in pages.items():
        with mkdocs_gen_files.open(path, "w") as file:
            file.write(text)
    fill("concepts/deadlines.md", "<!-- the plot of the shares -->", deadlines.plot())
    for page, picture in (("concepts/path.md", "assets/path.svg"), ("explanation/guards.md", "assets/screens.svg")):
        fill(page, f"<!-- {picture} -->", f'<figure class="diagram path">\n{_read(picture)}</figure>')
    for page, example in (("own-model", "examples/chat_model.py"), ("own-store", "examples/dictionary_store.py")):
        code = f'```python title="{Path(example).name}"\n{_read(example)}```'
        fill(f"how-to/{page}.md", f"<!-- {example} -->", code)


def _read(path: str) -> str:
    return (ROOT / "docs" / path).read_text(encoding="utf-8")


def fill(path: str, mark: str, text: str) -> None:
    """Put a generated text where a page has its mark."""
    page = _read(path)
    if page.count(mark) != 1:
        raise ValueError(f"docs/{path} must hold the line {mark} once")
    with mkdocs_gen_files.open(path, "w") as file:
        file.write(page.replace(mark, text))


main()
