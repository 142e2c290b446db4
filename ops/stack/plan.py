"""What a stack consists of and where it can be reached."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field

from ops.stack.credentials import Credentials
from ops.stack.environment import without_printed
from ops.stack.mailbox import MailServer
from ops.stack.options import StackOptions
from ops.stack.ports import HOST, PortReservations
from ops.stack.postgres import Postgres
from ops.stack.prometheus import Prometheus
from ops.stack.rabbitmq import RabbitMQ
from ops.stack.services import ADMIN_EMAIL, SERVICES, Service

# Stacks of test runs keep away from the ports where a person expects the shop.
_SCRATCH_OFFSET = 10_000
_POSTGRES_PORT = 5432
# Nobody types these in; `status` shows where they are.
_WORKER, _SMTP, _DISTRIBUTION, _EPMD = _UNSEEN = ("worker", "SMTP", "Erlang's distribution", "epmd")

ELSEWHERE = (
    "Grafana and Jaeger cannot be had as packages: docker compose --profile observe up has the dashboards and traces"
)

Take = Callable[[str, int], int]  # what for, which port it should be → which port it is


@dataclass
class Plan:
    kind: StackOptions
    credentials: Credentials
    postgres: Postgres | None = None  # None: the environment names others for all of it.
    rabbitmq: RabbitMQ | None = None
    mail: MailServer | None = None  # None: there is nobody who sends any.
    prometheus: Prometheus | None = None  # None: nobody asked for it.
    api_ports: dict[Service, int] = field(default_factory=dict)
    worker_ports: dict[Service, int] = field(default_factory=dict)
    addresses: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def database_url(self, service: Service) -> str:
        return self.addresses[service.database_variable]


def make_plan(kind: StackOptions, credentials: Credentials, ports: PortReservations) -> Plan:
    plan = Plan(kind, credentials)
    offset = _SCRATCH_OFFSET if kind.scratch else 0

    def take(what: str, preferred: int) -> int:
        port = ports.take(preferred + offset)
        if port != preferred + offset and what not in _UNSEEN:
            plan.notes.append(f"port {preferred + offset} is taken: {what} is on {port}")
        return port

    if kind.apps:
        for service in SERVICES:
            plan.api_ports[service] = take(f"{service.name}-api", service.api_port)
            plan.worker_ports[service] = take(_WORKER, service.worker_port)
            plan.addresses[service.url_variable] = f"http://{HOST}:{plan.api_ports[service]}"
        plan.addresses |= {"ADMIN_EMAIL": ADMIN_EMAIL, "ADMIN_PASSWORD": credentials.admin}
        # A provider that exists brings its own.
        secret = os.environ.get("PAYMENT_WEBHOOK_SECRET") or credentials.payment_webhook
        plan.addresses["PAYMENT_WEBHOOK_SECRET"] = secret
        plan.mail = MailServer(page_port=take("the page with all mail", 8025), smtp_port=take(_SMTP, 1025))
        plan.addresses["MAIL_URL"] = plan.mail.url
        if kind.observe:
            plan.prometheus = Prometheus(take("Prometheus", 9090))
            plan.addresses["PROMETHEUS_URL"] = plan.prometheus.url
            plan.notes.append(ELSEWHERE)
        # By which the shop reaches a receiver of webhooks that tests or people run beside it.
        plan.addresses["WEBHOOK_RECEIVER_HOST"] = HOST
    _plan_rabbitmq(plan, take)
    _plan_postgres(plan, take)
    return plan


def _plan_rabbitmq(plan: Plan, take: Take) -> None:
    named = without_printed(os.environ)
    if named.get("AMQP_URL"):
        plan.addresses |= {"AMQP_URL": named["AMQP_URL"], "RABBITMQ_UI_URL": named.get("RABBITMQ_UI_URL", "")}
        plan.notes.append("RabbitMQ is the one that AMQP_URL names")
        return
    plan.rabbitmq = RabbitMQ(
        port=take("RabbitMQ", 5672),
        ui_port=take("RabbitMQ's management page", 15672),
        distribution_port=take(_DISTRIBUTION, 25672),
        epmd_port=take(_EPMD, 4369),
        password=plan.credentials.rabbitmq,
        cookie=plan.credentials.erlang_cookie,
    )
    plan.addresses |= {"AMQP_URL": plan.rabbitmq.url, "RABBITMQ_UI_URL": plan.rabbitmq.ui_url}


def _plan_postgres(plan: Plan, take: Take) -> None:
    wanted = [service.database_variable for service in SERVICES] if plan.kind.apps else ["DATABASE_URL"]
    named = {name: url for name, url in without_printed(os.environ).items() if name in wanted and url}
    plan.addresses |= named
    plan.notes += [f"{name} is the environment's" for name in named]
    if len(named) == len(wanted):
        return
    server = plan.postgres = Postgres(take("PostgreSQL", _POSTGRES_PORT), plan.credentials.postgres)
    own = {
        service.database_variable: server.url(service.database, service.role, service.password(plan.credentials))
        for service in SERVICES
    }
    own["DATABASE_URL"] = server.url("postgres")
    plan.addresses |= {name: own[name] for name in wanted if name not in named}
