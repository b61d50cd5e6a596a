"""The same function, holding the clients that reading a registry and a bucket takes."""

import boto3

table = boto3.resource("dynamodb").Table("registry")
bucket = boto3.client("s3")

from handler import handler  # noqa: E402, F401
