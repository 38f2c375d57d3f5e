"""What Schemathesis cannot read out of the description of the API: rules that JSON Schema has no words for, the
signature of GitHub's webhooks, and that a reader of bodies may be more patient than the description of them."""

import hashlib
import hmac
import json
import os
import random
import re
from datetime import datetime, timedelta, timezone

import jsonschema_rs
import schemathesis
from hypothesis import strategies
from requests.auth import AuthBase
from schemathesis.core.failures import AcceptedNegativeData
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation.meta import TestPhase

# The organization of the examples.
ORGANIZATION = "acme"

# The events that are recorded, by what only they have.
EVENTS = {"pull_request": "pull_request", "commits": "push", "changes": "repository"}

# A time that is reported lies between 2000 and tomorrow; the same seed shall give the same times tomorrow.
LATEST = datetime(2026, 1, 1, tzinfo=timezone.utc)
moments = strategies.datetimes(datetime(2000, 1, 1), LATEST.replace(tzinfo=None))
schemathesis.openapi.format("date-time", moments.map(lambda moment: moment.isoformat() + "Z"))
schemathesis.openapi.format("iana-time-zone", strategies.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns"]))


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
    if case.meta.generation.mode.is_positive:
        case.body = without_future(case.body)
        case.query.pop("cursor", None)  # Only the same list has given one.
        if "since" in case.query or "until" in case.query:
            obey_window(case.query)
        obey = {
            "recordDeployment": obey_times,
            "recordCommits": obey_hashes,
            "receiveGithub": obey_event,
        }.get(operation_id(case))
        if obey and isinstance(case.body, dict):
            obey(case)
    return case


def operation_id(case):
    return case.operation.definition.raw["operationId"]


def without_future(value):
    """What was answered is sent again, and a trial ends in days to come, which nothing else may."""
    if isinstance(value, dict):
        return {name: without_future(item) for name, item in value.items()}
    if isinstance(value, list):
        return [without_future(item) for item in value]
    if isinstance(value, str) and re.match(r"20\d\d-\d\d-\d\dT", value) and moment(value) > LATEST:
        return LATEST.isoformat()
    return value


def obey_times(case):
    """A deployment is reported to the organization of the key, and ends after it began."""
    if "organizationSlug" in case.body:
        case.body["organizationSlug"] = ORGANIZATION
    times = [case.body.get("startedAt"), case.body.get("completedAt")]
    if all(isinstance(time, str) for time in times):
        case.body["startedAt"], case.body["completedAt"] = sorted(times, key=moment)


def moment(time):
    """A day alone begins at midnight, UTC."""
    found = datetime.fromisoformat(time.replace("Z", "+00:00"))
    return found if found.tzinfo else found.replace(tzinfo=timezone.utc)


def obey_hashes(case):
    """What a commit is called follows from what it holds, so none is its own ancestor or has other parents tomorrow; and
    what a tag is called from its commit."""
    if case.meta.phase.name != TestPhase.EXAMPLES:
        for commit in case.body["commits"]:
            commit["sha"] = name_of(commit["parents"])
        for tag in case.body.get("tags") or []:
            tag["commit"] = case.body["commits"][0]["sha"]
            tag["sha"] = name_of({"tag": tag["commit"]})


def name_of(content):
    return hashlib.sha1(json.dumps(content).encode()).hexdigest()


def obey_event(case):
    """The event is in a header, and what belongs to it in the body."""
    case.path_parameters["organizationSlug"] = ORGANIZATION
    case.headers["X-GitHub-Event"] = next((EVENTS[name] for name in EVENTS if name in case.body), "ping")
    case.headers["X-GitHub-Delivery"] = f"{random.getrandbits(128):032x}"


def obey_window(query):
    """A window begins before it ends, at most 400 days; and is given by its times or by its length."""
    query.pop("timeRange", None)
    times = sorted((query.pop(name) for name in ["since", "until"] if name in query), key=moment)
    if len(times) == 2 and timedelta() < moment(times[1]) - moment(times[0]) <= timedelta(days=400):
        query["since"], query["until"] = times


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """What was accepted although it does not fit is no failure where the description says that it counts as something
    that fits: white space around a text, an empty text for one that was left out. And of GitHub's events those that are
    not recorded are not looked at."""
    if not isinstance(failure, AcceptedNegativeData):
        return True
    if operation_id(case) == "receiveGithub" and case.headers.get("X-GitHub-Event") not in EVENTS.values():
        return False
    fits = {ParameterLocation.BODY: body_fits, ParameterLocation.QUERY: query_fits}
    wrong = [location for location, part in case.meta.components.items() if part.mode.is_negative]
    return not wrong or not all(location in fits and fits[location](case) for location in wrong)


def body_fits(case):
    content = case.operation.definition.raw.get("requestBody", {"content": {}})["content"]
    return case.media_type in content and is_valid(case, content[case.media_type]["schema"], as_read(case.body))


def query_fits(case):
    parameters = case.operation.definition.raw.get("parameters", [])
    schemas = {parameter["name"]: parameter["schema"] for parameter in parameters if parameter["in"] == "query"}
    sent = {name: value for name, value in as_sent(as_read(dict(case.query))).items() if value != []}
    return all(name in schemas and is_valid(case, schemas[name], value) for name, value in sent.items())


def as_sent(query):
    """An object is sent by its names, one after the other, and an empty text counts as one that was left out."""
    return {
        name: [item for item in value if item != ""] if isinstance(value, (list, dict)) else value
        for name, value in query.items()
    }


def is_valid(case, schema, value):
    schema = {**case.operation.schema.raw_schema, **schema}
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True).is_valid(value)


def as_read(value):
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list):
        return [as_read(item) for item in value]
    if isinstance(value, dict):
        read = {name: as_read(item) for name, item in value.items()}
        return {name: item for name, item in read.items() if item != ""}
    return value
