"""What a body's sensors see between two vital signs: heart beats, breaths, movement, and the channels made of them."""
