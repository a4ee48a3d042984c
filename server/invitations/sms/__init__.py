"""Invitations and reminders as text messages: worded by the organiser around what the plan says, looked at and counted
before they go out."""
