"""Own notes, highlights and ink: brought together from any number of devices, and exported."""
