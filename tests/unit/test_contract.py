"""The variables of both containers keep the rules that Langfuse's own schemas state (``tests/contract``)."""

import re
import string
from collections.abc import Mapping
from itertools import cycle, islice

import pytest

from modules.langfuse import DROPPED_ROWS_LOG
from settings.secret_variables import PLACEHOLDER, WEB_SECRETS, secret_name_output
from settings.sections.langfuse import Langfuse
from settings.variables.rules import Rule, contract
from tests.contract.__main__ import SHARED, WEB, WORKER, WRITER, derive
from tests.contract.zod import UnknownError, constants, schema_after
from tests.environments import DOMAIN, EXTERNAL, RUNNING
from tests.synthesis import SynthesizedStack, app
from tests.unit.test_services import secrets, variables

VARIANTS = {
    "dev": ("dev", {}),
    "prod": ("prod", RUNNING),
    "domain": ("prod", EXTERNAL | RUNNING | DOMAIN),
    "CloudFront": ("dev", {"LANGFUSE_AWS__DOMAIN__CLOUDFRONT": "true"}),
    "cluster": ("prod", RUNNING | {"LANGFUSE_AWS__CLICKHOUSE__CLUSTER_ENABLED": "true"}),
    "without queue metrics": ("dev", {"LANGFUSE_AWS__ALARMS__QUEUE_METRICS": "false"}),
    "more variables": (
        "dev",
        {
            "LANGFUSE_AWS__LANGFUSE__ENVIRONMENT": (
                '{"AUTH_DISABLE_SIGNUP": "true", "LANGFUSE_INIT_ORG_ID": "a", "EMAIL_FROM_ADDRESS": "me@example.com"}'
            ),
            "LANGFUSE_AWS__LANGFUSE__SECRETS__SMTP_CONNECTION_URL": (
                "arn:aws:secretsmanager:us-east-1:123456789012:secret:smtp-AbCdEf"
            ),
        },
    ),
}
SET_BY_IMAGE = {"NODE_ENV"}
READ_ELSEWHERE = {
    "web": {
        "HOSTNAME": "Next.js: the address that its server listens on",
        "KEEP_ALIVE_TIMEOUT": "Next.js: how long its server keeps idle connections",
        "NODE_OPTIONS": "Node.js",
        "AWS_REGION": "the AWS SDK",
        "CLICKHOUSE_MIGRATION_URL": "packages/shared/clickhouse/scripts/up.sh, which the entrypoint runs",
        "CLICKHOUSE_MIGRATION_SSL": "packages/shared/clickhouse/scripts/up.sh, which the entrypoint runs",
    },
    "worker": {
        "NODE_OPTIONS": "Node.js",
        "AWS_REGION": "the AWS SDK",
        # The same variables of the settings go to both containers.
        "AUTH_DISABLE_SIGNUP": "web",
        "LANGFUSE_INIT_ORG_ID": "web",
    },
}
"""Variables that no schema of the container has, and what reads them."""

SCHEMAS = {"web": ("shared", "web"), "worker": ("shared", "worker")}
"""The schemas that each container checks its variables against when it starts."""

variants = pytest.mark.parametrize("variant", VARIANTS)
containers = pytest.mark.parametrize("container", ["web", "worker"])


def rules_of(container: str) -> dict[str, list[Rule]]:
    """The rules of a container's variables, by their names: a rule of each schema that knows the variable."""
    rules: dict[str, list[Rule]] = {}
    for schema in SCHEMAS[container]:
        for variable, rule in contract().schemas[schema].items():
            rules.setdefault(variable, []).append(rule)
    return rules


@variants
@containers
def test_every_variable_is_known_and_every_required_one_is_there(variant: str, container: str) -> None:
    environment, overrides = VARIANTS[variant]
    services = app(environment, overrides)["services"]
    given = variables(services, container).keys() | secrets(services, container).keys()
    rules = rules_of(container)
    required = {name for name, stated in rules.items() if any(rule.required for rule in stated)}
    assert required - given - SET_BY_IMAGE == set()
    assert given - rules.keys() - READ_ELSEWHERE[container].keys() == set()


