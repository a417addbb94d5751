"""What a configuration names, opened: each part once, and closed when nobody uses it any more."""
