"""Turns one uploaded file into a clean PDF, its text and its page images.

It runs in processes of its own (`python -m server.conversion <job folder>`) with limits on memory, time and
disk, without network, and knows neither database nor storage: what it needs lies in the job folder (`order.json`,
`original`), what it makes comes to lie there (`result/`, `report.json`, `pages.jsonl`), and its progress is JSON lines
on standard output. `sandbox` is the server's side: it starts the process, watches over it, and ends it whole.
"""
