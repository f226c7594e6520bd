"""Which calls are management events, what CloudTrail calls them, and what they are about.

Calls about objects are data events, which the event history does not hold; so are listings of a
bucket. https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-s3-info.html
"""

import re

from sandbox.aws.request import Request

_OBJECTS = re.compile(r"(Get|Put|Delete|Restore|List)Object|ListBucket|ListMultipart|Abort")
_BUCKET_SETTING = re.compile(r"(Get|Put)(Encryption|Lifecycle|Replication)Configuration")
_OTHER_SETTING = re.compile(r"(Get|Put)(Accelerate|Analytics|IntelligentTiering|Inventory|Metrics)")
_READS = ("Get", "List", "Simulate", "Lookup", "Describe", "Head", "Generate")
_TYPES = {
    "RoleName": "AWS::IAM::Role",
    "UserName": "AWS::IAM::User",
    "GroupName": "AWS::IAM::Group",
    "PolicyName": "AWS::IAM::Policy",
    "PolicyArn": "AWS::IAM::Policy",
    "AccessKeyId": "AWS::IAM::AccessKey",
    "InstanceProfileName": "AWS::IAM::InstanceProfile",
    "SerialNumber": "AWS::IAM::MFADevice",
    "VirtualMFADeviceName": "AWS::IAM::MFADevice",
    "RoleArn": "AWS::IAM::Role",
}

Resources = tuple[tuple[str, str], ...]


def event_name(request: Request) -> str | None:
    """What CloudTrail calls a call; None when it is no management event."""
    action = request.action.partition(":")[2]
    if request.service != "s3":
        return action
    if _OBJECTS.match(action):
        return None
    if action == "ListAllMyBuckets":
        return "ListBuckets"
    name = action.replace("CORS", "Cors")
    if found := _BUCKET_SETTING.fullmatch(name):
        name = f"{found[1]}Bucket{found[2]}"
    elif found := _OTHER_SETTING.match(name):
        name = name.replace(found[1], f"{found[1]}Bucket", 1)
    return name.replace("Put", "Delete", 1) if request.method == "DELETE" else name


def read_only(request: Request, name: str) -> bool:
    """Whether a call changes nothing; taking a session is a read to CloudTrail."""
    return request.service == "sts" or name.startswith(_READS)


def resources(request: Request) -> Resources:
    """The resources that a call of IAM or S3 names, as type and name."""
    if request.service == "s3":
        bucket = bucket_of(request)
        return (("AWS::S3::Bucket", bucket),) if bucket else ()
    params = request.params
    return tuple((kind, params[name]) for name, kind in _TYPES.items() if params.get(name))


def bucket_of(request: Request) -> str:
    """The bucket that a call of S3 is about, if it is about one."""
    return request.resource.rpartition(":")[2] if request.resource != "*" else ""
