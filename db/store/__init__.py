"""Every query there is, and the one place that writes a request's state (`requests.move`)."""
