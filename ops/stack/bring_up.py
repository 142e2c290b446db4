"""Brings a stack up: each part as soon as what it needs is there, and at the same time as all the others."""

import asyncio
import os
import sys
from asyncio import Task, TaskGroup
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

from ops.stack import child, postgres, prometheus_install, rabbitmq
from ops.stack.mailbox import MailServer, mail_server
from ops.stack.migrations import up_to_date
from ops.stack.paths import REPOSITORY, StackPaths
from ops.stack.plan import Plan
from ops.stack.postgres import Postgres
from ops.stack.process import StartError
from ops.stack.prometheus import Prometheus, prometheus
from ops.stack.prometheus_install import NoPrometheusError
from ops.stack.rabbitmq import RabbitMQ
from ops.stack.rabbitmq_install import find_or_fetch
from ops.stack.services import (
    ORDER,
    SERVICES,
    WEBHOOKS_TO_THIS_MACHINE,
    Service,
    api_environment,
    common_environment,
    uvicorn,
)
from ops.stack.state import Condition, Entry, State
from ops.stack.supervisor import Supervisor


class BringUp:
    def __init__(
        self, layout: StackPaths, plan: Plan, state: State, supervisor: Supervisor, save: Callable[[], None]
    ) -> None:
        self._layout = layout
        self._plan = plan
        self._state = state
        self._supervisor = supervisor
        self._save = save

    async def run(self) -> None:
        """Returns when everything is ready. Raises an ExceptionGroup with what went wrong."""
        plan = self._plan
        async with TaskGroup() as tasks:
            databases = tasks.create_task(self._postgres(plan.postgres))
            tasks.create_task(self._rabbitmq(plan.rabbitmq))
            tasks.create_task(self._mail(plan.mail))
            tasks.create_task(self._prometheus(plan.prometheus))
            if plan.kind.apps:
                key = tasks.create_task(self._signing_key())
                for service in SERVICES:
                    migrated = tasks.create_task(self._migrate(service, databases))
                    api = tasks.create_task(self._api(service, migrated, key))
                    tasks.create_task(self._worker(service, api))

    async def _postgres(self, server: Postgres | None) -> None:
        if server is None:
            return
        async with self._step("PostgreSQL's data folder"):
            spec = await postgres.prepare(self._layout, server, scratch=self._plan.kind.scratch)
        await self._supervisor.start(spec)
        if self._plan.kind.apps:
            async with self._step("databases"):
                await postgres.create_databases(server, self._plan.credentials)

    async def _rabbitmq(self, server: RabbitMQ | None) -> None:
        if server is None:
            return
        async with self._step("RabbitMQ's programs"):
            # In a thread: downloading must not hold up the rest.
            installation = await asyncio.to_thread(find_or_fetch, self._layout.log("fetch"))
        await self._supervisor.start(rabbitmq.epmd(self._layout, server, installation))
        scratch = self._plan.kind.scratch
        await self._supervisor.start(rabbitmq.broker(self._layout, server, installation, scratch=scratch))

    async def _mail(self, server: MailServer | None) -> None:
        if server is not None:
            await self._supervisor.start(mail_server(self._layout, server))

    async def _prometheus(self, server: Prometheus | None) -> None:
        if server is None:
            return
        try:
            async with self._step("Prometheus' program"):
                installation = await asyncio.to_thread(prometheus_install.find_or_fetch, self._layout.log("fetch"))
        except NoPrometheusError as error:
            # The shop is the shop without it.
            self._state.notes.append(str(error))
            del self._state.addresses["PROMETHEUS_URL"]
            return
        ports = {(service.name, "api"): port for service, port in self._plan.api_ports.items()}
        ports |= {(service.name, "worker"): port for service, port in self._plan.worker_ports.items()}
        await self._supervisor.start(prometheus(self._layout, server, installation, ports))

    async def _signing_key(self) -> None:
        if self._layout.signing_key.exists():
            return
        command = (sys.executable, "-m", "auth_service.core.keys", str(self._layout.signing_key))
        await self._run("signing-key", "signing key", command, os.environ)

    async def _migrate(self, service: Service, databases: Task[None]) -> None:
        await databases
        url = self._plan.database_url(service)
        if await up_to_date(url, REPOSITORY / service.package / "migrations" / "versions"):
            return
        env = common_environment(url)
        await self._run(f"{service.name}-migration", f"{service.name} migrations", service.migration, env)

    async def _api(self, service: Service, migrated: Task[None], key: Task[None]) -> None:
        await migrated
        await key
        env = common_environment(self._plan.database_url(service))
        env |= api_environment(service, self._layout, self._plan.addresses)
        await self._supervisor.start(uvicorn(service, "api", self._plan.api_ports[service], env, self._layout))

    async def _worker(self, service: Service, api: Task[None]) -> None:
        # It waits for the broker by itself. Behind its API it finds the processors free, and the broker mostly there.
        await api
        env = common_environment(self._plan.database_url(service))
        env |= {name: self._plan.addresses[name] for name in ("AMQP_URL", "RABBITMQ_UI_URL")}
        if service is ORDER:
            env |= WEBHOOKS_TO_THIS_MACHINE
            if self._plan.mail is not None:
                env |= self._plan.mail.settings
        await self._supervisor.start(uvicorn(service, "worker", self._plan.worker_ports[service], env, self._layout))

    async def _run(self, log: str, what: str, command: Sequence[str], env: Mapping[str, str]) -> None:
        """Something that does its work and ends."""
        async with self._step(what):
            process = await child.start(command, env=env, cwd=REPOSITORY, log=self._layout.log(log))
            try:
                await process.wait()
            finally:
                if process.returncode is None:
                    process.kill()
            if process.returncode:
                raise StartError(log, f"ended with {process.returncode}")

    @asynccontextmanager
    async def _step(self, what: str) -> AsyncIterator[None]:
        entry = Entry(what, Condition.STARTING)
        self._state.steps.append(entry)
        self._save()
        try:
            yield
        except asyncio.CancelledError:
            entry.state = Condition.STOPPED
            raise
        except Exception:
            entry.state = Condition.FAILED
            raise
        entry.state = Condition.DONE
        self._save()
