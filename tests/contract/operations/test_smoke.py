from groundwire_server.domain.operation import Bill


async def test_path(queue):
    first = await queue.accept("one")
    second = await queue.accept("two")
    assert (first.position, second.position) == (0, 1)
    claim = await queue.claim()
    assert claim.work == queue.work("one")
    assert await queue.records.complete(claim, b"out", Bill(1, 2, 3), ["d1"])
    found = await queue.records.get(queue.key("one"))
    assert found.result == b"out"
    print(await queue.events("one"), await queue.posts("one"), await queue.bill("one"))
    assert [each.key for each in await queue.records.page("acme", None, [], "", 10)] == [
        queue.key("one"),
        queue.key("two"),
    ]
    assert await queue.records.depth(None)
    assert await queue.records.sweep() == 0
    again = await queue.accept("two")
    assert again == second.__class__(**{f: getattr(again, f) for f in again.__slots__})
    print(again)
