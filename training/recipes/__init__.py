"""Packaged recipes of training: YAML files, found by name. There is no code here."""
