"""Experiments: their changes by people and by guards, and the counting of what comes of them."""
