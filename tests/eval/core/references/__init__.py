"""What the core is compared with: programs of others, and the numbers they gave."""
