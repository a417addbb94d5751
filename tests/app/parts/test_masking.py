"""What providers are not sent is opened once, and decides the numbers of their models."""

from pathlib import Path

import pytest

from groundwire_server.adapters.guards.masking import Masker
from groundwire_server.app.configuration.load import Sources, load
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.parts.checkers import open_checker
from groundwire_server.app.parts.masking import mask_of, open_masker
from groundwire_server.app.parts.rerankers import open_reranker
from groundwire_server.app.parts.shared import Lease, Shared
from tests.doubles.spans import Spans

RIGHT = """
providers:
  cloud: {{kind: openai, base_url: 'http://127.0.0.1:9', mask: [{mask}]}}
guards:
  names: {{kind: terms, version: "{version}", category: people, terms: [Ann], file: {file}}}
models: {{extractive: {{kind: extractive}}, large: {{kind: openai, provider: cloud, model: m}}}}
checkers:
  judge: {{kind: judge, model: large}}
  panel: {{kind: decisions, provider: cloud, model: m}}
  pairs: {{kind: classifier, provider: cloud, model: m, label: x}}
rerankers: {{ranks: {{kind: endpoint, provider: cloud, model: m, api: tei}}}}
"""


def loaded(folder: Path, mask: str, version: str = "1") -> Configuration:
    file, terms = folder / "groundwire.yaml", folder / "terms.txt"
    if not terms.exists():
        terms.write_text("Bob\n")
    file.write_text(RIGHT.format(mask=mask, version=version, file=terms))
    return load(Sources(file)).configuration


async def opened(configuration: Configuration, lease: Lease) -> Masker | None:
    return await open_masker(configuration.providers["cloud"].mask, configuration, lease)


async def test_nothing_is_masked_unless_something_is_named(tmp_path: Path) -> None:
    configuration = loaded(tmp_path, "")
    assert await opened(configuration, Shared().lease()) is None
    assert mask_of(configuration.providers["cloud"].mask, configuration) == []


async def test_categories_and_guards_are_masked(tmp_path: Path) -> None:
    masker = await opened(loaded(tmp_path, "names, phone"), Shared().lease())
    assert masker is not None
    text = "Ann and Bob: +49 30 901820, info@example.org"
    assert masker.numbered([text]).mask(text) == "[PEOPLE_1] and [PEOPLE_2]: [PHONE_1], info@example.org"


async def test_it_is_shared_until_something_of_it_changes(tmp_path: Path) -> None:
    shared = Shared()
    lease = shared.lease()
    first = await opened(loaded(tmp_path, "names, email"), lease)
    assert await opened(loaded(tmp_path, "email, names"), lease) is first
    assert await opened(loaded(tmp_path, "names"), lease) is not first
    (tmp_path / "terms.txt").write_text("Bob\nEve\n")
    assert await opened(loaded(tmp_path, "names, email"), lease) is not first
    await lease.end()
    assert shared.keys() == []


@pytest.mark.parametrize("part", ["judge", "panel", "pairs", "ranks"])
async def test_what_is_masked_is_part_of_a_fingerprint(tmp_path: Path, part: str) -> None:
    async def fingerprint(mask: str, version: str = "1") -> str:
        lease, recording = Shared().lease(), Spans().recording
        configuration = loaded(tmp_path, mask, version)
        try:
            if part == "ranks":
                return (await open_reranker(part, configuration, lease, recording)).fingerprint
            return (await open_checker(part, configuration, lease, recording)).fingerprint
        finally:
            await lease.end()

    found = [
        await fingerprint(mask, version)
        for mask, version in [("", "1"), ("email", "1"), ("email, names", "1"), ("names, email", "1"), ("names", "2")]
    ]
    assert found[2] == found[3]
    assert len(set(found)) == 4
