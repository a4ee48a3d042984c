"""Each point names its own delegates by a deadline: the organiser's call, the point's list with a lock, who has and has
not delivered."""
