"""How users sign in."""

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from settings.arns import SecretArn
from settings.aws_names import DomainName
from settings.field_types import HttpsUrl
from settings.section import Section, each_once, refuse
from settings.variables.groups import SSO_PROVIDERS, SSO_SOURCE

MOST_SESSION_MINUTES = 400 * 24 * 60
"""Browsers delete a cookie after 400 days: https://www.rfc-editor.org/rfc/rfc6265bis (section 5.5)."""

ProviderName = Literal[
    "auth0",
    "authentik",
    "azure_ad",
    "cognito",
    "custom",
    "github",
    "github_enterprise",
    "gitlab",
    "google",
    "jumpcloud",
    "keycloak",
    "okta",
    "onelogin",
    "wordpress",
    "workos",
]
DomainNames = Annotated[
    tuple[DomainName, ...],
    AfterValidator(each_once),
    Field(description="list of different domain names in lower case", examples=[["example.com"]]),
]


class Provider(Section):
    """A provider of single sign-on.

    Which of ``issuer``, ``tenant_id``, ``base_url`` and ``name`` it needs depends on the provider. One that it neither
    needs nor knows is refused.
    """

    client_id: Annotated[
        str,
        Field(
            pattern="^[!-~]+$",
            max_length=512,
            description="ID of printable ASCII characters, without spaces",
            examples=["langfuse"],
        ),
    ]
    """ID of Langfuse at the provider. Required."""
    client_secret_arn: SecretArn
    """Secret that the provider has given Langfuse: the ARN of the Secrets Manager secret that holds it, as in
    ``langfuse.secrets``. Required."""
    issuer: HttpsUrl | None = None
    """Address of the provider's OpenID Connect discovery, without ``/.well-known/openid-configuration``. Required for
    ``auth0``, ``authentik``, ``cognito``, ``custom``, ``jumpcloud``, ``keycloak``, ``okta`` and ``onelogin``. For
    ``gitlab``, only with a GitLab of your own."""
    tenant_id: (
        Annotated[
            str,
            Field(
                pattern="^[A-Za-z0-9.-]+$",
                max_length=253,
                description="tenant ID of Microsoft Entra",
                examples=["01234567-89ab-cdef-0123-456789abcdef"],
            ),
        ]
        | None
    ) = None
    """Tenant whose users may sign in. Required for ``azure_ad`` (Microsoft Entra ID)."""
    base_url: HttpsUrl | None = None
    """Address of your GitHub Enterprise Server. Required for ``github_enterprise``."""
    url: HttpsUrl | None = None
    """Address of your own GitLab, for ``gitlab``. By default, ``https://gitlab.com``."""
    name: (
        Annotated[
            str,
            Field(
                pattern=r"^[^\x00-\x20\x7f]([^\x00-\x1f\x7f]*[^\x00-\x20\x7f])?$",
                max_length=100,
                description="text of at most 100 characters, without a space at its ends",
                examples=["Acme"],
            ),
        ]
        | None
    ) = None
    """Name that the button shows. Required for ``custom``, and possible for ``keycloak``."""
    allowed_domains: DomainNames = ()
    """Google Workspace domains whose users may sign in, for ``google``. By default, everyone who has a Google account
    may."""
    allow_account_linking: bool = False
    """Whether somebody who signs in gets the existing account of the same e-mail address. Leave it ``false`` unless the
    provider verifies addresses: otherwise, whoever enters another's address there becomes that user here."""

    def parts(self) -> dict[str, str]:
        """The values of the variables, by what follows ``AUTH_<PROVIDER>_`` in their names."""
        texts = {part: getattr(self, part) for part in ("client_id", "issuer", "tenant_id", "base_url", "url", "name")}
        texts["allowed_domains"] = ",".join(self.allowed_domains)
        texts["allow_account_linking"] = "true" if self.allow_account_linking else None
        return {part.upper(): text for part, text in texts.items() if text}


Providers = Annotated[
    dict[ProviderName, Provider],
    Field(
        description=f"table by provider, {', '.join(name.lower() for name in SSO_PROVIDERS)}, of tables",
        examples=[
            {
                "google": {
                    "client_id": "langfuse",
                    "client_secret_arn": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:google-AbCdEf",
                }
            }
        ],
    ),
]


class SignIn(Section):
    """Who may sign up, and how users sign in. docs/sign-in.md lists every such switch of Langfuse."""

    sign_up: bool = True
    """Whether new users may sign up, with a password or through a provider. ``false`` refuses people with an invitation
    too, unless they have an account already: on a fresh deployment, nobody gets in without a first user (section
    ``first``)."""
    password: bool = True
    """Whether users may sign in with e-mail address and password. ``false`` leaves single sign-on, which requires a
    provider."""
    session_minutes: Annotated[int, Field(ge=6, le=MOST_SESSION_MINUTES)] | None = None
    """Time in minutes after which users must sign in again. By default, Langfuse's 43,200: 30 days."""
    sso_domains: DomainNames = ()
    """Domains of e-mail addresses whose users must use single sign-on. Their passwords are refused. Requires a
    provider. By default, there are none."""
    providers: Providers = {}
    """Providers of single sign-on, each a table of its own: ``[sign_in.providers.google]``, or
    ``LANGFUSE_AWS__SIGN_IN__PROVIDERS__GOOGLE__CLIENT_ID`` for a single setting of it. By default, there are none. At
    the provider, register the address ``<url of Langfuse>/api/auth/callback/<provider>`` (docs/sign-in.md)."""

    @property
    def variables(self) -> dict[str, str]:
        """The variables of the containers that these settings stand for."""
        return dict(self._variables())

    @property
    def secrets(self) -> dict[str, str]:
        """The ARNs of the secrets that further variables get their values from."""
        return {f"AUTH_{name.upper()}_CLIENT_SECRET": one.client_secret_arn for name, one in self.providers.items()}

    def _variables(self) -> Iterator[tuple[str, str]]:
        if not self.sign_up:
            yield "AUTH_DISABLE_SIGNUP", "true"
        if not self.password:
            yield "AUTH_DISABLE_USERNAME_PASSWORD", "true"
        if self.session_minutes is not None:
            yield "AUTH_SESSION_MAX_AGE", str(self.session_minutes)
        if self.sso_domains:
            yield "AUTH_DOMAINS_WITH_SSO_ENFORCEMENT", ",".join(self.sso_domains)
        for name, provider in self.providers.items():
            yield from ((f"AUTH_{name.upper()}_{part}", value) for part, value in provider.parts().items())

    @model_validator(mode="after")
    def _check(self) -> Self:
        for name, provider in self.providers.items():
            known = SSO_PROVIDERS[name.upper()]
            given = provider.parts().keys() - {"CLIENT_ID", "ALLOW_ACCOUNT_LINKING"}
            for part in known.needs:
                if part not in given:
                    allowed = f"needs {part.lower()}: otherwise Langfuse shows no button for it ({SSO_SOURCE})"
                    refuse(f"providers.{name}", None, allowed)
            for part in sorted(given - {*known.needs, *known.takes}):
                refuse(f"providers.{name}.{part.lower()}", None, f"is not for {name}: leave it out ({SSO_SOURCE})")
        return self
