"""A Slack and an AWS that run on a laptop: real sockets, true enforcement, a movable clock."""
