"""Signing in with an account that people have elsewhere (OpenID Connect): with their province, or a ministry."""
