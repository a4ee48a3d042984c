"""Hall devices: browsers that belong to a bridge point, the one-time codes that make them so, and the recipe of a
machine that is nothing but a hall's screen. Readiness and administration ask here when a hall was last heard of."""
