"""A release is locked to the byte, and made again from its lock. See reproducing.py."""
