"""What people see before they load: cards and pages rendered from measured data."""
