"""Servers that tests talk to over loopback: real HTTP, made to misbehave on request."""
