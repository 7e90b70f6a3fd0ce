"""The variables that override settings: their names, their JSON, secrets under wrong names, several for one setting."""

import json
from collections.abc import Iterator

from tests.inputs.case import BASE, CANARY, STATE, Case, right, says, setting, variables

PREFIX = "LANGFUSE_AWS__"
MISSPELT = (
    "LANGFUSE_AWS_WEB__CPU", "LANGFUSE_AWS__WEB_CPU", "LANGFUSE_AWS___WEB__CPU", "LANGFUSE_AWS__WEB___CPU",
    "LANGFUSE_AWS__WEB__CPU_", "LANGFUSE_AWS__WEB__CPU__", "LANGFUSE_AWS__", "LANGFUSE_AWS__WEB__",
    "LANGFUSE_AWS__WEB__CPU__X", "LANGFUSE_AWS____CPU", "LANGFUSE_AWS__CPU", "LANGFUSE_AWS__WEB__CPUS",
    "LANGFUSE_AWS__WEBB__CPU", "LANGFUSE_AWS__NAME", "LANGFUSE_AWS__NAME__X", "LANGFUSE_AWS__SETTINGS__WEB__CPU",
    "LANGFUSE_AWS__WEB.CPU", "LANGFUSE_AWS__WEB-CPU", "LANGFUSE_AWS__WEB__CPU ", "LANGFUSE_AWS__ WEB__CPU",
    "LANGFUSE_AWS__WEB__CPU\n", "LANGFUSE_AWS__WEB__\x1b[31m", "LANGFUSE_AWS__WEB__\udcff", "LANGFUSE_AWS__ＷEB__CPU",
    "LANGFUSE_AWS__MODEL_CONFIG", "LANGFUSE_AWS____CLASS__", "LANGFUSE_AWS__WEB____DICT__",
    "LANGFUSE_AWS__WEB__NODE_HEAP_MIB", "LANGFUSE_AWS__PREFIX", "Langfuse_Aws__Web__Cpu", "langfuse_aws__web__cpu",
    "LANGFUSE_AWS_STATE__BUCKET", "LANGFUSE_AWS__AWS__REGION", "LANGFUSE__AWS__WEB__CPU",
)  # fmt: skip
JSON = (
    "{", "[", "{]", "[}", '{"cpu"}', '{"cpu": }', '{"cpu": 2048,}', "{cpu: 2048}", "{'cpu': 2048}", '{"cpu": 2048} x',
    "{}{}", '{"cpu": 2048, "cpu": 1024}', '{"cpu": NaN}', '{"cpu": Infinity}', '{"cpu": 1e999}', '{"cpu": 1e3}',
    '{"cpu": ' + "9" * 5000 + "}", '{"cpu": -' + "9" * 5000 + "}", '{"a": ' * 5000 + "1" + "}" * 5000,
    "[" * 5000 + "]" * 5000, "[" * 200_000, '{"a": ' * 900 + "1" + "}" * 900, '{"' + "k" * 100_000 + '": 1}',
    "[" + "1," * 100_000 + "1]", '{"cpu": "\\ud800"}', '{"\\ud800": 1}', '{"\\u0000": 1}', '{"\\u001b[31m": 1}',
    '{"a\\nb": 1}', '{"\\u2028": 1}', '{"cpu": "\t"}', '{"cpu": "\\q"}', "[]", "[1]", "[[1]]", '[{"cpu": 2048}]',
    '{"": 1}', '{"cpu": null}', '{"cpu": {}}', '{"cpu": []}', '{"CPU": 2048}', '{"__class__": 1}', '{"cpu.x": 1}',
    "\ufeff{}", "{\u00a0}", '{"cpu": 0x800}', '{"cpu": 2_048}', '{"cpu": 02048}', '{"cpu": +2048}', '{"cpu": .5}',
    "null", "true", '"x"', "2048", "cpu=2048", "cpu: 2048", "", " ",
)  # fmt: skip
SECRETS = (
    (f"{PREFIX}TYPO", CANARY), (f"{PREFIX}WEB__TYPO", CANARY), (f"{PREFIX}STATE__SECRET_KEY", CANARY),
    (f"{PREFIX}MAIL__PASSWORD", CANARY), (f"{PREFIX}WEB", CANARY), (f"{PREFIX}WEB", f'{{"password": "{CANARY}"}}'),
    (f"{PREFIX}WEB", f'{{"cpu": "{CANARY}"'), (f"{PREFIX}WEB", f'["{CANARY}"]'), (f"{PREFIX}NAME", CANARY),
    (f"{PREFIX}LANGFUSE", CANARY), (f"{PREFIX}LANGFUSE__ENVIRONMENT", CANARY), (f"{PREFIX}LANGFUSE__SECRETS", CANARY),
    (f"{PREFIX}LANGFUSE", f'["{CANARY}"]'), (f"{PREFIX}LANGFUSE__SECRETS", f'["{CANARY}"]'),
    (f"{PREFIX}LANGFUSE__ENVIRONMENT", f'["{CANARY}"]'),
    (f"{PREFIX}LANGFUSE__ENVIRONMENT", f'{{"A": {{"B": "{CANARY}"}}}}'),
    (f"{PREFIX}LANGFUSE__ENVIRONMENT", f'{{"A": ["{CANARY}"]}}'),
    (f"{PREFIX}LANGFUSE__ENVIRONMENT", f'{{"a": "{CANARY}"}}'),
    (f"{PREFIX}LANGFUSE__ENVIRONMENT__A__B", CANARY + "\x00"), (f"{PREFIX}LANGFUSE__ENVIRONMENT__", CANARY),
    (f"{PREFIX}LANGFUSE__SECRETS__A", CANARY), (f"{PREFIX}LANGFUSE__SECRETS__a", CANARY),
    (f"{PREFIX}LANGFUSE__PASSWORD", CANARY), (f"{PREFIX}LANGFUSE", f'{{"secrets": {{"A": "{CANARY}"}}}}'),
    (f"{PREFIX}LANGFUSE", f'{{"secret": {{"A": "{CANARY}"}}}}'),
    (f"{PREFIX}LANGFUSE", f'{{"environment": "{CANARY}"}}'), (f"{PREFIX}LANGFUSE__ENVIRONMENT", f'{{"A": "{CANARY}"'),
    (f"{PREFIX}SECRETS", CANARY), (f"{PREFIX}SECRETS", f'{{"database_password": "{CANARY}"}}'),
    (f"{PREFIX}SECRETS__SALT", CANARY), (f"{PREFIX}SECRETS__SALT_VERSION", CANARY),
    (f"{PREFIX}SECRETS__DATABASE_PASSWORD", CANARY), (f"{PREFIX}TAGS", f'{{"k": ["{CANARY}"]}}'),
    (f"{PREFIX}SECRETS__ENCRYPTION_KEY_VERSION", CANARY), (f"{PREFIX}TAGS", CANARY),
    (f"{PREFIX}SIGN_IN__PROVIDERS__GOOGLE__CLIENT_SECRET", CANARY), (f"{PREFIX}SIGN_IN__PROVIDERS", CANARY),
    (f"{PREFIX}SIGN_IN__PROVIDERS__GOOGLE__CLIENT_SECRET_ARN", CANARY), (f"{PREFIX}SIGN_IN__PROVIDERS__GOOGLE", CANARY),
    (f"{PREFIX}SIGN_IN__PROVIDERS", f'{{"google": {{"client_secret": "{CANARY}"}}}}'),
    (f"{PREFIX}MAIL__SMTP_SECRET_ARN", CANARY),
    (f"{PREFIX}POSTGRES__PASSWORD", CANARY), ("LANGFUSE_AWS_MAIL__PASSWORD", CANARY), (f"{PREFIX}REDIS__AUTH", CANARY),
)  # fmt: skip


