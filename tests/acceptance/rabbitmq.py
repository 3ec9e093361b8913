"""
A real RabbitMQ of our own: on free ports of the loopback, with everything it writes below one folder.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devtools.show.crew import Crew, any_free_port

# The program itself: the one on the PATH is a wrapper for the system's service.
PROGRAM = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")


def is_installed() -> bool:
    return PROGRAM.exists()


@contextmanager
def running_rabbitmq(home: Path) -> Iterator[str]:
    """
    Start it, say where it is, and leave nothing behind.
    """
    port, between_nodes, epmd = any_free_port(), any_free_port(), any_free_port()
    config = home / "rabbitmq.conf"
    config.write_text(f"listeners.tcp.1 = 127.0.0.1:{port}\nlog.console = true\n")
    environment = {
        "HOME": str(home),  # for its cookie
        "RABBITMQ_NODENAME": f"rms-{port}@localhost",
        "RABBITMQ_DIST_PORT": str(between_nodes),
        "RABBITMQ_MNESIA_BASE": str(home / "data"),
        "RABBITMQ_LOG_BASE": str(home / "logs"),
        "RABBITMQ_CONFIG_FILE": str(config.with_suffix("")),
        "RABBITMQ_CONF_ENV_FILE": "/dev/null",
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "plugins"),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "ERL_EPMD_PORT": str(epmd),
    }
    crew = Crew(environment=environment, logs=home / "logs")
    try:
        # As a process of ours: RabbitMQ would start one that outlives it.
        crew.start_command("epmd", "epmd")
        crew.start_command("rabbitmq", str(PROGRAM))
        crew.wait_for("rabbitmq", lambda: crew.says("rabbitmq", "Server startup complete"))
        yield f"amqp://guest:guest@127.0.0.1:{port}//"
    finally:
        for name in list(crew.running):
            crew.kill(name)
