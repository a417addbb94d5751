"""What a call may ask of the accounts of usage: those of the caller's tenant, and no others."""

from datetime import date
from pathlib import Path

import groundwire_server
from groundwire.v1.usage_service_pb2 import QueryUsageRequest
from groundwire.v1.usage_service_pb2 import UsageDimension as WireDimension
from groundwire_server.edge.convert.usage import query_from_pb
from groundwire_server.ports.usage import UsageDimension

SERVER = Path(groundwire_server.__file__).parent
TODAY = date(2026, 11, 27)


def test_no_dimension_of_a_call_tells_tenants_apart() -> None:
    every = [value for value in WireDimension.values() if value]
    query = query_from_pb("acme", QueryUsageRequest(group_by=every), TODAY)
    assert query.tenant == "acme"
    assert set(query.group_by) == set(UsageDimension) - {UsageDimension.TENANT}


def test_nothing_that_serves_calls_names_the_accounts_of_all_tenants() -> None:
    naming = {
        file.relative_to(SERVER).as_posix()
        for file in SERVER.rglob("*.py")
        if "TenantsUsage" in file.read_text("utf-8")
    }
    assert naming == {
        "adapters/records/usage/reading.py",
        "adapters/records/usage/tenants.py",
        "app/tenants_usage.py",
        "cli/usage/tenants.py",
        "ports/usage.py",
    }
