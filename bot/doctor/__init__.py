"""`xacct doctor`: what is wrong around xacct, and how to mend it; what of it only Slack knows."""
