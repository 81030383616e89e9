"""Ways out of the house: each file gives one function that sends a letter and says what became of it."""
