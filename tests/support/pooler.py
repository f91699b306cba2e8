"""A PgBouncer of a test's own: what pgveil is compared with, and what stands in for a server of very many connections."""
import os
import subprocess

import world


def start(cluster, database, users, options):
    """Process and port; `users`: password by role, `options`: lines of its [pgbouncer] section. It ends with the test."""
    folder, port = world.temporary("pooler"), world.free_port()
    (folder / "users").write_text("".join(f'"{role}" "{password}"\n' for role, password in users.items()))
    (folder / "ini").write_text(f"""[databases]
{database} = host=127.0.0.1 port={cluster.port} dbname={database}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {folder}/users
log_connections = 0
log_disconnections = 0
{options}
""")
    drop = []
    if os.getuid() == 0:
        subprocess.run(["chown", "-R", "postgres", folder], check=True)
        drop = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]
    process = subprocess.Popen([*drop, "/usr/sbin/pgbouncer", "-q", folder / "ini"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")
    world.atexit.register(process.kill)
    return process, port
