"""Files that the app sends in three steps: an address for the bytes, the bytes, and the message.

Source: docs.slack.dev/messaging/working-with-files, "Uploading files"; and the two methods' pages.
"""

from itertools import count
from secrets import token_hex

from aiohttp import web

from sandbox.slack.core import Slack
from sandbox.slack.values import BOT_USER, Json, Message, SlackError, Upload

_NUMBERS = count(1)


def announce(slack: Slack, args: Json) -> Json:
    """files.getUploadURLExternal: an address that takes the bytes, once."""
    name, length = str(args.get("filename", "")), str(args.get("length", ""))
    if not name or not length.isdecimal() or int(length) < 1:
        raise SlackError("invalid_arguments", ["`filename` and `length` are needed"])
    key = token_hex(12)
    upload = Upload(f"F{next(_NUMBERS):08d}", name, int(length))
    slack.workspace.uploads[key] = upload
    return {"upload_url": f"{slack.url}/upload/{key}", "file_id": upload.id}


async def receive(slack: Slack, request: web.Request) -> web.Response:
    """POST /upload/{key}: exactly as many bytes as were announced."""
    upload = slack.workspace.uploads.get(request.match_info["key"])
    if upload is None or upload.content is not None:
        return web.Response(status=404)
    content = await request.read()
    if len(content) != upload.length:
        return web.Response(status=400, text="the length differs from what was announced")
    upload.content = content
    return web.Response(text=f"OK - {len(content)}")


def complete(slack: Slack, args: Json) -> Json:
    """files.completeUploadExternal: the files are in a message of that channel."""
    asked = args.get("files")
    if not isinstance(asked, list) or not asked:
        raise SlackError("invalid_arguments", ["`files` is needed"])
    known = {one.id: one for one in slack.workspace.uploads.values() if one.content is not None}
    files: list[Json] = []
    for one in asked:
        upload = known.get(str(one.get("id")))
        if upload is None:
            raise SlackError("file_not_found")
        files.append({"id": upload.id, "name": upload.name, "title": one.get("title")})
    workspace = slack.workspace
    channel = workspace.writable(str(args.get("channel_id", "")))
    workspace.post(
        Message(
            channel=channel.id,
            ts=workspace.stamp(),
            user=BOT_USER,
            text=str(args.get("initial_comment", "")),
            files=files,
        )
    )
    return {"files": files}


def content_of(slack: Slack, file_id: str) -> str:
    """What stands in a file, as text."""
    upload = next(one for one in slack.workspace.uploads.values() if one.id == file_id)
    return (upload.content or b"").decode()
