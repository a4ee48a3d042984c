"""Fonts of the documents that the server makes: metrics of Times New Roman, which State forms ask for, every Vietnamese
letter, no dependence on what a machine has installed. Liberation Serif 2.1.5, SIL Open Font License (LICENSE.txt)."""

from pathlib import Path

FOLDER = Path(__file__).parent
SERIF = "Liberation Serif"
"""The family's name. Files: LiberationSerif-Regular.ttf, -Bold.ttf, -Italic.ttf."""
