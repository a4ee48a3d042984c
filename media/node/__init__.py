"""A media node: the process between the server and the packet core.

It dials the server (`control`), answers offers (`sdp`), decides who receives what (`policy`), tells the packet core
(`rooms`) and reports lines (`reports`). `python -m media.node` starts it; the server supervises the embedded one.
"""