def cases() -> Iterator[Case]:
    """Yields the cases."""
    yield from (variables({name: "2048"}) for name in MISSPELT)
    yield from (variables({f"{PREFIX}WEB": text}) for text in JSON)
    yield from (variables({name: text}) for name, text in SECRETS)
    yield from _accepted()
    # The error names the variable, not the file, whatever form the variable has.
    name = f"{PREFIX}WEB"
    for text in (
        '{"cpu": 300}',
        '{"cpu": "x"}',
        '{"typo": 1}',
        '{"memory_mib": 512}',
        '{"heap_mib": 0}',
        '{"min_tasks": 9}',
    ):
        yield says(variables({name: text}), name)
    yield says(variables({f"{PREFIX}LANGFUSE": '{"version": "9"}'}), f"{PREFIX}LANGFUSE")
    yield says(variables({f"{PREFIX}POSTGRES__VERSION": "14"}), f"{PREFIX}POSTGRES__VERSION")
    yield says(variables({f"{PREFIX}LANGFUSE__VERSION": "5.0.0"}), f"{PREFIX}LANGFUSE__VERSION")
    yield says(variables({f"{PREFIX}DOMAIN__NAME": "a.example.com"}), f"{PREFIX}DOMAIN__NAME")
    yield says(setting("postgres.max_storage_gib", "22", postgres__storage_gib="40"), "MAX_STORAGE_GIB")
    # The more specific of two wrong ones, or either, but never in silence.
    yield variables({f"{PREFIX}WEB": '{"cpu": 300}', f"{PREFIX}WEB__MEMORY_MIB": "1"})
    yield variables({f"{PREFIX}WEB__CPU": "300", f"{PREFIX}WEB__cpu": "1024"})
    yield variables({f"{PREFIX}WEB__CPU": "1024", f"{PREFIX}WEB__CPU__MEMORY": "1024"})
    yield variables({f"{PREFIX}LANGFUSE__VERSION": "4.16.0", f"{PREFIX}LANGFUSE__version": "4.16.1"})