@variants
@containers
def test_every_value_fits_its_rules(variant: str, container: str) -> None:
    environment, overrides = VARIANTS[variant]
    stacks = app(environment, overrides)
    values = {
        **{name: sample(value) for name, value in variables(stacks["services"], container).items()},
        **{name: secret for name, secret in generated_secrets(stacks["data"]).items() if secret != PLACEHOLDER},
    }
    rules = rules_of(container)
    problems = {
        f"{name}={value}": list(problems)
        for name, value in values.items()
        for rule in rules.get(name, [])
        if (problems := [*rule.problems(value), *not_judged(rule)])
    }
    assert problems == {}


def not_judged(rule: Rule) -> list[str]:
    """What a rule states beyond what ``problems`` checks."""
    return [*rule.unchecked, *({rule.kind} & {"email", "datetime"})]


def generated_secrets(data: SynthesizedStack) -> dict[str, str]:
    """Values as the data stack makes them, by the variable that they are for."""
    passwords = {
        f"${{ephemeral.aws_secretsmanager_random_password.{name}.random_password}}": random_password(arguments)
        for name, arguments in data.json["ephemeral"]["aws_secretsmanager_random_password"].items()
    }
    values = {}
    for variable in WEB_SECRETS:
        name = data.json["output"][secret_name_output(variable)]["value"]
        (id_,) = [id_ for id_, secret in data.resources("aws_secretsmanager_secret").items() if secret["name"] == name]
        version = data.resource(
            "aws_secretsmanager_secret_version", secret_id=f"${{aws_secretsmanager_secret.{id_}.id}}"
        )
        value = version["secret_string_wo"]
        values[variable] = sample(passwords.get(value, value))
    return values


def random_password(arguments: Mapping[str, object]) -> str:
    """A value as Secrets Manager's GetRandomPassword generates it from these arguments."""
    letters = string.ascii_lowercase + ("" if arguments.get("exclude_uppercase") else string.ascii_uppercase)
    excluded = str(arguments.get("exclude_characters", ""))
    allowed = [character for character in letters + string.digits if character not in excluded]
    return "".join(islice(cycle(allowed), int(str(arguments["password_length"]))))


def sample(value: str) -> str:
    """The value with a word in the place of everything that only a deploy knows."""
    return re.sub(r"\$\{[^}]*\}", "word", value)


def test_the_generated_secrets_are_looked_at() -> None:
    values = generated_secrets(app("dev")["data"])
    assert values["DATABASE_URL"].startswith("postgresql://")
    assert re.fullmatch(r"[0-9a-f]{64}", values["ENCRYPTION_KEY"])
    assert len(values["NEXTAUTH_SECRET"]) == len(values["SALT"]) == 64


def test_the_rules_are_those_of_the_default_version() -> None:
    remedy = "derive them again: .venv/bin/python -m tests.contract CLONE_OF_LANGFUSE"
    assert contract().version == Langfuse().version, remedy


@containers
def test_what_is_read_elsewhere_is_in_no_schema(container: str) -> None:
    """Once a schema has it, its rule counts."""
    assert READ_ELSEWHERE[container].keys() & rules_of(container).keys() == set()


