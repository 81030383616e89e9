"""What people and systems see."""
