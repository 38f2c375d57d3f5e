"""What Schemathesis cannot read out of the description of the API: rules that JSON Schema has no words for, the
signature of GitHub's webhooks, and that a reader of bodies may be more patient than the description of them."""

import hashlib
import hmac
import json
import os
import random
from datetime import datetime

import jsonschema_rs
import schemathesis
from hypothesis import strategies
from requests.auth import AuthBase
from schemathesis.core.failures import AcceptedNegativeData
from schemathesis.generation.meta import TestPhase

# The organization of the examples.
ORGANIZATION = "acme"

# The events that are recorded, by what only they have.
EVENTS = {"pull_request": "pull_request", "commits": "push"}

# A time that is reported lies between 2000 and tomorrow.
moments = strategies.datetimes(datetime(2000, 1, 1), datetime.now())
schemathesis.openapi.format("date-time", moments.map(lambda moment: moment.isoformat() + "Z"))


class ApiKey(AuthBase):
    def __call__(self, request):
        request.headers["Authorization"] = f"Bearer {os.environ['PERISCOPE_KEY']}"
        return request


class Signature(AuthBase):
    def __call__(self, request):
        secret = os.environ["PERISCOPE_WEBHOOK_SECRET"].encode()
        body = request.body or b""
        body = body.encode() if isinstance(body, str) else body
        request.headers["X-Hub-Signature-256"] = "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()
        return request


schemathesis.auth.set_from_requests(Signature()).apply_to(operation_id="receiveGithub")
schemathesis.auth.set_from_requests(ApiKey()).skip_for(operation_id="receiveGithub")


@schemathesis.hook
def map_case(context, case):
    """Makes what fits the schemas obey the rules that no schema can tell."""
    if case.meta.generation.mode.is_positive and isinstance(case.body, dict):
        obey = {
            "recordDeployment": obey_times,
            "recordCommits": obey_hashes,
            "receiveGithub": obey_event,
        }.get(operation_id(case))
        if obey:
            obey(case)
    return case


def operation_id(case):
    return case.operation.definition.raw["operationId"]


def obey_times(case):
    """A deployment is reported to the organization of the key, and ends after it began."""
    if "organizationSlug" in case.body:
        case.body["organizationSlug"] = ORGANIZATION
    times = [case.body.get("startedAt"), case.body.get("completedAt")]
    if all(isinstance(time, str) for time in times):
        case.body["startedAt"], case.body["completedAt"] = sorted(times, key=moment)


def moment(time):
    return datetime.fromisoformat(time.replace("Z", "+00:00"))


def obey_hashes(case):
    """What a commit is called follows from what it holds, so none is its own ancestor or has other parents tomorrow."""
    if case.meta.phase.name != TestPhase.EXAMPLES:
        for commit in case.body["commits"]:
            commit["sha"] = hashlib.sha1(json.dumps(commit["parents"]).encode()).hexdigest()


def obey_event(case):
    """The event is in a header, and what belongs to it in the body."""
    case.path_parameters["organizationSlug"] = ORGANIZATION
    case.headers["X-GitHub-Event"] = next((EVENTS[name] for name in EVENTS if name in case.body), "ping")
    case.headers["X-GitHub-Delivery"] = f"{random.getrandbits(128):032x}"


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """What was accepted although it does not fit is no failure where the description says that it counts as something
    that fits: white space around a text, an empty text for one that was left out. And of GitHub's events those that are
    not recorded are not looked at."""
    if not isinstance(failure, AcceptedNegativeData):
        return True
    if operation_id(case) == "receiveGithub" and case.headers.get("X-GitHub-Event") not in EVENTS.values():
        return False
    content = case.operation.definition.raw["requestBody"]["content"]
    schema = {**case.operation.schema.raw_schema, **content[case.media_type]["schema"]}
    return not jsonschema_rs.Draft202012Validator(schema).is_valid(as_read(case.body))


def as_read(value):
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list):
        return [as_read(item) for item in value]
    if isinstance(value, dict):
        read = {name: as_read(item) for name, item in value.items()}
        return {name: item for name, item in read.items() if item != ""}
    return value
