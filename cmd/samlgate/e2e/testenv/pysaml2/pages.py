"""The pages that people see."""

from html import escape

FRAME = """<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><link rel="icon" href="data:,"><title>pySAML2</title>
<h1>{}</h1>
{}
"""


def page(title, body=""):
    return FRAME.format(escape(title), body)


def login(token, wrong=False):
    hint = "<p>That was wrong.</p>" if wrong else ""
    return page("pySAML2: who are you?", hint + f"""<form method="post" action="/login">
<input type="hidden" name="token" value="{escape(token)}">
<label>User <input id="username" name="username"></label>
<label>Password <input id="password" name="password" type="password"></label>
<button type="submit">Sign in</button>
</form>""")


def refused(reason):
    return page("pySAML2: refused", f"<p>{escape(reason)}</p>")


def signed_out():
    return page("pySAML2: signed out")
