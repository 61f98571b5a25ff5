"""Items in: the catalog, its vocabularies, and how both are read."""
