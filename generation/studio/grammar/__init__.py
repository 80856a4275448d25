"""Grammars of the offline writer as data: YAML files. There is no code here."""
