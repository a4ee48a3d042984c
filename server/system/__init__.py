"""The installation itself: its first start, what it keeps about itself (public address), and whether all it leans on
works. Called by the pages of whoever administers the whole system, and by `nhipcau serve` as it starts."""
