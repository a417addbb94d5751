"""Pages with charts: one file each, nothing from elsewhere, light or dark as the reader's system is."""
