"""Packaged recipes: YAML files, found by name. There is no code here."""
