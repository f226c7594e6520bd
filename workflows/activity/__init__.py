"""What was done with a grant: which events are its own, what they come to, and who tells them."""
