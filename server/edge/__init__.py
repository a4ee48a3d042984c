"""Where HTTP enters: guards against foreign pages and oversized bodies, security headers, errors as JSON, and the web
application's files. Knows no feature."""
