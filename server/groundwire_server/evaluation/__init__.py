"""How good what was found is, measured on questions of which one knows the answer."""
