"""The server: HTTP API, live channel and every write. `main.py` builds the app, `wiring.py` is its contents page."""
