"""`xacct …` in the terminal: what it understands, and a module for each smaller command."""
