"""What the programs for Python share: the statements, how a step is printed, how a held write is tried again."""
import datetime
import os
import re
import struct
import sys
import threading

tagged = "SELECT id, full_name, email, birth_date FROM customers WHERE id"
endless = "SELECT count(*) FROM orders a, orders b, orders c"
typed = "SELECT id, total, placed_at, status, to_jsonb(id) FROM orders WHERE id <= 2 ORDER BY id"
wrongs = ("SELECT 1/0", "SELECT nothing FROM orders", "SELEC 1", "SELECT * FROM nowhere")
product, other_product = int(os.environ.get("PRODUCT", 0)), int(os.environ.get("OTHER_PRODUCT", 0))


def out(step, *words):
    print(f"{step}: " + re.sub(r"\s*\n\s*", " ", " ".join(map(str, words))), flush=True)


def rows(found):
    return ";".join("|".join("NULL" if cell is None else str(cell) for cell in row) for row in found)


def told(error):
    """SQLSTATE and DETAIL, wherever this driver's errors have them; an error that is not the server's is raised again."""
    origin = getattr(error, "orig", error)
    origin = origin.__cause__ or origin
    code = getattr(origin, "sqlstate", None) or getattr(origin, "pgcode", None)
    if not code:
        raise error
    return code, origin.diag.message_detail if hasattr(origin, "diag") else origin.detail


def state(do):
    try:
        return do()
    except Exception as error:
        return told(error)[0]


async def state_of(awaitable):
    try:
        return await awaitable
    except Exception as error:
        return told(error)[0]


def is_held(step, error):
    """Prints the error; True if it was a held write, which is approved by then."""
    code, detail = told(error)
    out(step, code)
    if code != "PV001":
        return False
    out("held", detail)
    sys.stdin.readline()
    return True


def attempt(step, do):
    try:
        return out(step, do())
    except Exception as error:
        if not is_held(step, error):
            return
    out("approved", do())
    out("again", state(do))


async def attempt_async(step, do):
    try:
        return out(step, await do())
    except Exception as error:
        if not is_held(step, error):
            return
    out("approved", await do())
    out("again", await state_of(do()))


def cancelled(cancel, do):
    """The outcome of `do` while another thread cancels it again and again: one cancel can come too early."""
    ended = threading.Event()

    def keep_cancelling():
        while not ended.wait(0.1):
            cancel()
    thread = threading.Thread(target=keep_cancelling)
    thread.start()
    try:
        return state(do)
    finally:
        ended.set()
        thread.join()


def copy_lines(text):
    """The rows of COPY's text format, as `rows` prints them."""
    return [line.replace("\\N", "NULL").replace("\t", "|") for line in text.splitlines()]


def copy_rows(data):
    """The rows of COPY's binary format (the manual's COPY, File Formats) for what `tagged` selects."""
    at, found = 19, []
    while (count := struct.unpack_from(">h", data, at)[0]) >= 0:
        at += 2
        cells = []
        for _ in range(count):
            size = struct.unpack_from(">i", data, at)[0]
            at += 4 + max(size, 0)
            cells.append(None if size < 0 else data[at - size:at])
        number, name, email, birth = cells
        day = birth and datetime.date(2000, 1, 1) + datetime.timedelta(struct.unpack(">i", birth)[0])
        found.append((struct.unpack(">i", number)[0], name.decode(), email.decode(), day))
    return found
