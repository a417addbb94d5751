"""`groundwire corpus`: stored documents against their source, and the schema of stores."""
