"""Models that rate passages together with the question, behind the Reranker port."""
