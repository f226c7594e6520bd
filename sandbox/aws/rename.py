"""UpdateUser: a user under another name.

His unique id, keys, groups and policies stay his, and the trusts that name him follow.
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_users_manage.html
"""

from sandbox.aws.answers import Answer, success
from sandbox.aws.errors import AwsError
from sandbox.aws.principals import Principals
from sandbox.aws.records import Records
from sandbox.aws.request import Params


def update_user(
    records: Records, principals: Principals, account_id: str, params: Params
) -> Answer:
    """Answers UpdateUser; that the new name is free was checked before."""
    name = params["UserName"]
    user = records.get("user", account_id, name)
    if user is None:
        raise AwsError(404, "NoSuchEntity", f"The user with name {name} cannot be found.")
    before = str(user["Arn"])
    renamed = params.get("NewUserName") or name
    records.rename_user(account_id, name, renamed, params.get("NewPath") or user["Path"])
    principals.follow(before, str(user["Arn"]))
    return success("iam", "UpdateUser")
