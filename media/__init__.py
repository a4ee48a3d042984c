"""The media node: a Rust packet core (`core/`, built as `media._core`) driven from Python.

`server/` imports `media.contract` alone; everything else here runs in the node's own process.
"""
