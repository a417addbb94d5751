"""Of an erased document no object is left in Weaviate, nor what a deleted one leaves behind."""

from groundwire.v1 import document_service_pb2, erasure_pb2
from tests.e2e.calls import ACME, ingest
from tests.e2e.weaviate.conftest import OverDouble


def left(over: OverDouble, word: str) -> bool:
    objects = [*over.objects(), *over.objects(collection="GroundwireDocuments")]
    return word in repr(objects) or word.encode().hex() in repr(objects)


async def test_no_object_of_an_erased_document_is_left(over_double: OverDouble) -> None:
    product = over_double.product
    await ingest(product, ("mailing", "Parcels wait in the mail room."))
    await ingest(product, ("mailing", "Letters fly to the front desk."), ("kept", "Boxes stand in the yard."))
    await ingest(product, ("gone", "Bicycles stand outside."))
    await product.documents.DeleteDocument(
        document_service_pb2.DeleteDocumentRequest(document_id="gone"), metadata=ACME
    )
    assert all(left(over_double, word) for word in ("mailing", "Letters", "Boxes", "gone"))

    for document_id in ("mailing", "gone"):
        request = document_service_pb2.EraseDocumentsRequest(
            target=erasure_pb2.ErasureTarget(document_id=document_id), force=True
        )
        receipt = (await product.documents.EraseDocuments(request, metadata=ACME)).receipt
        assert receipt.complete
        # What Weaviate keeps in its own files is said.
        assert any("compacts" in place.note for place in receipt.places)

    assert not any(left(over_double, word) for word in ("mailing", "Parcels", "Letters", "gone", "Bicycles"))
    assert left(over_double, "Boxes")
