"""The page of ``ops status --html``: one HTML file that needs no other, without scripts."""
