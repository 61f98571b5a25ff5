"""How well an item fits this conversation: features that mean the same in any catalog, and the trained head."""
