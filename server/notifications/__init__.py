"""What people are told outside the page they look at: e-mail (queued, with retries) and notices in the app.

Features above say what to tell whom; nothing here knows meetings or papers.
"""
