"""Authenticators: tokens, API keys, client certificates; and declared identities where there is no authentication."""
