"""Meetings: planning, agenda, member points, and the lifecycle draft → invited → open → running → ended."""
