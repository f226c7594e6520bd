"""Why something is not rendered."""


class CannotRender(Exception):  # noqa: N818  a sentence for who runs setup
    """What is wanted does not fit into what was asked for."""
