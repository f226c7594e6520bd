"""`xacct doctor` in the terminal: arguments, what is asked of whom, exit codes."""

import argparse
import json
import logging
import os
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from bot.doctor.house import House
from bot.setup.screen import Screen
from workflows.clock import Clock
from workflows.doctor.finding import Colour, Section

FINE: Final = 0
RED: Final = 1
"""Exit codes: nothing is red; something is. A command line that is not understood is 2, by
argparse.
"""


def doctor(said: argparse.Namespace, clock: Clock) -> int:
    """Looks at everything, changes nothing, and shows what is wrong."""
    logging.getLogger("workflows.duties").setLevel(logging.ERROR)  # its warnings are findings here
    screen = Screen()
    house = House(os.environ, clock)
    with screen.progress("Looking", house.steps) as one_more:
        found = [_hidden(one, house.secrets) for one in house.sections(one_more)]
    if said.json:
        screen.write(json.dumps(_plain(found), indent=2))
    else:
        _show(found, screen)
    return RED if _number(found, Colour.RED) else FINE


def _hidden(section: Section, secrets: Iterable[str]) -> Section:
    """Without any secret, should one have come into a sentence: a server may repeat what it got."""

    def plain(text: str) -> str:
        for secret in secrets:
            text = text.replace(secret, "***")
        return text

    return replace(
        section,
        findings=tuple(
            replace(one, about=plain(one.about), wrong=plain(one.wrong), fix=plain(one.fix))
            for one in section.findings
        ),
    )


def _number(found: Iterable[Section], colour: Colour) -> int:
    return sum(one.colour is colour for section in found for one in section.findings)


def _show(found: list[Section], screen: Screen) -> None:
    for section in found:
        title = f"{section.title[:1].upper()}{section.title[1:]}"
        if not section.findings:
            screen.say(f"{title}: nothing is wrong.", "green")
            continue
        screen.say(title, "bold")
        for one in section.findings:
            screen.say(f"  {one.colour.value}: {one.wrong}", one.colour.value)
            screen.say(f"      {one.fix}")
    screen.say(f"Red: {_number(found, Colour.RED)}. Yellow: {_number(found, Colour.YELLOW)}.")


def _plain(found: list[Section]) -> dict[str, Any]:
    return {
        "sections": [
            {
                "name": section.name,
                "account": section.account,
                "findings": [
                    {
                        "check": one.check,
                        "colour": one.colour.value,
                        "about": one.about,
                        "wrong": one.wrong,
                        "fix": one.fix,
                    }
                    for one in section.findings
                ],
            }
            for section in found
        ],
        "red": _number(found, Colour.RED),
        "yellow": _number(found, Colour.YELLOW),
    }
