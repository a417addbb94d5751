"""groundwire in LangChain: passages as documents, and answers with their typed outcome.

::

    from langchain_groundwire import GroundwireAnswerer, GroundwireRetriever

    documents = GroundwireRetriever(k=5).invoke("Who may sign for parcels?")
    answer = GroundwireAnswerer().invoke("Who may sign for parcels?")
    print(answer.text, answer.outcome)

Both connect as the environment says, or by ``clients=groundwire.Clients(...)``.
"""

from langchain_groundwire.answerer import Answer, GroundwireAnswerer
from langchain_groundwire.retriever import GroundwireRetriever

__all__ = ["Answer", "GroundwireAnswerer", "GroundwireRetriever"]
