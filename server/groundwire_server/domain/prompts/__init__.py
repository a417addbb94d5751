"""Prompts as they are kept: immutable versions, and labels that point at them."""
