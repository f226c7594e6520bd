"""`xacct rules explain`: what the catalog says of one person and one role."""

import argparse
import json
import os
import sys

from rich.table import Table

from bot import told
from bot.terminal.masking import Console
from bot.told import Mistakes, catalog_path
from workflows.clock import Clock
from workflows.errors import NotFound
from workflows.explain import explain, person


def explained(said: argparse.Namespace, _clock: Clock) -> int:
    """Raises Mistakes where nothing is called so."""
    catalog = told.catalog(catalog_path(os.environ))
    try:
        user = person(catalog, said.person)
        found = catalog.find_role(
            catalog.find_account(said.account, catalog.accounts), said.role, catalog.roles
        )
    except NotFound as sentence:
        raise Mistakes("There is nothing to explain:", [str(sentence)]) from None
    answers = explain(catalog, user, found)
    if said.json:
        plain = {one.question: one.answer for one in answers}
        sys.stdout.write(f"{json.dumps({'role': found.key, 'person': user, **plain}, indent=2)}\n")
        return 0
    table = Table(title=f"{found.key} and {user}", show_header=False, title_justify="left")
    for one in answers:
        table.add_row(one.question, one.answer)
    Console().print(table)
    return 0
