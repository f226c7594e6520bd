"""How a request stands towards AWS."""

from enum import StrEnum


class Phase(StrEnum):
    """What a request may still do: open, stay open, or only close."""

    OPENING = "opening"
    OPEN = "open"
    OVER = "over"  # ended, or ending; its sessions may still live
