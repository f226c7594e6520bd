"""The chat.* methods, and what a response_url may do. Each refusal is from its method's page."""

from dataclasses import replace
from typing import Any, Final

from sandbox.slack.blockkit import checked_blocks
from sandbox.slack.core import Slack
from sandbox.slack.tickets import ResponseUrl
from sandbox.slack.values import BOT_USER, Json, Message, SlackError
from sandbox.slack.workspace import Channel, Workspace, message_json

TEXT_CHARACTERS: Final = 40_000
UPDATE_CHARACTERS: Final = 4_000
_NOT_HERE: Final = ("attachments", "reply_broadcast", "markdown_text", "username", "icon_emoji")


def truth(value: Any) -> bool:
    """A flag as JSON or as a form field carries it."""
    return value in (True, 1, "1", "true", "True")


def contents(args: Json) -> tuple[str, list[Json]]:
    """The text, cut where Slack cuts it, and the checked blocks of a message to be."""
    for name in _NOT_HERE:
        if args.get(name):
            raise SlackError("invalid_arguments", [f"{name} is not known to this sandbox"])
    text, blocks = str(args.get("text") or ""), args.get("blocks") or []
    if not text and not blocks:
        raise SlackError("no_text")
    return text[:TEXT_CHARACTERS], checked_blocks(blocks)


def post_message(slack: Slack, args: Json) -> Json:
    """chat.postMessage; a `U…` as channel is that person's direct messages."""
    workspace = slack.workspace
    channel = _postable(workspace, str(args.get("channel", "")))
    if channel.im_of and not slack.manifest.messages_tab:
        raise SlackError("messages_tab_disabled")
    text, blocks = contents(args)
    message = workspace.post(
        Message(
            channel=channel.id,
            ts=workspace.stamp(),
            user=BOT_USER,
            text=text,
            blocks=workspace.with_ids(blocks),
            thread_ts=_thread(workspace, channel, args),
            metadata=_metadata(args),
        )
    )
    return {"channel": message.channel, "ts": message.ts, "message": message_json(message)}


def post_ephemeral(slack: Slack, args: Json) -> Json:
    """chat.postEphemeral; only somebody who is in the channel can be shown one."""
    workspace = slack.workspace
    channel = workspace.writable(str(args.get("channel", "")))
    user = str(args.get("user", ""))
    if user not in channel.members or workspace.people[user].deleted:
        raise SlackError("user_not_in_channel")
    text, blocks = contents(args)
    message = workspace.post(
        Message(
            channel=channel.id,
            ts=workspace.stamp(),
            user=BOT_USER,
            text=text,
            blocks=workspace.with_ids(blocks),
            thread_ts=_thread(workspace, channel, args),
            only_for=user,
        )
    )
    return {"message_ts": message.ts}


def update(slack: Slack, args: Json) -> Json:
    """chat.update: text without blocks takes the blocks away; blocks without text keep the text."""
    workspace = slack.workspace
    message = _own(workspace, args, otherwise="cant_update_message")
    if workspace.channels[message.channel].is_archived:
        raise SlackError("is_inactive")
    text, blocks = contents(args)
    if len(text) > UPDATE_CHARACTERS:
        raise SlackError("msg_too_long")
    newer = workspace.put(
        replace(
            message,
            text=text or message.text,
            blocks=workspace.with_ids(blocks),
            edits=message.edits + 1,
            metadata=_metadata(args) or message.metadata,
        )
    )
    shown = message_json(newer)
    return {"channel": newer.channel, "ts": newer.ts, "text": newer.text, "message": shown}


def delete(slack: Slack, args: Json) -> Json:
    """chat.delete: the app's own messages only."""
    message = _own(slack.workspace, args, otherwise="cant_delete_message")
    slack.workspace.remove(message)
    return {"channel": message.channel, "ts": message.ts}


def get_permalink(slack: Slack, args: Json) -> Json:
    """chat.getPermalink; a message in a thread is linked with its thread."""
    channel = slack.workspace.readable(str(args.get("channel", "")))
    message = slack.workspace.lasting(channel.id, str(args.get("message_ts", "")))
    link = f"https://sandbox.slack.com/archives/{channel.id}/p{message.ts.replace('.', '')}"
    if message.thread_ts:
        link += f"?thread_ts={message.thread_ts}&cid={channel.id}"
    return {"channel": channel.id, "permalink": link}


def respond(workspace: Workspace, url: ResponseUrl, body: Json) -> None:
    """Answers an act through its response_url, or in a command's ack.

    Ephemeral unless `in_channel`; needs no membership; replaces or deletes the clicked message,
    never a command's; an answer to an ephemeral message stays ephemeral
    (docs.slack.dev/interactivity/handling-user-interaction#message_responses).
    """
    original = workspace.messages.get((url.channel, url.ts)) if url.ts else None
    if truth(body.get("delete_original")):
        if original is None:
            raise SlackError("message_not_found")
        workspace.remove(original)
        return
    text, blocks = contents(body)
    if truth(body.get("replace_original")) and url.ts:
        if original is None:
            raise SlackError("message_not_found")
        kept = workspace.with_ids(blocks)
        workspace.put(replace(original, text=text, blocks=kept, edits=original.edits + 1))
        return
    to_all = body.get("response_type") == "in_channel" and not (original and original.only_for)
    workspace.post(
        Message(
            channel=url.channel,
            ts=workspace.stamp(),
            user=BOT_USER,
            text=text,
            blocks=workspace.with_ids(blocks),
            thread_ts=body.get("thread_ts"),
            only_for=None if to_all else url.user,
        )
    )


def _postable(workspace: Workspace, channel_id: str) -> Channel:
    """Posting to a person opens the direct messages, unless there is nobody to open them with.

    Into direct messages that are open Slack posts even when the person has been deactivated.
    """
    person = workspace.people.get(channel_id)
    if person is None:
        return workspace.writable(channel_id)
    if person.is_bot:
        raise SlackError("cannot_dm_bot")
    if person.deleted and not workspace.has_dm(person.id):
        raise SlackError("user_disabled")
    return workspace.dm(person.id)


def _own(workspace: Workspace, args: Json, *, otherwise: str) -> Message:
    channel = workspace.readable(str(args.get("channel", "")))
    message = workspace.lasting(channel.id, str(args.get("ts", "")))
    if message.user != BOT_USER:
        raise SlackError(otherwise)
    return message


def _thread(workspace: Workspace, channel: Channel, args: Json) -> str | None:
    if not args.get("thread_ts"):
        return None
    ts = str(args["thread_ts"])
    if (channel.id, ts) not in workspace.messages:
        raise SlackError("thread_not_found")
    return workspace.messages[channel.id, ts].root_ts


def _metadata(args: Json) -> Json | None:
    given = args.get("metadata") or None
    if given is not None and not isinstance(given, dict):
        raise SlackError("invalid_metadata_format")
    return given
