// pgveil: the proxy between AI agents and a production PostgreSQL. Subcommands live in cli/.
int main() { return 2; }
