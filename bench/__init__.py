"""Benchmarks: floors and product measured alternately in one run, against `targets.yaml`."""
