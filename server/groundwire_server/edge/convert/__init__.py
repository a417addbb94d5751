"""Between protobuf messages and domain values; neither side knows the other."""
