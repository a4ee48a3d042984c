"""Papers of a meeting: how they come in (uploads, and their conversion), who may read them, their versions,
and how pages, text and files go out. `access.rights` is the one place that decides who sees what."""
