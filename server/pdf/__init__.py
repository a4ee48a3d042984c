"""Makes the PDF files that people take away. A *stampable* file is made once: each page ends with a call of two
empty form XObjects. A personal copy is that file, byte for byte, with some hundred bytes behind it (an incremental
update, ISO 32000-1 section 7.5.6) that put reader, unit and time into those two objects, and so onto every page.

`python -m server.pdf <folder>` runs in a process of its own, as a conversion does. What it is told and what it leaves
is in `messages`; `watermark` makes files stampable, `pack` binds the meeting pack; `watermark_update`, on the server's
side, writes the personal ending and parses nothing.
"""
