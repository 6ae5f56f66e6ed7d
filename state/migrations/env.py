"""What Alembic runs: on the connection it is handed, in the transaction that is already open."""

from alembic import context

from state.audit_tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
