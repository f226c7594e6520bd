"""What is wrong around xacct: facts that were read, and the findings that follow from them.

Nothing here writes anywhere, and what could not be read is a finding itself.
"""
