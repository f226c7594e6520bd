"""What is remembered: the table of states, the one state writer, every query, the audit chain."""
