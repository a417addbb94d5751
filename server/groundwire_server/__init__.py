"""groundwire: answers that are verified and cited, or a typed reason why not."""