def _accepted() -> Iterator[Case]:
    for given in (
        {f"{PREFIX}WEB__CPU": "1024"}, {f"{PREFIX}WEB": '{"cpu": 1024}'}, {f"{PREFIX}WEB": ' {"cpu": 1024} '},
        {f"{PREFIX}WEB": "{}"}, {f"{PREFIX}TAGS": '{"Team": "ml"}'}, {f"{PREFIX}TAGS__Team": "ml"},
        {f"{PREFIX}TAGS": '{"É": "\\u00e9"}'}, {f"{PREFIX}WEB": '{"cpu": 1024}', f"{PREFIX}WEB__MAX_TASKS": "2"},
        {f"{PREFIX}POSTGRES__MULTI_AZ": "true"}, {f"{PREFIX}POSTGRES__MULTI_AZ": "false"},
        {f"{PREFIX}LANGFUSE__ENVIRONMENT__LANGFUSE_LOG_LEVEL": "debug"},
        {f"{PREFIX}LANGFUSE__ENVIRONMENT": '{"LANGFUSE_LOG_LEVEL": "debug"}'},
        {f"{PREFIX}ALLOWED_ACCOUNT_IDS": '["123456789012"]'}, {f"{PREFIX}LANGFUSE__ENVIRONMENT__A__B": "x"},
        {"LANGFUSE_PUBLIC_KEY": "pk-lf-1", "LANGFUSE_SECRET_KEY": CANARY}, {"LANGFUSE_HOST": "http://localhost"},
        {"LANGFUSE_BASE_URL": "http://localhost"}, {"LANGFUSE_TRACING_ENVIRONMENT": "x"},
        {"AWS_REGION": "eu-central-1"}, {"AWS_SECRET_ACCESS_KEY": CANARY}, {"LANGFUSE_SAMPLE_RATE": "1"},
        {"LANGFUSE_DEBUG": "true"}, {"LANGFUSE_AWS_BEDROCK_MODEL": "x"},
        {"LANGFUSE_AWS_BEDROCK_REGION": "eu-central-1"}, {"MY_LANGFUSE_AWS__WEB__CPU": "x"}, {"LANGFUSE_RELEASE": "1"},
        {"LANGFUSE_FLUSH_AT": "1"},
    ):  # fmt: skip
        yield right(variables(given))
    # Field by field: what the file has beside stays, and the more specific variable wins, in either order.
    sized = f"{BASE}{STATE}[web]\ncpu = 4096\nmemory_mib = 8192\n"
    yield right(variables({f"{PREFIX}WEB": '{"max_tasks": 9}', f"{PREFIX}WEB__MEMORY_MIB": "9216"}, file=sized))
    yield right(variables({f"{PREFIX}WEB__CPU": "1024", f"{PREFIX}WEB": json.dumps({"cpu": 300, "memory_mib": 4096})}))
    yield right(variables({f"{PREFIX}WEB": json.dumps({"cpu": 300, "memory_mib": 4096}), f"{PREFIX}WEB__CPU": "1024"}))
