"""Who of the grantee account could enter which roles today, without asking xacct."""
