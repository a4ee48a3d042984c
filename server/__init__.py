"""The server: HTTP API, live channel and every write. `main.py` builds the app, `wiring.py` is its
table of contents."""

__version__ = "0.1.0"
