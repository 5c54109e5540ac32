from flask import Flask, request, url_for
from werkzeug.middleware.proxy_fix import ProxyFix

app = Flask(__name__)


@app.get("/seen")
def seen():
    return [request.remote_addr, url_for("seen", _external=True)]


app.wsgi_app = ProxyFix(app.wsgi_app, 1, 1, 1, x_prefix=1)
