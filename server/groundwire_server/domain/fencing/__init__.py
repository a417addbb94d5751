"""Text of others within a prompt: it cannot be taken for the prompt's own words, and those do not come back."""
