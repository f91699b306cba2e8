#!/usr/bin/env python3
"""Rows for schema.sql as COPY text on stdout, from a seed: the same seed gives the same shop.

usage: generate.py [--seed N] [--scale N]     scale 1: 2,000 customers, 5,000 orders, 1,500 tickets
"""
import argparse
import datetime
import json
import random
import sys

first_names = ("Ada Bruno Clara Dario Elin Farid Greta Hugo Iris Jonas Kira Luca Mara Nils Oda Pavel Quinn Rosa Samir Tilda Ugo Vera "
               "Willem Xenia Yara Zeno Anouk Bela Ciro Dunja").split()
last_names = ("Abend Brixen Castor Dahlmann Ebner Falken Gruber Hellström Iversen Jansson Kowalk Lindqvist Moreau Nadler Ostrand Petrov "
              "Quist Rossini Salgado Tarnow Ulrich Varga Wendt Ximenes Yildiz Zander").split()
cities = [("Berlin", "DE"), ("Wien", "AT"), ("Lyon", "FR"), ("Porto", "PT"), ("Gdańsk", "PL"), ("Turin", "IT"), ("Ghent", "BE"),
          ("Austin", "US"), ("Denver", "US"), ("Leeds", "GB")]
products = "lamp kettle chair notebook backpack bottle headphones keyboard blanket scarf mug clock tent stove".split()
departments = "support sales warehouse finance engineering".split()
reserved = ("example.com", "example.org", "example.net")
day_zero = datetime.datetime(2025, 1, 1, tzinfo=datetime.UTC)


def luhn(body):
    total = sum(d if i % 2 else (d * 2 - 9 if d > 4 else d * 2) for i, d in enumerate(map(int, reversed(body))))
    return body + str(-total % 10)


def iban(random_digits, country="DE"):
    number = int(random_digits + "".join(str(ord(c) - 55) for c in country) + "00")
    return f"{country}{98 - number % 97:02d}{random_digits}"


class Shop:
    def __init__(self, seed, scale):
        self.random, self.scale = random.Random(seed), scale
        self.customers, self.employees = [], []

    def digits(self, count):
        return "".join(self.random.choice("0123456789") for _ in range(count))

    def when(self, days=600):
        return (day_zero + datetime.timedelta(seconds=self.random.randrange(days * 86400))).isoformat(sep=" ")

    def person(self, number):
        first, last = self.random.choice(first_names), self.random.choice(last_names)
        plain = f"{first}.{last}{number}".lower().encode("ascii", "ignore").decode()
        return f"{first} {last}", f"{plain}@{self.random.choice(reserved)}"

    def phone(self):
        # Valid for a parser of phone numbers, of ranges kept for drama and documentation where there are such.
        return self.random.choice((f"+49 30 23125{self.digits(3)}", f"+1 202 555 01{self.digits(2)}", f"+44 20 7946 0{self.digits(3)}"))

    def ssn(self):
        return f"{self.random.randrange(100, 665):03d}-{self.random.randrange(10, 99)}-{self.random.randrange(1000, 9999)}"

    def card(self):
        return luhn(self.random.choice(("4111 11", "5555 55", "4000 00")).replace(" ", "") + self.digits(9))

    def make_customers(self):
        for i in range(1, 2000 * self.scale + 1):
            name, email = self.person(i)
            city, country = self.random.choice(cities)
            profile = {"language": self.random.choice(("de", "en", "fr")), "tier": self.random.choice(("basic", "plus", "gold"))}
            if i % 3 == 0:
                profile["contact"] = {"email": email, "phone": self.phone()}
            notes = f"Prefers mail to {email}." if i % 10 == 0 else None
            row = (i, name, email, self.phone(), str(datetime.date(1950, 1, 1) + datetime.timedelta(self.random.randrange(19000))),
                   self.ssn() if country == "US" else None, city, country, self.when(), self.random.random() < 0.3, json.dumps(profile), notes)
            self.customers.append((name, email, row[3]))
            yield row

    def make_products(self):
        for i in range(1, 201):
            kind = self.random.choice(products)
            yield (i, f"SKU-{i:05d}", f"{kind} no. {i}", self.random.randrange(300, 30000) / 100, "{" + kind + ",shop}", self.random.randrange(500))

    def make_employees(self):
        for i in range(1, 61):
            name, email = self.person(9000 + i)
            yield (i, name, email, departments[i % 5], self.random.randrange(32000, 98000), str(datetime.date(2015, 1, 1) +
                   datetime.timedelta(self.random.randrange(3500))), None if i <= 5 else self.random.randrange(1, 6))

    def make_orders(self):
        self.items, self.payments = [], []
        for i in range(1, 5000 * self.scale + 1):
            customer, total = self.random.randrange(1, len(self.customers) + 1), 0
            for line in range(1, self.random.randrange(2, 5)):
                price, quantity = self.random.randrange(300, 30000) / 100, self.random.randrange(1, 4)
                total += price * quantity
                self.items.append((i, line, self.random.randrange(1, 201), quantity, price))
            placed = self.when()
            if i % 8:
                by_card = self.random.random() < 0.7
                self.payments.append((len(self.payments) + 1, i, "card" if by_card else "transfer", self.card() if by_card else None,
                                      None if by_card else iban(self.digits(18)), round(total, 2), placed))
            shipping = {"to": self.customers[customer - 1][0], "street": f"{self.random.choice(last_names)}weg {self.random.randrange(1, 99)}"}
            yield (i, customer, self.random.choice(("new", "paid", "paid", "shipped", "shipped", "returned", "cancelled")), placed,
                   round(total, 2), "EUR", json.dumps(shipping, ensure_ascii=False))

    def make_tickets(self):
        for i in range(1, 1500 * self.scale + 1):
            customer = self.random.randrange(1, len(self.customers) + 1)
            name, email, phone = self.customers[customer - 1]
            order = self.random.randrange(1, 5000)
            body = self.random.choice((
                f"Hello, order {order} has not come yet. Please write to {email}. {name}",
                f"My card {self.card()} was charged twice for order {order}.",
                f"Please call me back at {phone} between 9 and 17 h.",
                f"Refund to {iban(self.digits(18))} please, order {order}.",
                f"The lid of the kettle from order {order} is broken; can I send it back?",
                "How do I change the language of my account?"))
            yield (i, customer, self.random.randrange(1, 61), self.random.choice(("Delivery", "Payment", "Return", "Account")), body,
                   self.when(), json.dumps({"channel": self.random.choice(("web", "mail")), "reply_to": email}))


def cell(value):
    if value is None:
        return "\\N"
    if isinstance(value, bool):
        return "t" if value else "f"
    return str(value).replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")


def later(what, shop):
    """Rows that making the orders left behind; asked for only once they are there."""
    yield from getattr(shop, what)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--scale", type=int, default=1)
    options = arguments.parse_args()
    shop = Shop(options.seed, options.scale)
    for table, rows in (("customers", shop.make_customers()), ("products", shop.make_products()), ("employees", shop.make_employees()),
                        ("orders", shop.make_orders()), ("order_items", later("items", shop)), ("payments", later("payments", shop)),
                        ("tickets", shop.make_tickets())):
        sys.stdout.write(f"COPY {table} FROM stdin;\n")
        for row in rows:
            sys.stdout.write("\t".join(map(cell, row)) + "\n")
        sys.stdout.write("\\.\n")


main()
