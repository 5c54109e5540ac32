from flask import Flask, request, url_for
from werkzeug.middleware.proxy_fix import ProxyFix

app = Flask(__name__)


@app.get("/seen")
def seen():
    return [request.remote_addr, url_for("seen", _external=True)]


@app.route("/asked", methods=["GET", "POST"])
def asked():
    tea = request.cookies.get("tea")
    return f"{request.method} {request.full_path} {tea}"


@app.after_request
def sign(response):
    response.headers["X-Answered-By"] = "the app"
    return response


app.wsgi_app = ProxyFix(app.wsgi_app, 1, 1, 1, x_prefix=1)
