"""A stage that does nothing but call the next one: `hop` counts down to the topic of the same number."""

import os
import time
from functools import cache

import functions_framework
from flask import Request
from google.cloud.pubsub_v1 import PublisherClient
from google.cloud.pubsub_v1.types import BatchSettings


@cache
def publisher() -> PublisherClient:
    return PublisherClient(batch_settings=BatchSettings(max_messages=1))


@functions_framework.http
def noop(request: Request) -> tuple[str, int]:
    began, hop = time.time(), int(request.headers["hop"])
    with open(os.environ["NOOP_LOG"], "a") as log:
        log.write(f"{request.headers['run']} {hop} {began} {request.headers['sent']}\n")
    if hop > 1:
        topic = f"projects/{os.environ['GOOGLE_CLOUD_PROJECT']}/topics/hop-{hop - 1}"
        publisher().publish(topic, b"x", hop=str(hop - 1), run=request.headers["run"], sent=str(time.time())).result(10)
    return "", 204
