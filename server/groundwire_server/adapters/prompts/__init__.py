"""Prompts from versioned template files."""
