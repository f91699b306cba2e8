# What SQLAlchemy reads of the shop before its first query, over whichever driver, and the class it maps.
import sqlalchemy as sa
from sqlalchemy import orm

from shared import out

tables = sa.MetaData()


class Product:
    pass


def reflection(c):
    tables.reflect(c, views=True)
    look = sa.inspect(c)
    out("tables", sorted(tables.tables), look.get_view_names(), look.get_enums())
    for name in sorted(tables.tables):
        out("columns", name, [(c.name, repr(c.type), c.nullable) for c in tables.tables[name].columns])
        out("keys", look.get_pk_constraint(name), look.get_foreign_keys(name), look.get_indexes(name), look.get_unique_constraints(name))
    orm.registry().map_imperatively(Product, tables.tables["products"])
