"""Artwork of the offline painter as data: SVG symbols and palettes. There is no code here."""
