"""The web process: the page, its named endpoints, the live view's WebSocket and the downloads."""
