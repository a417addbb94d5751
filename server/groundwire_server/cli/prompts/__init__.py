"""`groundwire prompts`: versions of prompts, and the labels that point at them."""
