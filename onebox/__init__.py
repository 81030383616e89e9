"""Everything on one machine: embedded parts, supervisor, demo people."""