MADE_UP = """
import { shared } from "elsewhere";
const limit = z.coerce.number().int().min(64).max(2_048).default(2048); // NOT: a.b()
const helper = () => { const inner = z.unheard(); };
const Schema = z.object({
  // PLAIN: z.number(),
  PLAIN: z.string(),
  URL: z.url({ error: "a } in a text, and a z.string()" }),
  CHOICE: z
    .enum(["yes", "no"])
    .optional()
    .default("yes"),
  COUNT: z.coerce.number().positive().max(9, `below ${10}`),
  LIMIT: limit,
  SHARED: shared,
  KEY: z.string().length(64, "64, please").nullish(),
  WORD: z.string().regex(/^[a-z/]+$/, { message: "a word" }).optional().transform((s) => (s ? s.split(",") : [])),
  ODD: z.string().refine((s) => s !== "x", "not x"),
  BY_IMAGE: process.env.NODE_ENV === "production" ? z.string().min(1) : z.string().optional(),
  MADE: z.preprocess((s) => f(s, [1, 2]), process.env.VERCEL ? z.string() : z.url()),
});
"""


def test_rules_are_read_from_a_schema() -> None:
    shared = {"shared": Rule("number", required=False, above=0)}
    assert schema_after("Schema = z.object({", MADE_UP, shared) == {
        "PLAIN": Rule("string"),
        "URL": Rule("url"),
        "CHOICE": Rule("enum", required=False, values=("yes", "no")),
        "COUNT": Rule("number", above=0, most=9),
        "LIMIT": Rule("number", required=False, integer=True, least=64, most=2048),
        "SHARED": shared["shared"],
        "KEY": Rule("string", required=False, least=64, most=64),
        "WORD": Rule("string", required=False, pattern="^[a-z/]+$"),
        "ODD": Rule("string", unchecked=("refine",)),
        "BY_IMAGE": Rule("string", least=1),
        "MADE": Rule("url"),
    }
    assert constants(MADE_UP) == {"limit": Rule("number", required=False, integer=True, least=64, most=2048)}


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ("A: z.bigint()", "line 2: z.bigint is not known"),
        ("A: z.string().startsWith('x')", "line 2: startsWith(x) is not known"),
        ("A: z.string().min(LEAST)", "line 2: min(LEAST) is not known"),
        ("A: z.coerce.number().max(2 * 3)", "line 2: max(2*3) is not known"),
        ("A: imported", "line 2: imported is not known"),
        ("A: process.env.B ? z.string() : z.url()", "line 2: the condition process.env.B is not known"),
        ("...more, A: z.string()", "line 2: more stands where : was expected"),
    ],
)
def test_what_is_not_known_is_an_error(schema: str, message: str) -> None:
    with pytest.raises(UnknownError, match=re.escape(message)):
        schema_after("z.object({", f"\nconst S = z.object({{ {schema} }});\n")


def test_a_schema_that_is_not_where_it_was_is_an_error() -> None:
    sources = {SHARED: "const Renamed = z.object({});", WEB: "", WORKER: "", WRITER: DROPPED_ROWS_LOG}
    with pytest.raises(UnknownError, match=r"packages/shared/src/env.ts, there is no 'EnvSchema = z.object\({'"):
        derive(sources)


def test_a_message_that_langfuse_no_longer_logs_is_an_error() -> None:
    with pytest.raises(UnknownError, match="no longer logs 'ClickhouseWriter"):
        derive({SHARED: "", WEB: "", WORKER: "", WRITER: "logger.error(`dropped`)"})


@pytest.mark.parametrize(
    ("rule", "good", "bad"),
    [
        (Rule("enum", values=("true", "false")), "true", "True"),
        (Rule("url"), "http://word:8123", "word:8123"),
        (Rule("number", integer=True, above=0, most=24), "24", "0"),
        (Rule("number", integer=True), "1", "1.5"),
        (Rule("number"), "1.5", "many"),
        (Rule("string", least=64, most=64), "0" * 64, "0" * 63),
        (Rule("string", pattern="^[a-z]+$"), "word", "two words"),
    ],
)
def test_a_value_is_checked(rule: Rule, good: str, bad: str) -> None:
    assert list(rule.problems(good)) == []
    assert list(rule.problems(bad)) != []


def test_a_value_with_checks_that_are_code_is_not_taken_for_good() -> None:
    assert not_judged(Rule("string", unchecked=("refine",)))
    assert not_judged(Rule("datetime"))
