"""The accounts of usage: what models have consumed, in sums."""
