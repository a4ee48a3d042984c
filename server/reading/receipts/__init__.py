"""Receipts: which papers reached whom, were opened, and how far they were read; the organiser's board; reminders."""
