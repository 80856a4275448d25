"""Tests of the leaderboard: its worker and its page."""
