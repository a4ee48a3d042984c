"""Papers of a meeting: how they come in (uploads, the workshop that converts and cleans them), who may read them, their
versions, and how pages, text and files go out. `rights.py` is the one place that decides who sees what."""
