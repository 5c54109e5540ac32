"""A small WSGI server, where chapter 05 leads to.

    python -m small_server wsgi:app --bind 127.0.0.1:8000 --workers 2

A parent opens the socket and forks workers. In a worker, threads take
turns to wait for a connection; each reads requests, calls the app and
sends what it answers, as PEP 3333 says, until the connection ends.

No file imports one that stands below it here:

    grammar     what text is right: RFC 9112 and RFC 3986
    wire        lines and bytes on a socket, and the log
    request     bytes become the environ
    response    the blocks of the app become bytes
    connection  requests and answers in turn, until one of them ends it
    worker      a process that serves, and its threads
    parent      the process that keeps workers running
    __main__    the command line
"""
