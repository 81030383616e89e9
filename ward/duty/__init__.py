"""Who answers for a patient: shifts, routes, coverage ahead and the baton. Pure; times are UTC, wall clocks Swedish."""
