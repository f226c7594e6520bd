"""`xacct setup …`: what is said to, and shown to, who sets up the accounts."""
