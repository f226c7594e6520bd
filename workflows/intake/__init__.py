"""What a catalog lacks of the accounts and roles of an organization: read, chosen, written."""
