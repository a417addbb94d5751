"""One servicer a service: convert, delegate, convert back."""
