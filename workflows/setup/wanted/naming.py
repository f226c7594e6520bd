"""What setup's own objects are called, so that they are found again; and xacct's own roles."""

from workflows.catalog.model import Account, Catalog
from workflows.documents.text import Document, Statement
from workflows.setup.objects import CONTROL, Policy, Role, path_of


class NoBot(Exception):  # noqa: N818  a sentence for who runs setup
    """The catalog does not say which identity xacct runs as."""


def policy_arn(catalog: Catalog, account: Account, name: str) -> str:
    """The ARN of one of setup's policies: its name says which installation's it is."""
    prefix = policy_prefix(catalog.installation)
    return f"arn:{account.partition}:iam::{account.id}:policy{CONTROL}{prefix}{name}"


def policy_prefix(installation: str) -> str:
    """How the names of all policies of an installation begin."""
    return f"xacct-{installation}-"


def is_own_policy(arn: str, installation: str) -> bool:
    """Whether a managed policy is one of setup's, by its path and its name."""
    name = arn.rpartition("/")[2]
    return path_of(arn) == CONTROL and name.startswith(policy_prefix(installation))


def inline_name(installation: str) -> str:
    """The name of the one inline policy of a governed group."""
    return f"xacct-{installation}"


def policy(
    catalog: Catalog, account: Account, name: str, document: Document, purpose: str
) -> Policy:
    """One of setup's policies in this account."""
    return Policy(policy_arn(catalog, account, name), document, purpose)


def own_role(
    catalog: Catalog, arn: str, purpose: str, document: Document, entrance: Statement
) -> tuple[Policy, Role]:
    """A role that xacct itself works with. Its policy is its boundary, too: whatever else somebody
    attaches to it gives it nothing.
    """
    name = arn.rpartition("/")[2].removeprefix("xacct-")
    home = f"{arn.partition(':role/')[0]}:policy{CONTROL}{policy_prefix(catalog.installation)}"
    policy = Policy(f"{home}{name}", document, f"What {arn.rpartition('/')[2]} may")
    role = Role(arn, purpose, (entrance,), managed=(policy.arn,), boundary=policy.arn)
    return policy, role


def bot(catalog: Catalog) -> str:
    """The ARN of the identity that xacct runs as. Raises NoBot."""
    if catalog.bot_arn is None:
        raise NoBot(
            "The catalog does not say which identity in AWS xacct runs as: write, at the top, "
            "`bot: arn:aws:iam::<account>:role/xacct-ctl/xacct-bot`. The manager roles trust "
            "it and nobody else."
        )
    return catalog.bot_arn
