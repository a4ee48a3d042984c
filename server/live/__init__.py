"""The live channel: one WebSocket per client, snapshot + numbered events. Owns the event log and the sockets; knows no
feature (they are handed to it by `server.wiring`). Protocol: PROTOCOL.md."""
