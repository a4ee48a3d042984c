"""Media nodes: they dial in, are told what every room shall show and carry (`media.contract`), and tell how lines fare.

Of several connected nodes the one that came first carries every room; the next takes over when it goes."""
