"""The record of a vote on paper: as PDF, as DOCX that can be written on, and as a workbook of who voted how."""
