"""The main job on a laptop: both sandboxes, the real bot, and a story that checks every answer."""
