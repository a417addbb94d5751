"""How callers prove who they are: tokens, API keys, certificates; and how they say it where nothing is proven."""
