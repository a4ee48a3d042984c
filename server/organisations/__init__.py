"""The unit tree (any depth) and the bridge points that belong to its units."""
