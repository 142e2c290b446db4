"""A private RabbitMQ with its management page, reached on the loopback interface alone."""

from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL, SIGTERM

from ops.stack.credentials import write_private
from ops.stack.paths import StackPaths
from ops.stack.ports import HOST
from ops.stack.process import Spec, Tier
from ops.stack.rabbitmq_install import Installation
from ops.stack.rabbitmq_plugins import USED
from ops.stack.readiness import listens

NAME = "rabbitmq"
_USER = "shop"
_LEAN = "+sbwt none +sbwtdcpu none +sbwtdio none"  # Schedulers that wait sleep at once rather than spin.


@dataclass(frozen=True)
class RabbitMQ:
    port: int
    ui_port: int
    distribution_port: int
    epmd_port: int
    password: str
    cookie: str
    node: str = "shop@localhost"
    host: str = HOST
    """Where clients find it."""
    peer_host: str = HOST
    """Where the other brokers of a cluster find it."""

    @property
    def url(self) -> str:
        return f"amqp://{_USER}:{self.password}@{self.host}:{self.port}/"

    @property
    def ui_url(self) -> str:
        return f"http://{self.host}:{self.ui_port}"


def epmd(layout: StackPaths, server: RabbitMQ, installation: Installation) -> Spec:
    """Erlang's name server, on a port of this stack's own; a broker would start a shared one that outlives it."""
    addresses = ",".join(dict.fromkeys((server.host, server.peer_host)))
    return Spec(
        name="epmd",
        command=(installation.epmd, "-port", str(server.epmd_port), "-address", addresses),
        env=installation.env,
        log=layout.log("epmd"),
        ready=listens(server.epmd_port, host=server.host),
        tier=Tier.GROUND,
        port=server.epmd_port,
        cwd=Path("/"),
    )


def broker(layout: StackPaths, server: RabbitMQ, installation: Installation, *, scratch: bool) -> Spec:
    home = layout.rabbitmq
    home.mkdir(mode=0o700, exist_ok=True)
    write_private(home / ".erlang.cookie", server.cookie)
    write_private(home / "rabbitmq.conf", _configuration(server))
    (home / "rabbitmq-env.conf").touch()
    (home / "enabled_plugins").write_text(f"[{','.join(USED)}].\n")
    return Spec(
        name=NAME,
        command=(installation.server,),
        env=_environment(home, server, installation),
        log=layout.log(NAME),
        ready=listens(server.port, server.ui_port, host=server.host),
        tier=Tier.SERVERS,
        port=server.port,
        cwd=home,
        stop_signal=SIGKILL if scratch else SIGTERM,  # What is thrown away need not be put in order, which takes 6 s.
        grace=20,
    )


def _configuration(server: RabbitMQ) -> str:
    # The user is made when the data folder is new, in place of the guest whom everybody knows.
    return f"""\
listeners.tcp.1 = {server.host}:{server.port}
management.tcp.ip = {server.host}
management.tcp.port = {server.ui_port}
default_user = {_USER}
default_pass = {server.password}
default_user_tags.administrator = true
heartbeat = 15
disk_free_limit.absolute = 50MB
vm_memory_high_watermark.absolute = 1GB
log.file = false
log.console = true
log.console.level = info
"""


def _environment(home: Path, server: RabbitMQ, installation: Installation) -> dict[str, str]:
    peers = server.peer_host.replace(".", ",")
    # Every path is named, so that nothing of a system-wide installation is read or written.
    return {
        **installation.env,
        "LANG": "C.UTF-8",
        "HOME": str(home),
        "RABBITMQ_CONF_ENV_FILE": str(home / "rabbitmq-env.conf"),
        "RABBITMQ_CONFIG_FILE": str(home / "rabbitmq.conf"),
        "RABBITMQ_CONFIG_FILES": str(home / "conf.d"),
        "RABBITMQ_ADVANCED_CONFIG_FILE": str(home / "advanced.config"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "enabled_plugins"),
        "RABBITMQ_MNESIA_BASE": str(home / "data"),
        "RABBITMQ_LOG_BASE": str(home / "logs"),
        "ERL_CRASH_DUMP": str(home / "erl_crash.dump"),
        "RABBITMQ_NODENAME": server.node,
        "RABBITMQ_NODE_IP_ADDRESS": server.host,
        "RABBITMQ_NODE_PORT": str(server.port),
        "RABBITMQ_DIST_PORT": str(server.distribution_port),
        "ERL_EPMD_PORT": str(server.epmd_port),
        "ERL_EPMD_ADDRESS": server.peer_host,
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": f"{_LEAN} -kernel inet_dist_use_interface {{{peers}}}",
        # Makes the start script become the server instead of waiting beside it.
        "RUNNING_UNDER_SYSTEMD": "true",
    }
