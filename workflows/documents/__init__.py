"""Policy documents as values: what xacct writes into AWS, and how it reads what stands there."""
