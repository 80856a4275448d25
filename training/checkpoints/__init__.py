"""Checkpoints: adapters and their bases, the record of a training, the card, the push, and files for clusters."""
