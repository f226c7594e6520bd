"""The modals in which people write: what they show, and what was written into them. All pure."""
