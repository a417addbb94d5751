"""Models that rewrite questions."""
