"""`xacct rules explain`: what the catalog says of one person and one role."""

import json
import os
import sys

from rich.table import Table

from bot import wiring
from bot.masking import Console
from bot.settings import Mistakes, catalog_path
from workflows.errors import NotFound
from workflows.explain import explain, person


def explained(who: str, account: str, role: str, *, as_json: bool) -> int:
    """Raises Mistakes where nothing is called so."""
    catalog = wiring.catalog(catalog_path(os.environ))
    try:
        user = person(catalog, who)
        found = catalog.find_role(
            catalog.find_account(account, catalog.accounts), role, catalog.roles
        )
    except NotFound as sentence:
        raise Mistakes("There is nothing to explain:", [str(sentence)]) from None
    told = explain(catalog, user, found)
    if as_json:
        plain = {one.question: one.answer for one in told}
        sys.stdout.write(f"{json.dumps({'role': found.key, 'person': user, **plain}, indent=2)}\n")
        return 0
    table = Table(title=f"{found.key} and {user}", show_header=False, title_justify="left")
    for one in told:
        table.add_row(one.question, one.answer)
    Console().print(table)
    return 0
