"""The server of the embedded AWS: ministack, with its gaps closed, that refuses what AWS refuses.

``server`` runs it. ``refusals`` checks each request: ``requests`` parses it, ``model_check`` compares it with AWS's
model of the operation, and ``rules`` has what AWS enforces between resources. The other modules complete ministack's
services.
"""
