"""Who asks to speak, in what order they are called, how long each may speak, and how long each did.

It knows no floor and no stage: the conference begins and ends turns with the floor, in its own transactions."""
