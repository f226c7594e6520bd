"""An AWS on loopback that enforces IAM and STS: many accounts, one clock that can be moved.

It is ministack with its gaps closed. `emulator` puts every piece in its place; the other modules
state one concern of AWS each. `process.SandboxAws` is how tests and the demo use it.
"""
