"""Comparing what a sentence claims with what passages say: rules and a small fitted classifier, without a model."""
