"""What xacct is: the pure rules and plans, the verbs of people, settling, and the AWS adapter."""
