"""The way in: HTTP in the client's dialect, strict framing, admin and catalogue endpoints.

Rules of this room: it knows HTTP and nothing of providers; it never opens a prompt; whatever an exchange raises becomes
a response in one place (`downstream.send_error`).
"""
