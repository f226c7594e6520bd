"""People: Slack and the terminal. Translates; decides nothing."""
