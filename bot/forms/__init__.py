"""The modals in which people write: what they show, and what was written into them.

Pure, but for `opener`, which opens and fills them, and `fills`, which reads the rows for it.
"""
