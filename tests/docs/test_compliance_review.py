"""The page that sets a compliance review up from nothing: its commands, one after the other."""

from pathlib import Path

import pytest

from tests.docs.reviewing import COMPLIANCE, reviewing
from tests.docs.shown import blocks

_ELSEWHERE = ("groundwire keys create", "groundwire serve")
"""Commands whose blocks the test does not run: it makes the keys and serves before."""
_BY_KEYS = "groundwire reviews next"


@pytest.mark.process
@pytest.mark.pages
@pytest.mark.slow
async def test_an_answer_is_approved_by_what_the_page_says(tmp_path: Path) -> None:
    shown = blocks(COMPLIANCE)
    printed: list[str] = []
    async with reviewing(tmp_path) as served:
        for block in shown:
            if block.language == "sh" and not any(each in block.text for each in _ELSEWHERE):
                lines = [line for line in block.text.splitlines() if not line.startswith(_BY_KEYS)]
                printed.append(await served.sh("\n".join(lines)))
            elif not block.language:
                assert block.text.strip() in printed[-1]

        listed = await served.sh("groundwire reviews list --all --json --api-key-file rita.key | jq -r .state")
        assert listed.split() == ["STATE_APPROVED"]
        audited = await served.sh("groundwire audit list --api-key-file oscar.key | cut -f 3,4")
        assert "rita\treview.approved" in audited.splitlines()


@pytest.mark.process
@pytest.mark.pages
@pytest.mark.slow
async def test_each_key_does_what_its_role_says_and_no_more(tmp_path: Path) -> None:
    async with reviewing(tmp_path) as served:
        for key in ("intranet", "import", "oscar"):
            refused = await served.sh(f"groundwire reviews list --api-key-file {key}.key 2>&1 || true")
            assert "FORBIDDEN" in refused
        refused = await served.sh("groundwire audit list --api-key-file rita.key 2>&1 || true")
        assert "FORBIDDEN" in refused
