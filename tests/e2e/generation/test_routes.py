"""The routes that are listed for a caller."""

from groundwire.v1 import route_pb2
from tests.doubles.upstream import Reply, upstream
from tests.e2e.calls import routes
from tests.e2e.generation.conftest import Serve, two_models

OTHER = (("groundwire-tenant", "other"), ("groundwire-subject", "bob"))


async def test_a_tenant_sees_the_models_that_it_may_be_answered_by(configured: Serve) -> None:
    async with upstream(Reply([])) as hosted, upstream(Reply([])) as own:
        sections = {**two_models(hosted, own), "self_hosted_only": ["acme"]}
        async with configured(sections) as served:
            (inside,) = (await routes(served)).routes
            (outside,) = (await routes(served, OTHER)).routes
    assert (list(inside.models), inside.self_hosted_only) == (["small"], True)
    assert (list(outside.models), outside.self_hosted_only) == (["large", "small"], False)


async def test_routes_come_in_pages_ordered_by_name(configured: Serve) -> None:
    async with upstream(Reply([])) as hosted, upstream(Reply([])) as own:
        sections = two_models(hosted, own)
        default = sections["routes"]["default"]
        sections["routes"] |= {"zebra": default, "apple": default}
        async with configured(sections) as served:
            seen: list[route_pb2.Route] = []
            token = ""
            for _ in range(3):
                page = await routes(served, page_size=1, page_token=token)
                seen += page.routes
                token = page.next_page_token
            assert token == ""
            assert [route.name for route in seen] == ["apple", "default", "zebra"]
            assert [route.name for route in (await routes(served, page_size=5000)).routes] == [
                "apple",
                "default",
                "zebra",
            ]
