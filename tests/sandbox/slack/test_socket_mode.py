import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import aiohttp
from slack_sdk import WebClient

from sandbox.slack.process import SandboxSlack
from sandbox.slack.values import Reply

Socket = aiohttp.ClientWebSocketResponse


@asynccontextmanager
async def a_socket(slack: SandboxSlack) -> AsyncIterator[Socket]:
    app = WebClient(slack.app_token, base_url=slack.api_url)
    url = app.apps_connections_open(app_token=slack.app_token)["url"]
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as socket:
        yield socket


async def received(socket: Socket) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(await socket.receive_str(timeout=10))
    return message


async def typed(slack: SandboxSlack, text: str) -> Reply:
    return await asyncio.to_thread(slack.command, "UANN", text)


def test_a_socket_is_greeted_and_an_eleventh_is_turned_away(slack: SandboxSlack) -> None:
    async def play() -> None:
        async with AsyncExitStack() as stack:
            sockets = [await stack.enter_async_context(a_socket(slack)) for _ in range(10)]
            greetings = [await received(socket) for socket in sockets]
            assert [hello["type"] for hello in greetings] == ["hello"] * 10
            assert greetings[-1]["num_connections"] == 10
            async with a_socket(slack) as eleventh:
                assert await received(eleventh) == {
                    "type": "disconnect",
                    "reason": "too_many_websockets",
                }

    asyncio.run(play())


def test_an_ack_may_come_on_another_socket_of_the_app(slack: SandboxSlack) -> None:
    async def play() -> Reply:
        async with a_socket(slack) as first:
            await received(first)
            waiting = asyncio.create_task(typed(slack, "help"))
            envelope = await received(first)
            assert (envelope["type"], envelope["payload"]["text"]) == ("slash_commands", "help")
            async with a_socket(slack) as second:
                await received(second)
                await second.send_json({"envelope_id": "never sent"})
                await second.send_json({"envelope_id": envelope["envelope_id"]})
                return await waiting

    assert asyncio.run(play()).acked


def test_a_test_may_say_over_which_socket_an_envelope_goes(slack: SandboxSlack) -> None:
    async def play() -> list[int | None]:
        went = []
        async with a_socket(slack) as first, a_socket(slack) as second:
            for socket in (first, second):
                assert (await received(socket))["type"] == "hello"
            numbers: dict[int, Socket] = {}
            while len(numbers) < 2:
                waiting = asyncio.create_task(typed(slack, "help"))
                socket = await _answering(first, second)
                number = (await waiting).socket
                assert number is not None
                numbers[number] = socket
            for number in [*numbers, *numbers]:
                slack.route(number)
                waiting = asyncio.create_task(typed(slack, "help"))
                envelope = await received(numbers[number])
                await numbers[number].send_json({"envelope_id": envelope["envelope_id"]})
                went.append((await waiting).socket)
            assert went == [*numbers, *numbers]
        return went

    assert len(set(asyncio.run(play()))) == 2


async def _answering(*sockets: Socket) -> Socket:
    """Acknowledges the next envelope, and returns the socket that it came over."""
    reading = {asyncio.create_task(received(one)): one for one in sockets}
    done, others = await asyncio.wait(reading, return_when=asyncio.FIRST_COMPLETED)
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    (first,) = done
    await reading[first].send_json({"envelope_id": first.result()["envelope_id"]})
    return reading[first]


def test_every_socket_gets_its_share(slack: SandboxSlack) -> None:
    async def serve(socket: Socket, texts: list[str]) -> None:
        while True:
            message = await received(socket)
            if "envelope_id" in message:
                texts.append(message["payload"]["text"])
                await socket.send_json({"envelope_id": message["envelope_id"]})

    async def play() -> list[list[str]]:
        shares: list[list[str]] = [[], []]
        async with a_socket(slack) as first, a_socket(slack) as second:
            pairs = zip((first, second), shares, strict=True)
            served = [asyncio.create_task(serve(socket, share)) for socket, share in pairs]
            for number in range(40):
                assert (await typed(slack, str(number))).acked
            for task in served:
                task.cancel()
            await asyncio.gather(*served, return_exceptions=True)
        return shares

    first, second = asyncio.run(play())
    assert sorted(map(int, first + second)) == list(range(40))
    assert first
    assert second


def test_a_warning_leaves_the_socket_open_and_a_refresh_closes_it(slack: SandboxSlack) -> None:
    async def play() -> None:
        async with a_socket(slack) as socket:
            await received(socket)
            await asyncio.to_thread(slack.disconnect_sockets, "warning")
            assert await received(socket) == {"type": "disconnect", "reason": "warning"}
            assert await asyncio.to_thread(slack.connected) == 1
            await asyncio.to_thread(slack.disconnect_sockets, "refresh_requested")
            assert (await received(socket))["reason"] == "refresh_requested"
            assert await asyncio.to_thread(slack.connected) == 0
            closed = await socket.receive(timeout=10)
            assert closed.type is aiohttp.WSMsgType.CLOSE

    asyncio.run(play())


def test_a_socket_that_was_told_to_go_is_spared_when_there_is_another(slack: SandboxSlack) -> None:
    async def play() -> list[str]:
        async with a_socket(slack) as going:
            await received(going)
            await asyncio.to_thread(slack.disconnect_sockets, "refresh_requested")
            async with a_socket(slack) as staying:
                await received(staying)
                texts = []
                for number in range(8):
                    waiting = asyncio.create_task(typed(slack, str(number)))
                    envelope = await received(staying)
                    texts.append(envelope["payload"]["text"])
                    await staying.send_json({"envelope_id": envelope["envelope_id"]})
                    await waiting
                return texts

    assert asyncio.run(play()) == [str(number) for number in range(8)]
