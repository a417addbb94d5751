"""The table of roles in "Authenticate callers" names every call, in the rows of those who may make it."""

import re

import pytest

from groundwire_server.domain.caller import Role
from groundwire_server.edge.roles import ROLES
from tests.docs.shown import DOCS

PAGE = (DOCS / "how-to" / "authentication.md").read_text(encoding="utf-8")
SHOWN = {
    name: set(re.findall(r"`([A-Za-z]+)`", row))
    for name, row in re.findall(rf"^\| ({'|'.join(Role)}) \| (.*) \|$", PAGE, re.MULTILINE)
}


@pytest.mark.parametrize("role", Role)
def test_a_role_has_a_row_with_the_calls_that_it_may_make(role: Role) -> None:
    allowed = {method.rpartition("/")[2] for method, roles in ROLES.items() if role in roles and set(Role) - roles}
    assert SHOWN[role] == allowed


def test_the_calls_of_every_role_stand_below_the_table() -> None:
    for method, roles in ROLES.items():
        if not set(Role) - roles:
            assert f"`{method.rpartition('/')[2]}` is for every role." in PAGE
