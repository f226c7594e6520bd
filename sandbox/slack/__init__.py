"""A Slack on loopback: a real bot process talks to it over HTTP and a Socket Mode WebSocket."""
