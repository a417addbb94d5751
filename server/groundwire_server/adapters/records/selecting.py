"""Which rows an erasure means, of any table that says whose they are and which documents they show."""

from typing import assert_never

from sqlalchemy import ColumnElement, Table, select

from groundwire_server.adapters.records.encryption import Sealing
from groundwire_server.domain.erasure import (
    EntireTenant,
    Erasure,
    OneDocument,
    OneEndUser,
    OneSource,
    OneSubject,
    RecordErasure,
)


def selected(erasure: Erasure | RecordErasure, table: Table, documents: Table, sealing: Sealing) -> ColumnElement[bool]:
    """Return what holds of the rows of a tenant that are meant; the tenant itself is for the caller to compare.

    Args:
        erasure: what is to be erased.
        table: has `tenant`, `subject` and `end_user`, and one column as its primary key.
        documents: has that key with `tenant` and `document_id`, a row for each document that a row of the table shows.
        sealing: knows the names of end users in rows.
    """
    key = table.primary_key.columns[0]
    shown = select(documents.c[key.name]).where(documents.c.tenant == erasure.tenant)
    match erasure.selection:
        case EntireTenant():
            return table.c.tenant == erasure.tenant
        case OneSubject(subject):
            return table.c.subject == subject
        case OneEndUser(end_user_id):
            return table.c.end_user.in_(sealing.pseudonyms(erasure.tenant, end_user_id))
        case OneDocument(document_id):
            return key.in_(shown.where(documents.c.document_id == document_id))
        case OneSource():
            # Rows know documents by their ids alone: all that show one may be of this source.
            return key.in_(shown)
        case _:
            assert_never(erasure.selection)
