"""What a browser fetches for the first view: files of this server alone, and few bytes."""

from tests.chromium import Tab
from tests.page.files import MODULES, PAGE
from tests.page.reviewing_server import ReviewingServer
from tests.page.steps import IN_A_BROWSER

pytestmark = IN_A_BROWSER

MOST_BYTES = 200_000


async def test_the_first_view_is_small_and_of_this_server_alone(server: ReviewingServer, tab: Tab) -> None:
    await tab.open(server.address)
    await tab.until("document.querySelector('.choice select')")

    assert [url for url in tab.requests if not url.startswith(f"{server.address}/")] == []
    fetched = {url.removeprefix(f"{server.address}/") for url in tab.requests}
    assert {str(module.relative_to(PAGE)) for module in MODULES} <= fetched, "a module that no other one imports"
    # The double sends files as they are; the gateway compresses them to a third.
    size = await tab.evaluate(
        "performance.getEntriesByType('resource').concat(performance.getEntriesByType('navigation'))"
        ".reduce((sum, each) => sum + each.encodedBodySize, 0)"
    )
    assert 50_000 < size < MOST_BYTES
    assert tab.complaints == []
