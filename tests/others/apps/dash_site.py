"""Dash: a page that asks the server while it is typed in."""

from dash import Dash, Input, Output, dcc, html

page = Dash(__name__)
page.layout = html.Div([dcc.Input(id="in"), html.Div(id="out")])


@page.callback(Output("out", "children"), Input("in", "value"))
def shout(words):
    return (words or "").upper()


app = page.server
