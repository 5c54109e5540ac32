from wsgiref.simple_server import demo_app

from answer import squeezed

app = squeezed(demo_app)
