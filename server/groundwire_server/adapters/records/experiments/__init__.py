"""What came of the calls of experiments, by unit, in the database of records."""
