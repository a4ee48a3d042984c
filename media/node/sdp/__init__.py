"""SDP of the node, sans-I/O: reads an offer (`offer`), takes what it serves (`terms`), writes the answer (`answer`).

Own parser rather than `aiortc.sdp`: that one drops `bundle-only`, fails with any of eight exception types on bad
input, and brings FFmpeg into the node's process (45 MB, and 0.5 s at each restart).
"""
