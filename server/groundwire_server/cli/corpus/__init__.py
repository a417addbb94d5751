"""`groundwire corpus`: documents against their files, copies of stores, and the schema of stores."""
